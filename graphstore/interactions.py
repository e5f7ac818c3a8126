"""Interactions of users with items, as columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graphstore.clock import GraphClock

COLUMNS = ("user", "item", "day", "weight", "strength", "half_life", "clock_day")


@dataclass(frozen=True)
class Interactions:
    """E events, as columns (E,).

    user, item: row numbers in `user_ids` (U) and `item_ids` (I).
    day: time in days since 1970, NaN where unknown.
    weight: how much the event counts as positive feedback, at least 0.
    strength: weight of the kind of behaviour, below 0 for dislikes and low ratings.  half_life: of the kind, in days.
    Both are None where they are not known.
    clock_day: time by the graph's clock (`on_clock`), from which ages are measured; that of `day` where None.
    highest_rating: None where there is none.

    As read from the graph, the events of a user stand together, newest first, those without a time last.
    """

    user_ids: list[str]
    item_ids: list[str]
    user: np.ndarray
    item: np.ndarray
    day: np.ndarray
    weight: np.ndarray
    strength: np.ndarray | None = None
    half_life: np.ndarray | None = None
    clock_day: np.ndarray | None = None
    highest_rating: float | None = None

    def where(self, mask: np.ndarray) -> Interactions:
        """The events of a mask (E,), with the same users and items."""
        columns = {name: getattr(self, name) for name in COLUMNS}
        kept: dict[str, Any] = {name: None if c is None else c[mask] for name, c in columns.items()}
        return replace(self, **kept)

    def on_clock(self, clock: GraphClock | None = None) -> Interactions:
        """The same events with their times by a clock, that of these events where None, unless they have such times."""
        if self.clock_day is not None:
            return self
        return replace(self, clock_day=(clock or GraphClock.of(self.day)).on(self.day))

    @property
    def ages_from(self) -> np.ndarray:
        """(E,) the times that ages are measured with, in days since 1970."""
        return self.day if self.clock_day is None else self.clock_day

    @property
    def now(self) -> float:
        """The day that ages are measured from, that of the latest event; NaN without times."""
        return _latest(self.ages_from)

    @property
    def latest_day(self) -> float:
        """The time of the latest event, in days since 1970; NaN without times."""
        return _latest(self.day)


def _latest(day: np.ndarray) -> float:
    known = day[~np.isnan(day)]
    return float(known.max()) if known.size else float("nan")
