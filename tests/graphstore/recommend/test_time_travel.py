"""Interests and recommendations as of a moment: later events, interests, ties and items take no part."""

from datetime import UTC, datetime, timedelta

import pytest

from graphstore.build.stage import build
from graphstore.clock import GraphClock
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
        interests.write_user_interests(client, ["ann"], GraphClock.at(datetime.fromtimestamp(NOW - day * DAY, UTC)))
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
    cache = ServingCache(moved)
    before = recommend(moved, "ann", k=10, at=MIDDLE, cache=cache)
    collect_events(moved, [event("ann", "a0", 1)])
    after = recommend(moved, "ann", k=10, at=MIDDLE, cache=cache)
    assert names(after) == names(before)
    first = names(after)[0]
    collect_events(moved, [event("ann", first, 90)])
    assert first not in names(recommend(moved, "ann", k=10, at=MIDDLE, cache=cache))


def test_before_the_first_event_nothing_is_recommended_and_an_erased_user_is_unknown(moved):
    assert names(recommend(moved, "ann", at=MIDDLE - timedelta(days=900))) == []
    with pytest.raises(InputError, match="explore"):
        recommend(moved, "ann", at=MIDDLE, explore=0.5)
    erase_user(moved, "ann")
    with pytest.raises(NotFound):
        recommend(moved, "ann", at=MIDDLE)


@pytest.mark.parametrize("at", [MIDDLE, datetime.fromtimestamp(NOW, UTC)])
def test_the_favourite_in_cypher_finds_the_same_interests(moved, at):
    of_favourite = moved.read("browser/interests_as_of", user_id="ann", at=at.isoformat())
    of_product = read_interests(moved, "ann", at=at)
    assert of_product
    assert sorted((row["interest"], row["polarity"], row["horizon"], row["weight"]) for row in of_favourite) == sorted(
        (row["label"], row["polarity"], row["horizon"], row["weight"]) for row in of_product
    )


def test_the_favourite_in_cypher_gives_the_same_list_and_what_was_chosen_later(moved):
    rows = moved.read("browser/recommend_now", user_id="ann", at=MIDDLE.isoformat())
    best = recommend(moved, "ann", k=10, at=MIDDLE)["recommendations"]
    assert len(rows) == 10
    assert [row["item"]["item_id"] for row in rows] == [row["item_id"] for row in best]
    assert [row["score"] for row in rows] == pytest.approx([row["score"] for row in best])
    later = {row["item"]["item_id"]: row["chosen_later"] for row in rows if row["chosen_later"]}
    assert {item: at.to_native() for item, at in later.items()} == {
        f"b{n}": datetime.fromtimestamp(NOW - (30 - n) * DAY, UTC) for n in range(4)
    }
