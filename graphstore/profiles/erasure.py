"""Erasing users and items, and exporting all that is stored about a user."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from neo4j import time as neo4j_time

from graphstore.database.client import Client, Transaction
from graphstore.profiles.users_and_items import Document, _by_kind, _only


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
        return tx.run(f"profiles/erasure/erase_{what}", **{f"{what}_id": key})

    return dict(_only(client.transaction(work), what, key))


def export_user(client: Client, user_id: str) -> Document:
    """All that is held on a user, as one JSON-ready document: properties, attributes, events, ties, similar users, and
    interests with their evidence and validity.

    Raises:
        NotFound: no such user.
    """
    document = dict(_only(client.read("profiles/erasure/export_user", user_id=user_id), "user", user_id))
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
