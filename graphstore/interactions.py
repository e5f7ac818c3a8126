"""Behaviour, attributes and interests out of the graph, as columns and sparse matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interactions:
    """Behaviour as columns of length E.

    user, item: row numbers in `user_ids` (U) and `item_ids` (I).
    day: time in days since 1970, NaN where unknown.
    weight: what the event tells, at least 0; low for negative behaviour.
    strength: the weight of its kind, below 0 where the event tells dislike; half_life: of its kind, in days; both None
    where that is not known.

    As pulled from the graph a user's events stand together, newest first, undated ones last.
    """

    user_ids: list[str]
    item_ids: list[str]
    user: np.ndarray
    item: np.ndarray
    day: np.ndarray
    weight: np.ndarray
    strength: np.ndarray | None = None
    half_life: np.ndarray | None = None

    def where(self, mask: np.ndarray) -> Interactions:
        """Only the events of a mask (E,), over the same users and items."""
        columns = (self.user, self.item, self.day, self.weight, self.strength, self.half_life)
        return Interactions(self.user_ids, self.item_ids, *(None if c is None else c[mask] for c in columns))  # type: ignore[arg-type]

    @property
    def latest_day(self) -> float:
        """The time that decay refers to: that of the latest event, in days since 1970; NaN if no event has a time."""
        known = self.day[~np.isnan(self.day)]
        return float(known.max()) if known.size else float("nan")
