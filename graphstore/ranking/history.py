"""A user's event history and how it becomes a vector and recency weights."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows
from graphstore.durations import DAY_MILLIS, MINUTE_MILLIS
from graphstore.feedback import low_ratings, low_without

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
        vectors = history.matrix(width)
        total = np.zeros(width)
        for mix, matrix, share in zip(self.mix, self._arrays, self.attention(history), strict=True):
            total += mix * (matrix @ (share @ vectors))
        length = np.linalg.norm(total)
        return total / length if length > 0 else np.zeros(0)

    def attention(self, history: History) -> Floats:
        """(R, E) the weight of each event in the mean of each half-life, below 0 for dislikes.

        rank, age_millis and negative of the history may be (…, E), for several variants of it: then (R, …, E).
        """
        days, negative = history.age_millis / DAY_MILLIS, history.negative
        place = {name: n for n, name in enumerate(dict.fromkeys(history.types))}
        table = np.array([self.relations.get(name, UNKNOWN_RELATION) for name in place]).reshape(-1, 4)
        columns = table[[place[name] for name in history.types]].T
        undated = np.isnan(days)
        weight = np.where(negative, columns[1], columns[0])
        weight = weight * np.exp2(np.where(undated, 0.0, -days) / np.where(negative, columns[3], columns[2]))
        weight = np.where(history.absent, 0.0, weight)
        shares = []
        for half_life in self.half_lives:
            decayed = weight * np.where(undated, 1.0, np.exp2(-history.rank / half_life))
            shares.append(decayed / np.maximum(np.abs(decayed).sum(axis=-1, keepdims=True), 1e-12))
        return np.array(shares)

    def projected(self, history: History, directions: Floats) -> Floats | None:
        """(E, N) the part of each event in the products of the user's vector with directions (D, N): by column they
        add up to these. None where `vector` is empty."""
        width = len(self.matrices[0])
        vectors = history.matrix(width)
        total, parts = np.zeros(width), np.zeros((len(vectors), directions.shape[1]))
        for mix, matrix, share in zip(self.mix, self._arrays, self.attention(history), strict=True):
            total += mix * (matrix @ (share @ vectors))
            parts += mix * share[:, None] * (vectors @ (matrix.T @ directions))
        length = np.linalg.norm(total)
        return parts / length if length > 0 else None

    def vectors_of(self, variants: History) -> Floats:
        """(V, D) of length 1, or 0: the vectors of V variants of a history, as `History.without_each` gives them."""
        vectors = variants.matrix(len(self.matrices[0]))
        parts = zip(self.mix, self._arrays, self.attention(variants), strict=True)
        total: Floats = sum(((share @ vectors) @ (mix * matrix.T) for mix, matrix, share in parts), np.zeros(()))
        length = np.linalg.norm(total, axis=1, keepdims=True)
        return np.divide(total, length, out=np.zeros_like(total), where=length > 0)


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
    values: (E,) of ratings, NaN where unknown.  absent: (E,) events that don't count; none as a history is read.
    """

    item_ids: Sequence[Any]
    types: Sequence[str]
    rank: Floats
    age_millis: Floats
    negative: NDArray[np.bool_]
    vectors: Sequence[Vector] | NDArray[Any]
    values: Floats = field(default_factory=lambda: np.zeros(0))
    absent: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((), dtype=bool))

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
        rank = np.arange(len(at), dtype=float)
        return cls(item_ids, types, rank, age, negative, vectors, np.asarray(values, dtype=float))

    @cached_property
    def latest_types(self) -> dict[Any, str]:
        """The type of the latest event on each item."""
        return dict(zip(reversed(self.item_ids), reversed(self.types), strict=True))

    def matrix(self, width: int) -> Floats:
        """(E, D) the vectors, zeros for those of another width."""
        if isinstance(self.vectors, np.ndarray) and self.vectors.shape[1:] == (width,):
            return np.asarray(self.vectors, dtype=float)
        return np.array([v if len(v) == width else np.zeros(width) for v in self.vectors], dtype=float).reshape(
            -1, width
        )

    def without_each(self, of: Collection[Any] | None = None) -> tuple[list[Any], History]:
        """V variants, each without the events on one item: these items, and a history with rank, age_millis, negative
        and absent (V, E). Ranks, ages and what is a low rating are those of the events that stay.

        of: only without these items.
        """
        items = [item for item in dict.fromkeys(self.item_ids) if of is None or item in of]
        number = {item: place for place, item in enumerate(items)}
        absent = np.array([number.get(item, -1) for item in self.item_ids]) == np.arange(len(items))[:, None]
        rank = np.maximum(np.cumsum(~absent, axis=1) - 1.0, 0.0)
        first = np.argmin(absent, axis=1) if items else np.zeros(0, dtype=int)
        age = np.maximum(self.age_millis - self.age_millis[first][:, None], 0.0)
        rated = np.asarray(self.types, dtype=object) == "RATED"
        negative = (self.negative & ~rated) | low_without(self.values, rated, absent)
        return items, replace(self, rank=rank, age_millis=age, negative=negative, absent=absent)

    def take(self, variants: Rows) -> History:
        """Some of the variants that `without_each` gives."""
        columns = {name: getattr(self, name)[variants] for name in ("rank", "age_millis", "negative", "absent")}
        return replace(self, **columns)

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

    times `liked` (E,). An undated event (NaN) has no order: it counts 1, 1 and 0. Arguments (…, E) give (3, …, E).
    """
    undated = np.isnan(age_millis)
    ranked = [np.where(undated, 1.0, np.exp2(-rank / half_life)) for half_life in (SHORT_ITEMS, LONG_ITEMS)]
    aged = np.where(undated, 0.0, 1.0 / (1.0 + np.nan_to_num(age_millis) / MINUTE_MILLIS))
    weights = np.stack([*ranked, aged]) * liked
    return weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-12)


def search_weights(millis: Floats, latest_event: float, half_life_days: Floats) -> Floats:
    """(S,) weights of a user's searches, newest first: 2^(-rank / SEARCHES - age / half-life), 1 for one just made.

    millis: (S,) times, ms since 1970, NaN where unknown (then only the rank counts).  latest_event: time of the user's
    latest event on an item, NaN without.  half_life_days: (S,).  Ages count back from the user's latest activity.
    """
    latest = np.fmax(np.fmax.reduce(millis, initial=np.nan), latest_event)
    days = np.nan_to_num((latest - millis) / DAY_MILLIS)
    return np.exp2(-np.arange(len(millis)) / SEARCHES - days / half_life_days)
