"""The neighbourhood worker: derived relationships and item vectors follow events as if all were derived anew."""

from dataclasses import replace

import numpy as np
import pytest

from gnn.extract.stage import extract
from gnn.update import follow_neighbourhoods, leadership, neighbour_rows
from gnn.update.follow_events import EventWorker
from gnn.update.follow_neighbourhoods import NeighbourhoodWorker
from gnn.update.item_vectors import ItemEmbedder
from gnn.update.pending import touched_shares
from gnn.update.stage import update
from graphstore import durations
from graphstore.build.derive import BuildOptions, derive
from graphstore.build.pull import pull_interactions
from graphstore.build.stage import build
from graphstore.collect.store import collect_events
from graphstore.database.leases import hold
from graphstore.database.runs import last_run
from graphstore.interactions import Interactions
from graphstore.profiles.erasure import delete_item, erase_user
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.stage import recommend
from graphstore.update import work_queue
from tests.fixtures.films import CountingEncoder, club, event, film
from tests.fixtures.storing import store

EDGES = """
MATCH (a)-[s:SIMILAR_TO|FOLLOWED_BY]->(b)
RETURN type(s) AS type, coalesce(a.item_id, a.user_id) AS source, coalesce(b.item_id, b.user_id) AS target,
       s.score AS score, coalesce(s.recent_score, 0.0) AS recent_score
"""
VECTORS = (
    "MATCH (i:Item) RETURN i.item_id AS id, i.embedding AS vector, i.changed_seq AS seq, i.version AS version,"
    " i.linked_seq AS linked"
)
NEW = [
    event("c1", "H5", -1),
    event("c1", "H6", -2),
    event("h2", "C3", -1),
    event("new", "C1", -1),
    event("new", "C2", -3),
    event("new", "H2", 30),
    event("h3", "fresh", -2, "like"),
    event("c3", "C5", -1, "dislike"),
]


@pytest.fixture
def exact(monkeypatch):
    """Every change counts, however small."""
    monkeypatch.setattr(follow_neighbourhoods, "IDLE", 1e-12)
    monkeypatch.setattr(follow_neighbourhoods, "GROWN", 0.0)
    monkeypatch.setattr("graphstore.incremental.neighbour_store.SCORE_TOLERANCE", 0.0)
    monkeypatch.setattr(neighbour_rows, "MOVED", 0.0)


@pytest.fixture
def workers(prepared, settings):
    """An event worker and a neighbourhood worker, with nothing left to do."""
    found = EventWorker(prepared, settings), NeighbourhoodWorker(prepared, settings, encoder=CountingEncoder())
    for worker in found:
        worker.drain()
    return found


def drain(workers):
    for _ in range(2):
        for worker in workers:
            worker.drain()


def edges(client):
    """Scores by kind of relationship, source and target."""
    found = {}
    for row in client.run_text(EDGES):
        sort = row["type"] if row["source"][0].isupper() or row["source"] == "fresh" else "ALIKE"
        found[sort, row["source"], row["target"]] = (row["score"], row["recent_score"])
    return found


def derived(client):
    """What a build with the reference of the last one would give, in the form of `edges`."""
    counts = last_run(client, "build")["counts"]
    events = pull_interactions(client, BuildOptions().negative_weight)
    clock = work_queue.read_queue_state(client).clock
    events = replace(events, clock_day=clock.on(events.day))
    made = derive(events, BuildOptions(), counts["as_of"] / durations.DAY_MILLIS)
    found = {}
    parts = ("SIMILAR_TO", made.similar_items), ("FOLLOWED_BY", made.transitions), ("ALIKE", made.similar_users)
    for sort, part in parts:
        names = events.user_ids if sort == "ALIKE" else events.item_ids
        recent = getattr(part, "recent_score", np.zeros(len(part.score)))
        for source, target, score, lately in zip(part.source, part.target, part.score, recent, strict=True):
            found[sort, names[source], names[target]] = (score, lately)
    return found


def vectors(client):
    return {row["id"]: np.array(row["vector"]) for row in client.run_text(VECTORS) if row["vector"]}


def test_nothing_new_changes_nothing(prepared, workers):
    before = edges(prepared), {row["id"]: row["seq"] for row in prepared.run_text(VECTORS)}
    drain(workers)
    assert (edges(prepared), {row["id"]: row["seq"] for row in prepared.run_text(VECTORS)}) == before


def test_what_goes_together_is_as_deriving_everything_anew_would_have_it(prepared, exact, workers):
    before = edges(prepared)
    collect_events(prepared, NEW)
    drain(workers)
    found, expected = edges(prepared), derived(prepared)
    assert found != before
    for sort in ("SIMILAR_TO", "FOLLOWED_BY"):
        one, other = ({k: v for k, v in part.items() if k[0] == sort} for part in (found, expected))
        assert one.keys() == other.keys(), sort
        for key, pair in one.items():
            assert pair == pytest.approx(other[key], abs=2e-3), key
    for user in ("c1", "new", "h2"):  # whose own behaviour changed; of others, when theirs does
        one, other = ({k: v for k, v in part.items() if k[:2] == ("ALIKE", user)} for part in (found, expected))
        assert one.keys() == other.keys()
        assert all(pair == pytest.approx(other[key], abs=1e-6) for key, pair in one.items())


def test_items_are_embedded_as_a_full_run_would(prepared, settings, exact, workers):
    before = vectors(prepared)
    collect_events(prepared, NEW)
    drain(workers)
    found = vectors(prepared)
    assert any(not np.allclose(found[key], before[key], atol=1e-4) for key in before)
    prepared.run_text("MATCH (n) WHERE n.embedding IS NOT NULL SET n.embedding_version = 'none'")
    update(prepared, settings)
    again = vectors(prepared)
    assert found.keys() == again.keys()
    assert all(np.allclose(found[key], again[key], atol=2e-3) for key in again)


def test_what_is_linked_otherwise_has_the_feeds_number(prepared, workers):
    before = {row["id"]: row for row in prepared.run_text(VECTORS)}
    collect_events(prepared, [event("h2", "fresh", -2), event("h3", "fresh", -1)])
    drain(workers)
    after = {row["id"]: row for row in prepared.run_text(VECTORS)}
    moved = {source for (sort, source, target) in edges(prepared) if sort == "SIMILAR_TO" and target == "fresh"}
    assert moved and all(after[key]["linked"] > (before[key]["linked"] or 0) for key in moved)
    assert all(after[key]["seq"] >= after[key]["linked"] for key in moved)
    assert all(after[key]["seq"] > (before[key]["seq"] or 0) for key in moved)


def test_a_described_item_is_read_embedded_and_recommended_without_another_stage(prepared, settings, tmp_path, workers):
    store(prepared, tmp_path, items=[film("new", "Horror", title="Tale H3 again")])
    drain(workers)
    about = "MATCH (:Item {item_id: 'new'})-[:ABOUT]->(n) RETURN n.name AS name"
    assert "horror" in {row["name"] for row in prepared.run_text(about)}
    found = vectors(prepared)
    horror, comedy = (np.mean([found[f"{g}{n}"] for n in range(10)], axis=0) for g in "HC")
    assert found["new"] @ horror > found["new"] @ comedy
    shown = recommend(prepared, "h1", explore=1.0)["recommendations"]
    assert "new" in {row["item_id"] for row in shown}
    version = {row["id"]: row["version"] for row in prepared.run_text(VECTORS)}["new"]
    drain(workers)
    assert {row["id"]: row["version"] for row in prepared.run_text(VECTORS)}["new"] == version


def test_an_item_that_extract_read_first_is_embedded_as_well(prepared, settings, tmp_path, workers):
    drain(workers)
    store(prepared, tmp_path, items=[film("new", "Horror", title="Tale H3 again")])
    extract(prepared, settings, encoder=CountingEncoder())
    assert "new" not in vectors(prepared)
    drain(workers)
    found = vectors(prepared)
    horror, comedy = (np.mean([found[f"{g}{n}"] for n in range(10)], axis=0) for g in "HC")
    assert found["new"] @ horror > found["new"] @ comedy


def test_a_search_of_before_finds_what_is_described_while_a_worker_follows(prepared, settings, tmp_path, workers):
    both = EventWorker(prepared, settings, CountingEncoder()), workers[1]
    searches = [
        {"user_id": "h1", "kind": "search", "text": text} for text in ("fog of the night", "the", "雾夜", "dawn")
    ]
    collect_events(prepared, searches)
    drain(both)
    cache = ServingCache(prepared)
    assert "searches" not in str(recommend(prepared, "h1", k=20, cache=cache))
    store(
        prepared,
        tmp_path,
        items=[film("fog", title="The Night"), film("雾", title="雾夜很长"), film("h", title="Heat")],
    )
    drain(both)
    finds = "MATCH (q:Query)-[f:FINDS]->(i) RETURN q.text AS text, i.item_id AS item, f.score AS score ORDER BY text"
    found = prepared.run_text(finds)
    assert {(row["text"], row["item"]) for row in found} == {("fog of the night", "fog"), ("雾夜", "雾")}
    shown = recommend(prepared, "h1", k=20, cache=cache)["recommendations"]
    assert {"fog", "雾"} <= {row["item_id"] for row in shown if "searches" in row["channels"]}
    extract(prepared, settings, encoder=CountingEncoder(), full=True)
    again = {(row["text"], row["item"]): row["score"] for row in prepared.run_text(finds)}
    assert all(again[row["text"], row["item"]] >= row["score"] - 1e-9 for row in found)


def test_what_was_described_while_nobody_followed_is_read_at_the_next_start(prepared, settings, tmp_path):
    store(prepared, tmp_path, items=[film("new", "Horror", title="Tale H3 again")])
    EventWorker(prepared, settings).drain()
    worker = NeighbourhoodWorker(prepared, settings, encoder=CountingEncoder())
    worker.drain()
    assert "new" in vectors(prepared)


def test_the_neighbourhood_worker_rests_longer_while_events_wait(prepared, workers):
    assert workers[1].share == follow_neighbourhoods.SHARE
    collect_events(prepared, NEW)
    workers[1].step()
    assert workers[1].share == follow_neighbourhoods.BUSY_SHARE
    drain(workers)
    assert workers[1].share == follow_neighbourhoods.SHARE


def test_only_one_leads_and_another_takes_over(prepared, settings, workers):
    second = NeighbourhoodWorker(prepared, settings, encoder=CountingEncoder())
    collect_events(prepared, NEW)
    workers[0].drain()
    assert not second.step()
    workers[1].leave()
    second.drain()
    assert ("SIMILAR_TO", "C1", "C2") in edges(prepared)
    stale = [*second.pending.targets.values(), *second.pending.sources.values(), *second.pending.users.values()]
    assert max(stale, default=0.0) < follow_neighbourhoods.IDLE


def test_what_one_that_was_killed_left_undone_is_done_by_the_next(prepared, settings, exact, workers):
    collect_events(prepared, NEW)
    workers[0].drain()
    workers[1]._take_changes(work_queue.read_queue_state(prepared))  # and no further
    prepared.run_text("MATCH (l:Lease) SET l.until = 0")
    second = NeighbourhoodWorker(prepared, settings, encoder=CountingEncoder())
    second.drain()
    found, expected = edges(prepared), derived(prepared)
    keys = {key for key in expected if key[0] != "ALIKE"}
    assert {key for key in found if key[0] != "ALIKE"} == keys
    assert all(found[key] == pytest.approx(expected[key], abs=2e-3) for key in keys)


def test_who_takes_over_goes_on_with_the_penalties_in_use(prepared, settings, exact, workers, monkeypatch):
    monkeypatch.setattr(leadership, "NOTE_MILLIS", -1)  # what was done is noted each time
    collect_events(prepared, NEW)
    drain(workers)
    used = workers[1]._derivation.penalties
    assert used != tuple(last_run(prepared, "build")["counts"]["penalties"])
    second = NeighbourhoodWorker(prepared, settings, encoder=CountingEncoder())
    workers[1].leave()
    assert second._lead()
    second._take_over(work_queue.read_queue_state(prepared))
    assert second._derivation.penalties == pytest.approx(used)
    assert max(second.pending.targets.values()) == pytest.approx(1)  # as touched a moment ago, and no more than that
    build(prepared)
    second.drain()
    assert second._derivation.penalties == pytest.approx(last_run(prepared, "build")["counts"]["penalties"])


def test_a_build_in_between_is_taken_over(prepared, exact, workers):
    collect_events(prepared, NEW[:4])
    drain(workers)
    build(prepared)
    collect_events(prepared, NEW[4:])
    drain(workers)
    found, expected = edges(prepared), derived(prepared)
    keys = {key for key in expected if key[0] != "ALIKE"}
    assert {key for key in found if key[0] != "ALIKE"} == keys
    assert all(found[key] == pytest.approx(expected[key], abs=2e-3) for key in keys)


def test_what_is_erased_is_in_memory_no_more(prepared, exact, workers):
    collect_events(prepared, NEW)
    drain(workers)
    erase_user(prepared, "new")
    delete_item(prepared, "C4")
    drain(workers)
    derivation = workers[1]._derivation
    assert "new" not in derivation.user_ids and "C4" not in derivation.item_ids and "c1" in derivation.user_ids
    assert "new" not in workers[1].pending.users and "C4" not in workers[1].pending.targets
    assert not any("C4" in key for key in edges(prepared))


def test_without_a_build_there_is_nothing_to_do(client, settings, tmp_path):
    store(client, tmp_path, **club())
    worker = NeighbourhoodWorker(client, settings)
    assert not worker.step()


def test_without_a_model_what_goes_together_follows_all_the_same(client, settings, tmp_path):
    store(client, tmp_path, **club())
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    workers = EventWorker(client, settings), NeighbourhoodWorker(client, settings, encoder=CountingEncoder())
    collect_events(client, NEW)
    drain(workers)
    assert any("fresh" in key for key in edges(client)) and vectors(client) == {}


def test_items_that_moved_far_in_one_step_or_in_many_are_announced(prepared, settings):
    embedder = ItemEmbedder(prepared, settings)
    embedder.follow(work_queue.read_queue_state(prepared))
    start = vectors(prepared)["C1"]
    step = np.zeros_like(start)
    step[0] = 0.04
    announced = []
    for count in range(1, 7):
        near = {"C1": start + count * step}
        embedder.changed(near, 0.0)
        announced.append(embedder.moved_beyond(near, 0.1))
    assert announced == [[], [], ["C1"], [], [], ["C1"]]
    assert embedder.moved_beyond({"unknown": start}, 0.1) == ["unknown"]


def test_after_a_restart_items_are_as_stale_as_the_share_of_their_events_that_is_new():
    events = Interactions(
        ["a", "b", "c"], ["x", "y", "z"], np.array([0, 0, 1, 2]), np.array([0, 1, 0, 2]), np.zeros(4), np.ones(4)
    )
    assert touched_shares(events, {"a", "gone"}) == {"x": 0.5, "y": 1.0}


def test_the_neighbourhood_worker_pauses_while_a_build_runs_and_then_reads_all_anew(prepared, exact, workers):
    collect_events(prepared, NEW)
    workers[0].drain()
    before = edges(prepared)
    with hold(prepared, "build"):
        assert not workers[1].step()  # refused in the transaction that writes, as it asks every few seconds only
        assert not workers[1].step()  # by asking
        assert workers[1]._derivation is None and edges(prepared) == before
    build(prepared)
    drain(workers)
    found, expected = edges(prepared), derived(prepared)
    assert found.keys() == expected.keys()


def test_new_descriptions_wait_while_others_extract(prepared, tmp_path, workers, monkeypatch):
    store(prepared, tmp_path, items=[film("new", "Horror", title="Tale H3 again")])
    with hold(prepared, "extract"):
        drain(workers)
        assert "new" not in vectors(prepared)
    monkeypatch.setattr(workers[1], "_reads_at", 0.0)
    drain(workers)
    assert "new" in vectors(prepared)
