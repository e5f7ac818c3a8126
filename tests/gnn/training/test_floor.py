"""The blend beside the best single signal, by length of history."""

import dataclasses

import numpy as np
import pytest

from gnn.training import floor
from gnn.training.blend_weights import Example, learn_weights
from gnn.training.floor import KEPT, length_name, with_floor
from graphstore.ranking.blend import LENGTHS, NAMES, PLACE, Blend, standard_scores


def examples(users, events, signal, seed=0, candidates=30):
    """Users who chose by one signal and by chance; a second signal says nothing."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(users):
        values = np.zeros((candidates, len(NAMES)))
        for name in ("popular_1", "embedding"):
            values[:, PLACE[name]] = rng.normal(size=candidates)
        scores = standard_scores(values)
        wish = 2 * scores[:, PLACE[signal]] + rng.gumbel(size=candidates)
        found.append(Example(scores, np.arange(candidates) == wish.argmax(), 1, events))
    return found


def test_lengths_have_names():
    assert [length_name(number) for number in range(len(LENGTHS) + 1)] == ["0", "1", "2-5", "6-20", "over 20"]


def test_each_length_with_enough_users_has_a_row_and_a_blend_that_wins_stays():
    found = examples(60, 1, "popular_1") + examples(60, 30, "embedding", seed=1) + examples(5, 3, "embedding")
    blend = learn_weights(found)
    kept, rows = with_floor(blend, found)
    assert kept == blend
    assert [(row["events"], row["users"]) for row in rows] == [("all", 125), ("1", 60), ("over 20", 60)]
    assert [row["signal"] for row in rows[1:]] == ["popular_1", "embedding"]
    assert all(0.5 < row["signal_ndcg_at_10"] < row["signal_recall_at_20"] <= 1.0 for row in rows[1:])
    assert not any(row["corrected"] for row in rows)


def test_a_length_at_which_one_signal_alone_is_better_beyond_chance_follows_it(monkeypatch):
    found = examples(60, 1, "popular_1") + examples(60, 30, "embedding", seed=1)
    lost = np.array([[0.1, 0.2]] * 60 + [[1.0, 1.0]] * 60)
    monkeypatch.setattr(floor, "cross_validated", lambda *_: lost)
    blend = learn_weights(found)
    kept, rows = with_floor(blend, found)
    assert [row["corrected"] for row in rows] == [False, True, False]
    assert rows[1]["ndcg_at_10"] == pytest.approx(lost[:60, 0].mean())
    own, before = kept.weights_of(1), blend.weights_of(1)
    assert own["popular_1"] == max(before["popular_1"], before["embedding"])
    assert own["embedding"] == pytest.approx(KEPT * before["embedding"], abs=1e-6)
    assert kept.weights_of(30) == blend.weights_of(30) and kept.weights_of(0) == blend.weights_of(0)


def test_what_the_examples_say_nothing_of_keeps_its_weight(monkeypatch):
    """Searches are in no example: a length that follows one signal finds what was searched as before."""
    found = examples(60, 1, "popular_1") + examples(60, 30, "embedding", seed=1)
    monkeypatch.setattr(floor, "cross_validated", lambda *_: np.array([[0.1, 0.2]] * 60 + [[1.0, 1.0]] * 60))
    blend = learn_weights(found)
    own, before = with_floor(blend, found)[0].weights_of(1), blend.weights_of(1)
    assert own["searches"] == before["searches"] == pytest.approx(1.0, abs=0.05)
    assert own["popular_1"] == max(before["popular_1"], before["embedding"])


def test_where_nobody_chose_a_candidate_the_defaults_stay():
    found = [dataclasses.replace(one, chosen=np.zeros(30, dtype=bool)) for one in examples(60, 1, "popular_1")]
    assert with_floor(learn_weights(found), found) == (Blend(), [])


def test_too_few_users_or_no_signal_say_nothing():
    few = examples(5, 1, "popular_1")
    assert with_floor(Blend(), few) == (Blend(), [])
    channels = ["similar", "transitions", "interests", "embedding", "social", "attributes", "popular", "searches"]
    assert with_floor(Blend(), examples(40, 1, "popular_1"), channels) == (Blend(), [])
