"""Which relationship a path shows, and what of it is read from the graph again."""

from datetime import UTC, datetime

import numpy as np
import pytest

from graphstore.ranking.blend import Blend
from graphstore.ranking.history import DIMENSION, Readout
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.stage import recommend

GRAPH = """
CREATE (:User {user_id: 'u', version: 1})
WITH 1 AS _
UNWIND $items AS item
CREATE (i:Item {item_id: item, title: 'The ' + item, version: 1, popularity: 1.0, ever_popular: 1.0})
MERGE (all:User {user_id: 'chose everything'})
CREATE (all)-[:VIEWED {event_id: 'all ' + item, at: datetime('2000-01-01T00:00:00Z')}]->(i)
WITH count(*) AS _
UNWIND $events AS event
MATCH (u:User {user_id: 'u'}), (i:Item {item_id: event[0]})
CREATE (u)-[:RATED {event_id: 'e-' + event[0], value: event[1], at: datetime(event[2])}]->(i)
WITH count(*) AS _
UNWIND $similar AS edge
MATCH (i:Item {item_id: edge[0]}), (j:Item {item_id: edge[1]})
CREATE (i)-[:SIMILAR_TO {score: edge[2], recent_score: edge[3]}]->(j)
WITH count(*) AS _
UNWIND $next AS edge
MATCH (i:Item {item_id: edge[0]}), (j:Item {item_id: edge[1]})
CREATE (i)-[:FOLLOWED_BY {score: edge[2], recent_score: edge[3]}]->(j)
"""
UNDATED = [["b", 4.0, None], ["c", 4.0, None], ["a", 4.0, None]]  # without times all three count alike
NONE = [["a", "a", 0.0, 0.0]]  # so that the statement goes on


def plant(client, similar=NONE, following=NONE, events=UNDATED, items="abcxyz"):
    rows = {"items": list(items), "events": events, "similar": similar, "next": following}
    client.run_text(GRAPH, rows)


def paths(client, channel, cache=None, k=10, **options):
    """By item: the items or types along the path from the user to it, without both ends."""
    answer = recommend(client, "u", k=k, channel=channel, cache=cache, **options)
    return {
        row["item_id"]: tuple(part.get("type") or part["key"] for part in row["path"][1:-1])
        for row in answer["recommendations"]
    }


@pytest.fixture
def asked(client, monkeypatch):
    """Of which items paths were asked of the graph, answer by answer."""
    calls, read_once = [], client.read_once

    def listening(name, **parameters):
        if name == "recommend/explain_items":
            calls.append(parameters["wanted"]["item_ids"])
        return read_once(name, **parameters)

    monkeypatch.setattr(client, "read_once", listening)
    return calls


def test_the_strongest_relationship_of_the_channel_is_shown(client):
    plant(
        client,
        similar=[["a", "x", 0.3, 0.0], ["b", "x", 0.2, 0.0], ["b", "y", 0.1, 0.3], ["c", "y", 0.2, 0.1]],
        following=[["c", "x", 0.9, 0.0], ["a", "z", 0.1, 0.0], ["b", "y", 0.05, 0.0], ["a", "y", 0.1, 0.1]],
    )
    assert paths(client, "similar") == {"x": ("RATED", "a", "SIMILAR_TO"), "y": ("RATED", "c", "SIMILAR_TO")}
    assert paths(client, "transitions") == {
        "x": ("RATED", "c", "FOLLOWED_BY"),
        "y": ("RATED", "a", "FOLLOWED_BY"),
        "z": ("RATED", "a", "FOLLOWED_BY"),
    }


def test_a_recent_item_speaks_louder_than_an_old_one(client):
    events = [["a", 5.0, "2024-01-01T00:00:00Z"], ["b", 5.0, "2024-01-02T00:00:00Z"]]
    plant(
        client,
        similar=[["a", "x", 0.3, 0.0], ["b", "x", 0.25, 0.0], ["a", "y", 0.9, 0.0], ["b", "y", 0.1, 0.0]],
        events=events,
    )
    assert paths(client, "similar") == {"x": ("RATED", "b", "SIMILAR_TO"), "y": ("RATED", "a", "SIMILAR_TO")}


def test_among_equals_the_id_decides(client):
    plant(client, similar=[[source, "x", 0.5, 0.0] for source in "cab"])
    assert paths(client, "similar") == {"x": ("RATED", "a", "SIMILAR_TO")}


NEAR = "MATCH (n) WHERE n.user_id = 'u' OR n.item_id IN ['x', 'y', 'z'] SET n.embedding = $vector"


def test_an_item_near_a_stored_vector_is_shown_without_a_relationship_for_none_of_the_events_made_it(client):
    plant(client, similar=[["a", "x", 0.5, 0.0]], following=[["b", "y", 0.2, 0.0]])
    client.run_text(NEAR, {"vector": [1.0] + [0.0] * (DIMENSION - 1)})
    assert paths(client, "embedding") == {"x": (), "y": (), "z": ()}


SHARED = """
MATCH (a:Item {item_id: 'a'}), (x:Item {item_id: 'x'}), (m:Item {item_id: 'b'}) SET m.version = 2
CREATE (a)-[:HAS_ATTRIBUTE]->(g:Attribute {kind: 'genre', value: 'Horror = fun'})<-[:HAS_ATTRIBUTE]-(x)
CREATE (:Model {version: 'm', active: true, trained_at: datetime(), blend: $blend, blend_hash: 'h'})
WITH 1 AS _
MATCH (i:Item) WHERE i.item_id IN ['a', 'b', 'x', 'y', 'z']
SET i.embedding_version = 'm', i.embedding = CASE WHEN i.item_id IN ['a', 'x'] THEN [1.0, 0.0] ELSE [0.0, 1.0] END
"""


def test_an_item_that_lies_near_by_vectors_alone_is_shown_by_what_both_have_in_common(client):
    plant(client, events=[["a", 5.0, None], ["b", 1.0, None]])
    readout = Readout([40.0], [1.0], [np.eye(2).tolist()], {})
    client.run_text(SHARED, {"blend": Blend(readout=readout).to_json()})
    (row,) = [r for r in recommend(client, "u", channel="embedding")["recommendations"] if r["item_id"] == "x"]
    assert [part.get("type") or part["key"] for part in row["path"]] == [
        *("u", "RATED", "a", "HAS_ATTRIBUTE", "genre=Horror = fun", "HAS_ATTRIBUTE", "x")
    ]
    assert row["because"].startswith("Because you rated “The a” 5")


def test_a_popular_item_is_shown_without_a_relationship_though_there_is_one(client, asked):
    plant(client, similar=[["a", "x", 0.5, 0.0]])
    assert paths(client, "popular") == dict.fromkeys("xyz", ())
    assert asked == []


def test_a_path_has_titles_and_properties_from_the_graph(client):
    plant(client, similar=[["a", "x", 0.5, 0.25]])
    (row,) = recommend(client, "u", channel="similar")["recommendations"]
    assert row["title"] == "The x"
    assert row["path"] == [
        {"label": "User", "key": "u", "title": None},
        {"type": "RATED", "properties": {"event_id": "e-a", "value": 4.0}},
        {"label": "Item", "key": "a", "title": "The a"},
        {"type": "SIMILAR_TO", "properties": {"score": 0.5, "recent_score": 0.25}},
        {"label": "Item", "key": "x", "title": "The x"},
    ]


def test_what_was_read_for_an_answer_is_not_asked_again(client, asked):
    plant(client, similar=[["a", "x", 0.9, 0.0], ["a", "y", 0.5, 0.0], ["b", "z", 0.1, 0.0]])
    cache = ServingCache(client)
    first = recommend(client, "u", k=1, channel="similar", cache=cache)
    assert recommend(client, "u", k=1, channel="similar", cache=cache) == first
    assert asked == [["x"]]
    whole = recommend(client, "u", k=3, channel="similar", cache=cache)
    assert asked == [["x"], ["y", "z"]]
    assert (
        whole
        == recommend(client, "u", k=3, channel="similar")
        == recommend(client, "u", k=3, channel="similar", cache=cache)
    )


def test_each_relationship_that_leads_from_an_item_is_read_by_itself(client, asked):
    """Both types and both targets: what is held of one says nothing of the other."""
    plant(client, similar=[["a", "x", 0.9, 0.0]], following=[["a", "x", 0.8, 0.0], ["a", "y", 0.1, 0.0]])
    cache = ServingCache(client)
    for _ in range(2):
        assert paths(client, "similar", cache) == {"x": ("RATED", "a", "SIMILAR_TO")}
        assert paths(client, "transitions", cache) == {
            "x": ("RATED", "a", "FOLLOWED_BY"),
            "y": ("RATED", "a", "FOLLOWED_BY"),
        }
    assert asked == [["x"], ["x", "y"]]


@pytest.mark.parametrize("changed", ["version", "linked_seq"])
def test_a_relationship_is_read_again_when_the_item_that_it_leads_from_changed(client, asked, changed):
    plant(client, similar=[["a", "x", 0.9, 0.0]])
    cache = ServingCache(client)
    recommend(client, "u", channel="similar", cache=cache)
    client.run_text(
        f"MATCH (a:Item {{item_id: 'a'}})-[s:SIMILAR_TO]->(:Item {{item_id: 'x'}}) SET s.score = 0.7, a.{changed} = 5,"
        " a.changed_seq = 1 MERGE (f:Feed {name: 'changes'}) SET f.seq = 1"
    )
    (row,) = recommend(client, "u", channel="similar", cache=cache)["recommendations"]
    assert asked == [["x"], ["x"]] and row["path"][3]["properties"]["score"] == 0.7


def test_what_the_user_did_is_read_again_when_they_did_something(client, asked):
    plant(client, similar=[["a", "x", 0.9, 0.0]])
    cache = ServingCache(client)
    recommend(client, "u", channel="similar", cache=cache)
    client.run_text(
        "MATCH (u:User {user_id: 'u'}), (a:Item {item_id: 'a'}) SET u.version = 2"
        " CREATE (u)-[:LIKED {event_id: 'late', at: datetime('2024-01-01T00:00:00Z')}]->(a)"
    )
    assert paths(client, "similar", cache) == {"x": ("LIKED", "a", "SIMILAR_TO")}
    assert asked == [["x"], ["x"]]


@pytest.mark.parametrize("channel", ["interests", "social", "attributes"])
def test_what_others_and_interests_say_is_asked_for_every_answer(client, asked, channel):
    plant(client)
    client.run_text(
        "MATCH (u:User {user_id: 'u'}), (x:Item {item_id: 'x'}) CREATE"
        " (u)-[:INTERESTED_IN {weight: 1.0, polarity: 'likes'}]->(:Interest {name: 'n'})<-[:ABOUT {weight: 1.0}]-(x),"
        " (u)-[:FOLLOWS]->(:User {user_id: 'v'})-[:LIKED {event_id: 'v'}]->(x),"
        " (u)-[:HAS_ATTRIBUTE]->(t:Attribute {kind: 'team', value: 't'})-[:FAVOURS {score: 1.0}]->(x)"
        " WITH t MATCH (v:User {user_id: 'chose everything'}) CREATE (v)-[:HAS_ATTRIBUTE]->(t)"
    )
    cache = ServingCache(client)
    shown = [paths(client, channel, cache) for _ in range(2)]
    expected = {
        "interests": ("INTERESTED_IN", "n", "ABOUT"),
        "social": ("FOLLOWS", "v", "LIKED"),
        "attributes": ("HAS_ATTRIBUTE", "team=t", "FAVOURS"),
    }
    assert shown == [{"x": expected[channel]}] * 2 and asked == [["x"], ["x"]]


def test_without_explanation_titles_come_from_memory_and_nothing_is_asked(client, asked):
    plant(client, similar=[["a", "x", 0.9, 0.0]])
    (row,) = recommend(client, "u", channel="similar", explain=False)["recommendations"]
    assert (row["item_id"], row["title"], asked) == ("x", "The x", [])


def test_an_item_that_is_gone_when_its_path_is_read_leaves_its_place_to_another(client):
    plant(client, similar=[["a", "x", 0.9, 0.0], ["a", "y", 0.5, 0.0]])
    cache = ServingCache(client)
    assert list(paths(client, "similar", cache, k=2, explain=True)) == ["x", "y"]
    client.run_text("MATCH (u:User {user_id: 'u'}) SET u.version = 2")  # so that its path is read again
    client.run_text("MATCH (i:Item {item_id: 'x'}) DETACH DELETE i")
    assert list(paths(client, "similar", cache, k=1)) == ["y"]


def test_as_of_a_moment_the_event_of_then_is_shown(client):
    plant(client, similar=[["a", "x", 0.9, 0.0]], events=[["a", 4.0, "2024-01-01T00:00:00Z"]])
    client.run_text(
        "MATCH (u:User {user_id: 'u'}), (a:Item {item_id: 'a'})"
        " CREATE (u)-[:LIKED {event_id: 'late', at: datetime('2024-03-01T00:00:00Z')}]->(a)"
    )
    assert paths(client, "similar") == {"x": ("LIKED", "a", "SIMILAR_TO")}
    assert paths(client, "similar", at=datetime(2024, 2, 1, tzinfo=UTC)) == {"x": ("RATED", "a", "SIMILAR_TO")}


def test_people_who_are_not_followed_and_what_they_disliked_are_not_shown(client):
    plant(client)
    client.run_text(
        "MATCH (u:User {user_id: 'u'}), (x:Item {item_id: 'x'}) CREATE"
        " (u)-[:FOLLOWS]->(w:User {user_id: 'w'})-[:LIKED {event_id: 'w1'}]->(x),"
        " (w)-[:DISLIKED {event_id: 'w0'}]->(x), (:User {user_id: 'v'})-[:LIKED {event_id: 'v'}]->(x)"
        " WITH w MATCH (y:Item {item_id: 'y'}) CREATE (w)-[:LIKED {event_id: 'w2'}]->(y)"
    )
    assert paths(client, "social") == {"y": ("FOLLOWS", "w", "LIKED")}
