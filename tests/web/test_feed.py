"""The stream: what followers stamp arrives, in order, once a connection, and again from where one left off."""

from __future__ import annotations

import http.client
import json
import threading
import time

import pytest

from graphstore.administration.keys import revoke_key
from graphstore.update.feed import newest, read_changes
from web.feed import Feed

STAMP = """
MERGE (f:Feed {name: 'changes'}) SET f.seq = coalesce(f.seq, 0) + 1
WITH f
UNWIND $users AS name
MERGE (u:User {user_id: name}) SET u.changed_seq = f.seq, u.version = coalesce(u.version, 0) + 1, u.changes = $changes
WITH f, count(*) AS users
UNWIND $items AS name
MERGE (i:Item {item_id: name}) SET i.changed_seq = f.seq, i.title = 'Title'
"""


def stamp(client, users, items=("f1",), changes='{"opened": ["drama"], "closed": []}'):
    client.run_text(STAMP, {"users": list(users), "items": list(items), "changes": changes})


class Stream:
    """One connection to the stream."""

    def __init__(self, port, key, query="", **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.connection.request("GET", f"/v1/stream{query}", headers={"X-API-Key": key, **headers})
        self.response = self.connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.response.close()
        self.connection.close()

    def message(self):
        """The next message: (id, event, data)."""
        fields = {}
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                return int(fields["id"]), fields["event"], json.loads(fields["data"])
            else:
                fields = {}

    def until(self, number):
        """Messages up to the first with this id."""
        found = []
        while not found or found[-1][0] != number:
            found.append(self.message())
        return found


def test_what_changes_arrives_with_the_interests_that_opened_and_closed(port, keys, client):
    with Stream(port, keys["read"]) as stream:
        assert stream.response.status == 200
        assert stream.response.getheader("Content-Type").startswith("text/event-stream")
        assert stream.response.readline().startswith(b"retry")
        stamp(client, ["ann"])
        found = stream.until(newest(client))
    assert [(kind, document.get("user_id") or document["item_id"]) for _, kind, document in found] == [
        ("user", "ann"),
        ("item", "f1"),
    ]
    assert found[0][2] == {"user_id": "ann", "version": 1, "opened": ["drama"], "closed": []}


def test_one_who_comes_back_goes_on_where_they_left_off(port, keys, client):
    stamp(client, ["ann"])
    first = newest(client)
    stamp(client, ["bob"])
    stamp(client, ["cat"])
    for query, headers in ((f"?since={first}", {}), ("", {"Last-Event-ID": str(first)})):
        with Stream(port, keys["read"], query, **headers) as stream:
            users = [document["user_id"] for _, kind, document in stream.until(newest(client)) if kind == "user"]
        assert users == ["bob", "cat"]


def test_one_number_is_never_half_read(port, keys, client):
    stamp(client, [f"u{n}" for n in range(30)])
    last = newest(client)
    with Stream(port, keys["read"], "?since=0") as stream:
        ids = [number for number, _, _ in stream.until(last)]
    assert set(ids[:-1]) == {0} and ids[-1] == last


def test_a_list_that_is_cut_goes_on_with_whole_numbers(client):
    for name in ("a", "b", "c"):
        stamp(client, [name, name + name], items=())
    seen, seq = [], 0
    while found := read_changes(client, seq, at_once=3):
        assert len({change.seq for change in found}) == 1
        seen += [change.document["user_id"] for change in found]
        seq = found[-1].seq
    assert seen == ["a", "aa", "b", "bb", "c", "cc"]


@pytest.mark.parametrize("number", ["99999999999999999999", "9" * 5000])
def test_a_number_that_no_graph_has_is_refused_and_everyone_else_goes_on(port, keys, client, number):
    with Stream(port, keys["read"]) as stream:
        for query, headers, status in ((f"?since={number}", {}, 422), ("", {"Last-Event-ID": number}, 400)):
            with Stream(port, keys["read"], query, **headers) as refused:
                assert refused.response.status == status
        stamp(client, ["ann"])
        assert stream.message()[2]["user_id"] == "ann"


def test_whatever_fails_the_thread_of_the_feed_goes_on_and_one_that_ended_is_replaced(client, monkeypatch):
    monkeypatch.setattr("web.feed.AWAY_SECONDS", 0.05)
    failures = [OverflowError("an integer out of bounds"), KeyError("seq")]

    def failing(*arguments):
        if failures:
            raise failures.pop()
        return read_changes(*arguments)

    monkeypatch.setattr("web.feed.read_changes", failing)
    feed = Feed(client, 5)
    ended = threading.Thread(target=lambda: None)
    ended.start()
    ended.join()
    feed._thread = ended
    listener = feed.listen(None)
    stamp(client, ["ann"])
    assert "ann" in listener.messages.get(timeout=10)
    feed.close()


def test_asking_for_the_head_takes_no_place(port, keys, app):
    for _ in range(app.extensions["interestgraph"].config.most_listeners + 1):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("HEAD", "/v1/stream", headers={"X-API-Key": keys["read"]})
        assert connection.getresponse().status == 200
        connection.close()
    with Stream(port, keys["read"]) as stream:
        assert stream.response.status == 200


def test_who_goes_away_frees_the_place_soon(port, keys, app, monkeypatch):
    monkeypatch.setattr("web.api.stream.CHECK_SECONDS", 0.1)
    feed = app.extensions["interestgraph"].feed
    with Stream(port, keys["read"]) as stream:
        assert stream.response.status == 200 and len(feed._listeners) == 1
    until = time.monotonic() + 10
    while feed._listeners and time.monotonic() < until:
        time.sleep(0.05)
    assert not feed._listeners


@pytest.mark.parametrize("way", ["revoked", "logged out"])
def test_a_stream_ends_with_the_key_or_the_session_it_was_opened_with(port, keys, app, client, monkeypatch, way):
    monkeypatch.setattr("web.api.stream.CHECK_SECONDS", 0.1)
    services = app.extensions["interestgraph"]
    token = services.sessions.begin(services.keys.verify(keys["read"]))
    headers = {"X-API-Key": keys["read"]} if way == "revoked" else {"Cookie": f"interestgraph={token}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/v1/stream", headers=headers)
    response = connection.getresponse()
    assert response.status == 200
    if way == "revoked":
        revoke_key(client, "test read")
    else:
        services.sessions.end(token)
    began = time.monotonic()
    assert b"retry" in response.read() and time.monotonic() - began < 10
    connection.close()


def test_listeners_are_limited_and_bad_numbers_and_keys_refused(port, keys, app, client):
    for query, headers, status in (("?since=x", {}, 422), ("", {"Last-Event-ID": "x"}, 400), ("?from=1", {}, 422)):
        with Stream(port, keys["read"], query, **headers) as stream:
            assert stream.response.status == status
    with Stream(port, "no key") as stream:
        assert stream.response.status == 401
    feed = app.extensions["interestgraph"].feed
    feed._most = 0
    with Stream(port, keys["read"]) as stream:
        assert stream.response.status == 503 and stream.response.getheader("Retry-After")


def test_one_who_does_not_keep_up_is_hung_up_on_and_nobody_asks_when_nobody_listens(client, monkeypatch):
    monkeypatch.setattr("web.feed.QUEUED_MESSAGES", 3)
    feed = Feed(client, 5)
    listener = feed.listen(None)
    thread = feed._thread
    for number in range(6):
        stamp(client, [f"u{number}", f"v{number}"], items=())
        threading.Event().wait(0.2)
    messages = []
    while (message := listener.messages.get(timeout=5)) is not None:
        messages.append(message)
    assert 0 < len(messages) < 6
    thread.join(5)
    assert not thread.is_alive()
    again = feed.listen(listener.seq)
    assert "u5" in "".join(again.messages.get(timeout=5) for _ in range(newest(client) - listener.seq))
    feed.close()


@pytest.mark.parametrize("listens", [True, False])
def test_closing_ends_every_stream(port, keys, app, listens):
    if listens:
        with Stream(port, keys["read"]) as stream:
            app.extensions["interestgraph"].feed.close()
            assert b"data" not in stream.response.read()
    app.extensions["interestgraph"].feed.close()
