"""What an event leaves on the nodes it touches, in the transaction that stores it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from graphstore.build.stage import build
from graphstore.collect.store import collect_events
from graphstore.profiles.erasure import delete_item, erase_user
from tests.fixtures.planting import DAY, NOW
from tests.fixtures.storing import store

NODE = (
    "MATCH (n) WHERE n.user_id = $key OR n.item_id = $key RETURN n.version AS version, n.due AS due, n.lease AS lease"
)
POPULARITY = """
MATCH (i:Item)
RETURN i.item_id AS item_id, i.popularity AS popularity, i.ever_popular AS ever_popular, i.is_new AS is_new,
       i.popularity_windows[0] AS of_1_day, i.popularity_windows[1] AS of_3_days, i.popularity_windows[4] AS of_90_days
ORDER BY item_id
"""


def event(user, item, days_ago, kind="view", **more):
    return {"user_id": user, "item_id": item, "kind": kind, "timestamp": NOW - days_ago * DAY, **more}


def node(client, key):
    return client.run_text(NODE, {"key": key})[0]


def popularity(client):
    return {row.pop("item_id"): row for row in client.run_text(POPULARITY)}


@pytest.fixture
def built(client, tmp_path):
    store(client, tmp_path, events=[event(f"u{n % 7}", f"i{n % 5}", n) for n in range(30)])
    build(client)
    return client


def test_an_event_marks_its_user_and_its_item_and_a_duplicate_nothing(client):
    collect_events(client, [event("u", "i", 1)])
    assert all(node(client, key)["due"] > 0 and node(client, key)["version"] == 1 for key in "ui")
    collect_events(client, [event("u", "i", 1)])
    assert node(client, "u")["version"] == 1
    collect_events(client, [event("u", "j", 2), event("u", "i", 3)])
    assert [node(client, key)["version"] for key in "uij"] == [2, 2, 1]


def test_a_mark_that_is_held_stays_with_its_holder_and_a_later_one_comes_forward(client):
    collect_events(client, [event("u", "i", 1)])
    client.run_text("MATCH (u:User) SET u.due = timestamp() + 30000, u.lease = 'one'")
    held = node(client, "u")
    collect_events(client, [event("u", "i", 2)])
    assert node(client, "u") == held | {"version": held["version"] + 1}
    client.run_text("MATCH (u:User) REMOVE u.lease")
    collect_events(client, [event("u", "i", 3)])
    assert node(client, "u")["due"] < held["due"]


def test_events_add_to_popularity_as_the_next_build_counts_it(built, tmp_path):
    new = [event("u1", "i0", 0.5), event("u9", "fresh", 0.1), event("u2", "i1", 40), event("u3", "i0", 0.2)]
    new += [event("u4", "i2", 0.3, kind="dislike"), event("u5", "i3", 2) | {"timestamp": None}]
    collect_events(built, new)
    before = popularity(built)
    assert before["fresh"]["is_new"] and np.isclose(before["fresh"]["ever_popular"], 0)
    build(built)
    after = popularity(built)
    for item, row in after.items():
        assert row == pytest.approx(before[item], abs=1e-7), item


def test_events_that_come_while_a_build_runs_are_counted(client, tmp_path, monkeypatch):
    from graphstore.build import stage

    store(client, tmp_path, events=[event(f"u{n % 7}", f"i{n % 5}", n) for n in range(30)])
    derive = stage.derive

    def meanwhile(events, options, **more):
        collect_events(client, [event("late", "i0", 0.2), event("late", "new", 0.1)])
        return derive(events, options, **more)

    monkeypatch.setattr(stage, "derive", meanwhile)
    build(client)
    monkeypatch.undo()
    before = popularity(client)
    build(client)
    assert popularity(client) == {item: pytest.approx(row, abs=1e-7) for item, row in before.items()}


def test_erasing_begins_a_new_epoch_and_marks_what_is_left(built):
    epoch = "MATCH (f:Feed {name: 'changes'}) RETURN coalesce(f.epoch, 0) AS epoch"
    first = built.run_text(epoch)[0]["epoch"]
    version = node(built, "i0")["version"]
    erase_user(built, "u0")
    assert built.run_text(epoch)[0]["epoch"] == first + 1
    assert node(built, "i0")["version"] == version + 1
    version = node(built, "u1")["version"]
    delete_item(built, "i1")
    assert built.run_text(epoch)[0]["epoch"] == first + 2
    assert node(built, "u1")["version"] > version


def test_whoever_holds_nodes_holds_them_until_the_end(client, tmp_path):
    """In a graph in which nothing was ever touched, too: a second transaction comes after the first, not between."""
    client.run_text("CREATE (:User {user_id: 'u'}), (:Item {item_id: 'i'})")
    holds, order = threading.Event(), []

    def hold(name, wait):
        def work(tx):
            tx.run("collect/lock_nodes", user_ids=["u"], item_ids=["i"])
            holds.set()
            wait(0.3)
            order.append(name)

        client.transaction(work)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(hold, "first", time.sleep)
        holds.wait()
        second = pool.submit(hold, "second", lambda _: None)
        first.result(), second.result()
    assert order == ["first", "second"]


def test_many_events_of_one_user_at_once_wait_for_each_other_and_fail_each_other_never(client, caplog):
    """With behaviour enough that Neo4j keeps it as of a dense node, whose locks differ."""
    items = [f"i{n}" for n in range(80)]
    collect_events(client, [event("busy", item, n) for n, item in enumerate(items)])

    def act(number):
        for turn in range(10):
            item = items[(7 * number + turn) % len(items)]
            collect_events(client, [event("busy", item, turn, event_id=f"e{number}-{turn}")])

    with caplog.at_level("WARNING", logger="neo4j"), ThreadPoolExecutor(6) as pool:
        list(pool.map(act, range(6)))
    assert not [record for record in caplog.records if "retried" in record.getMessage()]
    stored = client.run_text("MATCH (:User {user_id: 'busy'})-[b]->(:Item) RETURN count(b) AS events")
    assert stored[0]["events"] == 140
    assert not client.run_text("MATCH (l:Lock) RETURN l")
