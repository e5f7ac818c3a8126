"""Positive and negative feedback: which events express dislike, and how much an event counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Floats
from graphstore.kinds import Kind


def low_ratings(types: Sequence[str], values: Sequence[float]) -> NDArray[np.bool_]:
    """Which events are ratings at or below the user's mean - 1 (at or below 2 where fewer than three are known)."""
    return low_among(np.asarray(values, dtype=float), np.asarray(types, dtype=object) == "RATED")


def low_among(values: Floats, rated: NDArray[np.bool_], users: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
    """The rule behind `low_ratings`, for values (E,) of which some are ratings; users: (E,) whose, where of several."""
    users = np.zeros(len(values), dtype=np.int64) if users is None else users
    known = rated & ~np.isnan(values)
    counts = np.bincount(users[known], minlength=int(users.max(initial=0)) + 1)
    sums = np.bincount(users[known], values[known], minlength=len(counts))
    threshold = np.where(counts > 2, sums / np.maximum(counts, 1) - 1.0, 2.0)
    with np.errstate(invalid="ignore"):
        return known & (values <= threshold[users])


def telling(
    types: Sequence[str], values: Sequence[float], kinds: Mapping[str, Kind], negative_weight: float
) -> tuple[np.ndarray, np.ndarray]:
    """What the events of one user tell, (E,), at least 0, and which of them are low ratings."""
    count = len(types)
    strength = {kind.type: max(kind.weight, 0.0) for kind in kinds.values()}
    weight = np.fromiter((strength.get(t, 1.0) for t in types), dtype=float, count=count)
    rated = np.fromiter((t == "RATED" for t in types), dtype=bool, count=count)
    low = low_among(np.array(values, dtype=float), rated)
    weight[low] *= negative_weight
    return weight, low


def unwanted_types(kinds: Mapping[str, Kind]) -> list[str]:
    """Types of behaviour that tell dislike."""
    return sorted(kind.type for kind in kinds.values() if kind.weight <= 0)
