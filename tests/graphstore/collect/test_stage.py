import csv
import json
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphstore.collect.stage import collect
from graphstore.collect.store import collect_events
from graphstore.errors import InputError

ODD_IDS = ["o'b\"q", "a/b", "🎬", "电影", "${x}", "]-(n) DETACH DELETE n //", "a b", "\0"]


def event(number, **more):
    return {"event_id": f"e{number}", "user_id": "u1", "item_id": "i1", "kind": "view", "timestamp": 1000} | more


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def behaviour(client):
    return client.run_text(
        "MATCH (u:User)-[r]->(i:Item) RETURN r.event_id AS id, u.user_id AS u, i.item_id AS i, type(r) AS t,"
        " r.at.epochSeconds AS at, r.value AS v ORDER BY id, t"
    )


def test_every_kind_of_behaviour_is_stored_once_however_often_it_is_sent(client, tmp_path):
    kinds = "view click like rate save share purchase enroll complete dislike post".split()
    path = jsonl(tmp_path / "e.jsonl", [event(n, kind=kind) for n, kind in enumerate(kinds)])
    first = collect(client, events=path)["events"]
    again = collect(client, events=path)["events"]
    assert (first["created"], first["duplicate"]) == (11, 0)
    assert (again["created"], again["duplicate"]) == (0, 11)
    assert len({row["t"] for row in behaviour(client)}) == 11


def test_csv_and_jsonl_make_the_same_graph(client, tmp_path):
    rows = [event(1, kind="rate", value=4.5, timestamp="2026-01-02T00:00:00Z"), event(2, user_id="u2")]
    collect(client, events=jsonl(tmp_path / "e.jsonl", rows))
    with (tmp_path / "e.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["event_id", "user_id", "item_id", "kind", "timestamp", "value"])
        writer.writeheader()
        writer.writerows(rows)
    assert collect(client, events=tmp_path / "e.csv")["events"]["duplicate"] == 2


def test_a_bad_row_costs_one_row_and_can_be_mended_and_fed_again(client, tmp_path):
    rows = [event(1), event(2, kind="stare"), event(3, timestamp="soon"), event(4, timestamp="2099-01-01"), event(5)]
    path = jsonl(tmp_path / "e.jsonl", rows)
    counts = collect(client, events=path, rejected_folder=tmp_path / "bad")["events"]
    assert (counts["created"], counts["rejected"]) == (2, 3)
    assert sorted(reason["line"] for reason in counts["reasons"]) == [2, 3, 4]
    bad = Path(counts["rejected_file"]).read_text(encoding="utf-8")
    mended = tmp_path / "mended.jsonl"
    mended.write_text(bad.replace("stare", "view").replace('"soon"', "5").replace("2099", "1999"), encoding="utf-8")
    assert collect(client, events=mended)["events"]["created"] == 3


def test_the_first_of_two_events_with_one_id_wins_and_the_other_is_reported(client, tmp_path):
    rows = [event(1), event(1, item_id="i2"), event(1)]
    counts = collect(client, events=jsonl(tmp_path / "e.jsonl", rows))["events"]
    assert (counts["created"], counts["duplicate"], counts["rejected"]) == (1, 1, 1)
    later = collect(client, events=jsonl(tmp_path / "l.jsonl", [event(1, kind="like")]))["events"]
    assert (later["created"], later["rejected"]) == (0, 1)
    assert "other content" in later["reasons"][0]["reason"]
    assert [row["t"] for row in behaviour(client)] == ["VIEWED"]


def test_an_event_for_an_item_nobody_described_is_kept_and_the_item_marked(client, tmp_path):
    collect(client, events=jsonl(tmp_path / "e.jsonl", [event(1)]))
    query = "MATCH (i:Item {item_id: 'i1'}) RETURN i.described AS described, i.title AS title"
    assert client.run_text(query) == [{"described": False, "title": None}]
    counts = collect(client, items=jsonl(tmp_path / "i.jsonl", [{"item_id": "i1", "title": "One"}]))["items"]
    assert counts["created"] == 1
    assert client.run_text(query) == [{"described": True, "title": "One"}]


def test_items_are_described_once_and_changed_by_a_later_file(client, tmp_path):
    rows = [
        {"item_id": "i1", "title": "One", "attributes": {"genre": ["A", "B"]}},
        {"item_id": "i1", "title": "Other"},
        {"item_id": "i2", "title": "Two", "attributes": {}},
    ]
    counts = collect(client, items=jsonl(tmp_path / "i.jsonl", rows))["items"]
    assert (counts["created"], counts["rejected"]) == (2, 1)
    assert collect(client, items=jsonl(tmp_path / "j.jsonl", rows[:1]))["items"]["duplicate"] == 1
    rows[0]["attributes"] = {"genre": ["B", "C"]}
    assert collect(client, items=jsonl(tmp_path / "k.jsonl", rows[:1]))["items"]["updated"] == 1
    query = "MATCH (:Item {item_id: 'i1'})-[:HAS_ATTRIBUTE]->(a) RETURN a.value AS value ORDER BY value"
    assert [row["value"] for row in client.run_text(query)] == ["B", "C"]


def test_users_and_ties_are_idempotent(client, tmp_path):
    users = jsonl(tmp_path / "u.jsonl", [{"user_id": "a", "attributes": {"age": ["25-34"]}}, {"user_id": "b"}])
    ties = jsonl(tmp_path / "t.jsonl", [{"user_id": "a", "follows": "b"}, {"user_id": "b", "follows": "a"}])
    first = collect(client, users=users, ties=ties)
    again = collect(client, users=users, ties=ties)
    assert (first["users"]["created"], first["ties"]["created"]) == (2, 2)
    assert (again["users"]["duplicate"], again["ties"]["duplicate"]) == (2, 2)


def test_odd_ids_are_data_and_nothing_else(client, tmp_path):
    rows = [event(n, user_id=name, item_id=name) for n, name in enumerate(ODD_IDS)]
    assert collect(client, events=jsonl(tmp_path / "e.jsonl", rows))["events"]["created"] == len(ODD_IDS)
    assert {row["u"] for row in behaviour(client)} == set(ODD_IDS)


def test_events_without_a_time_are_kept_without_one(client):
    assert collect_events(client, [{"user_id": "u", "item_id": "i", "kind": "like"}]).created == 1
    assert behaviour(client)[0]["at"] is None


def test_a_wrong_name_costs_nothing_of_the_right_ones(client, tmp_path):
    with pytest.raises(InputError):
        collect(client, items=jsonl(tmp_path / "i.jsonl", [{"item_id": "i"}]), events=tmp_path / "none.jsonl")
    assert client.run_text("MATCH (n:Item) RETURN n.item_id AS id") == []


def test_two_writers_of_the_same_events_store_them_once(client):
    rows = [event(n, user_id=f"u{n % 7}", item_id=f"i{n % 5}") for n in range(300)]
    results = []
    threads = [threading.Thread(target=lambda: results.append(collect_events(client, rows))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.created for result in results) == 300
    assert len(behaviour(client)) == 300


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(8)), st.integers(1, 4))
def test_the_order_and_the_batches_of_events_do_not_matter(client, order, size):
    client.run_text("MATCH (n) WHERE NOT n:Schema DETACH DELETE n")
    rows = [event(n, user_id=f"u{n % 3}", item_id=f"i{n % 2}", timestamp=n) for n in order]
    for start in range(0, 8, size):
        collect_events(client, rows[start : start + size])
    assert [row["at"] for row in behaviour(client)] == list(range(8))


def test_other_columns_of_items_are_kept_beside_what_the_program_writes(client, tmp_path):
    row = {"item_id": "1", "title": "A", "price": 9.5, "embedding": [0.5], "popularity": "high", "sizes": ["S", 5]}
    counts = collect(client, items=jsonl(tmp_path / "i.jsonl", [row]))["items"]
    assert (counts["created"], counts["rejected"]) == (1, 0)
    assert counts["notes"][0].startswith(
        "Other columns (rows): price (1), embedding (1), popularity (1), sizes (1): kept"
    )
    query = "MATCH (i:Item) RETURN {p: i.own_price, e: i.own_embedding, s: i.own_sizes, v: i.version} AS own"
    assert client.run_text(query)[0]["own"] == {"p": 9.5, "e": [0.5], "s": ["S", "5"], "v": 1}
    assert client.run_text("MATCH (i:Item) RETURN i.embedding AS e, i.popularity AS p") == [{"e": None, "p": None}]
    assert collect(client, items=tmp_path / "i.jsonl")["items"]["duplicate"] == 1
    cheaper = {"item_id": "1", "title": "A", "price": 8.5}
    assert collect(client, items=jsonl(tmp_path / "j.jsonl", [cheaper]))["items"]["updated"] == 1
    assert client.run_text(query)[0]["own"] == {"p": 8.5, "e": None, "s": None, "v": 1}  # nothing to embed again


def test_an_event_keeps_its_text_and_ignores_other_columns(client, tmp_path):
    rows = [event(1, kind="rate", text="good"), event(2, verified=True, kind="rate"), event(1, kind="rate", text="bad")]
    counts = collect(client, events=jsonl(tmp_path / "e.jsonl", rows))["events"]
    assert (counts["created"], counts["rejected"]) == (2, 1)
    assert counts["notes"] == [
        "Other columns (rows): verified (1): ignored; events have event_id, user_id, item_id, kind, timestamp, value, "
        "session_id, text."
    ]
    stored = client.run_text("MATCH ()-[r:RATED]->() RETURN r.text AS text, keys(r) AS keys ORDER BY r.event_id")
    assert [row["text"] for row in stored] == ["good", None] and "verified" not in stored[1]["keys"]


def test_events_of_one_content_are_one_and_the_summary_says_how_to_keep_both(client, tmp_path):
    bare = {"user_id": "u", "item_id": "i", "kind": "like", "timestamp": 5}
    path = jsonl(tmp_path / "e.jsonl", [bare, bare, bare | {"text": "another"}, bare | {"event_id": "mine"}])
    for created in (3, 0):
        counts = collect(client, events=path)["events"]
        assert (counts["created"], counts["duplicate"]) == (created, 4 - created)
        (note,) = counts["notes"]
        assert note.startswith(
            "Events without event_id that are equal to another of the file in user_id, item_id, kind"
        )
        assert "count as one with it: 1. To keep both, give each row an event_id" in note


@pytest.mark.parametrize("odd", ["\0", "x" * 512, "\U0010ffff" * 512, "' OR 1=1", "\ufeff", "e\u0301"], ids=range(6))
def test_whatever_text_a_row_may_hold_neo4j_can_store(client, tmp_path, odd):
    item = {
        "item_id": odd,
        "title": odd,
        "description": odd[:50] * 300,
        "kind": odd,
        "attributes": {odd: [odd]},
        "price": odd,
    }
    item |= {"image": odd, "audio": odd} | ({} if "\0" in odd else {odd: odd})
    rows = {
        "items": [item],
        "users": [{"user_id": odd, "attributes": {odd: odd}}],
        "ties": [{"user_id": odd, "follows": f"b{odd[:100]}"}],
        "events": [event(1, kind="post", event_id=odd, user_id=odd, item_id=odd, session_id=odd, text=odd[:50] * 300)],
    }
    files = {what: jsonl(tmp_path / f"{what}.jsonl", own) for what, own in rows.items()}
    counts = collect(client, **files)
    assert {what: (own["rejected"], own["reasons"]) for what, own in counts.items()} == dict.fromkeys(rows, (0, []))
    assert client.run_text("MATCH (i:Item) RETURN i.item_id AS id, i.own_price AS own") == [{"id": odd, "own": odd}]
