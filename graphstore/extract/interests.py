"""Interests in the graph: `Interest` nodes, `INTERESTED_IN` of users, and which users to compute again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from graphstore.batches import ITEM_ROWS, USER_ROWS, VECTOR_ROWS, batched
from graphstore.clock import GraphClock
from graphstore.database import statements
from graphstore.database.client import Client
from graphstore.interests import BEHAVIOUR, QUARTER, interest_parameters, lapse_parameters, replay_parameters
from graphstore.progress import Progress, silent

AFFECTED_USERS = 10_000


@dataclass
class InterestCounts:
    """Counts of a computation of users' interests: users, and interests that were opened, kept open and closed."""

    users: int = 0
    opened: int = 0
    kept: int = 0
    closed: int = 0


def read_interests(client: Client) -> list[dict[str, Any]]:
    """The vocabulary in the graph: name, label, origin, forms (other phrases of texts that mean the same), items."""
    return client.read("extract/interests/read_interests")


def write_interests(client: Client, rows: Sequence[Mapping[str, Any]]) -> int:
    """Merge interests {name, label, origin, embedding, forms (may be left out)}; returns the number of new ones."""
    batches = batched(rows, VECTOR_ROWS)
    return sum(client.write("extract/interests/merge_interests", rows=batch)[0]["created"] for batch in batches)


def delete_unused(client: Client, names: Sequence[str]) -> int:
    """Delete interests that are not in the vocabulary `names` and have no relationships; returns their number."""
    return int(client.write("extract/interests/delete_unused_interests", names=list(names))[0]["deleted"])


def read_clock(client: Client) -> GraphClock:
    """The graph's clock, from the number of events of each day."""
    known = set(client.read("collect/read_types")[0]["types"])
    statement = statements.load("extract/interests/count_events_by_day")
    rows: list[dict[str, Any]] = []
    for behaviour_type in sorted({kind.type for kind in client.kinds.values()} & known):
        rows += client.read(statement.for_type(behaviour_type))
    latest = np.array([row["latest"] for row in rows], dtype=float)
    return GraphClock.of(np.repeat(latest, np.array([row["events"] for row in rows], dtype=np.int64)))


def touched_users(client: Client, since: datetime) -> list[str]:
    """Users with a new event or tie since a time."""
    return [row["user_id"] for row in client.read("extract/interests/read_touched_users", since=since)]


def all_users(client: Client) -> list[str]:
    """Every user, sorted."""
    return [row["user_id"] for row in client.stream("extract/interests/read_all_users")]


def count_items(client: Client) -> None:
    """Write to every interest the number of items about it."""
    client.write("extract/interests/count_interest_items")


def count_users(client: Client) -> None:
    """Write to every interest the number of users who have it."""
    client.write("extract/interests/count_interest_users")


def users_to_read(
    client: Client,
    clock: GraphClock,
    since: datetime | None,
    changed_items: Sequence[str] = (),
    progress: Progress = silent,
) -> list[str]:
    """Users whose interests may have changed, sorted.

    clock: of the graph, for short-term interests that expired.
    since: of the last run; all users where None.
    changed_items: items whose interests changed; at most AFFECTED_USERS of their users for each batch of items.
    """
    progress("finding users to read", 0, None)
    if since is None:
        return all_users(client)
    rows = client.read("extract/interests/read_touched_users", since=since)
    rows += client.read("extract/interests/read_lapsed_users", **lapse_parameters(clock))
    for batch in batched(changed_items, ITEM_ROWS):
        rows += client.read("extract/interests/read_affected_users", item_ids=batch, bound=AFFECTED_USERS)
    return sorted({row["user_id"] for row in rows})


def write_user_interests(
    client: Client, user_ids: Sequence[str], clock: GraphClock, progress: Progress = silent
) -> InterestCounts:
    """Compute users' interests from their behaviour, in Cypher, one transaction a batch.  clock: of the graph.

    Of users who have no interests yet, the past is computed as well: as of the end of each QUARTER with events.
    """
    counts = InterestCounts()
    parameters = interest_parameters(clock, client.kinds)
    progress("users' interests", 0, len(user_ids))
    for batch in batched(user_ids, USER_ROWS):
        counts.users += len(batch)
        parameters["replayed"] = _replay(client, batch, parameters)
        for row in client.write("extract/interests/write_user_interests", user_ids=batch, **parameters):
            counts.opened += len(row["opened"])
            counts.kept += row["kept"]
            counts.closed += len(row["closed"])
        progress("users' interests", counts.users, len(user_ids))
    if user_ids:
        count_users(client)
    return counts


def _replay(client: Client, user_ids: Sequence[str], parameters: Mapping[str, Any]) -> list[str]:
    """Compute interests as they were at the end of each quarter, of users who have none yet; returns these users."""
    found: set[str] = set()
    quarter = round(QUARTER.total_seconds() * 1000)
    rows = client.read("extract/interests/read_unread_quarters", user_ids=list(user_ids), quarter=quarter, by=BEHAVIOUR)
    for row in rows:
        end = datetime.fromtimestamp((row["number"] + 1) * quarter / 1000, UTC)
        past = dict(parameters) | replay_parameters(end, row["user_ids"])
        client.write("extract/interests/write_user_interests", user_ids=row["user_ids"], **past)
        found.update(row["user_ids"])
    return sorted(found)
