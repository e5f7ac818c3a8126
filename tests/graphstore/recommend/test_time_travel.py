"""Interests and recommendations as of a time: what came later is not known."""

from datetime import UTC, datetime, timedelta

import pytest

from graphstore.build.stage import build
from graphstore.collect.store import collect_events
from graphstore.errors import InputError, NotFound
from graphstore.extract import interests
from graphstore.profiles.erasure import erase_user
from graphstore.profiles.interests import read_interests
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.stage import recommend
from tests.fixtures.planting import DAY, NOW
from tests.fixtures.storing import store

ABOUT = """
MATCH (i:Item) WITH i, CASE WHEN i.item_id STARTS WITH 'a' THEN 'art' ELSE 'birds' END AS name
MERGE (n:Interest {name: name}) ON CREATE SET n.label = name, n.items = 10
MERGE (i)-[:ABOUT {weight: 1.0, extracted_by: 'phrase'}]->(n)
"""
MIDDLE = datetime.fromtimestamp(NOW - 50 * DAY, UTC)


def event(user, item, days_ago, kind="like"):
    return {"user_id": user, "item_id": item, "kind": kind, "timestamp": NOW - days_ago * DAY}


@pytest.fixture
def moved(client, tmp_path):
    """ann cared for art until 60 days ago and for birds since; others go on with both. a9 and b9 came late."""
    events = [event("ann", f"a{n}", 100 - n) for n in range(4)] + [event("ann", f"b{n}", 30 - n) for n in range(4)]
    events += [event(f"u{u}", f"{side}{n}", 120 - n - u / 10) for u in range(8) for side in "ab" for n in range(8)]
    events += [event(f"u{u}", f"{side}9", 5) for u in range(4) for side in "ab"]
    ties = [{"user_id": "ann", "follows": "u1", "timestamp": NOW - 40 * DAY}]
    store(client, tmp_path, events=[row for row in events if row["user_id"] != "ann"], ties=ties)
    client.run_text(ABOUT)
    for day in (97, 96, 27):  # as a follower would meet them
        collect_events(
            client, [row for row in events if row["user_id"] == "ann" and row["timestamp"] <= NOW - day * DAY]
        )
        interests.write_user_interests(client, ["ann"], datetime.fromtimestamp(NOW - day * DAY, UTC))
    build(client)
    return client


def names(answer):
    return [row["item_id"] for row in answer["recommendations"]]


def test_interests_are_those_that_were_valid(moved):
    assert {row["name"] for row in read_interests(moved, "ann")} == {"art", "birds"}
    assert {row["name"] for row in read_interests(moved, "ann", at=MIDDLE)} == {"art"}
    assert read_interests(moved, "ann", at=MIDDLE - timedelta(days=365)) == []


def test_recommendations_rest_on_what_the_user_had_done_by_then(moved):
    then, now = recommend(moved, "ann", k=5, at=MIDDLE), recommend(moved, "ann", k=5)
    assert then["at"] == MIDDLE.isoformat().replace("+00:00", "Z") and "at" not in now
    assert then["as_of"] < now["as_of"]
    assert names(then) and not set(names(then)) & {"a0", "a1", "a2", "a3"}
    assert {"b0", "b1"} & set(names(recommend(moved, "ann", k=20, at=MIDDLE)))  # not chosen yet
    assert not {"b0", "b1"} & set(names(recommend(moved, "ann", k=20)))


def test_what_was_not_there_yet_is_not_recommended(moved):
    assert {"a9", "b9"} & set(names(recommend(moved, "ann", k=20)))
    assert not {"a9", "b9"} & set(names(recommend(moved, "ann", k=20, at=MIDDLE)))
    moved.run_text("MATCH (i:Item {item_id: 'b9'}) SET i.published_at = datetime($at)", {"at": "2000-01-01T00:00:00Z"})
    assert "b9" in names(recommend(moved, "ann", k=20, at=MIDDLE))


def test_no_path_shows_an_event_tie_or_interest_of_later(moved):
    for row in recommend(moved, "ann", k=20, at=MIDDLE)["recommendations"]:
        for hop in row["path"]:
            properties = hop.get("properties", {})
            assert properties.get("at", "") <= MIDDLE.isoformat() and hop.get("type") != "FOLLOWS"
            assert properties.get("valid_from", "") <= MIDDLE.isoformat()


def test_a_later_event_changes_nothing_of_the_past_and_one_of_before_does(moved):
    memory = ServingCache(moved)
    before = recommend(moved, "ann", k=10, at=MIDDLE, memory=memory)
    collect_events(moved, [event("ann", "b5", 1)])
    after = recommend(moved, "ann", k=10, at=MIDDLE, memory=memory)
    assert names(after) == names(before)
    first = names(after)[0]
    collect_events(moved, [event("ann", first, 90)])
    assert first not in names(recommend(moved, "ann", k=10, at=MIDDLE, memory=memory))


def test_long_before_there_is_what_everybody_liked_and_no_user_no_answer(moved):
    assert names(recommend(moved, "ann", at=MIDDLE - timedelta(days=900))) == []
    with pytest.raises(InputError, match="explore"):
        recommend(moved, "ann", at=MIDDLE, explore=0.5)
    erase_user(moved, "ann")
    with pytest.raises(NotFound):
        recommend(moved, "ann", at=MIDDLE)


def test_the_favourites_ask_the_same_in_cypher(moved):
    asked = {"user_id": "ann", "at": MIDDLE.isoformat()}
    assert {row["interest"] for row in moved.read("browser/interests_as_of", **asked)} == {"art"}
    rows = moved.read("browser/recommended_as_of", **asked)
    assert rows and {"a0", "a1"}.isdisjoint(row["item"]["item_id"] for row in rows)
    assert any(row["chosen_later"] for row in rows)
