"""The doctor finds what is wrong with a graph and says what to do, and changes nothing."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from graphstore.administration import doctor
from graphstore.administration.doctor import diagnose
from graphstore.build.stage import build
from graphstore.collect.store import collect_events
from graphstore.database.leases import Lease, Work, present
from graphstore.database.schema import migrate
from graphstore.profiles.erasure import erase_user
from tests.fixtures.planting import communities, rate
from tests.fixtures.storing import store

PLANTED = (Path(__file__).parents[2] / "cypher" / "plant_graph.cypher").read_text(encoding="utf-8")

ROOT = Path(__file__).parents[3]


@pytest.fixture
def checks(client, neo4j_settings, tmp_path):
    """Diagnose the test server with a home folder of the test's own; returns the checks by name."""
    settings = replace(neo4j_settings, home=tmp_path)

    def run(**changed):
        given = {"client": client, **changed}
        return {check.name: check for check in diagnose(given.pop("settings", settings), **given)}

    return run


def test_everything_is_looked_at_and_each_failure_has_a_remedy(checks):
    found = checks()
    names = [
        "neo4j",
        "schema",
        "graph",
        "indexes",
        "model",
        "embeddings",
        "items",
        "settings",
        "drift",
        "derived",
        "clock",
        "followers",
        "encoder",
        "media",
        "device",
        "disk",
    ]
    assert list(found) == names
    assert all(check.ok or check.remedy for check in found.values())
    assert found["neo4j"].ok and found["neo4j"].detail.startswith(("5.", "20"))
    assert found["schema"].ok and found["indexes"].ok


def test_an_empty_graph_is_no_failure_and_the_doctor_says_how_to_begin(checks):
    found = checks()
    assert all(found[name].ok for name in ("schema", "graph", "indexes", "model", "embeddings", "items"))
    assert "interestgraph demo" in found["graph"].detail


@pytest.fixture
def fresh(client):
    """A database that no command has used yet; its schema comes back afterwards."""
    for kind, many in (("CONSTRAINT", "CONSTRAINTS"), ("INDEX", "INDEXES")):
        for row in client.run_text(f"SHOW {many} YIELD name, type WHERE type <> 'LOOKUP' RETURN name"):
            client.run_text(f"DROP {kind} {row['name']} IF EXISTS")
    client.run_text("MATCH (s:Schema) DETACH DELETE s")
    yield client
    migrate(client)


def test_a_database_that_no_command_has_used_is_no_failure(checks, fresh):
    found = checks()
    assert [check.name for check in found.values() if not check.ok] == []
    assert found["schema"].detail.startswith("none yet") and found["indexes"].detail.startswith("none yet")


def test_an_older_schema_and_the_indexes_that_it_lacks_have_the_same_remedy(checks, client):
    client.run_text("MATCH (s:Schema) SET s.version = s.version - 1")
    client.autocommit("schema/steps/drop_index", name="item_text")
    try:
        found = checks()
        assert not found["schema"].ok and not found["indexes"].ok
        assert doctor.MIGRATE in found["schema"].remedy and doctor.MIGRATE in found["indexes"].remedy
    finally:
        client.run_text("MATCH (s:Schema) SET s.version = 0")
        migrate(client)


def test_it_connects_by_the_settings_where_no_client_is_given(checks):
    assert checks(client=None)["neo4j"].ok


def test_a_server_that_is_not_there_costs_the_checks_of_the_graph_only(checks, neo4j_settings):
    found = checks(client=None, settings=replace(neo4j_settings, neo4j_uri="bolt://127.0.0.1:9"))
    assert list(found) == ["neo4j", "encoder", "media", "device", "disk"]
    assert not found["neo4j"].ok and "127.0.0.1:9" in found["neo4j"].detail


def test_a_wrong_password_is_named(checks, neo4j_settings):
    found = checks(client=None, settings=replace(neo4j_settings, neo4j_password="wrong-password"))
    assert "NEO4J_PASSWORD" in found["neo4j"].detail


def test_an_index_that_was_dropped_is_named(checks, client):
    client.autocommit("schema/steps/drop_index", name="item_text")
    try:
        assert "item_text missing" in checks()["indexes"].detail
    finally:
        from graphstore.database import statements

        for statement in statements.split(statements.load("schema/002_indexes").text):
            client.run_text(statement)
        client.autocommit("schema/steps/await_indexes", seconds=60)


def test_a_model_without_its_weights_is_found(checks, client, tmp_path):
    client.run_text("CREATE (:Item {item_id: 'i', described: true})")
    found = checks()["model"]
    assert found.detail == "none is active"
    assert found.remedy.endswith("interestgraph extract && interestgraph build && interestgraph update --full")
    client.run_text(PLANTED)
    assert "m1.pt is missing" in checks()["model"].detail
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m1.pt").write_bytes(b"weights")
    assert checks()["model"].ok


def test_shares_of_stale_embeddings_and_undescribed_items_are_counted(checks, client):
    client.run_text(PLANTED)
    found = checks()
    assert found["embeddings"].ok and "users: 2 missing and 1 stale of 43" in found["embeddings"].detail
    assert found["items"].ok and found["items"].detail.startswith("1 of 61")


def test_who_only_searched_lacks_no_vector_and_who_did_nothing_or_something_does(checks, client):
    searches = [{"user_id": user, "kind": "search", "text": "robots"} for user in ("searcher", "both")]
    collect_events(client, [*searches, {"user_id": "both", "item_id": "i", "kind": "view"}])
    client.run_text("CREATE (:User {user_id: 'silent'}) CREATE (:Model {version: 'm', active: true})")
    assert "users: 2 missing and 0 stale of 3" in checks()["embeddings"].detail


def test_the_clock_and_a_pause_that_is_left_out_are_told(checks, client, tmp_path):
    assert checks()["clock"].detail.startswith("none yet")
    store(client, tmp_path, events=[*communities(), rate("new", "a-item1", day=-900)])
    build(client)
    assert "a pause of 900 days" in checks()["clock"].detail and checks()["clock"].detail.startswith("2023-11-1")


def test_what_a_build_said_is_compared_with_what_is_there(checks, client, tmp_path):
    store(client, tmp_path, events=communities())
    assert checks()["derived"].detail == "nothing was built yet"
    build(client)
    assert checks()["derived"].detail == "all that the last build wrote is there"
    client.run_text("MATCH (:Item)-[s:SIMILAR_TO]->() WITH s LIMIT 10 DELETE s")
    found = checks()["derived"]
    assert (
        not found.ok and "SIMILAR_TO of items" in found.detail and "0 items and 0 users were followed" in found.detail
    )
    client.run_text("MATCH (f:Feed {name: 'changes'}) SET f.seq = 1 WITH f MATCH (i:Item) SET i.linked_seq = f.seq")
    assert checks()["derived"].ok
    build(client)
    erase_user(client, "a-user0")
    assert checks()["derived"].ok and "1 erased" in checks()["derived"].detail


def test_a_follower_that_was_killed_is_named_until_another_one_comes(checks, client):
    assert checks()["followers"] == doctor.Check("followers", True, "nobody follows", checks()["followers"].remedy)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with present(client, "follow events"), present(client, "follow neighbourhoods"):
        assert checks()["followers"].ok and "events (process" in checks()["followers"].detail
        Lease(client, "follow events", holder="killed").take(Work())
        client.run_text("MATCH (l:Lease {holder: 'killed'}) SET l.pid = $pid", {"pid": gone.pid})
        found = checks()["followers"]
        assert not found.ok and f"events was killed (process {gone.pid}" in found.detail
        client.run_text("MATCH (l:Lease {holder: 'killed'}) SET l.machine = 'another', l.until = 0")
        assert not checks()["followers"].ok
        with present(client, "follow events"):
            assert checks()["followers"].ok
    collect_events(client, [{"user_id": "u", "item_id": "i", "kind": "view"}])
    client.run_text("MATCH (u:User) SET u.due = timestamp() - 7200000")
    assert checks()["followers"].ok and "has waited for 2:00:" in checks()["followers"].detail
    with present(client, "follow events"):
        assert not checks()["followers"].ok


def test_little_room_on_the_disk_is_found(checks, monkeypatch):
    monkeypatch.setattr(doctor, "NEEDED_BYTES", 1 << 60)
    assert not checks()["disk"].ok


def test_the_disk_of_the_graph_is_told_where_it_can_be_seen(neo4j_settings, tmp_path, monkeypatch):
    there = doctor.check_disk(replace(neo4j_settings, home=tmp_path, neo4j_uri="bolt://elsewhere:7687"))
    assert "bolt://elsewhere:7687, which can't be seen from here" in there.detail
    here = doctor.check_disk(replace(neo4j_settings, home=tmp_path, neo4j_uri=None))
    assert "free for the graph" in here.detail and "nothing is written" not in here.detail
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 1 << 60)
    assert "nothing is written to the graph below" in doctor.check_disk(replace(neo4j_settings, neo4j_uri=None)).detail


def test_it_loads_no_torch():
    code = "import sys; from graphstore.administration import doctor; doctor.check_encoder(); doctor.check_device(); "
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
