from datetime import UTC, datetime, timedelta

import pytest

from graphstore.clock import GraphClock
from graphstore.collect.store import collect_events
from graphstore.extract import interests as graph_interests
from graphstore.extract import items as graph_items

DAY = 86_400
NOW = 1_700_000_000
AS_OF = datetime.fromtimestamp(NOW, UTC)
ZERO = [0.0] * 383 + [1.0]
INTERESTS = """
MATCH (u:User)-[r:INTERESTED_IN]->(n:Interest)
RETURN u.user_id AS user, n.name AS name, r.polarity AS polarity, r.horizon AS horizon, r.weight AS weight,
       r.evidence AS evidence, r.valid_from AS valid_from, r.valid_to AS valid_to
ORDER BY user, name, horizon, polarity, valid_from
"""


def event(user, item, day, kind="rate", value=5.0):
    row = {"user_id": user, "item_id": item, "kind": kind, "event_id": f"{user}|{item}|{kind}|{day}"}
    row |= {"value": value} if kind == "rate" else {}
    return row if day is None else row | {"timestamp": NOW - day * DAY}


def about(client, **items):
    """Items and the interests that each is about."""
    names = sorted({name for found in items.values() for name in found})
    graph_interests.write_interests(
        client, [{"name": n, "label": n, "origin": "attribute", "embedding": ZERO} for n in names]
    )
    client.run_text("UNWIND $ids AS id MERGE (:Item {item_id: id})", {"ids": list(items)})
    rows = [
        {
            "item_id": item,
            "content_hash": "h",
            "interests": [{"name": name, "weight": 1.0, "extracted_by": "attribute"} for name in found],
        }
        for item, found in items.items()
    ]
    return graph_items.write_about(client, rows)


def interests(client, as_of=AS_OF, users=("u",)):
    graph_interests.write_user_interests(client, list(users), GraphClock.at(as_of))
    return client.run_text(INTERESTS)


@pytest.fixture
def films(client):
    about(client, fun=["comedy"], laugh=["comedy"], scream=["horror"], fear=["horror"])
    return client


def test_liked_and_disliked_behaviour_gives_both_polarities_with_evidence_that_exists(films):
    events = [
        event("u", "fun", 1),
        event("u", "laugh", 2),
        event("u", "scream", 3, "dislike"),
        event("u", "fear", 4, value=1.0),
    ]
    collect_events(films, [*events, event("u", "laugh", 5)])
    rows = [row for row in interests(films) if row["horizon"] == "long"]
    assert [(row["name"], row["polarity"]) for row in rows] == [("comedy", "likes"), ("horror", "dislikes")]
    assert rows[1]["evidence"] == ["u|scream|dislike|3", "u|fear|rate|4"]
    known = {row["id"] for row in films.run_text("MATCH (:User)-[b]->(:Item) RETURN b.event_id AS id")}
    assert all(set(row["evidence"]) <= known for row in rows)
    assert rows[0]["weight"] == 1.0 and 0 < rows[1]["weight"] < 1.0
    assert rows[0]["valid_from"].to_native() == AS_OF - timedelta(days=5)


def test_a_low_rating_is_negative_against_the_users_own_mean(films):
    for user, high in (("u", 5.0), ("v", 3.0)):
        values = {"fun": high, "laugh": high, "scream": 3.0, "fear": 3.0}
        collect_events(
            films, [event(user, item, day, value=value) for day, (item, value) in enumerate(values.items(), 1)]
        )
    rows = {(r["user"], r["name"]): r["polarity"] for r in interests(films, users=("u", "v")) if r["horizon"] == "long"}
    assert rows["u", "horror"] == "dislikes" and rows["v", "horror"] == "likes"


def test_one_low_rating_is_no_dislike(films):
    collect_events(films, [event("u", "fun", 1), event("u", "scream", 3, value=1.0)])
    assert {row["name"] for row in interests(films)} == {"comedy"}


def test_the_weight_halves_with_the_half_life_of_the_kind(films):
    collect_events(films, [event("u", "fun", 0, "like"), event("u", "scream", 180, "like")])
    rows = {row["name"]: row["weight"] for row in interests(films) if row["horizon"] == "long"}
    assert rows == {"comedy": 1.0, "horror": pytest.approx(0.5)}


def test_the_short_horizon_knows_only_what_is_recent_and_dated(films):
    collect_events(
        films, [event("u", "fun", 7, "like"), event("u", "scream", 0, "like"), event("u", "fear", None, "like")]
    )
    collect_events(films, [event("v", "fun", 40, "like"), event("v", "scream", None, "like")])
    rows = interests(films, users=("u", "v"))
    short = {(row["user"], row["name"]): row["weight"] for row in rows if row["horizon"] == "short"}
    assert short == {("u", "comedy"): pytest.approx(0.5), ("u", "horror"): 1.0}
    undated = next(row for row in rows if row["user"] == "v" and row["name"] == "horror")
    assert undated["weight"] == 1.0 and undated["valid_from"] is None


def test_an_interest_that_no_longer_holds_is_closed_and_one_that_holds_again_is_new(films):
    collect_events(films, [event("u", "fun", 100, "like")])
    first = AS_OF - timedelta(days=100)
    assert {(r["horizon"], r["valid_to"]) for r in interests(films, first)} == {("long", None), ("short", None)}
    closed = next(r for r in interests(films, first + timedelta(days=60)) if r["horizon"] == "short")
    assert closed["valid_to"].to_native() == first + timedelta(days=28)
    collect_events(films, [event("u", "laugh", 0, "like")])
    rows = [r for r in interests(films) if r["horizon"] == "short"]
    assert [r["valid_to"] is None for r in rows] == [False, True]
    assert rows[1]["valid_from"].to_native() == AS_OF
    assert sum(r["valid_to"] is None for r in rows) == 1


def test_the_same_again_changes_nothing(films):
    collect_events(films, [event("u", "fun", 1), event("u", "scream", 2, "dislike")])
    before = interests(films)
    counts = graph_interests.write_user_interests(films, ["u"], GraphClock.at(AS_OF))
    assert films.run_text(INTERESTS) == before
    assert (counts.opened, counts.closed, counts.kept) == (0, 0, len(before))


def test_items_that_come_with_events_change_no_weight_before_items_are_counted_again(client):
    about(client, fun=["comedy"], laugh=["comedy"], smile=["comedy"], scream=["horror"])
    collect_events(client, [event("u", "fun", 1), event("u", "scream", 1)])
    before = interests(client)
    collect_events(client, [event("v", f"new{n}", 1) for n in range(50)])
    assert interests(client) == before
    about(client, fear=["horror"])
    assert interests(client) != before


def test_only_the_strongest_interests_are_kept(client):
    about(client, **{f"i{n}": [f"good{n}"] for n in range(25)}, **{f"j{n}": [f"bad{n}"] for n in range(15)})
    collect_events(client, [event("u", f"i{n}", n, "like") for n in range(25)])
    collect_events(client, [event("u", f"j{n}", n, "dislike") for n in range(15)])
    rows = [row for row in interests(client) if row["horizon"] == "long" and row["valid_to"] is None]
    assert sum(row["polarity"] == "likes" for row in rows) == 20
    assert sum(row["polarity"] == "dislikes" for row in rows) == 10
    assert "good0" in {row["name"] for row in rows} and "good24" not in {row["name"] for row in rows}


def test_what_another_extractor_found_about_an_item_stays(films):
    films.run_text(
        "MATCH (i:Item {item_id: 'fun'}) MERGE (n:Interest {name: 'satire'}) "
        "CREATE (i)-[:ABOUT {weight: 0.7, extracted_by: 'llm'}]->(n)"
    )
    counts = about(films, fun=["horror"])
    rows = films.run_text("MATCH (:Item {item_id: 'fun'})-[a:ABOUT]->(n) RETURN n.name AS name ORDER BY name")
    assert [row["name"] for row in rows] == ["horror", "satire"]
    assert counts == {"about": 1, "about_removed": 1}


def test_users_to_read_are_the_touched_those_of_changed_items_and_the_lapsed(films):
    collect_events(
        films, [event("u", "fun", 50, "like"), event("v", "scream", 0, "like"), event("w", "fun", 0, "like")]
    )
    interests(films, AS_OF - timedelta(days=50), users=("u", "v", "w"))
    late = datetime.now(UTC) + timedelta(days=1)
    assert graph_interests.users_to_read(films, GraphClock.at(AS_OF), None) == ["u", "v", "w"]
    assert graph_interests.users_to_read(films, GraphClock.at(AS_OF), late) == ["u"]
    assert graph_interests.users_to_read(films, GraphClock.at(AS_OF), late, ["scream"]) == ["u", "v"]
    assert graph_interests.users_to_read(films, GraphClock.at(AS_OF), datetime(2000, 1, 1, tzinfo=UTC)) == [
        "u",
        "v",
        "w",
    ]


def test_the_latest_event_is_that_of_any_kind(films):
    collect_events(films, [event("u", "fun", 3, "view"), event("u", "fun", 1, "purchase"), event("u", "laugh", None)])
    assert graph_interests.read_clock(films) == GraphClock.at(AS_OF - timedelta(days=1))
