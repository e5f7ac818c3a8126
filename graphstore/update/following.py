"""State of `update --follow` in the graph: changes, and how far the neighbourhood worker has come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphstore.database.client import Client


def database_clock(client: Client) -> int:
    """The database's clock, in milliseconds since 1970."""
    return int(client.read("update/following/read_clock")[0]["now"])


def read_done(client: Client) -> dict[str, Any] | None:
    """What the last neighbourhood worker noted: done, build, penalties; None for nothing."""
    rows = client.read("update/following/read_done")
    return rows[0] if rows else None


def note_done(client: Client, since: int, done: int, build: str | None, penalties: Sequence[float]) -> None:
    """Record that changes before `done` (milliseconds since 1970) are derived, and the build and penalties used.

    since: of the last record.
    """
    client.write("update/following/note_done", since=since, done=done, build=build, penalties=list(penalties))


def confirm_embeddings(client: Client, item_ids: Sequence[str]) -> None:
    """Record that the embeddings of items were computed again and are as stored."""
    if item_ids:
        client.write("update/following/confirm_embeddings", item_ids=list(item_ids))


def changed_users(client: Client, seq: int, newest: int, count: int) -> list[str]:
    """Users that changed after number `seq` of the feed.  newest: its latest number.  count: users of one read."""
    found: list[str] = []
    while seq < newest:
        rows = client.read("update/following/read_changed_users", seq=seq, count=count)
        found += [row["user_id"] for row in rows]
        if len(rows) < count:
            break
        seq = max(rows[-1]["seq"] - 1, seq + 1)
    return list(dict.fromkeys(found))


def read_histories(client: Client, user_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The whole history of each user in the graph: user_id and columns item_ids, types, values, days."""
    return client.read("update/following/read_histories", user_ids=list(user_ids))


def unread_items(client: Client, seq: int) -> list[str]:
    """Items whose description changed after number `seq` of the feed and was not read since."""
    return [row["item_id"] for row in client.read("update/following/read_unread_items", seq=seq)]


def unembedded_items(client: Client, seq: int) -> list[str]:
    """Items that changed after number `seq` of the feed, were read by another program, and have no embedding."""
    return [row["item_id"] for row in client.read("update/following/read_unembedded_items", seq=seq)]


def changed_embeddings(client: Client, seq: int, version: str) -> list[dict[str, Any]]:
    """Items whose embedding by a model changed after number `seq` of the feed: item_id, embedding."""
    return client.read_once("update/following/read_changed_items", seq=seq, version=version)
