"""Erasing users and items while others write about them."""

import contextlib
import threading
import time

import pytest

from graphstore.collect.records import Item, User
from graphstore.collect.store import collect_events
from graphstore.errors import NotFound
from graphstore.profiles.erasure import delete_item, erase_user
from graphstore.profiles.users_and_items import put_item, put_user

SECONDS = 2.0


def event(number, user, item):
    return {"event_id": f"e{number}", "user_id": user, "item_id": item, "kind": "view", "timestamp": 1000 + number}


def test_erasing_beside_posting_makes_nothing_fail_and_leaves_nothing(client):
    """Few users and items, which only events mention, so that each erasure deletes what others are writing to."""
    ends, failures, done = time.monotonic() + SECONDS, [], []

    def repeat(name, act):
        number = 0
        while time.monotonic() < ends:
            number += 1
            try:
                with contextlib.suppress(NotFound):
                    act(number)
                done.append(name)
            except Exception as error:
                failures.append((name, error))

    def post(first):
        return lambda n: collect_events(
            client, [event(first + 10 * n + row, f"u{n % 3}", f"i{(n + row) % 4}") for row in range(4)]
        )

    def search(first):
        return lambda n: collect_events(
            client,
            [
                {
                    "event_id": f"s{first + 3 * n + row}",
                    "user_id": f"u{row}",
                    "kind": "search",
                    "text": f"q{(n + row) % 2}",
                }
                for row in range(3)
            ],
        )

    writers = {
        "search": search(0),
        "search too": search(1_000_000),
        "post": post(0),
        "post too": post(1_000_000),
        "erase": lambda n: erase_user(client, f"u{n % 3}"),
        "delete": lambda n: delete_item(client, f"i{n % 4}"),
        "put user": lambda n: put_user(client, User(user_id=f"u{n % 3}", attributes={"a": [str(n % 2)], "b": ["x"]})),
        "put item": lambda n: put_item(client, Item(item_id=f"i{n % 4}", title=str(n), attributes={"a": [str(n % 2)]})),
    }
    threads = [threading.Thread(target=repeat, args=writer) for writer in writers.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert set(done) == set(writers)
    for what, erase in (("u", erase_user), ("i", delete_item)):
        for number in range(4):
            with contextlib.suppress(NotFound):
                erase(client, f"{what}{number}")
    assert client.run_text("MATCH (n) WHERE n:User OR n:Item OR n:Query OR n:Lock RETURN n") == []


def test_the_event_of_another_user_survives_the_erasure_of_one_who_shares_its_item(client):
    collect_events(client, [event(1, "ann", "only mentioned"), event(2, "bob", "only mentioned")])
    assert erase_user(client, "ann")["items"] == 0
    assert client.run_text("MATCH (u:User)-[b]->(i:Item) RETURN b.event_id AS id") == [{"id": "e2"}]


def test_a_later_event_makes_an_erased_user_anew(client):
    collect_events(client, [event(1, "ann", "f")])
    erase_user(client, "ann")
    collect_events(client, [event(2, "ann", "f")])
    assert client.run_text("MATCH (:User {user_id: 'ann'})-[b]->(:Item) RETURN b.event_id AS id") == [{"id": "e2"}]


@pytest.mark.parametrize("put", ["user", "item"])
def test_attributes_are_replaced_by_what_is_said_last(client, put):
    def say(attributes):
        if put == "user":
            put_user(client, User(user_id="x", attributes=attributes))
        else:
            put_item(client, Item(item_id="x", attributes=attributes))
        text = "MATCH ()-[h:HAS_ATTRIBUTE]->(a) RETURN a.kind + '=' + a.value AS a ORDER BY a"
        return [row["a"] for row in client.run_text(text)]

    assert say({"a": ["1", "2"], "b": ["1"]}) == ["a=1", "a=2", "b=1"]
    assert say({"a": ["2", "3"]}) == ["a=2", "a=3"]
    assert say({"a": ["2", "3"], "c": ["1"]}) == ["a=2", "a=3", "c=1"]
    assert say({}) == []
