"""The change feed: users and items that `update --follow` updated, in order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphstore.database.client import Client

AT_ONCE = 5_000
IDS = {"User": "user_id", "Item": "item_id"}


@dataclass(frozen=True)
class Change:
    """One node that was updated.

    seq: number of the feed, which several nodes can share.  kind: "user" or "item".
    document: version, and user_id and the names of interests that opened and closed, or item_id and title.
    """

    seq: int
    kind: str
    document: dict[str, Any]


def newest(client: Client) -> int:
    """The number of the latest change."""
    return int(client.read("update/following/read_feed")[0]["seq"])


def read_changes(client: Client, seq: int, at_once: int = AT_ONCE) -> list[Change]:
    """Changes after a number, in order; each node once, at its latest change.

    All nodes of a returned number are returned. Call it again with the last number for the rest.
    """
    rows = client.read("update/following/read_changes", seq=seq, count=at_once)
    for label in IDS:  # a list that was cut can lack nodes of its last number
        own = [row["seq"] for row in rows if row["label"] == label]
        if len(own) == at_once and own[0] < own[-1]:
            rows = [row for row in rows if row["seq"] < own[-1]]
    return [_change(row) for row in rows]


def _change(row: Mapping[str, Any]) -> Change:
    label = row["label"]
    document: dict[str, Any] = {IDS[label]: row["key"], "version": row["version"]}
    if label == "Item":
        document["title"] = row["title"]
    else:
        document |= {"opened": [], "closed": []} | json.loads(row["changes"] or "{}")
    return Change(row["seq"], label.lower(), document)
