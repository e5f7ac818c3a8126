"""What counts as a planted interest that was found."""

import pytest

from benchmarks import recovery
from benchmarks.worlds import planted
from benchmarks.worlds.planted_world import Plan
from benchmarks.worlds.titles import titles


@pytest.fixture(scope="module")
def world():
    return planted.draw(Plan(users=60, items=200, events=6_000))


def test_an_interest_belongs_to_the_topics_whose_name_or_words_it_holds():
    assert recovery.topics_of("film noir") == {"Film noir"}
    assert recovery.topics_of("quiet telescope and hive") == {"Astronomy", "Beekeeping"}
    assert recovery.topics_of("notebook") == set()


def test_a_topic_is_found_where_its_interests_are_strong_enough_together():
    names = [("telescope", 0.3), ("comet", 0.3), ("hive", 0.6), ("dunk", 0.1), ("quiet", 1.0)]
    rows = [{"user_id": "u", "name": name, "weight": weight} for name, weight in names]
    assert recovery.found_topics(rows, "user_id", 0.5) == {"u": {"Astronomy", "Beekeeping"}}


def test_scores_count_pairs_of_user_and_topic():
    found = {"a": {"Chess", "Dance"}, "b": set(), "not asked about": {"Yoga"}}
    row = recovery.score(found, {"a": {"Chess"}, "b": {"Jazz"}})
    assert (row["scored"], row["precision"], row["recall"], row["F1"]) == (2, 0.5, 0.5, pytest.approx(0.5))


def test_the_truth_is_of_users_with_enough_events_and_of_topics_that_they_left_traces_of(world):
    every, traced = recovery.long_truth(world, 0), recovery.long_truth(world)
    assert 0 < len(traced) < 60 and traced.keys() == every.keys()
    assert all(topics <= every[user] for user, topics in traced.items())
    held, alone = recovery.short_truth(world)
    assert held and all(alone[user] <= topics for user, topics in held.items())


def test_items_are_told_by_titles_alone_or_with_the_names_of_their_topics(world):
    assert all("attributes" not in row for row in recovery.item_rows(world, False))
    assert all(row["attributes"]["topic"] for row in recovery.item_rows(world, True))


def test_titles_are_all_different():
    assert len(set(titles(5_000))) == 5_000 and titles(10) == titles(10) != titles(10, seed=1)
