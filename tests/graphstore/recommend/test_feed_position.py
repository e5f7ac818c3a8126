"""Feed positions: from where a poll reads, and what is read again because its transaction may have been open."""

import pytest

from graphstore.recommend import feed_position
from graphstore.recommend.feed_position import FeedPosition

EMPTY = {"items": [], "users": [], "touched_items": [], "touched_users": []}


def change(place):
    """A row of any of the lists: id, version, number, place in the order."""
    return ["id", 1, 1, place]


@pytest.fixture
def clock(monkeypatch):
    """Monotonic seconds, to be set as `clock[0]`."""
    now = [100.0]
    monkeypatch.setattr(feed_position.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def position(clock):
    return FeedPosition(seq=9, since=50_000, seen=(10, 100.0), first_page=3)


def test_numbers_become_applied_only_after_they_were_read_for_a_second(position, clock):
    position.advance(EMPTY | {"items": [change(12)], "users": [change(11)], "now": 60_000}, 50_000)
    assert (position.seq, position.seen) == (9, (10, 100.0))
    clock[0] = 101.5
    position.advance(EMPTY | {"items": [change(12)], "now": 60_000}, 50_000)
    assert (position.seq, position.seen) == (10, (12, 101.5))
    clock[0] = 103.0
    position.advance(EMPTY | {"now": 60_000}, 50_000)
    assert (position.seq, position.seen) == (12, (12, 103.0))


def test_a_full_page_of_numbers_is_continued_where_the_first_full_list_ends(position):
    rows = {"items": [change(n) for n in (20, 21, 22)], "users": [change(n) for n in (15, 16, 17)]}
    position.advance(EMPTY | rows | {"now": 60_000}, 50_000)
    assert (position.seq, position.page) == (16, 3)


def test_a_page_that_one_number_fills_grows_until_there_is_more(position):
    full = {"items": [change(10)] * 3, "now": 60_000}
    position.advance(EMPTY | full, 50_000)
    assert (position.seq, position.page) == (9, 12)
    position.advance(EMPTY | full, 50_000)
    assert position.page == 3


def test_a_long_overlap_is_read_once_a_second_and_a_short_one_between(position, clock):
    assert position.next_since() == 50_000
    position.advance(EMPTY | {"now": 70_000}, 50_000)
    assert position.since == 65_000
    clock[0] = 100.5
    assert position.next_since() == 69_700
    position.advance(EMPTY | {"now": 71_000}, 69_700)
    assert (position.since, position.polled) == (65_000, 71_000), "after a short overlap only the clock moves on"
    clock[0] = 101.5
    assert position.next_since() == 65_000


def test_a_full_page_of_touched_nodes_is_continued_at_its_last_time(position):
    touched = [change(n) for n in (51_000, 52_000, 53_000)]
    position.advance(EMPTY | {"touched_users": touched, "now": 90_000}, 50_000)
    assert (position.since, position.polled, position.page) == (53_000, 53_000, 3)
    position.advance(EMPTY | {"touched_users": [change(53_000)] * 3, "now": 90_000}, 53_000)
    assert position.page == 12, "one time fills the page"


def test_nothing_moves_back(position):
    position.advance(EMPTY | {"now": 70_000}, 50_000)
    position.advance(EMPTY | {"now": 60_000}, 50_000)
    assert (position.seq, position.since, position.polled) == (9, 65_000, 70_000)
