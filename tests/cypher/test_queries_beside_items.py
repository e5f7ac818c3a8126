"""Statements about items, users and events say the same whether or not queries and mentions stand beside them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphstore.database import statements

PLANTED = Path(__file__).with_name("plant_graph.cypher").read_text(encoding="utf-8")
BESIDE = """
MATCH (u:User {user_id: 'ann'}), (v:User {user_id: 'bob'}), (i:Item)<--(:User), (n:Interest)
WITH u, v, collect(DISTINCT i) AS items, collect(DISTINCT n) AS interests
UNWIND range(1, 40) AS number
CREATE (q:Query {text: 'query ' + number})
CREATE (u)-[:SEARCHED {event_id: 's' + number, at: datetime('2026-02-14'), text: 'Query'}]->(q)
CREATE (v)-[:SEARCHED {event_id: 't' + number, at: datetime('2026-02-14'), text: 'query'}]->(q)
FOREACH (i IN items | CREATE (q)-[:FINDS {score: 0.9, found_by: 'words'}]->(i))
FOREACH (n IN interests | CREATE (q)-[:ABOUT {weight: 1.0, extracted_by: 'phrase'}]->(n)
                          CREATE (u)-[:MENTIONED {event_id: 'a0', at: datetime('2026-02-09'), weight: -1.0}]->(n))
"""
PARAMETERS = {
    "user_id": "ann",
    "user_ids": ["ann", "bob", "u1"],
    "item_id": "i2",
    "item_ids": ["i0", "i1", "i2"],
    "key": "i2",
    "k": 5,
    "count": 50,
    "at": datetime(2026, 3, 1, tzinfo=UTC),
    "events": 50,
    "scanned": 50,
    "most": 25,
    "unwanted": [],
    "prefix": "",
    "bound": 100,
    "version": "m1",
    "seq": 0,
    "wanted": {
        "item_ids": ["i2"],
        "sources": ["i1"],
        "edges": [["i1", "SIMILAR_TO", "i2"]],
        "interests": [["i2", "gifts"]],
        "attributes": [["i2", "kind", "card"]],
        "rows": [{"item_id": "i2", "kind": "city", "value": "here"}, {"item_id": "i2", "interest": "gifts"}],
    },
}
ASKED = [
    "recommend/explain_items",
    "recommend/reasons/read_choosers",
    "recommend/find_present_items",
    "recommend/read_people",
    "recommend/related/similar_users",
    "profiles/read_item",
    "profiles/read_interests",
    "profiles/exploration/expand_item",
    "profiles/exploration/list_newest_events",
    "profiles/exploration/list_active_users",
    "profiles/exploration/find_users",
    "profiles/erasure/find_around_item",
    "administration/count_derived",
    "administration/count_stale",
    "administration/stream_exposed_items",
    "extract/interests/read_affected_users",
    "build/pull/stream_interactions",
    "build/pull/stream_item_interests",
    *(name for name in statements.names() if name.startswith("browser/")),
]


@pytest.fixture
def answers(client):
    """What each statement answers; of the health of the graph all but the lines about searches and queries."""
    client.run_text(PLANTED)

    def run():
        found = {}
        for name in ASKED:
            given = PARAMETERS | ({"at": "2026-02-12T12:00:00Z"} if name.startswith("browser/") else {})
            rows = client.read(name, **{key: given[key] for key in statements.load(name).parameters})
            found[name] = [
                str(row) for row in rows if not {"searches", "queries"} & set(str(row.get("measure", "")).split())
            ]
        return found

    return run


def test_searches_and_mentions_change_no_answer_about_items_and_events(answers, client):
    before = answers()
    assert [name for name in ASKED if not before[name]] == []
    client.run_text(BESIDE)
    after = answers()
    assert [name for name in ASKED if after[name] != before[name]] == []
