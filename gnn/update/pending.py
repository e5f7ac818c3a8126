"""Items whose derived rows are stale, ordered by how stale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from graphstore.incremental.staleness import Staleness
from graphstore.interactions import Interactions


@dataclass
class Pending:
    """How stale what is derived is: by item as target, by item as source, by user."""

    targets: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    sources: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    users: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, user_id: str, change: Staleness, events: int) -> None:
        """A user's history changed; events: how many they have now."""
        for known, moved in ((self.targets, change.targets), (self.sources, change.sources)):
            for item_id, share in moved.items():
                known[item_id] += share
        if change.items:
            self.users[user_id] += len(change.items) / max(events, 1)

    def forget(self, items: Iterable[str], users: Iterable[str]) -> None:
        """These are gone."""
        for item_id in items:
            self.targets.pop(item_id, None)
            self.sources.pop(item_id, None)
        for user_id in users:
            self.users.pop(user_id, None)


def stalest(pending: dict[str, float], count: int, least: float) -> list[str]:
    """The `count` most stale, taken out."""
    found = sorted((key for key, share in pending.items() if share >= least), key=lambda key: (-pending[key], key))
    for key in found[:count]:
        del pending[key]
    return found[:count]


def touched_shares(events: Interactions, user_ids: set[str]) -> dict[str, float]:
    """Items with the share of their events that is of these users: about as much of what is known can be other."""
    touched = np.array([user_id in user_ids for user_id in events.user_ids], dtype=float)
    size = len(events.item_ids)
    all_events = np.bincount(events.item, minlength=size)
    theirs = np.bincount(events.item, touched[events.user], minlength=size)
    return {events.item_ids[n]: float(theirs[n] / all_events[n]) for n in np.flatnonzero(theirs)}
