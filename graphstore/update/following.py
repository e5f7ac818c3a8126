"""The graph side of following: which worker derives neighbourhoods, what changed since, and up to when all is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphstore.database.client import Client


def database_clock(client: Client) -> int:
    """The time of the database, in milliseconds since 1970."""
    return int(client.read("update/following/read_clock")[0]["now"])


def lead(client: Client, lease: str, millis: int) -> dict[str, Any]:
    """Become or stay the one neighbourhood worker, for some milliseconds.

    Returns:
        leads (whether this lease does), and what the worker before noted: done, build, penalties.
    """
    return client.write("update/following/lead_lane", lease=lease, millis=millis)[0]


def leave(client: Client, lease: str) -> None:
    """Give up the lead, so that another worker takes over at once."""
    client.write("update/following/leave_lane", lease=lease)


def note_done(client: Client, lease: str, done: int, build: str | None, penalties: Sequence[float]) -> None:
    """Note that all touched before `done` (milliseconds) is derived, from which build and by which penalties."""
    client.write("update/following/note_done", lease=lease, done=done, build=build, penalties=list(penalties))


def changed_users(client: Client, seq: int, newest: int, count: int) -> list[str]:
    """Users that changed after number `seq` of the feed, up to the newest, read `count` at a time."""
    found: list[str] = []
    while seq < newest:
        rows = client.read("update/following/read_changed_users", seq=seq, count=count)
        found += [row["user_id"] for row in rows]
        if len(rows) < count:
            break
        seq = max(rows[-1]["seq"] - 1, seq + 1)
    return list(dict.fromkeys(found))


def read_histories(client: Client, user_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The whole history of each user that is in the graph: user_id and columns item_ids, types, values, days."""
    return client.read("update/following/read_histories", user_ids=list(user_ids))


def unread_items(client: Client, seq: int) -> list[str]:
    """Items that were described anew after number `seq` of the feed and not read since."""
    return [row["item_id"] for row in client.read("update/following/read_unread_items", seq=seq)]


def changed_embeddings(client: Client, seq: int, version: str) -> list[dict[str, Any]]:
    """Items whose embedding by a model changed after number `seq` of the feed: item_id, embedding."""
    return client.read_once("update/following/read_changed_items", seq=seq, version=version)
