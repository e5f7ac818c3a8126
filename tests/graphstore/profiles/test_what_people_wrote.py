"""What people wrote, in reading, export and erasure: it is shown whole, and leaves with its user."""

import pytest

from graphstore.administration.doctor import check_graph
from graphstore.administration.reset import count_graph, reset
from graphstore.collect.store import collect_events
from graphstore.errors import NotFound
from graphstore.profiles.erasure import delete_item, erase_user, export_user
from graphstore.profiles.users_and_items import read_behaviour, read_user

EVENTS = [
    {"event_id": "s1", "user_id": "ann", "kind": "search", "text": "Space Opera", "timestamp": "2026-01-02"},
    {"event_id": "s2", "user_id": "ann", "kind": "search", "text": "only ann", "timestamp": "2026-01-04"},
    {"event_id": "s3", "user_id": "bob", "kind": "search", "text": "space opera", "session_id": "v"},
    {
        "event_id": "r1",
        "user_id": "ann",
        "item_id": "f1",
        "kind": "rate",
        "value": 2,
        "text": "Dull.",
        "timestamp": 1000,
    },
    {"event_id": "r2", "user_id": "bob", "item_id": "f1", "kind": "review", "text": "Great.", "timestamp": 1000},
]
DERIVED = """
MATCH (q:Query), (i:Item {item_id: 'f1'}), (u:User)-[r]->(i)
MERGE (n:Interest {name: 'space'})
MERGE (q)-[f:FINDS]->(i) SET f.score = 0.5, f.found_by = 'words'
MERGE (q)-[a:ABOUT]->(n) SET a.weight = 0.7, a.extracted_by = 'phrase'
MERGE (u)-[m:MENTIONED {event_id: r.event_id}]->(n) SET m.at = r.at, m.weight = -0.5, m.extracted_by = 'words'
"""


@pytest.fixture
def written(client):
    """Two people who searched for the same and wrote about one item, and what is derived from it."""
    assert collect_events(client, EVENTS).created == 5
    client.run_text("MATCH (q:Query)-[f:FINDS|ABOUT]->() DELETE f")
    client.run_text(DERIVED)
    return client


def left(client, what):
    return client.run_text(f"MATCH {what} RETURN count(*) AS n")[0]["n"]


def test_searches_and_texts_stand_among_the_latest_events(written):
    events = read_behaviour(written, "ann")
    assert [(e["event_id"], e["type"], e["item_id"], e["text"]) for e in events] == [
        ("s2", "SEARCHED", None, "only ann"),
        ("s1", "SEARCHED", None, "Space Opera"),
        ("r1", "RATED", "f1", "Dull."),
    ]
    user = read_user(written, "ann")
    assert (user["events"], user["searches"], user["last_event_at"]) == (1, 2, "2026-01-04T00:00:00Z")


def test_an_export_holds_texts_searches_with_what_they_found_and_mentions(written):
    export = export_user(written, "ann")
    assert [(e["event_id"], e["text"]) for e in export["events"]] == [("r1", "Dull.")]
    found = [{"item_id": "f1", "title": None, "score": 0.5, "found_by": "words"}]
    assert export["searches"] == [
        {"type": "SEARCHED", "query": query, "found": found, "event_id": key, "text": text, "at": at}
        for key, query, text, at in (
            ("s1", "space opera", "Space Opera", "2026-01-02T00:00:00.000000000+00:00"),
            ("s2", "only ann", "only ann", "2026-01-04T00:00:00.000000000+00:00"),
        )
    ]
    (mention,) = export["mentions"]
    assert (mention["name"], mention["event_id"], mention["weight"]) == ("space", "r1", -0.5)
    assert export_user(written, "bob")["searches"][0]["session_id"] == "v"


def test_erasing_removes_a_query_that_only_they_searched_and_keeps_a_shared_one(written):
    removed = erase_user(written, "ann")
    assert (removed["events"], removed["searches"], removed["queries"], removed["items"]) == (1, 2, 1, 0)
    assert written.run_text("MATCH (q:Query) RETURN q.text AS text") == [{"text": "space opera"}]
    everything = str(written.run_text("MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN properties(n), properties(r)"))
    for trace in ("ann", "Space Opera", "Dull.", "s1", "s2", "r1"):
        assert f"'{trace}'" not in everything, trace
    assert export_user(written, "bob")["searches"][0]["found"]
    removed = erase_user(written, "bob")
    assert (removed["searches"], removed["queries"], removed["items"]) == (1, 1, 1)
    assert left(written, "(n:Query|Item|User)") == 0
    with pytest.raises(NotFound):
        read_behaviour(written, "bob")


def test_erasing_an_item_removes_what_was_written_of_it_and_keeps_the_searches(written):
    written.run_text(
        "MATCH (u:User {user_id: 'ann'}), (n:Interest) CREATE (u)-[:MENTIONED {event_id: 'other', weight: 1.0}]->(n)"
    )
    assert delete_item(written, "f1")["events"] == 2
    assert left(written, "()-[:FINDS]->()") == 0 and left(written, "()-[:SEARCHED]->(:Query)") == 3
    assert written.run_text("MATCH ()-[m:MENTIONED]->() RETURN m.event_id AS id") == [{"id": "other"}]


def test_a_reset_counts_and_deletes_queries(written):
    assert check_graph(written).detail == "1 items, 2 users, 2 queries"
    found = count_graph(written)
    assert found.counts["queries"] == 2 and found.outside == 0
    assert reset(written) == found.counts
    assert left(written, "(n:Query)") == 0 and left(written, "()-[r]->()") == 0
