"""Followers: workers of `update --follow` that are alive, those that were killed, and for how long changes wait."""

from __future__ import annotations

from dataclasses import dataclass

from graphstore.database import leases
from graphstore.database.client import Client, Row


@dataclass(frozen=True)
class Followers:
    """Who follows the graph.

    alive, lost: as `graphstore.database.leases.followers` gives them.
    waiting_seconds: for how long the oldest change has waited for one; 0 where none waits.
    """

    alive: list[Row]
    lost: list[Row]
    waiting_seconds: float

    def count(self, role: str) -> int:
        """How many of a role are alive.  role: "events" or "neighbourhoods"."""
        return sum(role_of(row) == role for row in self.alive)

    def as_dict(self) -> dict[str, object]:
        """For health checks, without names of hosts and numbers of processes."""
        shown = [
            {
                "role": role_of(row),
                "since_seconds": (row["now"] - row["since"]) / 1000,
                "seen_seconds": (row["now"] - row["seen"]) / 1000,
            }
            for row in self.alive
        ]
        return {"followers": shown, "followers_lost": len(self.lost), "waiting_seconds": self.waiting_seconds}


def role_of(row: Row) -> str:
    """What a follower follows: "events" or "neighbourhoods"."""
    return str(row["work"]).removeprefix(leases.FOLLOW)


def read_followers(client: Client) -> Followers:
    """Who follows the graph now, in two statements."""
    alive, lost = leases.followers(client)
    waiting = client.read("update/work_queue/read_waiting")[0]
    return Followers(alive, lost, max(waiting["users"] or 0, waiting["items"] or 0) / 1000)
