"""A reset leaves nothing that this program wrote, and everything that others keep in the same database."""

from pathlib import Path

import pytest

from graphstore.administration.doctor import diagnose
from graphstore.administration.keys import create_key, list_keys
from graphstore.administration.reset import count_graph, reset
from graphstore.database.leases import Lease, present
from graphstore.errors import NotReady

PLANTED = (Path(__file__).parents[2] / "cypher" / "plant_graph.cypher").read_text(encoding="utf-8")
OTHERS = """
CREATE (a:Supplier {name: 'Acme'})-[:DELIVERS {since: 1}]->(b:Depot {name: 'North'})
CREATE (:Item {sku: 'not ours'})-[:STORED_IN]->(b)
CREATE (:Interest {rate: 0.05})
WITH a
MATCH (i:Item {item_id: 'i1'})
CREATE (a)-[:DELIVERS]->(i)
"""
MINE = "MATCH (n:User|Item|Interest|Attribute|Alias|Model|Run) WHERE size(keys(n)) > 1 RETURN count(n) AS nodes"


@pytest.fixture
def planted(client):
    client.run_text(PLANTED)
    (row,) = client.run_text("MATCH (i:Item) WHERE i.item_id IS NOT NULL WITH i LIMIT 1 RETURN i.item_id AS item_id")
    client.run_text(OTHERS.replace("'i1'", f"'{row['item_id']}'"))
    create_key(client, "shop", ["read"])
    yield client
    client.run_text("MATCH (n) WHERE n:Supplier OR n:Depot OR n:Customer OR n:Item OR n:Interest DETACH DELETE n")


def others(client):
    return client.run_text(
        "MATCH (s:Supplier)-[r:DELIVERS]->(d:Depot)<-[:STORED_IN]-(i:Item {sku: 'not ours'}), (n:Interest {rate: 0.05})"
        " RETURN s.name AS name, r.since AS since"
    )


def test_it_deletes_all_that_is_its_own_and_counts_it_and_nothing_of_others(planted):
    found = count_graph(planted)
    assert found.counts["users"] == 43 and found.counts["API keys"] == 0 and found.outside == 1
    assert "1 of the relationships" in found.beside
    before = planted.run_text("MATCH ()-[r]->() RETURN count(r) AS n")[0]["n"]
    assert reset(planted) == found.counts
    assert not any(count_graph(planted).counts.values())
    assert planted.run_text(MINE)[0]["nodes"] == 0
    assert others(planted) == [{"name": "Acme", "since": 1}]
    left = planted.run_text("MATCH ()-[r]->() RETURN count(r) AS n")[0]["n"]
    assert before - left == found.counts["relationships"] + found.outside


def test_keys_stay_unless_they_are_named(planted):
    reset(planted)
    assert [row["name"] for row in list_keys(planted)] == ["shop"]
    assert reset(planted, keys=True)["API keys"] == 1
    assert list_keys(planted) == []


def test_a_node_that_others_use_as_well_stays(planted):
    planted.run_text("MATCH (u:User {user_id: 'ann'}) SET u:Customer")
    found = count_graph(planted)
    assert found.shared == 1 and "1 nodes carry other labels" in found.beside
    reset(planted)
    assert planted.run_text("MATCH (u:User:Customer) RETURN u.user_id AS id") == [{"id": "ann"}]


def test_programs_that_hold_the_graph_in_memory_are_told_and_numbers_of_changes_go_on(planted):
    planted.run_text(
        "MERGE (f:Feed {name: 'changes'}) SET f.seq = 7, f.epoch = 2, f.generation = 3, f.popularity_half_life = 14.0"
        " MERGE (n:Feed {name: 'neighbourhoods'}) SET n.done = 5"
    )
    reset(planted)
    (feed,) = planted.run_text("MATCH (f:Feed) RETURN properties(f) AS p")
    assert feed["p"]["seq"] == 7 and feed["p"]["epoch"] > 2 and feed["p"]["generation"] > 3
    assert "popularity_half_life" not in feed["p"]


def test_it_refuses_while_somebody_follows(planted):
    with present(planted, "follow events"), pytest.raises(NotReady, match="follow events"):
        reset(planted)
    assert count_graph(planted).counts["users"] == 43


def test_a_stage_waits_for_it(planted, monkeypatch):
    waiting = []

    def build_meanwhile(*_):
        waiting.append(bool(Lease(planted, "build").take()))

    reset(planted, progress=build_meanwhile)
    assert waiting and all(waiting)


def test_a_graph_that_was_reset_is_as_a_fresh_one_to_the_doctor(client, settings):
    client.run_text(PLANTED)
    reset(client)
    checks = {check.name: check for check in diagnose(settings, client)}
    assert checks["model"].ok and checks["embeddings"].ok and checks["indexes"].ok
