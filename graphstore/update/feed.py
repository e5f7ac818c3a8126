"""The feed of changes: what followers just changed, in the order in which they did."""

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
    """One node that was brought up to date. seq: the number of the feed; several nodes may have the same.

    kind: "user" or "item".  document: user_id, or item_id and title; version; of a user the names of interests that
    opened and closed.
    """

    seq: int
    kind: str
    document: dict[str, Any]


def newest(client: Client) -> int:
    """The number of the latest change."""
    return int(client.read("update/following/read_feed")[0]["seq"])


def read_changes(client: Client, seq: int, at_once: int = AT_ONCE) -> list[Change]:
    """What changed after a number, all of each number that is returned; a node stands where it changed last.

    Call it again with the last number for the rest.
    """
    rows = client.read("update/following/read_changes", seq=seq, count=at_once)
    for label in IDS:  # a list that was cut may lack others of its last number
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
