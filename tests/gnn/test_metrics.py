import importlib.util
import math
import os
import random
from pathlib import Path

import pytest

from gnn.metrics import score, user_metrics

SHARED = Path(os.environ.get("INTERESTGRAPH_SHARED") or Path(__file__).parents[2].parent / "shared")
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
        }
    )


def test_hits_after_the_tenth_count_in_recall_and_not_in_ndcg_at_10():
    found = user_metrics({"hit"}, [f"x{n}" for n in range(10)] + ["hit"])
    assert (found["recall@20"], found["ndcg@10"], found["hitrate@10"]) == (1.0, 0.0, 0.0)
    assert found["ndcg@20"] == pytest.approx(1 / math.log2(12))


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


def test_the_interval_is_196_standard_errors():
    train = {f"u{n}": {"a"} for n in range(4)}
    test = {f"u{n}": {"b"} for n in range(4)}
    report = score(train, test, {"u0": ["b"], "u1": ["b"]}, ["a", "b"])
    assert report["all"]["ndcg@10"] == 0.5
    assert report["all"]["ndcg@10_ci"] == pytest.approx(1.96 * math.sqrt(1 / 3) / 2)


def test_without_anybody_to_score_it_says_so():
    with pytest.raises(ValueError, match="no user"):
        score({"u": {"a"}}, {"u": {"a"}, "v": {"a"}}, {}, ["a"])


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
    assert score(train, test, lists, items) == scorer.evaluate(train, test, lists, items)[0]
