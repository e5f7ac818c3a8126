import numpy as np
import pytest

from gnn.extract.stage import extract
from gnn.network import registry
from gnn.network.sampler import NeighbourhoodSampler
from gnn.update import stage
from gnn.update.stage import update
from graphstore.build.stage import build
from graphstore.database.runs import last_run
from graphstore.errors import InputError, NotReady
from graphstore.kinds import KINDS
from graphstore.ranking.blend import DEFAULT_WEIGHTS, NAMES, Blend
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.stage import recommend
from graphstore.update import models, sampling
from tests.fixtures.films import DAY, NOW, QUICK, CountingEncoder, club, event, film
from tests.fixtures.storing import store

VECTORS = """
MATCH (n) WHERE (n:User OR n:Item)
RETURN coalesce(n.user_id, n.item_id) AS id, n.embedding AS vector, n.embedding_version AS version,
       n.embedded_at AS at
ORDER BY id
"""
MODELS = "MATCH (m:Model) RETURN m.version AS version, m.active AS active ORDER BY m.trained_at"


@pytest.fixture
def prepared(client, settings, tmp_path):
    """A graph after extract and build."""
    store(client, tmp_path, **club())
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    return client


def vectors(client):
    return {row["id"]: np.array(row["vector"]) for row in client.run_text(VECTORS) if row["vector"] is not None}


def stamps(client):
    return {row["id"]: row["at"] for row in client.run_text(VECTORS)}


def test_the_two_halves_of_the_club_part(prepared, settings):
    counts = update(prepared, settings, full=True, epochs=12, cuts=8, batch_users=8)
    assert (counts["users"], counts["items"]) == (16, 20)
    found = vectors(prepared)
    assert all(np.linalg.norm(v) == pytest.approx(1, abs=1e-5) and v.shape == (128,) for v in found.values())
    for user in ("c1", "h1"):
        own = np.mean([found[user] @ found[f"{user[0].upper()}{n}"] for n in range(10)])
        other = np.mean([found[user] @ found[f"{'H' if user[0] == 'c' else 'C'}{n}"] for n in range(10)])
        assert own > other + 0.5


def test_the_same_seed_gives_the_same_embeddings(prepared, settings):
    first = update(prepared, settings, full=True, seed=3, **QUICK)
    before = vectors(prepared)
    second = update(prepared, settings, full=True, seed=3, **QUICK)
    after = vectors(prepared)
    assert first["version"] != second["version"]
    assert all(np.array_equal(before[key], after[key]) for key in before)
    update(prepared, settings, full=True, seed=4, **QUICK)
    assert not np.allclose(vectors(prepared)["c0"], after["c0"])


def test_one_model_is_active_and_registered_with_its_weights(prepared, settings):
    update(prepared, settings, full=True, **QUICK)
    counts = update(prepared, settings, full=True, **QUICK)
    assert [row["active"] for row in prepared.run_text(MODELS)] == [False, True]
    active = models.active_model(prepared)
    assert active["version"] == counts["version"] and active["dimension"] == 128
    assert active["configuration"]["training"]["epochs"] == 2 and active["metrics"]["losses"]
    assert (settings.models / f"{counts['version']}.pt").is_file()
    assert {row["version"] for row in prepared.run_text(VECTORS)} == {counts["version"]}
    assert last_run(prepared, "update")["counts"]["version"] == counts["version"]


def test_a_training_that_stops_half_way_leaves_the_active_model_and_the_next_run_mends(prepared, settings, monkeypatch):
    good = update(prepared, settings, full=True, **QUICK)["version"]
    before = vectors(prepared)

    def stop(*arguments, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(stage.embeddings, "write_users", stop)
        with pytest.raises(KeyboardInterrupt):
            update(prepared, settings, full=True, seed=9, **QUICK)
    assert models.active_model(prepared)["version"] == good
    assert len(vectors(prepared)) == len(before)  # a reader sees none missing
    update(prepared, settings)
    after = vectors(prepared)
    assert {row["version"] for row in prepared.run_text(VECTORS)} == {good}
    assert all(np.allclose(before[key], after[key], atol=1e-4) for key in before)


def test_nothing_touched_nothing_written(prepared, settings):
    update(prepared, settings, full=True, **QUICK)
    before = stamps(prepared)
    counts = update(prepared, settings)
    assert (counts["full"], counts["users"], counts["items"]) == (False, 0, 0)
    assert stamps(prepared) == before


def test_an_event_moves_its_user_and_nobody_else_as_a_full_recomputation_would(prepared, settings, tmp_path):
    version = update(prepared, settings, full=True, **QUICK)["version"]
    before, old = vectors(prepared), stamps(prepared)
    store(prepared, tmp_path, events=[event("c1", "H5", -1)])
    extract(prepared, settings, encoder=CountingEncoder())
    counts = update(prepared, settings)
    assert (counts["users"], counts["items"], counts["version"]) == (1, 0, version)
    after, new = vectors(prepared), stamps(prepared)
    assert {key for key in new if new[key] != old[key]} == {"c1", "H5"}  # the item was compared, and is as it was
    assert np.array_equal(after["H5"], before["H5"])
    stale = {row["what"]: row["stale"] for row in prepared.read("administration/count_stale", version=version)}
    assert stale == {"items": 0, "users": 0}
    assert after["c1"] @ before["H5"] > before["c1"] @ before["H5"]
    prepared.run_text("MATCH (n) WHERE n.embedding IS NOT NULL SET n.embedding_version = 'none'")
    update(prepared, settings)
    again = vectors(prepared)
    assert all(np.allclose(after[key], again[key], atol=1e-5) for key in after)


def test_cold_users_and_cold_items_get_embeddings(prepared, settings, tmp_path):
    update(prepared, settings, full=True, epochs=12, cuts=8, batch_users=8)
    store(
        prepared,
        tmp_path,
        items=[film("new", "Horror", title="Tale H3 again")],
        users=[{"user_id": "newcomer", "attributes": {"group": ["fans of Horror"]}}, {"user_id": "stranger"}],
    )
    extract(prepared, settings, encoder=CountingEncoder())
    counts = update(prepared, settings)
    assert (counts["users"], counts["items"], counts["users_without_input"]) == (1, 1, 1)
    found = vectors(prepared)
    horror = np.mean([found[f"H{n}"] for n in range(10)], axis=0)
    comedy = np.mean([found[f"C{n}"] for n in range(10)], axis=0)
    assert found["newcomer"] @ horror > found["newcomer"] @ comedy
    assert found["new"] @ horror > found["new"] @ comedy
    assert "stranger" not in found


def test_an_item_extracted_after_an_update_is_embedded_again(prepared, settings, tmp_path):
    update(prepared, settings, full=True, **QUICK)
    store(prepared, tmp_path, items=[film("new", "Horror")])
    update(prepared, settings)
    before = vectors(prepared)["new"]
    extract(prepared, settings, encoder=CountingEncoder())
    assert update(prepared, settings)["items"] == 1
    assert not np.allclose(vectors(prepared)["new"], before)


def test_followers_are_embedded_with_whom_they_follow(prepared, settings, tmp_path):
    store(prepared, tmp_path, ties=[{"user_id": "c2", "follows": "h2", "timestamp": NOW - 50 * DAY}])
    update(prepared, settings, full=True, **QUICK)
    extract(prepared, settings, encoder=CountingEncoder())
    update(prepared, settings)
    old = stamps(prepared)
    store(prepared, tmp_path, events=[event("h2", "C7", 0.5)])
    update(prepared, settings)
    new = stamps(prepared)
    assert {key for key in new if new[key] != old[key]} == {"c2", "h2", "C7"}


def test_without_an_active_model_it_trains(prepared, settings):
    assert update(prepared, settings, **QUICK)["full"] is True


def test_each_missing_thing_is_named(client, settings, tmp_path):
    with pytest.raises(NotReady, match="extract"):
        update(client, settings)
    extract(client, settings, encoder=CountingEncoder())
    with pytest.raises(NotReady, match="collect"):
        update(client, settings)
    with pytest.raises(InputError, match="epoks"):
        update(client, settings, epoks=3)
    store(client, tmp_path, **club(users=3, films=4))
    extract(client, settings, encoder=CountingEncoder())
    version = update(client, settings, **QUICK)["version"]
    (settings.models / f"{version}.pt").write_bytes(b"half")
    with pytest.raises(NotReady, match="full update"):
        update(client, settings)


def test_items_without_any_behaviour_are_enough(client, settings, tmp_path):
    store(client, tmp_path, items=[film("A", "Comedy"), film("B", "Horror")])
    extract(client, settings, encoder=CountingEncoder())
    assert update(client, settings, **QUICK)["items"] == 2


def test_a_large_catalogue_is_sampled(prepared, settings):
    counts = update(prepared, settings, full=True, epochs=12, cuts=8, batch_users=4, pool=6)
    assert counts["metrics"]["losses"][-1] < counts["metrics"]["losses"][0]


def test_a_sampler_pulls_each_item_once(prepared, settings, monkeypatch):
    version = update(prepared, settings, full=True, **QUICK)["version"]
    _, vocabulary, fan_out = registry.load(settings.models, version)
    asked = {"read_contents": [], "read_item_attributes": []}
    for name, ids_asked in asked.items():
        read = getattr(sampling, name)
        monkeypatch.setattr(sampling, name, lambda client, ids, r=read, a=ids_asked: a.extend(ids) or r(client, ids))
    sampler = NeighbourhoodSampler(prepared, vocabulary, fan_out)
    batches = list(sampler.batches(sampling.user_ids(prepared), 4))
    assert len(batches) == 4 and batches[0]["user"].user_id == ["c0", "c1", "c2", "c3"]
    for ids_asked in asked.values():
        assert len(ids_asked) == len(set(ids_asked)) == 20


TINY = {
    "one user with one event": [event("u", "A", 1)],
    "one user with many events": [event("u", f"C{n}", n) for n in range(10)],
    "one item": [event(f"u{n}", "A", n) for n in range(5)],
    "two items": [event(f"u{n}", item, n) for n in range(5) for item in "AB"],
    "events without times": [event(f"u{u}", f"C{n}", None) for u in range(25) for n in range(6) if (u + n) % 3],
    "all at one moment": [event(f"u{u}", f"C{n}", 1) for u in range(25) for n in range(6) if (u + n) % 3],
    "dislikes only": [event(f"u{u}", f"C{n}", n, kind="dislike") for u in range(25) for n in range(6)],
    "everybody has everything": [event(f"u{u}", f"C{n}", n) for u in range(25) for n in range(6)],
}


@pytest.mark.parametrize("described", [True, False])
@pytest.mark.parametrize("what", TINY)
def test_a_tiny_graph_is_trained_all_the_same(client, settings, tmp_path, what, described):
    items = [film(item) for item in sorted({row["item_id"] for row in TINY[what]})]
    store(client, tmp_path, items=items if described else (), events=TINY[what])
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    counts = update(client, settings, full=True, **QUICK)
    assert counts["items"] == len(items)
    found = vectors(client)
    assert all(np.isfinite(vector).all() for vector in found.values())
    users = sorted({row["user_id"] for row in TINY[what]})
    assert [key for key in users if key in found] == users
    assert all(recommend(client, user)["model_version"] == counts["version"] for user in users[:3])


def test_users_without_any_behaviour_are_enough_with_items(client, settings, tmp_path):
    users = [{"user_id": "u", "attributes": {"group": ["x"]}}, {"user_id": "v"}]
    store(client, tmp_path, items=[film("A", "Comedy")], users=users)
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    counts = update(client, settings, full=True, **QUICK)
    assert (counts["items"], counts["users"], counts["users_without_input"]) == (1, 1, 1)


def test_users_without_any_behaviour_may_fill_a_batch(prepared, settings, tmp_path):
    silent = [{"user_id": f"a{n:02d}", "attributes": {"sex": ["F"]}} for n in range(20)]
    store(prepared, tmp_path, users=silent)
    counts = update(prepared, settings, full=True, **QUICK)
    assert counts["users"] == 36 and counts["users_without_input"] == 0


def test_the_blend_and_the_readout_of_the_active_model_are_stored(prepared, settings):
    version = update(prepared, settings, full=True, **QUICK)["version"]
    blend = Blend.from_json(prepared.read("recommend/read_blend", version=version)[0]["blend"])
    assert set(blend.weights) == set(NAMES)
    assert len(blend.readout.half_lives) == 2 and np.shape(blend.readout.matrices) == (2, 128, 128)
    assert set(blend.readout.relations) == {kind.type for kind in KINDS.values()}


def test_serving_reads_a_user_as_update_embedded_them(prepared, settings, tmp_path):
    late = [event("c1", "H5", 0.2, value=1.0), event("c1", "H6", 0.1, "dislike"), event("c1", "C1", None)]
    store(prepared, tmp_path, events=late)
    build(prepared)
    update(prepared, settings, full=True, **QUICK)
    found = vectors(prepared)
    cache = ServingCache(prepared)
    for user in ("c1", "h3"):
        assert cache.context(user).features.vector == pytest.approx(found[user].tolist(), abs=1e-4)


def test_enough_held_out_events_teach_how_much_each_signal_counts(client, settings, tmp_path):
    rows = club(users=15, films=12)
    store(client, tmp_path, **rows)
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    metrics = update(client, settings, full=True, epochs=4, cuts=8, batch_users=8)["metrics"]
    assert metrics["held_out"] == "by user" and metrics["blend"]["users"] >= 20
    assert metrics["blend"]["ndcg_at_10"] >= metrics["blend_before"]["ndcg_at_10"] - 0.02
    assert models.active_model(client)["metrics"]["blend"] == metrics["blend"]
    blend = Blend.from_json(
        client.read("recommend/read_blend", version=models.active_model(client)["version"])[0]["blend"]
    )
    assert blend.weights != DEFAULT_WEIGHTS
