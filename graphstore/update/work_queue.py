"""The work queue of `update --follow`: users and items to update, with leases, stored as node properties.

`due`        milliseconds since 1970 from which the node may be claimed; set in the transaction that changes the node.
`idle_due`   the low-priority mark: only a neighbour of the user changed. It is claimed when no `due` is waiting.
`lease`      id of the worker's claim. Claiming moves `due` to the end of the lease, so that another worker claims the
             node again if this one stops.
`version`    rises with every transaction that changes the node. A mark is cleared only if `version` is still the one
             of the claim; otherwise the node is due again.

Every node that was updated gets the next number of the change feed, `changed_seq`.
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

from graphstore.clock import GraphClock
from graphstore.database.client import Client, Transaction
from graphstore.interests import interest_parameters, lapse_parameters

LEASE_MILLIS = 30_000
AHEAD_MILLIS = 600_000  # further ahead than any mark is set
LAPSED_AT_ONCE = 500
SILENT_FOLLOWERS = 100  # of one user
LATER_MILLIS = 2_000  # delay of low-priority marks


@dataclass(frozen=True)
class QueueState:
    """The state of the queue and of the graph that updates depend on.

    users, idle_users, items: whether one is due.
    seq: latest number of the feed.  epoch: rises with each erasure.  generation: rises after a full stage.
    latest: the time of the latest event.  clock: of the graph; None before the first build.
    version: of the active model.
    """

    users: bool
    idle_users: bool
    items: bool
    seq: int
    epoch: int
    generation: int
    latest: datetime | None
    clock: GraphClock | None
    version: str | None


@dataclass(frozen=True)
class Lease:
    """A claim of users.  versions: of the users at the claim, by user id."""

    lease_id: str
    versions: dict[str, int]

    @property
    def user_ids(self) -> list[str]:
        """The claimed users."""
        return list(self.versions)


@dataclass(frozen=True)
class LeaseResult:
    """The result of a lease.  seq: number of the feed.  done: users up to date.  requeued: changed again meanwhile."""

    seq: int
    done: int
    requeued: int


def read_queue_state(client: Client) -> QueueState:
    """Read the state of the queue, in one round trip."""
    row = client.read_once("update/work_queue/find_due")[0]
    latest = row.pop("latest")
    clock = row.pop("clock")
    return QueueState(
        latest=latest.to_native() if latest else None, clock=GraphClock.stored(clock) if clock else None, **row
    )


def claim_users(client: Client, count: int, idle: bool = False) -> Lease:
    """Claim up to `count` due users, longest due first.  idle: low-priority ones (`idle_due`)."""
    lease_id = uuid.uuid4().hex
    statement = "update/work_queue/claim_idle_users" if idle else "update/work_queue/claim_users"
    rows = client.write_once(statement, count=count, lease=lease_id, millis=LEASE_MILLIS)
    kept = {row["user_id"]: row["version"] for row in rows if row["user_id"] is not None}  # None: erased meanwhile
    return Lease(lease_id, kept)


def finish_items(client: Client, count: int) -> int:
    """Clear the marks of up to `count` due items and add these to the feed; returns their number."""
    return int(client.write_once("update/work_queue/finish_items", count=count)[0]["items"])


def finish_users(
    client: Client,
    lease: Lease,
    *,
    clock: GraphClock,
    latest: datetime | None,
    vectors: Mapping[str, NDArray[Any] | None],
    version: str | None,
) -> LeaseResult:
    """Write the interests and embeddings of the users of a lease and clear their marks, in one transaction.

    clock: of the graph.  latest: the time of these users' latest event.
    vectors: new embeddings (D,) by user id; None deletes the embedding.  version: of the model that computed them.
    """
    rows = [
        {"user_id": user_id, "embedding": None if vector is None else np.asarray(vector).tolist()}
        for user_id, vector in vectors.items()
    ]
    parameters = interest_parameters(clock, client.kinds)

    now = clock.properties()["clock"]

    def work(tx: Transaction) -> LeaseResult:
        tx.run("collect/lock_nodes", user_ids=sorted(lease.user_ids), item_ids=[])
        found = tx.run("extract/interests/write_user_interests", user_ids=lease.user_ids, **parameters)
        if version is not None and rows:
            tx.run("update/embeddings/write_marked_users", rows=rows, version=version)
        changes = [
            {
                "user_id": row["user_id"],
                "version": lease.versions[row["user_id"]],
                "changes": json.dumps({"opened": row["opened"], "closed": row["closed"]}, ensure_ascii=False),
            }
            for row in found
        ]
        row = tx.run("update/work_queue/finish_users", rows=changes, lease=lease.lease_id, latest=latest, clock=now)[0]
        return LeaseResult(row["seq"], row["done"], row["again"])

    return client.transaction(work)


def clear_before(client: Client, moment: datetime) -> None:
    """Clear marks that are older than a time: the stages that ran since then did that work."""
    client.autocommit("update/work_queue/clear_marks", before=round(moment.timestamp() * 1000))


def mark_touched(client: Client, since: datetime) -> int:
    """Mark users and items that changed since a time and have no mark; returns their number."""
    return int(client.write("update/work_queue/mark_touched", since=since)[0]["marked"])


def has_ties(client: Client) -> bool:
    """Whether there is a tie between users."""
    return client.read("update/work_queue/count_ties")[0]["ties"] > 0


def mark_lapsed(client: Client, clock: GraphClock) -> int:
    """Mark up to LAPSED_AT_ONCE users whose short-term interests expired; returns their number.

    clock: of the graph.
    """
    rows = client.write("update/work_queue/mark_lapsed", count=LAPSED_AT_ONCE, **lapse_parameters(clock))
    return int(rows[0]["marked"])


def bring_back_marks(client: Client) -> int:
    """Make due what is marked for a time that only a clock which was put back makes so late; returns the number."""
    return int(client.write("update/work_queue/bring_back_marks", millis=AHEAD_MILLIS)[0]["marks"])


def mark_silent_followers(client: Client, user_ids: Sequence[str]) -> int:
    """Mark, with low priority, followers of these users who have no behaviour of their own; returns their number.

    At most SILENT_FOLLOWERS followers of each user are read; they are due after LATER_MILLIS.
    """
    rows = client.write_once(
        "update/work_queue/mark_silent_followers", user_ids=list(user_ids), bound=SILENT_FOLLOWERS, millis=LATER_MILLIS
    )
    return int(rows[0]["marked"])


def mark_users_of(client: Client, item_ids: Sequence[str], bound: int, millis: int) -> int:
    """Mark, with low priority, up to `bound` users with behaviour on each item; returns their number.

    millis: delay until they are due.
    """
    rows = client.write("update/work_queue/mark_users_of_items", item_ids=list(item_ids), bound=bound, millis=millis)
    return int(rows[0]["marked"])
