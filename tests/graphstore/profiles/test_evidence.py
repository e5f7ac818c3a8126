"""Evidence: an interest is shown with when it held, and with the events and words that it rests on."""

import pytest

from graphstore.collect.store import collect_events
from graphstore.errors import NotFound
from graphstore.profiles.evidence import excerpt, read_interest, shortened

EVENTS = [
    {"event_id": "s1", "user_id": "ann", "kind": "search", "text": "Robot love", "timestamp": "2026-01-04"},
    {
        "event_id": "r1",
        "user_id": "ann",
        "item_id": "f1",
        "kind": "rate",
        "value": 5,
        "text": "Long. The two robots are sweet!",
        "timestamp": "2026-01-03",
    },
    {"event_id": "v1", "user_id": "ann", "item_id": "f2", "kind": "view", "timestamp": "2026-01-02"},
]
DERIVED = """
MERGE (n:Interest {name: 'robots'}) SET n.label = 'Robots'
WITH n
MATCH (u:User {user_id: 'ann'}), (i:Item {item_id: 'f2'}), (q:Query)
SET i.title = 'Metal', i.description = 'A farm. A robot wakes up.'
MERGE (i)-[a:ABOUT]->(n) SET a.weight = 0.9, a.extracted_by = 'phrase'
MERGE (q)-[b:ABOUT]->(n) SET b.weight = 0.6, b.extracted_by = 'words'
CREATE (u)-[:MENTIONED {event_id: 'r1', weight: 0.7, extracted_by: 'words'}]->(n)
CREATE (u)-[:INTERESTED_IN {polarity: 'likes', horizon: 'long', weight: 0.5, extracted_by: 'x', evidence: ['v1'],
  valid_from: datetime('2025-01-01T00:00Z'), valid_to: datetime('2025-06-01T00:00Z')}]->(n)
CREATE (u)-[:INTERESTED_IN {polarity: 'likes', horizon: 'short', weight: 1.0, extracted_by: 'x',
  evidence: ['s1', 'r1', 'v1'], valid_from: datetime('2026-01-02T00:00Z')}]->(n)
"""


def test_an_interest_is_shown_with_its_periods_and_the_words_of_its_events(client):
    assert collect_events(client, EVENTS).created == 3
    client.run_text(DERIVED)
    found = read_interest(client, "ann", "robots")
    assert found["label"] == "Robots" and [one["valid_to"] is None for one in found["periods"]] == [False, True]
    shown = [(one["event_id"], one["words"], one["about"], one["mentioned"]) for one in found["evidence"]]
    assert shown == [
        ("s1", {"source": "text", "text": "Robot love"}, 0.6, None),
        ("r1", {"source": "text", "text": "The two robots are sweet!"}, None, 0.7),
        ("v1", {"source": "item", "text": "A robot wakes up."}, 0.9, None),
    ]
    for typed in ("Robots", "ROBOTS", " ｒｏｂｏｔｓ "):
        assert read_interest(client, "ann", typed) == found
    with pytest.raises(NotFound, match="never had"):
        read_interest(client, "ann", "boats")
    with pytest.raises(NotFound, match="no user"):
        read_interest(client, "zoe", "robots")


def test_an_excerpt_is_the_sentence_that_speaks_of_the_interest():
    text = "It was long. I love space operas and space ships. The end."
    assert excerpt(text, ["space opera"]) == "I love space operas and space ships."
    assert excerpt(text, ["cooking"]) is None and excerpt("", ["space"]) is None
    assert excerpt("他喜欢科幻电影。很长。", ["科幻"]) == "他喜欢科幻电影。"
    long = "word " * 100 + "opera " + "word " * 100
    assert "opera" in shortened(long, {"opera"}) and len(shortened(long, {"opera"})) <= 182
