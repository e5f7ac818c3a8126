"""The follower: what an event changes is brought up to date, once, whatever the order, and nothing is forgotten."""

import itertools
import threading
from datetime import UTC, datetime

import numpy as np
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gnn.extract.stage import extract
from gnn.update.follow_events import EventWorker
from gnn.update.stage import update
from graphstore.collect.store import collect_events
from graphstore.errors import GraphError
from graphstore.profiles.interests import read_interests
from graphstore.recommend.stage import recommend
from graphstore.update import work_queue
from tests.fixtures.films import DAY, NOW, QUICK, CountingEncoder, club, event
from tests.fixtures.storing import store

MARKED = (
    "MATCH (n) WHERE n.due IS NOT NULL OR n.lease IS NOT NULL RETURN coalesce(n.user_id, n.item_id) AS id ORDER BY id"
)
STATE = """
MATCH (u:User)
RETURN u.user_id AS id, u.embedding AS vector, u.embedding_version AS version, u.changed_seq AS seq,
       u.changes AS changes
"""


def marked(client):
    return [row["id"] for row in client.run_text(MARKED)]


def state(client):
    return {row["id"]: row for row in client.run_text(STATE)}


def interests(client, user_id):
    rows = read_interests(client, user_id)
    return {(r["name"], r["polarity"], r["horizon"]): (round(r["weight"], 9), sorted(r["evidence"])) for r in rows}


def test_the_stages_leave_no_mark_behind_and_events_do(prepared):
    assert marked(prepared) == []
    collect_events(prepared, [event("c1", "H5", -1)])
    assert marked(prepared) == ["H5", "c1"]


def test_an_event_is_followed_as_the_stages_would_have_done_it(prepared, settings):
    before = state(prepared)
    collect_events(prepared, [event("c1", "H5", -1), event("c1", "H6", -2)])
    EventWorker(prepared, settings).drain()
    assert marked(prepared) == []
    after = state(prepared)
    moved = {key for key in after if after[key]["vector"] != before[key]["vector"]}
    assert moved == {"c1"} and after["c1"]["seq"] > 0 and "opened" in after["c1"]["changes"]
    found = interests(prepared, "c1")
    extract(prepared, settings, encoder=CountingEncoder(), full=True)
    assert interests(prepared, "c1") == found
    prepared.run_text("MATCH (n) WHERE n.embedding IS NOT NULL SET n.embedding_version = 'none'")
    update(prepared, settings)
    assert np.allclose(state(prepared)["c1"]["vector"], after["c1"]["vector"], atol=1e-5)


def test_a_new_user_and_a_new_item_are_followed(prepared, settings):
    collect_events(prepared, [event("new", "C1", -1), event("new", "unheard of", -1)])
    EventWorker(prepared, settings).drain()
    assert state(prepared)["new"]["vector"] is not None and interests(prepared, "new")
    assert len(recommend(prepared, "new")["recommendations"]) == 10


def test_without_a_model_interests_are_followed_all_the_same(client, settings, tmp_path):
    store(client, tmp_path, **club())
    extract(client, settings, encoder=CountingEncoder())
    collect_events(client, [event("c1", "H5", -1)])
    EventWorker(client, settings).drain()
    assert marked(client) == [] and ("horror", "likes", "long") in interests(client, "c1")
    assert state(client)["c1"]["vector"] is None


def test_without_the_weights_of_the_model_embeddings_stay_and_interests_follow(prepared, settings):
    before = state(prepared)["c1"]["vector"]
    for path in settings.models.glob("*.pt"):
        path.unlink()
    collect_events(prepared, [event("c1", "H5", -1)])
    EventWorker(prepared, settings).drain()
    assert marked(prepared) == [] and state(prepared)["c1"]["vector"] == before
    assert ("horror", "likes", "long") in interests(prepared, "c1")


def test_another_model_is_taken_over_between_two_batches(prepared, settings):
    worker = EventWorker(prepared, settings)
    worker.drain()
    version = update(prepared, settings, full=True, seed=5, **QUICK)["version"]
    collect_events(prepared, [event("c1", "H5", -1)])
    worker.drain()
    assert {row["version"] for row in state(prepared).values()} == {version}


def test_a_follower_of_an_older_model_writes_no_embedding(prepared, settings):
    worker = EventWorker(prepared, settings)
    worker.drain()
    look = work_queue.read_queue_state
    old = look(prepared)
    version = update(prepared, settings, full=True, seed=5, **QUICK)["version"]
    collect_events(prepared, [event("c1", "H5", -1)])
    before = state(prepared)["c1"]["vector"]
    claim = work_queue.claim_users(prepared, 5)
    worker._bring_up_to_date(claim, old)  # it looked around before the switch
    assert state(prepared)["c1"]["vector"] == before and state(prepared)["c1"]["version"] == version


def test_what_comes_while_a_user_is_brought_up_to_date_is_not_lost(prepared, settings, monkeypatch):
    worker = EventWorker(prepared, settings)
    collect_events(prepared, [event("c1", "H5", -1)])
    embed = worker._vectors.embed
    late = [event("c1", "H6", -2)]

    def meanwhile(user_ids):
        found = embed(user_ids)
        collect_events(prepared, late)
        late.clear()
        return found

    monkeypatch.setattr(worker._vectors, "embed", meanwhile)
    assert worker.step() and "c1" in marked(prepared)
    worker.drain()
    assert marked(prepared) == []
    expected = state(prepared)["c1"]["vector"]
    prepared.run_text("MATCH (u:User {user_id: 'c1'}) SET u.due = 0")
    worker.drain()
    assert np.allclose(state(prepared)["c1"]["vector"], expected)


def test_two_followers_take_different_marks_and_one_that_is_gone_is_taken_over(prepared, settings):
    collect_events(prepared, [event(f"c{n}", "H5", -1) for n in range(6)])
    first, second = work_queue.claim_users(prepared, 4), work_queue.claim_users(prepared, 4)
    assert len(first.versions) == 4 and len(second.versions) == 2 and not first.versions.keys() & second.versions.keys()
    assert work_queue.claim_users(prepared, 4).versions == {}
    prepared.run_text("MATCH (u:User) WHERE u.lease = $lease SET u.due = timestamp() - 1", {"lease": first.lease_id})
    third = work_queue.claim_users(prepared, 4)
    assert third.versions == first.versions
    worker = EventWorker(prepared, settings)
    now = work_queue.read_queue_state(prepared)
    worker._vectors.follow(now)
    worker._bring_up_to_date(first, now)  # it was only slow: what it writes is right, but the marks are not its own
    assert set(third.versions) <= set(marked(prepared))


def test_several_followers_at_once_leave_nothing_and_lose_nothing(prepared, settings):
    rows = [event(f"{'ch'[n % 2]}{n % 8}", f"{'CH'[n % 3 % 2]}{n % 10}", -n / 100) for n in range(120)]
    stop = threading.Event()

    def work():
        worker = EventWorker(prepared, settings)
        while not stop.is_set():
            if not worker.step():
                stop.wait(0.005)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(0, len(rows), 5):
        collect_events(prepared, rows[start : start + 5])
    stop.wait(3)
    stop.set()
    for thread in threads:
        thread.join(30)
    EventWorker(prepared, settings).drain()
    assert marked(prepared) == []
    found = {key: interests(prepared, key) for key in state(prepared)}
    extract(prepared, settings, encoder=CountingEncoder(), full=True)
    assert {key: interests(prepared, key) for key in found} == found


def test_short_interests_lapse_when_time_goes_on_for_others(prepared, settings):
    worker = EventWorker(prepared, settings)
    collect_events(prepared, [event("c1", "H5", -1)])
    worker.drain()
    assert any(horizon == "short" for _, _, horizon in interests(prepared, "c1"))
    prepared.run_text("MATCH (f:Feed {name: 'changes'}) SET f.clock = $clock", {"clock": NOW / DAY + 2_000})
    worker._kept = 0.0
    worker.drain()
    worker.drain()
    assert not any(horizon == "short" for _, _, horizon in interests(prepared, "c1"))
    closed = read_interests(prepared, "c1", at=datetime.fromtimestamp(NOW + 2 * DAY, UTC))
    assert any(row["horizon"] == "short" for row in closed)


def test_marks_that_nobody_waits_for_come_last_and_give_way_to_an_event(prepared, settings):
    worker = EventWorker(prepared, settings)
    worker.drain()
    idle = "MATCH (u:User) WHERE u.user_id IN $ids SET u.idle_due = timestamp() - 10000"
    prepared.run_text(idle, {"ids": [f"c{n}" for n in range(7)]})
    collect_events(prepared, [event("c5", "H5", -1)])
    first = work_queue.claim_users(prepared, 10)
    assert first.user_ids == ["c5"]
    assert work_queue.claim_users(prepared, 10).user_ids == []
    assert worker.step(rests=True) and worker.work.users == 4
    worker.step(rests=True)
    assert worker.work.users == 4
    worker.drain()
    assert worker.work.users == 6 and not worker.step()
    assert marked(prepared) == ["c5"]


def test_those_who_do_nothing_follow_whom_they_follow(prepared, settings, tmp_path):
    store(prepared, tmp_path, ties=[{"user_id": "silent", "follows": "h2", "timestamp": NOW - DAY}])
    worker = EventWorker(prepared, settings)
    worker.drain()
    before = state(prepared)["silent"]["vector"]
    collect_events(prepared, [event("h2", "C7", -1), event("h2", "C8", -1)])
    worker.drain()
    assert marked(prepared) == []
    left = prepared.run_text("MATCH (u:User) WHERE u.idle_due > timestamp() SET u.idle_due = 0 RETURN u.user_id AS id")
    assert [row["id"] for row in left] == ["silent"]
    worker.drain()
    assert not np.allclose(before, state(prepared)["silent"]["vector"])


def test_a_user_who_can_not_be_brought_up_to_date_stops_no_other(prepared, settings, monkeypatch, caplog):
    collect_events(prepared, [event(f"c{n}", "H5", -1) for n in range(3)])
    finish = work_queue.finish_users

    def failing(client, claim, *arguments, **more):
        if "c1" in claim.versions:
            raise GraphError("this one")
        return finish(client, claim, *arguments, **more)

    monkeypatch.setattr(work_queue, "finish_users", failing)
    worker = EventWorker(prepared, settings)
    worker.step()
    worker.step()
    assert marked(prepared) == ["c1"] and "could not be brought up to date" in caplog.text


EVENTS = [
    event("u", f"{'CH'[n % 2]}{n}", age, kind)
    for n, (age, kind) in enumerate(
        [(400, "like"), (3, "view"), (50, "dislike"), (0.1, "like"), (2, "rate"), (90, "purchase"), (None, "like")]
    )
]


@hypothesis_settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(EVENTS), cuts=st.sets(st.integers(1, len(EVENTS) - 1), max_size=3))
def test_whatever_the_order_of_events_the_result_is_the_same(prepared, settings, order, cuts):
    prepared.run_text("MATCH (u:User {user_id: 'u'}) DETACH DELETE u")
    worker = EventWorker(prepared, settings)
    bounds = [0, *sorted(cuts), len(order)]
    for start, end in itertools.pairwise(bounds):
        collect_events(prepared, order[start:end])
        worker.drain()
    found, vector = interests(prepared, "u"), state(prepared)["u"]["vector"]
    prepared.run_text("MATCH (u:User {user_id: 'u'}) DETACH DELETE u")
    collect_events(prepared, EVENTS)
    worker.drain()
    assert interests(prepared, "u") == found
    assert np.allclose(state(prepared)["u"]["vector"], vector, atol=1e-6)


def test_a_burst_of_one_user_is_followed_in_bounded_time(prepared, settings):
    rows = [event("burst", f"{'CH'[n % 2]}{n % 10}", -n / 10_000) | {"event_id": f"b{n}"} for n in range(10_000)]
    worker = EventWorker(prepared, settings)
    for start in range(0, len(rows), 1_000):
        collect_events(prepared, rows[start : start + 1_000])
        worker.drain()
    assert marked(prepared) == [] and worker.work.users >= 10
    assert interests(prepared, "burst") and len(recommend(prepared, "burst")["recommendations"]) == 10  # the other ten


def test_a_dimension_of_items_that_the_model_does_not_know_is_no_vector(prepared, settings):
    prepared.run_text("MATCH (i:Item {item_id: 'C1'}) SET i.embedding = [1.0, 2.0], i.changed_seq = 1")
    collect_events(prepared, [event("c1", "C1", -1)])
    EventWorker(prepared, settings).drain()
    assert marked(prepared) == []
