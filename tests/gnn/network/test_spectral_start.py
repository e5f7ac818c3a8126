from dataclasses import replace

import numpy as np
import pytest
import torch

from gnn.network.spectral_start import NOISE, start_vectors
from graphstore.interactions import Interactions

SIDE = 10


def interactions(pairs, users, items, weight=1.0):
    user, item = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True)) if pairs else ([], [])
    names = [f"u{n}" for n in range(users)], [f"i{n}" for n in range(items)]
    user, item = np.array(user, dtype=np.int64), np.array(item, dtype=np.int64)
    return Interactions(*names, user, item, np.full(len(user), np.nan), np.full(len(user), weight))


@pytest.fixture
def two_communities():
    """Each of 2 * SIDE users chose two thirds of the items of their side; the last item nobody."""
    rng = np.random.default_rng(2)
    pairs = [(u, i) for u in range(2 * SIDE) for i in range(2 * SIDE) if u // SIDE == i // SIDE and rng.random() < 0.67]
    return interactions(pairs, 2 * SIDE, 2 * SIDE + 1)


def test_items_chosen_by_the_same_people_start_close_and_others_far(two_communities):
    vectors = start_vectors(two_communities, 8, seed=0)
    assert vectors.shape == (2 * SIDE + 1, 8) and vectors.dtype == torch.float32
    vectors = vectors[:, :-1]  # the last dimension makes up for lengths
    cosines = torch.nn.functional.normalize(vectors, dim=1) @ torch.nn.functional.normalize(vectors, dim=1).T
    same, other = cosines[:SIDE, :SIDE], cosines[:SIDE, SIDE:-1]
    assert same[~torch.eye(SIDE, dtype=torch.bool)].mean() > 0.3
    assert other.abs().max() < 0.1


def test_vectors_have_length_one_and_items_without_an_event_are_noise(two_communities):
    lengths = start_vectors(two_communities, 8, seed=0).norm(dim=1)
    assert lengths[:-1].tolist() == pytest.approx([1.0] * 2 * SIDE, abs=5 * NOISE)
    assert 0 < lengths[-1] < 10 * NOISE


def test_to_who_is_zero_in_the_last_dimension_what_many_chose_is_nearer():
    pairs = [(u, 0) for u in range(12)] + [(u, 1) for u in range(4)] + [(u, u + 2) for u in range(12)]
    vectors = start_vectors(interactions(pairs, 12, 14), 8, seed=0)
    asked = vectors[0].clone()
    asked[-1] = 0.0
    assert vectors[0] @ asked > vectors[1] @ asked > (vectors[5:] @ asked).max()


def test_the_same_seed_gives_the_same_vectors_and_another_another_noise(two_communities):
    first, second, other = (start_vectors(two_communities, 8, seed) for seed in (1, 1, 2))
    assert torch.equal(first, second) and not torch.equal(first, other)


def test_repeated_pairs_count_once_and_dislikes_not_at_all(two_communities):
    rows = np.arange(len(two_communities.user))
    twice = two_communities.where(np.repeat(rows, 2))
    assert torch.equal(start_vectors(twice, 8, 0), start_vectors(two_communities, 8, 0))
    disliked = interactions([(0, 0), (1, 1)], 4, 4, weight=0.0)
    assert start_vectors(disliked, 8, 0).norm(dim=1).max() < 10 * NOISE


@pytest.mark.parametrize(
    ("pairs", "users", "items"),
    [([], 0, 0), ([], 0, 3), ([], 3, 3), ([(0, 0)], 1, 1), ([(0, 0), (0, 2)], 1, 4), ([(0, 1), (1, 1), (2, 0)], 3, 2)],
)
def test_with_fewer_users_or_items_than_dimensions_it_starts_all_the_same(pairs, users, items):
    vectors = start_vectors(interactions(pairs, users, items), 128, seed=0)
    assert vectors.shape == (items, 128) and torch.isfinite(vectors).all()


def test_without_times_popular_items_and_busy_users_count_less():
    """Of two items that as many users of i0 chose, the one that others chose less is nearer."""
    pairs = [(u, 0) for u in range(6)] + [(u, 1) for u in range(3)] + [(u, 2) for u in range(3, 6)]
    pairs += [(u, 2) for u in range(6, 20)] + [(u, 3) for u in range(6, 20)]

    def nearness(events):
        vectors = start_vectors(events, 8, seed=0)[:, :-1].double()
        return vectors[0] @ vectors[1] - vectors[0] @ vectors[2]

    undated = interactions(pairs, 20, 4)
    dated = replace(undated, day=np.zeros(len(pairs)))
    assert nearness(undated) > nearness(dated)
