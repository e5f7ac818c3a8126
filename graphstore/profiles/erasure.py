"""Erasure of users and items from the graph, and export of all that the graph stores about a user.

Erasure covers the graph. It raises the feed's `epoch`, so that no process that serves or follows the graph uses what it
holds in memory of the user again. It touches no files: rows that `collect` rejected stay in `rejected/` as they came,
with ids; answers of a language model stay in `answers.sqlite` without ids, under a hash of the question.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from neo4j import time as neo4j_time

from graphstore.database.client import Client, Transaction
from graphstore.profiles.users_and_items import Document, only_row, values_by_kind


def delete_item(client: Client, item_id: str) -> dict[str, int]:
    """Erase an item from the graph.

    Removed: the item, its text, vectors and relationships, the events on it with what was written, user interests left
    without evidence, and attributes that nothing else has. Interests with other evidence lose the ids of these events.
    What is computed over many items keeps its values until the next `build` and `update`; see the module for files.

    Returns:
        How many events, interests and attributes were removed.

    Raises:
        NotFound: no such item.
    """
    return _erase(client, "item", item_id)


def erase_user(client: Client, user_id: str) -> dict[str, int]:
    """Erase a user from the graph.

    Removed: the user with id, vector and all relationships (events, searches, interests, corrections, ties, similar
    users), attributes and items that only they have or mention, and queries that nobody else searched for. Not removed:
    the Interest nodes, which hold no id of theirs, and what was computed from many users (popularity, similar items,
    transitions, model weights), which the next `build` and `update --full` compute without them. Files stay too:
    rejected rows with the id, answers of a language model without it (see the module).

    Returns:
        How many events, searches, queries, interests, ties, similarities, attributes and items were removed.

    Raises:
        NotFound: no such user.
    """
    return _erase(client, "user", user_id)


def _erase(client: Client, what: str, key: str) -> dict[str, int]:
    def work(tx: Transaction) -> list[dict[str, int]]:
        if what == "user":  # from here on no event of theirs is stored; an item that they alone mention stays one
            tx.run("collect/lock_nodes", user_ids=[key], item_ids=[])
        for around in tx.run(f"profiles/erasure/find_around_{what}", **{f"{what}_id": key}):
            texts = around.pop("texts", [])
            tx.run("collect/lock_nodes", **around)
            tx.run("collect/lock_queries", texts=texts)
        return tx.run(f"profiles/erasure/erase_{what}", **{f"{what}_id": key})

    return dict(only_row(client.transaction(work), what, key))


def export_user(client: Client, user_id: str) -> Document:
    """All that the graph stores about a user, as one document of JSON types: properties, attributes, events with
    their texts, searches with what they found, mentions of interests in texts, ties, similar users, corrections, and
    interests with evidence and validity.

    Raises:
        NotFound: no such user.
    """
    document = dict(only_row(client.read("profiles/erasure/export_user", user_id=user_id), "user", user_id))
    for part in ("events", "searches", "mentions", "interests", "similar_users"):
        document[part] = [
            {key: value for key, value in (row | row["properties"]).items() if key != "properties"}
            for row in document[part]
        ]
    document["attributes"] = values_by_kind(document["attributes"])
    document["exported_at"] = datetime.now(UTC)
    return _plain(document)


def _plain(value: Any) -> Any:
    """The value with times as ISO 8601 text at every depth."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, neo4j_time.DateTime | neo4j_time.Date | neo4j_time.Time):
        return value.iso_format()
    return value.isoformat() if isinstance(value, datetime) else value
