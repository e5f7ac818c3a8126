"""Programs that would damage each other's work take turns, and one that lost its turn writes nothing more."""

import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graphstore.build import stage
from graphstore.build.stage import build
from graphstore.clock import UNDATED
from graphstore.database import leases
from graphstore.database.leases import WORK, Fence, Lease, Work, hold, meeting, present
from graphstore.errors import LeaseLost, OthersAtWork
from tests.fixtures.planting import communities
from tests.fixtures.storing import store

DOCS = Path(__file__).parents[3] / "docs" / "neo4j.md"
DERIVED = (
    "MATCH ()-[s:SIMILAR_TO|FOLLOWED_BY|FAVOURS|BROADER]->() RETURN count(s) AS edges, count(DISTINCT s.run) AS runs"
)
LEASES = "MATCH (l:Lease) RETURN l.work AS work, l.until - timestamp() AS left, l.writes AS writes ORDER BY work"
SPOIL = "MATCH (l:Lease {holder: $holder}) SET l += $changed"


@pytest.fixture
def stored(client, tmp_path):
    store(client, tmp_path, events=communities())
    return client


@pytest.mark.parametrize("other", WORK)
@pytest.mark.parametrize("one", WORK)
def test_every_pair_of_work_goes_together_waits_or_pauses_as_the_table_says(client, one, other):
    first = Lease(client, other)
    assert not first.take()
    assert bool(Lease(client, one).take()) is (meeting(one, other) == "waits")
    busy = WORK[other].yields and set(WORK[other].yields) & set(WORK[one].writes)
    held = client.under(Fence(first.holder, WORK[other]))
    if meeting(one, other) == "other pauses":
        assert busy
        with pytest.raises(OthersAtWork, match=one):
            held.write(
                "build/note_build",
                popularity_half_life=1.0,
                popularity_windows=[],
                latest=None,
                highest_rating=None,
                **UNDATED.properties(),
            )
    else:
        held.write(
            "build/note_build",
            popularity_half_life=1.0,
            popularity_windows=[],
            latest=None,
            highest_rating=None,
            **UNDATED.properties(),
        )


def test_the_documentation_has_every_pair():
    """`python -m tests.graphstore.database.test_leases` prints the table."""
    text = DOCS.read_text(encoding="utf-8")
    assert table() in text


def table():
    lines = ["| who is started | waits for | makes pause |", "|---|---|---|"]
    for one in WORK:
        waits, pauses = (
            ", ".join(f"`{other}`" for other in WORK if meeting(one, other) == what) or "nobody"
            for what in ("waits", "other pauses")
        )
        lines.append(f"| `{one}` | {waits} | {pauses} |")
    return "\n".join(lines)


def test_whoever_waits_says_for_whom_once_and_goes_on_when_they_are_done(client, monkeypatch):
    monkeypatch.setattr(leases, "ASK_SECONDS", 0.05)
    said, shown, order = [], [], []
    waiting = client.under(None)
    waiting.message = said.append

    def second():
        with hold(waiting, "build", lambda *what: shown.append(what)):
            order.append("second")

    with ThreadPoolExecutor() as pool:
        with hold(client, "extract"):
            done = pool.submit(second)
            time.sleep(0.5)
            order.append("first")
        done.result()
    assert order == ["first", "second"]
    assert list(dict.fromkeys(shown)) == [("waiting for extract", 0, None), ("at work", 0, None)]
    (text,) = said
    assert re.match(rf"Waiting for `extract` \(process {os.getpid()} on .+, since 20.+ UTC\)\. Ctrl-C ends", text)
    assert not client.run_text(LEASES)


def test_work_within_work_goes_on_at_once(client):
    with hold(client, "update --anew") as outer, hold(outer, "build") as inner, hold(inner, "update") as last:
        assert outer is inner is last
        assert [row["work"] for row in client.run_text(LEASES)] == ["update --anew"]
    with hold(client, "tune") as outer, hold(outer, "tune, reading"):
        assert [row["work"] for row in client.run_text(LEASES)] == ["tune", "tune, reading"]


def test_a_killed_holder_of_this_machine_is_followed_at_once_and_one_of_another_when_its_lease_ends(client):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    first = Lease(client, "build")
    for changed in ({"pid": gone.pid}, {"born": 1.0}):  # ended, or its number is another process's by now
        first.take()
        client.run_text(SPOIL, {"holder": first.holder, "changed": changed})
        second = Lease(client, "build")
        assert not second.take()
        second.release()
    first.take()
    client.run_text(SPOIL, {"holder": first.holder, "changed": {"pid": gone.pid, "machine": "another"}})
    assert Lease(client, "build").take()
    client.run_text(SPOIL, {"holder": first.holder, "changed": {"until": 0}})
    assert not Lease(client, "build").take()
    assert not first.renew()


def test_a_process_that_was_killed_and_not_waited_for_is_gone(client):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    row = {**leases.this_process(), "pid": process.pid, "born": leases.psutil.Process(process.pid).create_time()}
    assert not leases.is_gone(row)
    process.kill()
    while leases.psutil.Process(process.pid).status() != leases.psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert leases.is_gone(row)
    process.wait()


def test_a_lease_is_renewed_while_it_is_held(client, monkeypatch):
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    with hold(client, "build"):
        client.run_text("MATCH (l:Lease) SET l.until = timestamp() + 1")
        time.sleep(0.5)
        assert client.run_text(LEASES)[0]["left"] > 10_000


def test_a_follower_that_was_declared_dead_comes_back_and_holds_nothing(client, monkeypatch):
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    with present(client, "follow neighbourhoods") as lease:
        assert not lease.take()
        assert client.run_text(LEASES)[0]["writes"]
        client.run_text("MATCH (l:Lease) DELETE l")
        time.sleep(0.5)
        assert [row["writes"] for row in client.run_text(LEASES)] == [[]]
    assert not client.run_text(LEASES)


def test_two_builds_at_once_leave_what_both_say(stored):
    with ThreadPoolExecutor() as pool:
        one, other = pool.map(lambda _: build(stored), range(2))
    assert one == other
    said = sum(one[name] for name in ("similar_items", "similar_users", "transitions", "favoured_items", "broader"))
    assert stored.run_text(DERIVED) == [{"edges": said, "runs": 1}]


def test_a_build_that_lost_its_lease_fails_and_leaves_the_other_ones_work_alone(stored, monkeypatch):
    derive = stage.derive
    others = []

    def stands_still(*arguments, **more):
        found = derive(*arguments, **more)
        if not others:
            stored.run_text("MATCH (l:Lease) SET l.until = 0")
            others.append(None)
            others[0] = build(stored)
        return found

    monkeypatch.setattr(stage, "derive", stands_still)
    with pytest.raises(LeaseLost, match="Run the same again"):
        build(stored)
    before = stored.run_text(DERIVED)
    assert before[0]["runs"] == 1 and before[0]["edges"] > 0
    errors = stored.run_text("MATCH (r:Run {stage: 'build'}) RETURN r.error AS error ORDER BY r.started_at")
    assert errors[0]["error"].startswith("LeaseLost") and errors[1]["error"] is None


@pytest.mark.parametrize("name", ["similar_items", "similar_users", "transitions", "favoured_items", "broader"])
def test_each_transaction_of_a_deletion_checks_the_lease(stored, name):
    build(stored)
    stored.run_text("MATCH (a:Interest) RETURN a")
    before = stored.run_text(DERIVED)
    stored.autocommit(f"build/delete_{name}", run="another", lease="of nobody")
    assert stored.run_text(DERIVED) == before


def test_vectors_are_cleared_and_settled_by_whoever_holds_the_lease_only(client):
    client.run_text("CREATE (:Item {item_id: 'a', content_hash: 'h', embedding_version: 'old', embedding: [1.0]})")
    client.autocommit("extract/items/clear_contents", lease="of nobody")
    client.autocommit("update/embeddings/settle_embeddings", version="new", all=True, lease="of nobody")
    row = "MATCH (i:Item) RETURN i.content_hash AS hash, i.embedding_version AS version"
    assert client.run_text(row) == [{"hash": "h", "version": "old"}]
    with hold(client, "extract") as held:
        held.autocommit("extract/items/clear_contents")
        held.autocommit("update/embeddings/settle_embeddings", version="new", all=True)
    assert client.run_text(row) == [{"hash": None, "version": None}]


def test_a_lease_is_taken_over_before_a_transaction_of_its_holder_or_after_it(client):
    first = Lease(client, "build")
    first.take()
    client.run_text("MATCH (l:Lease) SET l.until = 0")
    within, order = threading.Event(), []

    def work(tx):
        within.set()
        time.sleep(0.4)
        order.append("written")

    with ThreadPoolExecutor() as pool:
        writing = pool.submit(client.under(Fence(first.holder, WORK["build"])).transaction, work)
        within.wait()
        assert not Lease(client, "build").take()
        order.append("taken over")
        writing.result()
    assert order == ["written", "taken over"]


def test_nobody_holds_what_needs_nothing(client):
    with hold(client, "collect") as held:
        assert held is client
    assert Work().excludes(WORK["build"]) is False


if __name__ == "__main__":
    print(table())
