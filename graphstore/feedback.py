"""Positive and negative feedback: which events express dislike, and the weight of each event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows
from graphstore.kinds import Kind

ABOVE = 0.6  # of the highest rating of the graph; what is rated so or lower is never given as a reason


def low_ratings(types: Sequence[str], values: Sequence[float]) -> NDArray[np.bool_]:
    """(E,) which events of one user are low ratings, by the rule of `low_among`.  values: NaN where unknown."""
    return low_among(np.asarray(values, dtype=float), np.asarray(types, dtype=object) == "RATED")


def low_among(values: Floats, rated: NDArray[np.bool_], users: Rows | None = None) -> NDArray[np.bool_]:
    """(E,) which events are low ratings: at or below the user's mean - 1, or at or below 2 for less than three ratings.

    values: (E,), NaN where unknown.  rated: (E,) which events are ratings.  users: (E,) user numbers; one user if None.
    """
    users = np.zeros(len(values), dtype=np.int64) if users is None else users
    known = rated & ~np.isnan(values)
    counts = np.bincount(users[known], minlength=int(users.max(initial=0)) + 1)
    sums = np.bincount(users[known], values[known], minlength=len(counts))
    threshold = np.where(counts > 2, sums / np.maximum(counts, 1) - 1.0, 2.0)
    with np.errstate(invalid="ignore"):
        return known & (values <= threshold[users])


def low_without(values: Floats, rated: NDArray[np.bool_], absent: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(V, E) which events of one user are low ratings by the rule of `low_among`, in V histories.

    values: (E,), NaN where unknown.  rated: (E,) which events are ratings.  absent: (V, E) events that a history lacks.
    """
    known = rated & ~np.isnan(values) & ~absent
    counts, sums = known.sum(axis=1), np.where(known, values, 0.0).sum(axis=1)
    threshold = np.where(counts > 2, sums / np.maximum(counts, 1) - 1.0, 2.0)
    with np.errstate(invalid="ignore"):
        return known & (values <= threshold[:, None])


def feedback_weights(
    types: Sequence[str], values: Sequence[float], kinds: Mapping[str, Kind], negative_weight: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """The weights (E,) of one user's events, 0 for negative kinds, and (E,) which events are low ratings.

    types: relationship types; unknown ones weigh 1.  values: NaN where unknown.
    negative_weight: factor of the weight of low ratings.
    """
    count = len(types)
    positive = {kind.type: max(kind.weight, 0.0) for kind in kinds.values()}
    weight = np.fromiter((positive.get(t, 1.0) for t in types), dtype=float, count=count)
    rated = np.fromiter((t == "RATED" for t in types), dtype=bool, count=count)
    low = low_among(np.array(values, dtype=float), rated)
    weight[low] *= negative_weight
    return weight, low


def unwanted_types(kinds: Mapping[str, Kind]) -> list[str]:
    """Relationship types of negative behaviour, sorted."""
    return sorted(kind.type for kind in kinds.values() if kind.weight <= 0)
