"""Marks: what events leave on the nodes they touch, and how followers take them, work on them, and clear them.

A mark is a property of the node, `due`: milliseconds since 1970 from when on it is to be looked at. A mark that nobody
waits for, since only what the user rests on has moved, is `idle_due`, and is taken where no other is due. Whoever takes
one moves it into the future and notes a `lease`, so that another takes it over only if the first is gone by then.
`version` rises with every transaction that touches the node: a mark is cleared only if it stands where it stood when
the mark was taken. Everything a follower changed gets the next number of the feed, `changed_seq`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.database.client import Client, Transaction
from graphstore.interests import SHORT_HORIZON, interest_parameters

LEASE_MILLIS = 30_000
LAPSED_AT_ONCE = 500
SILENT_FOLLOWERS = 100
LATER_MILLIS = 2_000


@dataclass(frozen=True)
class QueueState:
    """What work rests on. users, idle_users, items: whether one is due.  version: of the active model.

    The others are of the feed.
    """

    users: bool
    idle_users: bool
    items: bool
    seq: int
    epoch: int
    generation: int
    latest: datetime | None
    version: str | None


@dataclass(frozen=True)
class Lease:
    """Marks that were taken: the versions of users by their ids, and the lease."""

    lease: str
    versions: dict[str, int]

    @property
    def user_ids(self) -> list[str]:
        """Whose marks they are."""
        return list(self.versions)


@dataclass(frozen=True)
class Finished:
    """What became of a claim: how many users are up to date, and how many were touched again meanwhile."""

    seq: int
    done: int
    again: int


def read_queue_state(client: Client) -> QueueState:
    """Whether there is something to do, and what the graph is like now."""
    row = client.read_once("update/work_queue/find_due")[0]
    latest = row.pop("latest")
    return QueueState(latest=latest.to_native() if latest else None, **row)


def claim_users(client: Client, count: int, idle: bool = False) -> Lease:
    """Take up to `count` marks of users that are due, the longest due first. idle: of those that nobody waits for."""
    lease = uuid.uuid4().hex
    statement = "update/work_queue/claim_idle_users" if idle else "update/work_queue/claim_users"
    rows = client.write_once(statement, count=count, lease=lease, millis=LEASE_MILLIS)
    return Lease(lease, {row["user_id"]: row["version"] for row in rows})


def finish_items(client: Client, count: int) -> int:
    """Tell everybody that items with a mark have changed: their popularity, or what they are."""
    return int(client.write_once("update/work_queue/finish_items", count=count)[0]["items"])


def finish_users(
    client: Client,
    claim: Lease,
    *,
    as_of: datetime,
    latest: datetime | None,
    vectors: Mapping[str, NDArray[Any] | None],
    version: str | None,
) -> Finished:
    """Write what follows from the present behaviour of the users of a claim, and clear their marks, in one transaction.

    as_of: the graph's clock.  latest: the latest event among those of these users.
    vectors: new embeddings (D,) by user, None for users of whom nothing is known; made by model `version`.
    """
    rows = [
        {"user_id": user_id, "embedding": None if vector is None else np.asarray(vector).tolist()}
        for user_id, vector in vectors.items()
    ]
    parameters = interest_parameters(as_of, client.kinds)

    def work(tx: Transaction) -> Finished:
        tx.run("collect/lock_nodes", user_ids=sorted(claim.user_ids), item_ids=[])
        found = tx.run("extract/interests/write_user_interests", user_ids=claim.user_ids, **parameters)
        if version is not None and rows:
            tx.run("update/embeddings/write_marked_users", rows=rows, version=version)
        changes = [
            {
                "user_id": row["user_id"],
                "version": claim.versions[row["user_id"]],
                "changes": json.dumps({"opened": row["opened"], "closed": row["closed"]}, ensure_ascii=False),
            }
            for row in found
        ]
        return Finished(**tx.run("update/work_queue/finish_users", rows=changes, lease=claim.lease, latest=latest)[0])

    return client.transaction(work)


def clear_before(client: Client, moment: datetime) -> None:
    """Clear the marks of before a moment, as stages have done since what followers would do."""
    client.autocommit("update/work_queue/clear_marks", before=round(moment.timestamp() * 1000))


def mark_touched(client: Client, since: datetime) -> int:
    """Mark users and items that were touched since a moment and have no mark; how many."""
    return int(client.write("update/work_queue/mark_touched", since=since)[0]["marked"])


def has_ties(client: Client) -> bool:
    """Whether anybody follows anybody."""
    return client.read("update/work_queue/count_ties")[0]["ties"] > 0


def mark_lapsed(client: Client, as_of: datetime) -> int:
    """Mark users whose short-term interests rest on nothing recent any more, by the graph's clock; how many."""
    rows = client.write("update/work_queue/mark_lapsed", recent=as_of - SHORT_HORIZON, count=LAPSED_AT_ONCE)
    return int(rows[0]["marked"])


def mark_silent_followers(client: Client, user_ids: Sequence[str]) -> int:
    """Mark, for later, some of those who follow these users and do nothing themselves; how many."""
    rows = client.write_once(
        "update/work_queue/mark_silent_followers", user_ids=list(user_ids), bound=SILENT_FOLLOWERS, millis=LATER_MILLIS
    )
    return int(rows[0]["marked"])


def mark_users_of(client: Client, item_ids: Sequence[str], bound: int, millis: int) -> int:
    """Mark, for later, up to `bound` users with behaviour on each of some items; how many."""
    rows = client.write("update/work_queue/mark_users_of_items", item_ids=list(item_ids), bound=bound, millis=millis)
    return int(rows[0]["marked"])
