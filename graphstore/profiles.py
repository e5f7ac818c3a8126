"""Users and items one at a time: read, put, removed, exported; and the interests of a user as of a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from neo4j import time as neo4j_time

from graphstore.client import Client, Transaction
from graphstore.errors import NotFound
from graphstore.extract import WEAKENED
from graphstore.ranking import NEW
from graphstore.records import Item, User

Document = dict[str, Any]
PAST = 30


def _by_kind(rows: list[dict[str, str]]) -> dict[str, list[str]]:
    attributes: dict[str, list[str]] = {}
    for row in rows:
        attributes.setdefault(row["kind"], []).append(row["value"])
    return attributes


def _only(rows: list[Document], what: str, key: str) -> Document:
    if not rows:
        raise NotFound(f"There is no {what} {key!r}.")
    return rows[0]


def read_user(client: Client, user_id: str) -> Document:
    """A user: user_id, attributes (kind → values), counts of events, follows and followers, times, embedding state.

    Raises:
        NotFound: no such user.
    """
    user = _only(client.read("serve/read_user", user_id=user_id), "user", user_id)
    return {**user, "attributes": _by_kind(user["attributes"])}


def put_user(client: Client, user: User) -> bool:
    """Create a user, or replace their attributes; True if they are new. Behaviour stays as it is."""
    row = {"user_id": user.user_id, "attributes": user.attribute_rows(), "row_hash": user.row_hash()}
    return _put(client, "User", user.user_id, row)


def put_item(client: Client, item: Item) -> bool:
    """Create an item, or replace all its text and attributes; True if it is new. Events on it stay as they are."""
    row = item.model_dump(exclude={"attributes"})
    row |= {"attributes": item.attribute_rows(), "row_hash": item.row_hash()}
    if item.published_at is not None:
        row["published_at"] = round(item.published_at.timestamp() * 1000)
    return _put(client, "Item", item.item_id, row)


def _put(client: Client, label: str, key: str, row: Document) -> bool:
    """Describe one node by the statements of collect, so that both recognise the same description as the same."""

    def work(tx: Transaction) -> bool:
        known = tx.run("serve/read_title", label=label, key=key)
        if tx.run(f"collect/merge_{label.lower()}s", rows=[row]):
            tx.run(f"collect/set_{label.lower()}_attributes", rows=[row])
        return not known

    return client.transaction(work)


def read_item(client: Client, item_id: str) -> Document:
    """An item: its text, kind, attributes (kind → values), `about` (interests by weight) and count of events.

    Raises:
        NotFound: no such item.
    """
    item = _only(client.read("serve/read_item", item_id=item_id), "item", item_id)
    return {**item, "attributes": _by_kind(item["attributes"])}


def delete_item(client: Client, item_id: str) -> dict[str, int]:
    """Remove an item and the events on it; counts of events, interests left without evidence, orphaned attributes.

    Raises:
        NotFound: no such item.
    """
    return _erase(client, "item", item_id)


def erase_user(client: Client, user_id: str) -> dict[str, int]:
    """Remove a user and every trace of them; counts of the events, interests, ties, similarities, attributes, items.

    What was computed over many users (popularity, item similarity, model weights) no longer names them; the next
    `build` and `update` compute it anew without them.

    Raises:
        NotFound: no such user.
    """
    return _erase(client, "user", user_id)


def _erase(client: Client, what: str, key: str) -> dict[str, int]:
    def work(tx: Transaction) -> list[dict[str, int]]:
        tx.run("collect/lock_nodes", **{"user_ids": [], "item_ids": [], f"{what}_ids": [key]})
        return tx.run(f"erase/erase_{what}", **{f"{what}_id": key})

    return dict(_only(client.transaction(work), what, key))


def export_user(client: Client, user_id: str) -> Document:
    """All that is held on a user, as one JSON-ready document: properties, attributes, events, ties, similar users, and
    interests with their evidence and validity.

    Raises:
        NotFound: no such user.
    """
    document = dict(_only(client.read("erase/export_user", user_id=user_id), "user", user_id))
    for part in ("events", "interests", "similar_users"):
        document[part] = [
            {key: value for key, value in (row | row["properties"]).items() if key != "properties"}
            for row in document[part]
        ]
    document["attributes"] = _by_kind(document["attributes"])
    document["exported_at"] = datetime.now(UTC)
    return _plain(document)


def _plain(value: Any) -> Any:
    """The value with times as ISO 8601 text, all the way down."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, neo4j_time.DateTime | neo4j_time.Date | neo4j_time.Time):
        return value.iso_format()
    return value.isoformat() if isinstance(value, datetime) else value


def read_interests(client: Client, user_id: str, at: datetime | None = None) -> list[Document]:
    """A user's interests now, or as they were at a moment: those with valid_from <= at < valid_to. `broader` are labels
    of interests that these belong to, as the last build found.

    Raises:
        NotFound: no such user.
    """
    interests = client.read("serve/read_interests", user_id=user_id, at=at)
    if not interests:
        read_user(client, user_id)
    return interests


def read_past_interests(client: Client, user_id: str, count: int = PAST) -> list[Document]:
    """Intervals of a user's interests that are over, the last first: name, label, polarity, horizon, valid_from,
    valid_to, extracted_by."""
    return client.read("serve/read_past_interests", user_id=user_id, count=count)


def read_corrections(client: Client, user_id: str) -> list[Document]:
    """What a user said of their interests: name, label, correction, at."""
    return client.read("serve/read_corrections", user_id=user_id)


def correct_interest(client: Client, user_id: str, name: str, correction: str) -> Document:
    """Heed for good what a user says of an interest: "pin", "weaken" or "delete"; "none" withdraws what was said.

    Returns name, and how many open entries it closed.

    Raises:
        NotFound: no such user, or no such interest.
    """

    def work(tx: Transaction) -> list[Document]:
        tx.run("collect/lock_nodes", user_ids=[user_id], item_ids=[])
        found = tx.run("serve/correct_interest", user_id=user_id, name=name, how=correction, weakened=WEAKENED)
        if found:
            tx.run("collect/touch_nodes", user_ids=[user_id], items=[], new=NEW)
        return found

    rows = client.transaction(work)
    if not rows:
        read_user(client, user_id)
        raise NotFound(f"There is no interest {name!r}.")
    return rows[0]


def read_reading(client: Client, user_id: str, count: int) -> Document:
    """What was read about a user, and what was concluded: their latest `count` events, each with what its item is about
    and who says so, their open interests, each with the numbers of these events that it rests on, and what is over.

    Raises:
        NotFound: no such user.
    """
    events = client.read("serve/read_reading", user_id=user_id, count=count)
    numbers = {event["event_id"]: number for number, event in enumerate(events, 1)}
    concluded = []
    for row in read_interests(client, user_id):
        known = sorted(numbers[event_id] for event_id in row["evidence"] if event_id in numbers)
        concluded.append({**row, "numbers": known, "older": len(row["evidence"]) - len(known)})
    read = [{"number": number, **event} for number, event in enumerate(events, 1)]
    said = read_corrections(client, user_id)
    past = read_past_interests(client, user_id)
    return {"user_id": user_id, "read": read, "concluded": concluded, "past": past, "corrections": said}


def read_behaviour(client: Client, user_id: str, count: int = 20) -> list[Document]:
    """A user's latest `count` events, newest first: item_id, title, type, at, value."""
    return client.read("serve/read_behaviour", user_id=user_id, count=count)
