"""Reset: everything that this program wrote is deleted from the graph; what others keep in the database stays.

A node is this program's if it has one of its labels and the key that goes with it (User.user_id, Item.item_id, …).
Nodes that carry a label of others as well stay, with their properties. Relationships go with the nodes they belong to.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphstore.database.client import Client
from graphstore.database.leases import describe, followers, hold
from graphstore.errors import NotReady
from graphstore.progress import Progress, silent

NAMES = {
    "User": "users",
    "Item": "items",
    "Interest": "interests",
    "Attribute": "attributes",
    "Query": "queries",
    "Alias": "aliases",
    "Model": "models",
    "Run": "runs",
    "ApiKey": "API keys",
    "Session": "sessions of the pages",
}


@dataclass(frozen=True)
class Found:
    """What a reset deletes.

    counts: nodes by name, and "relationships".  shared: nodes that stay because others gave them a label as well.
    outside: relationships with nodes of others, which go.
    """

    counts: dict[str, int]
    shared: int
    outside: int

    @property
    def beside(self) -> str:
        """Sentences on what touches others; empty where nothing does."""
        said = ""
        if self.outside:
            said += f"{self.outside:,} of the relationships lead to or from nodes that are not this program's. "
        if self.shared:
            said += f"{self.shared:,} nodes carry other labels as well, and stay. "
        return said


def count_graph(client: Client, keys: bool = False) -> Found:
    """Count what a reset would delete.  keys: API keys as well."""
    rows = {row["label"]: row for row in client.read("administration/reset/count_graph", keys=keys)}
    counts = {name: rows[label]["nodes"] if label in rows else 0 for label, name in NAMES.items()}
    shared, relationships, outside = (
        sum(row[key] for row in rows.values()) for key in ("shared", "relationships", "outside")
    )
    return Found(counts | {"relationships": relationships}, shared, outside)


def reset(client: Client, keys: bool = False, progress: Progress = silent) -> dict[str, int]:
    """Delete everything that this program wrote, in many transactions, after stages that are at work.

    A reset that was stopped goes on when it is run again.

    Constraints, indexes and the schema's version stay. Programs that serve the graph drop what they hold in memory.

    keys: API keys go as well.

    Returns:
        How many nodes of each name, and relationships, were deleted.
    Raises:
        NotReady: `update --follow` is at work.
    """
    check_idle(client)
    with hold(client, "reset", progress) as client:
        found = count_graph(client, keys)
        client.write("administration/reset/renew_feed")
        progress("deleting relationships", 0, None)
        client.autocommit("administration/reset/delete_relationships", keys=keys)
        progress("deleting nodes", 0, None)
        client.autocommit("administration/reset/delete_nodes", keys=keys)
        client.write("administration/reset/renew_feed")
        return found.counts


def check_idle(client: Client) -> None:
    """See that nobody follows the graph: a follower would not end, and would write what it holds.

    Raises:
        NotReady: a follower is alive.
    """
    alive, _ = followers(client)
    if alive:
        raise NotReady(f"At work on this graph: {describe(alive[0])}. Stop it, and run the same again.")
