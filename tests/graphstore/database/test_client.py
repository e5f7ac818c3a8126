"""Transactions that others stand in the way of."""

import time
from datetime import UTC, datetime

import pytest
from neo4j.exceptions import ClientError, TransientError

from graphstore.clock import GraphClock
from graphstore.database import client as module
from graphstore.database.client import Client
from graphstore.errors import InputError, Neo4jUnavailable, TookTooLong
from graphstore.interests import lapse_parameters


@pytest.fixture
def hasty(client, neo4j_settings):
    """A client that gives up a Neo4j that is away at once."""
    with Client(
        client.uri, neo4j_settings.neo4j_username, neo4j_settings.neo4j_password or "", retry_seconds=0.1
    ) as found:
        yield found


def test_a_transaction_is_tried_again_while_others_stand_in_its_way(hasty):
    ends, tries = time.monotonic() + 1.0, []

    def work(tx):
        tx.run("extract/items/count_items")
        tries.append(1)
        if time.monotonic() < ends:
            raise TransientError("a deadlock")
        return "done"

    assert hasty.transaction(work) == "done"
    assert len(tries) > 2


def test_one_that_never_gets_through_is_to_be_sent_again(hasty, monkeypatch):
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.3)

    def work(tx):
        raise TransientError("a deadlock")

    with pytest.raises(Neo4jUnavailable, match=r"too busy.*run the same again"):
        hasty.transaction(work)


@pytest.mark.parametrize("method", ["read_once", "write_once"])
def test_what_fails_in_one_round_trip_is_tried_as_a_transaction(hasty, monkeypatch, method):
    statement, parameters = {
        "read_once": ("extract/items/count_items", {}),
        "write_once": (
            "update/work_queue/mark_lapsed",
            {"count": 1, **lapse_parameters(GraphClock.at(datetime.now(UTC)))},
        ),
    }[method]
    expected = getattr(hasty, method)(statement, **parameters)
    sessions = hasty._session
    asked = []

    def session(*access):
        asked.append(1)
        if len(asked) == 1:
            raise TransientError("a deadlock")
        return sessions(*access)

    monkeypatch.setattr(hasty, "_session", session)
    assert getattr(hasty, method)(statement, **parameters) == expected
    assert len(asked) == 2


@pytest.mark.parametrize("failure", [ClientError("BeginMessage cannot be handled"), TransientError("busy")])
def test_an_interrupt_stays_one_where_closing_what_it_interrupted_fails(hasty, monkeypatch, failure):
    class Session:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            raise failure

        def execute_write(self, *_):
            raise KeyboardInterrupt

        execute_read = run = execute_write

    monkeypatch.setattr(hasty, "_session", lambda *_: Session())
    with pytest.raises(KeyboardInterrupt):
        hasty.transaction(lambda tx: None)
    with pytest.raises(KeyboardInterrupt):
        hasty.read("extract/items/count_items")
    with pytest.raises(KeyboardInterrupt):
        hasty.read_once("extract/items/count_items")
    with pytest.raises(KeyboardInterrupt):
        hasty.run_text("RETURN 1")


@pytest.mark.parametrize("method", ["read", "read_once"])
def test_a_number_of_more_than_64_bits_is_bad_input(hasty, method):
    with pytest.raises(InputError, match="64 bits"):
        getattr(hasty, method)("update/following/read_changes", seq=10**20, count=1)
    assert hasty.read("update/following/read_changes", seq=10**18, count=1) == []


def test_neo4j_ends_what_takes_too_long(client, neo4j_settings):
    word = neo4j_settings.neo4j_password or ""
    endless = "UNWIND range(1, 1000000000000) AS n RETURN count(n) AS count"
    with Client(client.uri, neo4j_settings.neo4j_username, word, most_seconds=0.5) as limited:
        began = time.monotonic()
        with pytest.raises(TookTooLong):
            limited.run_text(endless)
        with pytest.raises(TookTooLong):
            limited.transaction(lambda tx: tx._transaction.run(endless).consume())
        assert time.monotonic() - began < 15
        assert limited.run_text("RETURN 1 AS one") == [{"one": 1}]


def test_what_is_sent_is_not_spelled_out_for_a_log(client):
    class Unspoken(str):
        def __repr__(self):
            raise AssertionError("spelled out")

    rows = [{"name": Unspoken("a")}, {"name": Unspoken("b")}]
    text = "UNWIND $rows AS row RETURN row.name AS name"
    assert client.run_text(text, {"rows": rows}) == [{"name": "a"}, {"name": "b"}]
