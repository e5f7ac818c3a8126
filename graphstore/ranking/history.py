"""A user's event history and how it becomes a vector and recency weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Floats
from graphstore.durations import DAY_MILLIS, MINUTE_MILLIS
from graphstore.feedback import low_ratings

Vector = Sequence[float] | NDArray[Any]
DIMENSION = 128  # of embeddings, as the index of item vectors has it
SHORT_ITEMS, LONG_ITEMS = 4.0, 40.0
SEARCHES = 4.0  # the number of searches after which one counts half
UNKNOWN_RELATION = (1.0, -0.25, 180.0, 180.0)


@dataclass(frozen=True)
class Readout:
    """Readout: a user's vector as a weighted sum over their history.

    matrices: (R, D, D), one for each half-life in items; mix: (R,).  relations: by behaviour type the weights of a
    positive and of a negative event, and the half-lives of both in days.
    """

    half_lives: list[float]
    mix: list[float]
    matrices: list[list[list[float]]]
    relations: dict[str, tuple[float, float, float, float]]

    @cached_property
    def _arrays(self) -> Floats:
        """(R, D, D) `matrices`."""
        return np.asarray(self.matrices, dtype=float)

    def vector(self, history: History) -> Floats:
        """(D,) of length 1; empty where no item of the history has a vector or their sum is 0."""
        width = len(self.matrices[0])
        if not any(len(vector) == width for vector in history.vectors):
            return np.zeros(0)
        vectors = np.array([vector if len(vector) == width else np.zeros(width) for vector in history.vectors])
        days, negative = history.age_millis / DAY_MILLIS, history.negative
        columns = np.array([self.relations.get(t, UNKNOWN_RELATION) for t in history.types])
        weight = np.where(negative, columns[:, 1], columns[:, 0])
        weight = weight * np.exp2(-np.nan_to_num(days) / np.where(negative, columns[:, 3], columns[:, 2]))
        total = np.zeros(width)
        for half_life, mix, matrix in zip(self.half_lives, self.mix, self._arrays, strict=True):
            decayed = weight * np.where(np.isnan(days), 1.0, np.exp2(-history.rank / half_life))
            mean = decayed @ vectors / max(np.abs(decayed).sum(), 1e-12)
            total += mix * (matrix @ mean)
        length = np.linalg.norm(total)
        return total / length if length > 0 else np.zeros(0)


@dataclass(frozen=True)
class Recent:
    """A user's latest R items, newest first, and their weights (R, 3) under three kinds of decay."""

    items: list[Any]
    weights: Floats


@dataclass(frozen=True)
class History:
    """A user's latest E events, newest first.

    item_ids: ids or rows.  rank: (E,) 0, 1, …  age_millis: (E,) ms before the newest event, NaN where unknown.
    negative: (E,) whether the event expresses dislike.  vectors: E embeddings, empty where an item has none.
    """

    item_ids: Sequence[Any]
    types: Sequence[str]
    rank: Floats
    age_millis: Floats
    negative: NDArray[np.bool_]
    vectors: Sequence[Vector]

    @classmethod
    def of(
        cls,
        item_ids: Sequence[Any],
        types: Sequence[str],
        millis: Sequence[float],
        values: Sequence[float],
        vectors: Sequence[Vector],
        unwanted: Sequence[str],
    ) -> History:
        """From columns of events, newest first. millis: times, ms since 1970.  unwanted: types that express dislike."""
        at = np.asarray(millis, dtype=float)
        negative = np.isin(np.asarray(types, dtype=object), list(unwanted)) | low_ratings(types, values)
        age = np.maximum(at[0] - at, 0.0) if len(at) else at
        return cls(item_ids, types, np.arange(len(at), dtype=float), age, negative, vectors)

    def recent(self, count: int, negative_weight: float, unwanted: Sequence[str]) -> Recent:
        """The `count` latest items, each at its last event, with weights as `recency_weights` gives them.

        A low rating counts `negative_weight`, an event of an unwanted type 0; items of weight 0 are left out.
        """
        latest = {item_id: place for place, item_id in reversed(list(enumerate(self.item_ids)))}
        keep = sorted(latest.values())[:count]
        liked = np.where(self.negative[keep], negative_weight, 1.0)
        liked[np.isin(np.asarray(self.types, dtype=object)[keep], list(unwanted))] = 0.0
        weights = recency_weights(np.arange(len(keep), dtype=float), self.age_millis[keep], liked).T
        counted = np.flatnonzero(weights[:, 1] > 0)
        return Recent([self.item_ids[keep[n]] for n in counted], weights[counted])


def recency_weights(rank: Floats, age_millis: Floats, liked: Floats) -> Floats:
    """(3, E) weights under three kinds of decay, each row with sum 1 (or 0):

        2^(-rank / SHORT_ITEMS)    2^(-rank / LONG_ITEMS)    1 / (1 + age in minutes)

    times `liked` (E,). An undated event (NaN) has no order: it counts 1, 1 and 0.
    """
    undated = np.isnan(age_millis)
    ranked = [np.where(undated, 1.0, np.exp2(-rank / half_life)) for half_life in (SHORT_ITEMS, LONG_ITEMS)]
    aged = np.where(undated, 0.0, 1.0 / (1.0 + np.nan_to_num(age_millis) / MINUTE_MILLIS))
    weights = np.stack([*ranked, aged]) * liked
    return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)


def search_weights(millis: Floats, latest_event: float, half_life_days: Floats) -> Floats:
    """(S,) weights of a user's searches, newest first: 2^(-rank / SEARCHES - age / half-life), 1 for one just made.

    millis: (S,) times, ms since 1970, NaN where unknown (then only the rank counts).  latest_event: time of the user's
    latest event on an item, NaN without.  half_life_days: (S,).  Ages count back from the user's latest activity.
    """
    latest = np.fmax(np.fmax.reduce(millis, initial=np.nan), latest_event)
    days = np.nan_to_num((latest - millis) / DAY_MILLIS)
    return np.exp2(-np.arange(len(millis)) / SEARCHES - days / half_life_days)
