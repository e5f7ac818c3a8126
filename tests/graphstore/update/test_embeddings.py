import numpy as np
import pytest

from graphstore.collect.store import collect_events
from graphstore.update import embeddings, models, sampling

NOW = 1_700_000_000


def event(user, item, day, value=4.0):
    row = {"user_id": user, "item_id": item, "kind": "rate", "event_id": f"{user}|{item}"}
    row |= {} if value is None else {"value": value}
    return row if day is None else row | {"timestamp": NOW - day * 86_400}


def test_neighbourhoods_come_newest_first_with_undated_last_and_within_the_fan_out(client):
    collect_events(
        client, [event("u", "old", 9), event("u", "undated", None), event("u", "new", 1), event("v", "x", 2, None)]
    )
    columns = sampling.sample_behaviour(client, ["v", "missing", "u"], 2)
    assert list(zip(columns.users.tolist(), columns.items, strict=True)) == [(0, "x"), (2, "new"), (2, "old")]
    assert columns.types == ["RATED"] * 3
    assert np.isnan(columns.values).tolist() == [True, False, False]
    assert columns.seconds[1] == NOW - 86_400
    all_of_u = sampling.sample_behaviour(client, ["u"], 10)
    assert all_of_u.items == ["new", "old", "undated"] and np.isnan(all_of_u.seconds[2])


def test_positions_run_on_over_blocks(client):
    users = [f"u{n:03}" for n in range(2 * sampling.BLOCK_USERS + 5)]
    collect_events(client, [event(user, "x", 1) for user in users])
    assert sampling.sample_behaviour(client, users, 5).users.tolist() == list(range(len(users)))
    assert len(sampling.sample_behaviour(client, [], 5).users) == 0


def test_the_most_similar_items_come_first(client):
    client.run_text(
        "CREATE (a:Item {item_id: 'a'}) WITH a UNWIND range(1, 5) AS n "
        "CREATE (a)-[:SIMILAR_TO {score: n / 10.0}]->(:Item {item_id: 'n' + n})"
    )
    similar = sampling.sample_similar_items(client, ["missing", "a"], 2)
    assert similar.positions.tolist() == [1, 1] and similar.others == ["n5", "n4"]
    assert embeddings.item_dependents(client, ["n5"], 10) == ["a"]


def test_contents_come_with_the_positions_of_those_that_have_one(client):
    client.run_text("CREATE (:Item {item_id: 'a'}), (b:Item {item_id: 'b'}) SET b.content_embedding = [1.0, 2.0]")
    positions, vectors = sampling.read_contents(client, ["a", "b"])
    assert positions.tolist() == [1] and vectors.tolist() == [[1.0, 2.0]]


def test_exactly_one_model_is_active_at_any_time(client):
    seen = []
    for version in ("one", "two", "one"):
        models.activate(client, version, family="f", configuration={"a": 1}, metrics={"m": 0.5}, dimension=128)
        seen.append(client.run_text("MATCH (m:Model {active: true}) RETURN collect(m.version) AS v")[0]["v"])
    assert seen == [["one"], ["two"], ["one"]]
    model = models.active_model(client)
    assert (model["configuration"], model["metrics"], model["dimension"]) == ({"a": 1}, {"m": 0.5}, 128)


def test_a_switch_that_fails_leaves_the_registry_as_it_was(client, monkeypatch):
    models.activate(client, "one", family="f", configuration={}, metrics={}, dimension=128)
    run = models.Transaction.run

    def fail_to_activate(transaction, statement, **parameters):
        if statement == "update/models/activate_model":
            raise RuntimeError("gone")
        return run(transaction, statement, **parameters)

    monkeypatch.setattr(models.Transaction, "run", fail_to_activate)
    with pytest.raises(RuntimeError):
        models.activate(client, "two", family="f", configuration={}, metrics={}, dimension=128)
    monkeypatch.undo()
    rows = client.run_text("MATCH (m:Model) RETURN m.version AS version, m.active AS active")
    assert rows == [{"version": "one", "active": True}]


def test_written_vectors_are_found_by_the_index(client):
    collect_events(client, [event("u", "near", 1), event("u", "far", 1)])
    near, far = np.eye(128, dtype=np.float32)[:2]
    embeddings.write_items(client, ["near", "far"], np.stack([near, far]), "v1")
    embeddings.write_users(client, ["u"], near[None], "v1")
    client.run_text("CALL db.awaitIndexes(60)")
    rows = client.run_text(
        "MATCH (u:User {user_id: 'u'}) CALL db.index.vector.queryNodes('item_embedding', 1, u.embedding) YIELD node "
        "RETURN node.item_id AS id, node.embedding_version AS version"
    )
    assert rows == [{"id": "near", "version": "v1"}]
    assert set(embeddings.read_embeddings(client, ["near", "far"], "v1")) == {"near", "far"}
    assert embeddings.read_embeddings(client, ["near"], "v2") == {}
    embeddings.remove_embeddings(client, ["u"], ["far"])
    assert set(embeddings.read_embeddings(client, ["near", "far"], "v1")) == {"near"}
