"""Neo4j is killed with SIGKILL, or the command is interrupted, in the middle of a stage: nothing is lost or doubled."""

import json
import signal

import pytest

from graphstore.server.managed import ManagedServer
from tests.fixtures.processes import finish, kill_neo4j, query, start, wait_until

EVENTS = 60_000
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    yield folder
    ManagedServer(folder / "neo4j").kill()


def count(home):
    row = query(home, "MATCH (:User)-[r]->(:Item) RETURN count(r) AS n, count(DISTINCT r.event_id) AS ids")[0]
    return row["n"], row["ids"]


@pytest.fixture(scope="module")
def files(home):
    events = home / "events.jsonl"
    with events.open("w") as stream:
        for n in range(EVENTS):
            u = n % 400
            item = (n * 7919 + u) % 500 // 2 * 2 + u % 2
            row = {"user_id": f"u{u}", "item_id": f"i{item}", "kind": "like", "timestamp": 1_000_000 + n}
            stream.write(json.dumps(row) + "\n")
    items = home / "items.jsonl"
    rows = [{"item_id": f"i{n}", "title": f"Film {n}", "attributes": {"genre": ["AB"[n % 2]]}} for n in range(500)]
    items.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return items, events


def test_collect_survives_ctrl_c_and_a_killed_neo4j(home, files):
    items, events = files
    query(home, "RETURN 1")
    process = start(home, "collect", "--items", items, "--events", events)
    wait_until(home, "MATCH (:User)-[r]->(:Item) RETURN count(r) > 5000 AS reached", process)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Stopped" in json.loads(out)["error"] and b"Traceback" not in error
    before = count(home)[0]

    process = start(home, "collect", "--items", items, "--events", events)
    wait_until(home, f"MATCH (:User)-[r]->(:Item) RETURN count(r) > {before + 5000} AS reached", process)
    kill_neo4j(home)
    out, error = process.communicate(timeout=120)
    assert process.returncode == 1, error.decode()
    assert "run the same again" in json.loads(out)["error"] and b"Traceback" not in error
    stored, ids = count(home)
    assert before < stored == ids < EVENTS

    counts = finish(home, "collect", "--items", items, "--events", events)["events"]
    assert counts["created"] == EVENTS - stored and counts["duplicate"] == stored
    assert count(home) == (EVENTS, EVENTS)


def test_update_survives_a_killed_neo4j(home, files):
    finish(home, "collect", "--items", files[0], "--events", files[1])
    finish(home, "extract")
    finish(home, "build")
    process = start(home, "update", "--full")
    wait_until(home, "MATCH (n:Item) WHERE n.embedding IS NOT NULL RETURN count(n) > 0 AS reached", process, 240)
    kill_neo4j(home)
    out, error = process.communicate(timeout=120)
    assert b"Traceback" not in error
    if process.returncode:
        assert "run the same again" in json.loads(out)["error"]
    finish(home, "update", "--full")
    assert count(home) == (EVENTS, EVENTS)
    models = query(home, "MATCH (m:Model {active: true}) RETURN m.version AS version")
    assert len(models) == 1
    for label in ("User", "Item"):
        versions = query(home, f"MATCH (n:{label}) RETURN n.embedding_version AS v, count(*) AS n")
        assert [row["v"] for row in versions] == [models[0]["version"]]
