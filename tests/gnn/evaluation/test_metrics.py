import importlib.util
import math
import os
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from gnn.evaluation.confidence import Bootstrap, versus_best
from gnn.evaluation.list_metrics import METRICS, ndcg, user_metrics
from gnn.evaluation.metrics import Scorer, score
from gnn.training import loop

SHARED = Path(os.environ.get("INTERESTGRAPH_SHARED") or Path(__file__).parents[3].parent / "shared")
SCORER = SHARED / "evaluation" / "score.py"


def test_one_list_by_hand():
    found = user_metrics({"a", "b", "c"}, ["x", "a", "y", "b"])
    ideal = 1 + 1 / math.log2(3) + 1 / 2
    assert found == pytest.approx(
        {
            "recall@20": 2 / 3,
            "ndcg@10": (1 / math.log2(3) + 1 / math.log2(5)) / ideal,
            "ndcg@20": (1 / math.log2(3) + 1 / math.log2(5)) / ideal,
            "hitrate@10": 1.0,
            "mrr": 1 / 2,
        }
    )


def test_hits_after_the_tenth_count_in_recall_and_not_in_ndcg_at_10():
    found = user_metrics({"hit"}, [f"x{n}" for n in range(10)] + ["hit"])
    assert (found["recall@20"], found["ndcg@10"], found["hitrate@10"]) == (1.0, 0.0, 0.0)
    assert found["ndcg@20"] == pytest.approx(1 / math.log2(12))


def test_training_computes_the_same_ndcg_in_float32_on_the_device_of_the_model():
    rng = np.random.default_rng(4)
    hits = rng.random((50, 10)) < 0.2
    relevant = np.maximum(hits.sum(1) + rng.integers(0, 5, 50), 1)
    in_training = loop.ndcg(torch.from_numpy(hits), torch.from_numpy(relevant))
    assert in_training.tolist() == pytest.approx(ndcg(*np.nonzero(hits), relevant, 10).tolist(), abs=1e-6)


def test_the_reciprocal_rank_looks_at_the_whole_list_and_is_zero_without_a_hit():
    assert user_metrics({"hit"}, [f"x{n}" for n in range(29)] + ["hit"])["mrr"] == pytest.approx(1 / 30)
    assert user_metrics({"hit"}, ["x", "y"])["mrr"] == 0.0
    assert user_metrics({"hit", "too"}, ["x", "hit", "too"])["mrr"] == 0.5
    assert user_metrics({"hit"}, []) == dict.fromkeys(METRICS, 0.0)


def test_a_missing_list_counts_zero_and_cold_users_and_items_are_reported_apart():
    train = {"u1": {"a"}, "u2": {"b"}}
    test = {"u1": {"b"}, "u2": {"cold", "b"}, "u3": {"a"}}
    report = score(train, test, {"u1": ["b"], "u3": ["x", "a"]}, ["a", "b", "cold", "x"])
    assert (report["all"]["users"], report["all"]["users_missing"], report["all"]["ndcg@10"]) == (2, 1, 0.5)
    assert (report["known"]["users"], report["known"]["ndcg@10"]) == (1, 1.0)
    assert (report["cold_items"]["users"], report["cold_items"]["recall@20"]) == (1, 0.0)
    assert (report["cold_users"]["users"], report["cold_users"]["ndcg@10"]) == (1, pytest.approx(1 / math.log2(3)))
    assert report["coverage@10"] == 0.25
    assert report["novelty@10"] == pytest.approx(1.0)
    assert report["cold"] == {"users_without_train": 1, "relevant": 2, "relevant_never_in_train": 1}
    assert report["diversity@10"] is None


def test_diversity_is_one_minus_jaccard_over_the_pairs_that_can_be_told():
    train = {"u1": {"z"}, "u2": {"z"}, "u3": {"z"}}
    test = {"u1": {"a"}, "u2": {"a"}, "u3": {"a"}}
    attributes = {"a": {"x", "y"}, "b": {"y", "z"}, "c": {"x", "y"}}
    lists = {"u1": ["a", "b", "c", "bare"], "u2": ["a", "c"], "u3": ["a", "bare"]}
    report = score(train, test, lists, ["a", "b", "c", "z", "bare"], attributes=attributes)
    first = (2 / 3 + 0 + 2 / 3) / 3  # a and b, a and c, b and c; the bare item stands in no pair
    assert report["diversity@10"] == pytest.approx((first + 0) / 2)  # u3 has no pair
    assert score(train, test, {"u1": ["a"]}, ["a", "z"], attributes=attributes)["diversity@10"] is None


def test_users_are_viewed_by_the_length_of_their_history():
    lengths = {"one": 1, "two": 2, "five": 5, "six": 6, "twenty": 20, "many": 21}
    train = {user: {f"{user}{n}" for n in range(length)} for user, length in lengths.items()}
    test = {user: {"new"} for user in train}
    catalogue = [item for own in train.values() for item in own] + ["new"]
    views = score(train, test, {"one": ["new"], "five": ["new"]}, catalogue)["history"]
    found = {name: (view["users"], view["hitrate@10"]) for name, view in views.items()}
    assert found == {"1": (1, 1.0), "2-5": (2, 0.5), "6-20": (2, 0.0), "more than 20": (1, 0.0)}
    again = score(train, test, {}, catalogue, history={"one": 30} | {u: 3 for u in lengths if u != "one"})["history"]
    assert {name: view["users"] for name, view in again.items()} == {"2-5": 5, "more than 20": 1}


def test_the_interval_is_196_standard_errors_and_the_resampled_one_agrees():
    train = {f"u{n}": {"a"} for n in range(100)}
    test = {f"u{n}": {"b"} for n in range(100)}
    view = score(train, test, {f"u{n}": ["b"] for n in range(50)}, ["a", "b"])["all"]
    assert view["ndcg@10"] == 0.5
    assert view["ndcg@10_ci"] == pytest.approx(1.96 * math.sqrt(25 / 99) / 10)
    low, high = view["ndcg@10_interval"]
    assert (low, high) == (pytest.approx(0.5 - view["ndcg@10_ci"], abs=0.02), pytest.approx(0.6, abs=0.02))


def test_resampling_is_seeded_and_a_single_user_has_no_spread():
    values = np.random.default_rng(1).random((40, 2))
    first, again, other = (Bootstrap(seed).intervals(values) for seed in (0, 0, 1))
    assert (first == again).all() and (first != other).any()
    assert (first[0] < values.mean(axis=0)).all() and (values.mean(axis=0) < first[1]).all()
    assert (Bootstrap().intervals(values[:1]) == values[0]).all()


def test_the_served_lists_are_compared_with_the_best_peer_on_each_metric_user_by_user():
    rng = np.random.default_rng(3)
    served = rng.random((200, len(METRICS)))
    peer, best = served - 0.3, served - 0.1 + rng.normal(0, 0.01, served.shape)
    best[:, 0] = served[:, 0] - 0.5
    rows = {"ours": {"all": served}, "peer": {"all": peer}, "best": {"all": best}}
    found = versus_best(rows, "ours", Bootstrap())
    assert found.keys() == {"all"}
    assert found["all"][METRICS[0]]["peer"] == "peer" and found["all"][METRICS[1]]["peer"] == "best"
    row = found["all"][METRICS[1]]
    assert row["difference"] == pytest.approx(0.1, abs=0.005) and row["half_width"] < 0.002
    assert row["interval"][0] < row["difference"] < row["interval"][1] < 0.11
    assert versus_best({"ours": {"all": served}}, "ours", Bootstrap()) == {}


def test_without_anybody_to_score_it_says_so():
    with pytest.raises(ValueError, match="no user"):
        score({"u": {"a"}}, {"u": {"a"}, "v": {"a"}}, {}, ["a"])


@pytest.mark.parametrize(
    ("items", "why"),
    [(["b", "b"], "twice"), (["a"], "in training"), (["elsewhere"], "not in the catalogue")],
)
def test_a_list_that_would_be_scored_wrongly_is_refused(items, why):
    with pytest.raises(ValueError, match=why):
        score({"u": {"a"}}, {"u": {"b"}}, {"u": items}, ["a", "b"])


def assert_agrees(ours, theirs, place=""):
    """Every number of theirs is in ours."""
    for key, value in theirs.items():
        if isinstance(value, dict):
            assert_agrees(ours[key], value, f"{place}{key} ")
        else:
            assert ours[key] == pytest.approx(value, rel=1e-12, abs=1e-15), place + key


@pytest.mark.skipif(not SCORER.is_file(), reason="the shared scorer is not on this machine")
@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_the_independent_scorer_on_random_data(seed):
    spec = importlib.util.spec_from_file_location("shared_score", SCORER)
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    rng = random.Random(seed)
    items = [f"i{n}" for n in range(60)]
    train = {f"u{n}": set(rng.sample(items[:40], rng.randint(1, 15))) for n in range(30)}
    test = {f"u{n}": set(rng.sample(items, rng.randint(1, 12))) for n in range(5, 40)}
    lists = {}
    for user in sorted(train.keys() | test.keys()):
        if rng.random() < 0.9:
            unseen = [item for item in items if item not in train.get(user, ())]
            lists[user] = rng.sample(unseen, rng.randint(0, min(25, len(unseen))))
    theirs, their_rows = scorer.evaluate(train, test, lists, items)
    ours, rows = Scorer(train, test, items).score(lists)
    assert_agrees(ours, theirs)
    assert their_rows.keys() == rows.keys()
    for view, by_user in their_rows.items():
        for m, metric in enumerate(scorer.METRICS):
            assert sorted(rows[view][:, m]) == pytest.approx(sorted(row[metric] for row in by_user.values()))
