"""The stream: what followers stamp arrives, in order, once a connection, and again from where one left off."""

from __future__ import annotations

import http.client
import json
import threading

import pytest

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
