"""Marks of the work queue: who takes them, what is written with them, and when they go."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from graphstore.clock import GraphClock
from graphstore.errors import GraphError
from graphstore.update.work_queue import (
    LAPSED_AT_ONCE,
    SILENT_FOLLOWERS,
    LeaseResult,
    QueueState,
    bring_back_marks,
    claim_users,
    clear_before,
    finish_items,
    finish_users,
    has_ties,
    mark_lapsed,
    mark_silent_followers,
    mark_touched,
    mark_users_of,
    read_queue_state,
)

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
FEED = "MATCH (f:Feed {name: 'changes'}) RETURN f.seq AS seq, f.latest AS latest"
NODES = """
MATCH (n) WHERE n:User OR n:Item
RETURN coalesce(n.user_id, n.item_id) AS key, n.due AS due, n.idle_due AS idle_due, n.lease AS lease,
       n.version AS version, n.changed_seq AS changed_seq, n.changes AS changes, n.embedding AS embedding,
       n.embedding_version AS embedding_version
"""


def plant(client, **nodes):
    """Users u…, items i…, with due and idle_due in milliseconds from now on (or None) and more properties as given."""
    rows = []
    for key, properties in nodes.items():
        marks = {name: properties[name] for name in ("due", "idle_due") if name in properties}
        rows.append({"key": key, "marks": marks, "rest": {k: v for k, v in properties.items() if k not in marks}})
    for label in ("User", "Item"):
        client.run_text(
            f"UNWIND $rows AS row CREATE (n:{label} {{{label.lower()}_id: row.key}}) SET n += row.rest,"
            " n.due = timestamp() + row.marks.due, n.idle_due = timestamp() + row.marks.idle_due",
            {"rows": [row for row in rows if row["key"][0] == label[0].lower()]},
        )


def nodes(client):
    return {row.pop("key"): row for row in client.run_text(NODES)}


def from_now(client, moment):
    """Milliseconds from the graph's present to a mark."""
    return moment - client.run_text("RETURN timestamp() AS now")[0]["now"]


def due(client):
    return {key for key, node in nodes(client).items() if node["due"] is not None}


def idle(client):
    return {key for key, node in nodes(client).items() if node["idle_due"] is not None}


def finish(client, claim, vectors=None, version=None, latest=NOW, as_of=NOW):
    return finish_users(
        client, claim, clock=GraphClock.at(as_of), latest=latest, vectors=vectors or {}, version=version
    )


def test_nothing_is_due_in_an_empty_graph(client):
    state = read_queue_state(client)
    assert state == QueueState(False, False, False, seq=0, epoch=0, generation=0, latest=None, clock=None, version=None)


def test_a_mark_is_due_from_its_moment_on(client):
    plant(client, u1={"due": 60_000}, u2={"idle_due": 60_000}, i1={"due": 60_000})
    state = read_queue_state(client)
    assert not (state.users or state.idle_users or state.items)
    plant(client, u3={"due": -1})
    state = read_queue_state(client)
    assert (state.users, state.idle_users, state.items) == (True, False, False)
    plant(client, u4={"idle_due": -1})
    plant(client, i2={"due": -1})
    state = read_queue_state(client)
    assert (state.users, state.idle_users, state.items) == (True, True, True)


def test_the_state_tells_the_feed_the_clock_and_the_active_model(client):
    client.run_text(
        "CREATE (:Feed {name: 'changes', seq: 7, epoch: 2, generation: 3, latest: $latest}),"
        " (:Model {version: 'old', active: false}), (:Model {version: 'm', active: true})",
        {"latest": NOW},
    )
    assert read_queue_state(client) == QueueState(False, False, False, 7, 2, 3, NOW, None, "m")


def test_the_longest_due_are_taken_first_and_nobody_takes_them_again(client):
    plant(
        client,
        u1={"due": -10, "version": 4},
        u2={"due": -30, "version": 5, "idle_due": -5},
        u3={"due": -20},
        u4={"due": 60_000},
    )
    first = claim_users(client, 2)
    assert first.versions == {"u2": 5, "u3": 0} and first.user_ids == ["u2", "u3"]
    second, third = claim_users(client, 2), claim_users(client, 2)
    assert second.versions == {"u1": 4} and third.versions == {}
    assert len({first.lease_id, second.lease_id, third.lease_id}) == 3
    held = nodes(client)
    assert held["u2"]["lease"] == held["u3"]["lease"] == first.lease_id and held["u1"]["lease"] == second.lease_id
    assert held["u4"]["lease"] is None and idle(client) == set()
    assert 20_000 < from_now(client, held["u2"]["due"]) <= 30_000


def test_a_mark_whose_holder_is_gone_is_taken_over(client):
    plant(client, u1={"due": -1, "lease": "gone", "version": 2})
    claim = claim_users(client, 5)
    assert claim.versions == {"u1": 2} and nodes(client)["u1"]["lease"] == claim.lease_id != "gone"


def test_idle_marks_are_taken_apart_and_a_user_with_both_is_left_to_the_other(client):
    plant(
        client,
        u1={"idle_due": -10},
        u2={"idle_due": -20, "version": 3},
        u3={"idle_due": -30, "due": 60_000},
        u4={"due": -1},
    )
    claim = claim_users(client, 2, idle=True)
    assert claim.versions == {"u2": 3} and idle(client) == {"u1"}
    assert nodes(client)["u2"]["lease"] == claim.lease_id and nodes(client)["u3"]["lease"] is None
    assert claim_users(client, 2).versions == {"u4": 0}


@pytest.fixture
def known(client):
    """Ann, who chose what is about art, and Bob, who did nothing; both are due."""
    plant(client, u_ann={"due": -2, "version": 4, "embedding_version": "m0"}, u_bob={"due": -1, "version": 1})
    client.run_text(
        "MATCH (u:User {user_id: 'u_ann'}) CREATE (n:Interest {name: '艺术', label: '艺术', items: 1})"
        " CREATE (u)-[:LIKED {event_id: 'e', at: $at}]->(:Item {item_id: 'i1'})-[:ABOUT {weight: 1.0}]->(n)"
        " CREATE (:Model {version: 'm', active: true}), (:Model {version: 'old', active: false})",
        {"at": NOW - timedelta(days=1)},
    )
    return client


def test_a_finished_user_has_interests_the_next_number_of_the_feed_and_no_mark(known):
    claim = claim_users(known, 5)
    assert finish(known, claim) == LeaseResult(seq=1, done=2, requeued=0)
    ann, bob = nodes(known)["u_ann"], nodes(known)["u_bob"]
    for node in (ann, bob):
        assert (node["due"], node["lease"], node["changed_seq"]) == (None, None, 1)
    assert (ann["version"], bob["version"]) == (5, 2)
    assert ann["changes"] == '{"opened": ["艺术"], "closed": []}'
    assert json.loads(bob["changes"]) == {"opened": [], "closed": []}
    found = known.run_text(
        "MATCH (:User {user_id: 'u_ann'})-[r:INTERESTED_IN]->(n) RETURN n.name AS name, r.horizon AS h"
    )
    assert {(row["name"], row["h"]) for row in found} == {("艺术", "long"), ("艺术", "short")}


def test_an_interest_that_ended_is_named_among_the_changes(known):
    finish(known, claim_users(known, 5))
    known.run_text("MATCH (:User {user_id: 'u_ann'})-[e:LIKED]->() DELETE e")
    known.run_text("MATCH (u:User {user_id: 'u_ann'}) SET u.due = timestamp() - 1")
    assert finish(known, claim_users(known, 5)) == LeaseResult(seq=2, done=1, requeued=0)
    assert json.loads(nodes(known)["u_ann"]["changes"]) == {"opened": [], "closed": ["艺术"]}


def test_short_interests_lapse_by_the_clock_that_is_given(known):
    finish(known, claim_users(known, 5), as_of=NOW + timedelta(days=365))
    found = known.run_text("MATCH (:User {user_id: 'u_ann'})-[r:INTERESTED_IN]->() RETURN r.horizon AS horizon")
    assert [row["horizon"] for row in found] == ["long"]


def test_a_user_who_was_touched_meanwhile_is_due_again_at_once(known):
    claim = claim_users(known, 5)
    known.run_text("MATCH (u:User {user_id: 'u_ann'}) SET u.version = u.version + 1")
    assert finish(known, claim) == LeaseResult(seq=1, done=1, requeued=1)
    assert due(known) == {"u_ann"} and nodes(known)["u_ann"]["lease"] is None
    assert claim_users(known, 5).versions == {"u_ann": 6}


def test_a_mark_that_another_holds_by_now_is_left_to_them(known):
    claim = claim_users(known, 5)
    known.run_text("MATCH (u:User {user_id: 'u_ann'}) SET u.lease = 'another'")
    assert finish(known, claim) == LeaseResult(seq=1, done=1, requeued=0)
    assert due(known) == {"u_ann"} and nodes(known)["u_ann"]["lease"] == "another"


def test_the_feed_keeps_the_time_of_the_latest_event(known):
    claim = claim_users(known, 1)
    finish(known, claim)
    assert read_queue_state(known).latest == NOW
    finish(known, claim, latest=NOW - timedelta(days=1))
    assert read_queue_state(known).latest == NOW
    finish(known, claim, latest=None)
    assert read_queue_state(known).latest == NOW


def test_the_clock_of_the_graph_goes_on_with_a_batch_and_never_back(known):
    claim = claim_users(known, 1)
    finish(known, claim)
    assert read_queue_state(known).clock is None  # there was no build
    clock = GraphClock(10_000.0, 9_000.0, 400.0, 0.5)
    known.write(
        "build/note_build",
        popularity_half_life=14.0,
        popularity_windows=[],
        latest=NOW,
        highest_rating=None,
        **clock.properties(),
    )
    for moved in (clock.advanced(20_000.0, 4), clock):
        finish_users(known, claim, clock=moved, latest=NOW, vectors={}, version=None)
        assert read_queue_state(known).clock == clock.advanced(20_000.0, 4)


def test_embeddings_are_written_with_the_model_that_made_them_and_taken_away_where_there_is_none(known):
    known.run_text(
        "MATCH (u:User {user_id: 'u_bob'}) SET u.embedding = $old, u.embedding_version = 'm0'", {"old": [1.0] * 128}
    )
    vector = np.arange(128, dtype=np.float32)
    finish(known, claim_users(known, 5), {"u_ann": vector, "u_bob": None}, "m")
    ann, bob = nodes(known)["u_ann"], nodes(known)["u_bob"]
    assert list(ann["embedding"]) == vector.tolist() and ann["embedding_version"] == "m"
    assert bob["embedding"] is None and bob["embedding_version"] is None


@pytest.mark.parametrize("version", [None, "old"])
def test_embeddings_of_another_model_than_the_active_one_are_not_written(known, version):
    finish(known, claim_users(known, 5), {"u_ann": np.ones(128)}, version)
    ann = nodes(known)["u_ann"]
    assert ann["embedding"] is None and ann["embedding_version"] == "m0" and ann["due"] is None


def test_a_model_with_nobody_to_embed_leaves_embeddings_as_they_are(known):
    assert finish(known, claim_users(known, 5), {}, "m").done == 2
    assert nodes(known)["u_ann"]["embedding_version"] == "m0"


def test_nothing_of_a_claim_is_written_where_a_part_of_it_fails(known):
    claim = claim_users(known, 5)
    with pytest.raises(GraphError):
        finish(known, claim, {"u_ann": np.ones(128), "u_bob": [["no vector"]]}, "m")
    assert due(known) == {"u_ann", "u_bob"} and known.run_text(FEED) == []
    assert known.run_text("MATCH ()-[r:INTERESTED_IN]->() RETURN r") == []


def test_whoever_finishes_waits_for_whoever_holds_the_users(known):
    """Events of a user are stored under the same locks, so that none comes between reading and writing."""
    claim, holds, finished, early = claim_users(known, 5), threading.Event(), threading.Event(), []

    def hold(tx):
        tx.run("collect/lock_nodes", user_ids=["u_bob"], item_ids=[])
        holds.set()
        early.append(finished.wait(1.5))

    with ThreadPoolExecutor() as pool:
        first = pool.submit(known.transaction, hold)
        holds.wait()
        second = pool.submit(lambda: (finish(known, claim), finished.set()))
        first.result(), second.result()
    assert early == [False]


def test_items_with_a_mark_get_one_number_of_the_feed_the_longest_due_first(client):
    plant(client, i1={"due": -10}, i2={"due": -30}, i3={"due": -20}, i4={"due": 60_000})
    assert finish_items(client, 2) == 2
    assert due(client) == {"i1", "i4"}
    assert {key: node["changed_seq"] for key, node in nodes(client).items()} == {
        "i1": None,
        "i2": 1,
        "i3": 1,
        "i4": None,
    }
    assert finish_items(client, 2) == 1 and nodes(client)["i1"]["changed_seq"] == 2
    assert finish_items(client, 2) == 0


def test_marks_of_before_a_moment_are_cleared_and_held_or_later_ones_stay(client):
    plant(
        client,
        u1={"due": -2000},
        u2={"due": -2000, "lease": "held"},
        u3={"due": 60_000},
        u4={"idle_due": -2000},
        u5={"idle_due": 60_000},
        i1={"due": -2000},
        i2={"due": 60_000},
        i3={"due": -2000, "lease": "held"},
    )
    now = client.run_text("RETURN timestamp() AS now")[0]["now"]
    clear_before(client, datetime.fromtimestamp(now / 1000, UTC))
    assert due(client) == {"u2", "u3", "i2", "i3"} and idle(client) == {"u5"}


def test_the_moment_before_which_marks_are_cleared_is_exact_to_the_millisecond(client):
    client.run_text("UNWIND [1000, 1001, 1002, 1003] AS due CREATE (:User {user_id: 'u' + due, due: due})")
    clear_before(client, datetime.fromtimestamp(1.0016, UTC))
    assert due(client) == {"u1002", "u1003"}


def test_what_was_touched_since_a_moment_is_marked_again(client):
    plant(client, u1={"touched_at": NOW}, u2={"touched_at": NOW - timedelta(seconds=1)}, i1={"touched_at": NOW})
    plant(client, u3={"touched_at": NOW, "due": 60_000}, i2={})
    assert mark_touched(client, NOW) == 2
    assert due(client) == {"u1", "i1", "u3"}
    assert {"u1"} == set(claim_users(client, 9).versions)


def test_ties_are_there_if_anybody_follows_anybody(client):
    plant(client, u1={}, u2={})
    assert has_ties(client) is False
    client.run_text("MATCH (a:User {user_id: 'u1'}), (b:User {user_id: 'u2'}) CREATE (a)-[:FOLLOWS]->(b)")
    assert has_ties(client) is True


def test_users_whose_short_interests_rest_on_nothing_of_the_last_four_weeks_are_marked(client):
    ago = {f"u{days}": {"recent_at": NOW - timedelta(days=days)} for days in (27, 28, 29)}
    plant(client, **ago, u_marked={"recent_at": NOW - timedelta(days=90), "due": 60_000}, u_none={})
    assert mark_lapsed(client, GraphClock.at(NOW)) == 2
    assert idle(client) == {"u28", "u29"} and due(client) == {"u_marked"}
    assert read_queue_state(client).idle_users
    assert mark_lapsed(client, GraphClock.at(NOW)) == 0


def test_marks_that_a_clock_which_was_put_back_makes_late_are_due_now(client):
    hours = 7_200_000
    plant(client, u_late={"due": hours}, u_idle={"idle_due": hours}, i_late={"due": hours}, u_leased={"due": 30_000})
    assert bring_back_marks(client) == 3
    state = read_queue_state(client)
    assert (state.users, state.idle_users, state.items) == (True, True, True)
    assert claim_users(client, 10).user_ids == ["u_late"]


def test_at_most_five_hundred_lapsed_users_are_marked_at_once(client):
    client.run_text("UNWIND range(1, 501) AS n CREATE (:User {user_id: 'u' + n, recent_at: $at})", {"at": NOW})
    assert LAPSED_AT_ONCE == 500
    assert [mark_lapsed(client, GraphClock.at(NOW + timedelta(days=99))) for _ in range(2)] == [500, 1]


TIES = "UNWIND $pairs AS p MATCH (a:User {user_id: p[0]}), (b:User {user_id: p[1]}) CREATE (a)-[:FOLLOWS]->(b)"


def test_those_who_follow_and_do_nothing_themselves_are_marked_for_a_little_later(client):
    plant(client, u1={}, u2={}, u_silent={}, u_busy={}, u_marked={"due": 60_000}, u_away={}, i1={})
    client.run_text("MATCH (u:User {user_id: 'u_busy'}), (i:Item) CREATE (u)-[:LIKED]->(i)")
    pairs = [["u_silent", "u1"], ["u_silent", "u2"], ["u_busy", "u1"], ["u_marked", "u1"], ["u1", "u_away"]]
    client.run_text(TIES, {"pairs": pairs})
    assert mark_silent_followers(client, ("u1", "u2")) == 1
    assert idle(client) == {"u_silent"}
    assert 0 < from_now(client, nodes(client)["u_silent"]["idle_due"]) <= 2_000


def test_of_a_user_with_many_followers_some_are_marked(client):
    client.run_text("CREATE (:User {user_id: 'star'})")
    client.run_text("MATCH (s:User) UNWIND range(1, 130) AS n CREATE (:User {user_id: 'u' + n})-[:FOLLOWS]->(s)")
    assert mark_silent_followers(client, ["star"]) == SILENT_FOLLOWERS == 100


def test_users_with_behaviour_on_items_that_moved_are_marked_for_later(client):
    plant(client, u1={}, u2={}, u3={}, u4={"due": 60_000}, i1={}, i2={}, i3={})
    pairs = [["u1", "i1"], ["u1", "i2"], ["u2", "i2"], ["u3", "i3"], ["u4", "i1"]]
    client.run_text(
        "UNWIND $pairs AS p MATCH (u:User {user_id: p[0]}), (i:Item {item_id: p[1]}) CREATE (u)-[:LIKED]->(i)",
        {"pairs": pairs},
    )
    assert mark_users_of(client, ("i1", "i2"), 10, 60_000) == 2
    assert idle(client) == {"u1", "u2"}
    assert 50_000 < from_now(client, nodes(client)["u1"]["idle_due"]) <= 60_000


def test_of_an_item_that_many_chose_only_some_users_are_marked(client):
    client.run_text(
        "CREATE (i:Item {item_id: 'i'}) WITH i UNWIND range(1, 9) AS n CREATE (:User {user_id: 'u' + n})-[:LIKED]->(i)"
    )
    assert mark_users_of(client, ["i"], 4, 0) == 4


def test_a_user_who_is_erased_while_they_are_claimed_drops_out(client, monkeypatch):
    plant(client, u1={"due": -1}, u2={"due": -1})
    write_once = client.write_once
    gone = {"user_id": None, "version": 0}
    monkeypatch.setattr(client, "write_once", lambda *a, **k: [*write_once(*a, **k), gone])
    claim = claim_users(client, 10)
    assert sorted(claim.user_ids) == ["u1", "u2"]
    finish(client, claim)
