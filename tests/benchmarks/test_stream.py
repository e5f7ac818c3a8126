"""Prequential evaluation: what is a trial, how it is scored, and what each arm knows when it is asked."""

from argparse import Namespace

import numpy as np
import pytest

from benchmarks import stream
from benchmarks.load.asking import Answer
from benchmarks.measures import prequential
from benchmarks.measures.prequential import Popularity, PrequentialTrial, PrequentialTrials
from gnn.evaluation.confidence import Bootstrap

DAY = prequential.DAY_SECONDS


def event(user, item, day=0):
    return {"user_id": user, "item_id": item, "kind": "like", "timestamp": day * DAY}


def trial(place, user, item, before=()):
    return PrequentialTrial(place, user, item, place, frozenset(before))


def test_only_items_that_a_user_has_not_had_are_asked_for():
    history = [event("u", "a"), event("v", "b")]
    later = [event("u", "b"), event("u", "a"), event("u", "b"), event("u", "c"), event("new", "a")]
    found = prequential.trials_of(history, later)
    assert [(one.place, one.user_id, one.item_id) for one in found] == [(0, "u", "b"), (3, "u", "c"), (4, "new", "a")]
    assert [one.before for one in found] == [frozenset(), frozenset({"b"}), frozenset()]


@pytest.mark.parametrize(
    ("items", "expected"),
    [(["a", "b"], (1.0, 1.0)), (["b", "c", "a"], (1.0, 0.5)), (["b"], (0.0, 0.0)), ([], (0.0, 0.0))],
)
def test_a_hit_counts_more_the_higher_it_stands(items, expected):
    assert prequential.score(items, "a") == pytest.approx(expected)


def test_the_eleventh_place_is_no_hit():
    assert prequential.score([str(n) for n in range(11)], "9") == pytest.approx((1.0, 1 / np.log2(11)))
    assert prequential.score([str(n) for n in range(11)], "10") == (0.0, 0.0)


def test_popularity_forgets_what_is_older_than_its_window():
    popularity = Popularity(2)
    for item, day in (("old", 0), ("old", 0), ("old", 0), ("a", 1), ("b", 2), ("b", 2.5)):
        popularity.add(event("u", item, day))
    assert popularity.best(()) == ["b", "a"]
    assert popularity.best({"b"}) == ["a"]


def test_the_popular_arm_knows_what_was_revealed_before_and_nothing_of_the_event_itself():
    history = [event("v", "a"), event("v", "b"), event("w", "a")]
    later = [event("u", "c", 1), event("v", "c", 2)]
    trials = prequential.trials_of(history, later)
    scores = prequential.popular_scores(history, later, trials, days=14)
    assert scores[0].tolist() == [0.0, 0.0]
    assert scores[1].tolist() == [1.0, 1.0]


def test_windows_are_equal_parts_and_all():
    assert prequential.windows(10, 3) == [slice(0, 3), slice(3, 7), slice(7, 10), slice(0, 10)]
    assert prequential.windows(2, 5)[-1] == slice(0, 2)
    assert sum(part.stop - part.start for part in prequential.windows(2, 5)[:-1]) == 2
    assert prequential.windows(0, 3) == []


def test_a_difference_that_one_user_makes_has_a_wider_interval_than_one_that_many_make():
    difference = np.tile([[1.0], [0.0]], (50, 1))
    many = prequential.paired_interval([str(n) for n in range(100)], difference, Bootstrap())
    one = ["busy" if value else str(n) for n, value in enumerate(difference[:, 0])]
    few = prequential.paired_interval(one, difference, Bootstrap())
    assert many[0, 0] < 0.5 < many[1, 0]
    assert few[1, 0] - few[0, 0] > 2 * (many[1, 0] - many[0, 0])
    assert prequential.paired_interval(["u", "u"], np.ones((2, 1)), Bootstrap()).tolist() == [[1.0], [1.0]]


def test_every_window_shows_all_arms_and_the_paired_difference():
    trials = [trial(n, f"u{n % 4}", "i") for n in range(8)]
    better, worse = np.tile([1.0, 0.5], (8, 1)), np.zeros((8, 2))
    rows = prequential.rows(PrequentialTrials(trials, {"live": better, "frozen": worse}), "live", "frozen", 2)
    assert [(row["window"], row["trials"], row["users"]) for row in rows] == [("1", 4, 4), ("2", 4, 4), ("all", 8, 4)]
    assert (rows[-1]["live hit@10"], rows[-1]["live NDCG@10"], rows[-1]["frozen NDCG@10"]) == (1.0, 0.5, 0.0)
    assert (rows[-1]["live − frozen NDCG@10"], rows[-1]["interval NDCG@10"]) == (0.5, [0.5, 0.5])
    shown = prequential.scores_shown(rows, ["live", "frozen"], "NDCG@10")
    assert shown[-1]["live"] == "0.5000" and shown[-1]["live − frozen"] == "+0.5000 [+0.5000, +0.5000]"
    assert prequential.scores_shown([], ["live", "frozen"], "hit@10") == []


class FakeAsker:
    """An application that recommends what it was not told of yet, in a fixed order."""

    def __init__(self, items, unknown=()):
        self.items, self.unknown, self.told, self.asked = items, set(unknown), [], []

    def get(self, path):
        user_id, query = path.split("/")[3], path.partition("k=")[2]
        self.asked.append((user_id, int(query), len(self.told)))
        if user_id in self.unknown:
            return Answer(404, None, {}, 0.0)
        had = {one["item_id"] for one in self.told if one["user_id"] == user_id}
        rows = [{"item_id": item} for item in self.items if item not in had][: int(query)]
        return Answer(200, None, {"recommendations": rows}, 0.0)

    def post(self, path, value):
        self.told.append(value)
        self.unknown.discard(value["user_id"])
        return Answer(202, None, {"accepted": 1}, 0.0)


def test_the_live_arm_is_asked_before_each_event_is_revealed():
    later = [event("u", "a"), event("u", "b"), event("u", "a"), event("new", "a")]
    asker = FakeAsker(["a", "b", "c"], unknown=["new"])
    scores = stream.ask_live(asker, None, later, prequential.trials_of([], later), [], 0.0)
    assert asker.asked == [("u", 10, 0), ("u", 10, 1), ("new", 10, 3)]
    assert scores.tolist() == [[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]
    assert asker.told == later


def test_the_frozen_arm_is_told_nothing_and_what_was_chosen_since_is_left_out_of_one_of_its_lists():
    later = [event("u", "a"), event("u", "b")]
    asker = FakeAsker(["a", "b", "c"])
    without, as_is = stream.ask_frozen(asker, prequential.trials_of([], later))
    assert asker.told == [] and [k for _, k, _ in asker.asked] == [10, 11]
    assert without.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert as_is[1].tolist() == pytest.approx([1.0, 1 / np.log2(3)])


class FakeGraph:
    """A graph in which a user has a mark for so many looks."""

    def __init__(self, looks):
        self.looks = looks

    def run_text(self, text, parameters):
        self.looks -= 1
        return [{"pending": self.looks > 0}]


def test_the_wait_for_the_follower_ends_with_the_mark_or_with_the_patience():
    assert stream.wait_for_nothing(FakeGraph(3), "u", 5.0) < 1.0
    assert stream.wait_for_nothing(FakeGraph(10_000), "u", 0.05) >= 0.05


def test_the_title_says_what_share_of_the_events_waited_too_long():
    options = Namespace(dataset="ml-100k", events=3000, share=0.5, patience=2.0)
    assert "no follower" in stream.title(options, [])
    assert "25.0% of the events" in stream.title(options, [0.1, 0.2, 2.1, 0.0])
