"""A planted world as columns: its plan, items, users, episodes, events and ties.

Names: U users, I items, E events, P episodes, F ties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphstore.durations import DAY_SECONDS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

END = 1_767_225_600  # 2026-01-01, a time that has passed
NONE = -1
KINDS = ("view", "like", "rate", "purchase")
LONG, SHORT, NOISE = 0, 1, 2


@dataclass(frozen=True)
class Plan:
    """How large the world is, and how it behaves.

    days: that the behaviour spans, up to `end` (Unix seconds).  drifting: share of users whose interests change.
    noise: share of events by popularity alone.  following: share of users who follow others.
    """

    users: int = 50_000
    items: int = 20_000
    events: int = 1_000_000
    days: int = 180
    seed: int = 0
    drifting: float = 0.3
    noise: float = 0.15
    following: float = 0.4
    end: int = END

    @property
    def start(self) -> int:
        """When the behaviour begins."""
        return self.end - self.days * DAY_SECONDS


@dataclass(frozen=True)
class PlantedItems:
    """topics: (I, 3), NONE where there are fewer.  shares: (I, 3) of each topic.  popularity, born: (I,)."""

    topics: Ints
    shares: Floats
    popularity: Floats
    born: Ints


@dataclass(frozen=True)
class Users:
    """topics, later: (U, 3) what they care for, before and after `changed`, NONE where there are fewer; shares: (U, 3).

    joined, changed: (U,) times; `changed` is the end of the world for those who stay as they are.
    activity: (U,).  age, region: (U,), NONE for those who say nothing of themselves.
    """

    topics: Ints
    later: Ints
    shares: Floats
    joined: Ints
    changed: Ints
    activity: Floats
    age: Ints
    region: Ints


@dataclass(frozen=True)
class Episodes:
    """user, topic, start, end: (P,) in the order of users and times."""

    user: Ints
    topic: Ints
    start: Ints
    end: Ints


@dataclass(frozen=True)
class Events:
    """user, item, kind, at, session: (E,) in the order of time.  value: (E,), NaN where there is none.

    topic: (E,) what the user was after, NONE for noise.  cause: (E,) LONG, SHORT or NOISE.
    """

    user: Ints
    item: Ints
    kind: Ints
    at: Ints
    session: Ints
    value: Floats
    topic: Ints
    cause: Ints


@dataclass(frozen=True)
class Ties:
    """user, follows, at: (F,), each pair once."""

    user: Ints
    follows: Ints
    at: Ints


@dataclass(frozen=True)
class World:
    """All of it."""

    plan: Plan
    items: PlantedItems
    users: Users
    episodes: Episodes
    events: Events
    ties: Ties
