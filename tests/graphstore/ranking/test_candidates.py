"""Candidates and their signals, computed by hand."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from graphstore.popularity import WINDOW_SIGNALS, WINDOWS
from graphstore.ranking.blend import CHANNELS, CONTRASTS, NAMES, PLACE
from graphstore.ranking.candidates import NEWEST, WINDOW_PLACES, CandidateItems, UserFeatures, find_candidates
from graphstore.ranking.item_vectors import Vectors
from graphstore.ranking.neighbour_table import NO_EDGES, NeighbourEdges

NOBODY = UserFeatures(np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros((0, 3)))


def catalogue(size, *, order=None, popularity=None, ever=None, vectors=(), about=(), favours=()):
    """Items without behaviour, vectors, interests and attributes, except where these are given."""

    def column(values):
        return np.full(size, -np.inf) if values is None else np.array(values, dtype=float)

    return CandidateItems(
        np.arange(size) if order is None else np.array(order),
        column(popularity),
        column(ever),
        np.tile(column(popularity)[:, None], len(WINDOWS)),
        Vectors.of(np.array(vectors, dtype=float) if len(vectors) else np.zeros((size, 2))),
        sp.csc_matrix(np.array(about, dtype=float) if len(about) else np.zeros((size, 1))),
        sp.csr_matrix(np.array(favours, dtype=float) if len(favours) else np.zeros((1, size))),
    )


def edges(*rows):
    """From (place, target, follows, score, recent score) rows."""
    place, target, follows, score, recent = zip(*rows, strict=True)
    return NeighbourEdges(
        np.array(place), np.array(target, dtype=np.int32), np.array(follows), np.array(score), np.array(recent)
    )


def with_people(person, people):
    """With recent items of others; by position, as fields are."""
    return UserFeatures(person.seen, person.recent, person.weights, NO_EDGES, person.vector, (), (), people)


def found(items, person, count=10, now=0.0, channels=CHANNELS):
    """{row: {signal: value}} of the candidates, signals of 0 left out, as are windows, all alike, and differences."""
    rows, signals = find_candidates(items, person, count, np.full(1 + len(WINDOWS), now), channels)
    assert (signals[:, WINDOW_PLACES] == signals[:, [PLACE["popular_recent"]]]).all()
    for name, (more, less) in CONTRASTS.items():
        assert signals[:, PLACE[name]] == pytest.approx(signals[:, PLACE[more]] - signals[:, PLACE[less]])
    plain = [name for name in NAMES if name not in CONTRASTS and name not in WINDOW_SIGNALS]
    assert signals.shape == (len(rows), len(NAMES))
    return {
        row: {name: pytest.approx(line[PLACE[name]]) for name in plain if line[PLACE[name]] != 0}
        for row, line in zip(rows.tolist(), signals.tolist(), strict=True)
    }


RECENT = replace(
    NOBODY,
    seen=np.array([0, 1]),
    recent=np.array([0, 1]),
    weights=np.array([[0.5, 0.6, 0.75], [0.25, 0.3, 0.4]]),
    edges=edges((0, 2, False, 1.0, 0.1), (0, 3, True, 2.0, 0.3), (1, 2, False, 0.5, 0.2), (1, 1, False, 9.0, 9.0)),
)


def test_neighbours_of_recent_items_add_up_with_the_weights_of_these():
    assert found(catalogue(4), RECENT) == {
        2: {"similar_short": 0.625, "similar_long": 0.75, "similar_age": 0.95, "similar_recent": 0.12},
        3: {"transitions_short": 1.0, "transitions_long": 1.2, "transitions_age": 1.5, "transitions_recent": 0.18},
    }


@pytest.mark.parametrize(("channel", "row"), [("similar", 2), ("transitions", 3)])
def test_a_channel_that_is_off_finds_nothing_and_tells_nothing(channel, row):
    only = found(catalogue(4), RECENT, channels=(channel,))
    assert list(only) == [row] and all(name.startswith(channel) for name in only[row])


def test_what_an_item_is_about_counts_by_the_interest_and_a_dislike_against_it():
    items = catalogue(4, about=[[0.5, 0.0], [0.5, 1.0], [0.0, 1.0], [0.25, 0.25]])
    person = replace(NOBODY, interests=[(0, 0.8), (1, -0.3)])
    assert found(items, person) == {0: {"interests": 0.4}, 1: {"interests": 0.1}, 3: {"interests": 0.125}}
    assert found(items, person, channels=("similar",)) == {}


def test_recent_items_of_the_followed_are_counted_and_those_of_similar_users_by_how_similar_these_are():
    people = [(np.array([0, 1]), 1.0, 0.0), (np.array([1]), 1.0, 0.0), (np.array([1, 2]), 0.0, 0.25)]
    people += [(np.array([2]), 0.0, 0.5)]
    person = with_people(NOBODY, people)
    assert found(catalogue(3), person) == {
        0: {"social_follows": 1.0},
        1: {"social_follows": 2.0, "social_alike": 0.25},
        2: {"social_alike": 0.75},
    }
    assert found(catalogue(3), person, channels=("popular",)) == {}


def test_what_users_with_the_same_attributes_favour_adds_up():
    items = catalogue(3, favours=[[0.5, 0.0, 0.0], [0.25, 0.125, 0.0], [0.0, 0.0, 1.0]])
    assert found(items, replace(NOBODY, attributes=[1, 0])) == {0: {"attributes": 0.75}, 1: {"attributes": 0.125}}
    assert found(items, replace(NOBODY, attributes=[2]), channels=("interests",)) == {}


def test_items_near_the_vector_of_the_user_are_found_and_far_ones_are_not():
    items = catalogue(4, vectors=[[3.0, 4.0], [0.0, 0.0], [0.0, -1.0], [5.0, 0.0]])
    person = replace(NOBODY, vector=np.array([0.0, 2.0]))
    assert found(items, person) == {0: {"embedding": 0.8}}


def test_the_cosine_is_a_signal_of_every_candidate_however_it_was_found_and_whatever_is_on():
    items = catalogue(4, vectors=[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    person = replace(RECENT, vector=np.array([1.0, 0.0]))
    both = found(items, person)
    assert (both[2].get("embedding", 0.0), both[3]["embedding"]) == (0.0, -1.0)
    assert found(items, person, channels=("transitions",))[3] == both[3]


def test_what_has_behaviour_is_popular_by_the_logarithm_of_one_more_than_its_count():
    items = catalogue(3, popularity=[np.log(3.0) + 5.0, -np.inf, 5.0], ever=[np.log(7.0), -np.inf, 0.0])
    assert found(items, NOBODY, now=5.0) == {
        0: {"popular_recent": np.log(4.0), "popular_ever": np.log(8.0)},
        2: {"popular_recent": np.log(2.0), "popular_ever": np.log(2.0)},
    }
    assert found(items, NOBODY, channels=("embedding",)) == {}


def test_popularity_is_a_signal_of_every_candidate():
    items = catalogue(4, popularity=[0.0] * 4, ever=[0.0] * 4)
    similar = found(items, RECENT, channels=("similar",))
    assert list(similar) == [2] and similar[2]["popular_recent"] == similar[2]["popular_ever"] == np.log(2.0)


def test_what_the_user_has_seen_is_found_by_no_channel():
    items = catalogue(4, popularity=[1.0] * 4, vectors=[[1.0, 0.0]] * 4, about=[[1.0]] * 4, favours=[[1.0] * 4])
    person = UserFeatures(
        np.array([0, 1, 3]),
        np.array([0]),
        np.ones((1, 3)),
        edges(*((0, row, follows, 1.0, 1.0) for row in range(4) for follows in (False, True))),
        np.array([1.0, 0.0]),
        [(0, 1.0)],
        [0],
        [(np.arange(4), 1.0, 1.0)],
        searches=[(np.arange(4), np.ones(4))],
    )
    for channel in CHANNELS:
        assert list(found(items, person, channels=(channel,))) == [2], channel


def test_without_behaviour_interests_and_vectors_there_are_no_candidates():
    assert found(catalogue(3), NOBODY) == {}


def test_candidates_come_in_the_order_of_their_ids_each_once():
    items = catalogue(4, order=[3, 0, 2, 1], popularity=[1.0, 2.0, 3.0, 4.0], about=[[1.0], [0.5], [0.25], [0.125]])
    rows, signals = find_candidates(items, replace(NOBODY, interests=[(0, 1.0)]), 10, np.zeros(1 + len(WINDOWS)))
    assert rows.tolist() == [1, 3, 2, 0]
    assert signals[:, PLACE["interests"]].tolist() == [0.5, 0.125, 0.25, 1.0]


def test_each_channel_keeps_its_best():
    items = catalogue(
        6,
        popularity=[0.0, 5.0, 1.0, 6.0, 2.0, -np.inf],
        ever=[0.0, 5.0, 1.0, 6.0, 2.0, -np.inf],
        vectors=[[1.0, 0.0], [0.6, 0.8], [0.8, 0.6], [-1.0, 0.0], [0.1, 1.0], [0.96, 0.28]],
    )
    person = replace(NOBODY, vector=np.array([1.0, 0.0]))
    assert list(found(items, person, count=2, channels=("popular",))) == [1, 3]
    assert list(found(items, person, count=2, channels=("embedding",))) == [0, 5]
    assert list(found(items, person, count=2)) == [0, 1, 3, 5]
    assert list(found(items, person, count=1)) == [0, 3]


def test_equals_at_the_end_of_what_a_channel_keeps_cost_no_better_item():
    items = catalogue(5, popularity=[1.0, 3.0, 1.0, 2.0, 1.0], ever=[1.0, 3.0, 1.0, 2.0, 1.0])
    assert list(found(items, NOBODY, count=3)) == [0, 1, 3]


def test_what_is_popular_of_late_these_days_or_ever_is_found():
    items = catalogue(4, popularity=[1.0, 0.0, 0.0, 0.0], ever=[1.0, 4.0, 2.0, 2.0])
    windows = np.full((4, len(WINDOWS)), -3.0)
    windows[2, NEWEST] = 0.0
    assert list(found(items, NOBODY, count=1, channels=("popular",))) == [0, 1]
    rows, _ = find_candidates(replace(items, windows=windows), NOBODY, 1, np.zeros(1 + len(WINDOWS)), ("popular",))
    assert rows.tolist() == [0, 1, 2]


def test_what_speaks_as_much_for_an_item_as_against_it_makes_it_no_candidate():
    items = catalogue(2, about=[[0.5, 0.5], [0.5, 0.25]])
    assert list(found(items, replace(NOBODY, interests=[(0, 0.5), (1, -0.5)]))) == [1]


def test_a_channel_adds_its_four_signals_up_to_choose_its_best():
    rows = ((0, 0, False, 1.0, 0.0), (0, 1, False, 0.9, 9.0), (0, 2, False, 0.95, 0.0))
    person = replace(NOBODY, weights=np.ones((1, 3)), edges=edges(*rows))
    assert list(found(catalogue(3), person, count=1)) == [1]
    assert list(found(catalogue(3), person, count=2)) == [0, 1]


def test_an_item_beyond_those_that_a_channel_keeps_has_no_signal_of_it():
    items = catalogue(3, popularity=[-np.inf, 3.0, -np.inf], about=[[0.5], [0.25], [0.75]])
    both = found(items, replace(NOBODY, interests=[(0, 1.0)]), count=2)
    assert list(both) == [0, 1, 2] and "interests" not in both[1]


def test_among_equals_the_ids_decide():
    about = [[1.0], [1.0], [1.0], [1.0]]
    items = catalogue(4, order=[2, 3, 0, 1], vectors=[[1.0, 0.0]] * 4, about=about, popularity=[7.0] * 4)
    person = replace(NOBODY, vector=np.array([1.0, 0.0]), interests=[(0, 1.0)])
    for channel in ("embedding", "popular", "interests"):
        assert list(found(items, person, count=2, channels=(channel,))) == [2, 3], channel


def test_among_equals_by_interests_or_by_others_what_is_popular_comes_first():
    popularity = [0.0, 3.0, -np.inf, 2.0]
    items = catalogue(4, popularity=popularity, about=[[1.0]] * 4, favours=[[1.0] * 4], vectors=[[1.0, 0.0]] * 4)
    person = with_people(replace(NOBODY, vector=np.array([1.0, 0.0])), [(np.arange(4), 1.0, 0.0)])
    assert list(found(items, person, count=2, channels=("social",))) == [1, 3]
    person = replace(NOBODY, vector=np.array([1.0, 0.0]), interests=[(0, 1.0)], attributes=[0])
    assert list(found(items, person, count=2, channels=("interests",))) == [1, 3]
    for channel in ("attributes", "embedding"):
        assert list(found(items, person, count=2, channels=(channel,))) == [0, 1], channel


@st.composite
def worlds(draw):
    """Items, a user with something in every channel, what others did of it, how many are wanted, and other rows."""
    size = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def coarse(*shape):  # so that many are equal
        return rng.integers(-2, 3, shape) / 2.0

    items = catalogue(
        size,
        order=rng.permutation(size),
        popularity=np.where(rng.random(size) < 0.3, -np.inf, coarse(size)),
        ever=coarse(size),
        vectors=coarse(size, 2),
        about=np.abs(coarse(size, 3)),
        favours=np.abs(coarse(2, size)),
    )
    recent = rng.choice(size, rng.integers(0, size + 1), replace=False)
    count = rng.integers(0, 20) if len(recent) else 0
    others = [(rng.integers(0, size, 3), float(n % 2), float(abs(coarse()))) for n in range(3)]
    person = UserFeatures(
        recent,
        recent,
        np.abs(coarse(len(recent), 3)),
        NeighbourEdges(
            rng.integers(0, max(len(recent), 1), count),
            rng.integers(0, size, count).astype(np.int32),
            rng.random(count) < 0.5,
            np.abs(coarse(count)),
            np.abs(coarse(count)),
        ),
        coarse(2),
        [(column, float(coarse())) for column in range(3)],
        [0, 1],
        others,
    )
    return items, person, others, draw(st.integers(1, 5)), rng.permutation(size)


@given(worlds())
def test_in_which_rows_items_stand_changes_nothing(world):
    items, person, others, count, moved = world  # moved: the new row of each item
    back = np.argsort(moved)
    there = CandidateItems(
        items.order[back],
        items.popularity[back],
        items.ever_popular[back],
        items.windows[back],
        Vectors.of(items.vectors.blocks[0][back]),
        items.about.tocsr()[back].tocsc(),
        items.favours[:, back].tocsr(),
    )
    same = UserFeatures(
        moved[person.seen],
        moved[person.recent],
        person.weights,
        replace(person.edges, target=moved[person.edges.target].astype(np.int32)),
        person.vector,
        person.interests,
        person.attributes,
        [(moved[rows], *more) for rows, *more in others],
    )
    rows, signals = find_candidates(items, person, count, np.full(1 + len(WINDOWS), 0.5))
    other_rows, other_signals = find_candidates(there, same, count, np.full(1 + len(WINDOWS), 0.5))
    assert moved[rows].tolist() == other_rows.tolist()
    np.testing.assert_allclose(other_signals, signals, atol=1e-12)


@given(worlds())
def test_no_channel_gives_more_than_is_asked_for_and_nobody_is_shown_what_they_know(world):
    items, person, _, count, _ = world
    rows, signals = find_candidates(items, person, count, np.full(1 + len(WINDOWS), 0.5))
    assert len(set(rows.tolist())) == len(rows) <= (len(CHANNELS) + 2) * count
    assert not set(rows.tolist()) & set(person.seen.tolist())
    assert np.isfinite(signals).all()
    for channel in CHANNELS:
        only, _ = find_candidates(items, person, count, np.full(1 + len(WINDOWS), 0.5), (channel,))
        assert len(only) <= (3 if channel == "popular" else 1) * count and set(only.tolist()) <= set(rows.tolist())


def test_what_several_searches_find_adds_up():
    items = catalogue(4, popularity=[1.0] * 4)
    searches = [(np.array([0, 2]), np.array([0.5, 1.0])), (np.array([2, 3]), np.array([0.25, 0.25]))]
    listed = found(items, replace(NOBODY, searches=searches), channels=("searches",))
    assert {row: signals["searches"] for row, signals in listed.items()} == {0: 0.5, 2: 1.25, 3: 0.25}
