"""Interactions of users with items, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interactions:
    """E events, as columns (E,).

    user, item: row numbers in `user_ids` (U) and `item_ids` (I).
    day: time in days since 1970, NaN where unknown.
    weight: how much the event counts as positive feedback, at least 0.
    strength: weight of the kind of behaviour, below 0 for dislikes and low ratings.  half_life: of the kind, in days.
    Both are None where they are not known.

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

    def where(self, mask: np.ndarray) -> Interactions:
        """The events of a mask (E,), with the same users and items."""
        columns = (self.user, self.item, self.day, self.weight, self.strength, self.half_life)
        return Interactions(self.user_ids, self.item_ids, *(None if c is None else c[mask] for c in columns))  # type: ignore[arg-type]

    @property
    def latest_day(self) -> float:
        """The time of the latest event, in days since 1970: ages are measured from it; NaN without times."""
        known = self.day[~np.isnan(self.day)]
        return float(known.max()) if known.size else float("nan")
