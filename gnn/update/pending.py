"""Stale items and users: those whose derived rows changed, and by how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from graphstore.incremental.staleness import Staleness
from graphstore.interactions import Interactions


@dataclass
class Pending:
    """Staleness of derived rows, as shares of what they are made of.

    targets: of an item's column of similar items.  sources: of the items that follow an item.  users: of the users
    similar to one.
    """

    targets: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    sources: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    users: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, user_id: str, change: Staleness, events: int) -> None:
        """Add the staleness from one changed history. user_id: whose it is.  events: how many they have now."""
        for known, shares in ((self.targets, change.targets), (self.sources, change.sources)):
            for item_id, share in shares.items():
                known[item_id] += share
        if change.items:
            self.users[user_id] += len(change.items) / max(events, 1)

    def forget(self, items: Iterable[str], users: Iterable[str]) -> None:
        """Drop items and users that no longer exist."""
        for item_id in items:
            self.targets.pop(item_id, None)
            self.sources.pop(item_id, None)
        for user_id in users:
            self.users.pop(user_id, None)


def stalest(pending: dict[str, float], count: int, least: float) -> list[str]:
    """Take out the `count` stalest, of those with a staleness of `least` or more; equally stale ones by id."""
    found = sorted((key for key, share in pending.items() if share >= least), key=lambda key: (-pending[key], key))
    for key in found[:count]:
        del pending[key]
    return found[:count]


def touched_shares(events: Interactions, user_ids: set[str]) -> dict[str, float]:
    """Items with the share of their events that is by these users: an estimate of their staleness."""
    touched = np.array([user_id in user_ids for user_id in events.user_ids], dtype=float)
    size = len(events.item_ids)
    all_events = np.bincount(events.item, minlength=size)
    theirs = np.bincount(events.item, touched[events.user], minlength=size)
    return {events.item_ids[n]: float(theirs[n] / all_events[n]) for n in np.flatnonzero(theirs)}
