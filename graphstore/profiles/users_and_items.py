"""Users and items one at a time: read them, create or replace them, read a user's behaviour."""

from __future__ import annotations

import math
from typing import Any

from graphstore.collect.attributes import OWN
from graphstore.collect.records import Item, User
from graphstore.collect.validation import item_row, user_row
from graphstore.database.client import Client, Transaction
from graphstore.errors import NotFound

Document = dict[str, Any]


def values_by_kind(rows: list[dict[str, str]]) -> dict[str, list[str]]:
    """Attributes as kind → values, from rows of kind and value."""
    attributes: dict[str, list[str]] = {}
    for row in rows:
        attributes.setdefault(row["kind"], []).append(row["value"])
    return attributes


def only_row(rows: list[Document], what: str, key: str) -> Document:
    """The row about one node.

    what: "user" or "item", for the message.  key: its id.

    Raises:
        NotFound: there is none.
    """
    if not rows:
        raise NotFound(f"There is no {what} {key!r}.")
    return rows[0]


def read_user(client: Client, user_id: str) -> Document:
    """A user: user_id, attributes (kind → values), counts of events, searches, follows and followers, times,
    embedding version.

    Raises:
        NotFound: no such user.
    """
    user = only_row(client.read("profiles/read_user", user_id=user_id), "user", user_id)
    return {**user, "attributes": values_by_kind(user["attributes"])}


def put_user(client: Client, user: User) -> bool:
    """Create a user or replace their attributes; True if they are new. Behaviour is not changed."""
    return _put(client, "User", user.user_id, user_row(user))


def put_item(client: Client, item: Item) -> bool:
    """Create an item or replace all its text and attributes; True if it is new. Events on it are not changed."""
    return _put(client, "Item", item.item_id, item_row(item))


def _put(client: Client, label: str, key: str, row: Document) -> bool:
    """Write a description by the statements of collect, so that both store the same `row_hash`; True for a new node."""

    what = label.lower()

    def work(tx: Transaction) -> bool:
        tx.run("collect/lock_nodes", **{"user_ids": [], "item_ids": [], f"{what}_ids": [key]})
        present = tx.run("profiles/read_title", label=label, key=key)
        if tx.run(f"collect/merge_{what}s", rows=[row]):
            tx.run(f"collect/set_{what}_attributes", rows=[row])
        if what == "item":
            tx.run("collect/set_item_properties", rows=[row])
        return not present

    return client.transaction(work)


def read_item(client: Client, item_id: str) -> Document:
    """An item: text, kind, attributes (kind → values), properties, `about` (interests by weight), count of events.

    Raises:
        NotFound: no such item.
    """
    item = only_row(client.read("profiles/read_item", item_id=item_id), "item", item_id)
    properties = {name.removeprefix(OWN): _finite(value) for name, value in item["properties"]}
    return {**item, "attributes": values_by_kind(item["attributes"]), "properties": properties}


def _finite(value: Any) -> Any:
    """A property with null for each number that JSON does not have."""
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_behaviour(client: Client, user_id: str, count: int = 20) -> list[Document]:
    """A user's latest `count` events, newest first: event_id, item_id, title, type, at, value, text. A search has no
    item.

    Raises:
        NotFound: no such user.
    """
    events = client.read("profiles/read_behaviour", user_id=user_id, count=count)
    if not events:
        read_user(client, user_id)
    return events
