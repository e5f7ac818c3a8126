"""The served blend: which signals speak for an item, how a user's history is read, and how much each signal counts.

A signal is one number for an item and a user. Signals are compared within one user's candidates, as standard scores,
and the score of an item is their weighted sum:

    score(u, i) = sum_s w_s * (x_s(u, i) - mean_s) / deviation_s        over the candidates of u

The weights are learned by `update` (on events held out from it) and stored with the model, as is the readout, how a
user's history becomes a vector: h_u = normalise(sum_r mix_r W_r m_r), m_r the weighted mean of their items' vectors.
Nothing here knows torch, and nothing knows Neo4j.

Names: E events, N candidates, F signals, D width of embeddings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Vector = Sequence[float] | NDArray[Any]
SIGNALS: dict[str, tuple[str, ...]] = {
    "similar": ("similar_short", "similar_long", "similar_age", "similar_recent"),
    "transitions": ("transitions_short", "transitions_long", "transitions_age", "transitions_recent"),
    "interests": ("interests",),
    "embedding": ("embedding",),
    "social": ("social_follows", "social_alike"),
    "attributes": ("attributes",),
    "popular": ("popular_recent", "popular_ever"),
}
CHANNELS = tuple(SIGNALS)
NAMES = tuple(name for names in SIGNALS.values() for name in names)
PLACE = {name: place for place, name in enumerate(NAMES)}
CHANNEL_PLACES = {channel: [PLACE[name] for name in names] for channel, names in SIGNALS.items()}

DIMENSION = 128  # of embeddings, as the index of item vectors has it
SHORT_ITEMS, LONG_ITEMS = 4.0, 40.0
MINUTE_MILLIS = 60_000.0
DAY_MILLIS = 86_400_000.0
UNKNOWN_RELATION = (1.0, -0.25, 180.0, 180.0)
DEFAULT_WEIGHTS: Mapping[str, float] = {
    "similar_short": 0.2,
    "similar_long": 0.2,
    "similar_age": 0.1,
    "similar_recent": 0.1,
    "transitions_short": 0.1,
    "transitions_long": 0.1,
    "transitions_age": 0.1,
    "transitions_recent": 0.1,
    "interests": 0.3,
    "embedding": 0.8,
    "social_follows": 0.1,
    "social_alike": 0.1,
    "attributes": 0.1,
    "popular_recent": 0.15,
    "popular_ever": 0.1,
}


@dataclass(frozen=True)
class Readout:
    """How a user's vector is made of their history.

    matrices: (R, D, D), one for each half-life in items; mix: (R,).  relations: by behaviour type the weights of a
    positive and of a negative event, and the half-lives of both in days.
    """

    half_lives: list[float]
    mix: list[float]
    matrices: list[list[list[float]]]
    relations: dict[str, tuple[float, float, float, float]]

    @cached_property
    def _arrays(self) -> Floats:
        """(R, D, D) the matrices as an array."""
        return np.asarray(self.matrices, dtype=float)

    def vector(self, history: History) -> Floats:
        """(D,) of length 1 for an index by cosine; empty where no item of the history has a vector."""
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
class Blend:
    """Weights by the names of signals; readout: None without a trained model."""

    weights: dict[str, float] = field(default_factory=lambda: dict(DEFAULT_WEIGHTS))
    readout: Readout | None = None

    def to_json(self) -> str:
        """For `Model.blend`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | None) -> Blend:
        """What `to_json` wrote; the default blend for None."""
        if not text:
            return cls()
        stored = json.loads(text)
        readout = stored["readout"]
        if readout:
            readout["relations"] = {name: tuple(columns) for name, columns in readout["relations"].items()}
        return cls(stored["weights"], Readout(**readout) if readout else None)


DEFAULT_BLEND = Blend()


@dataclass(frozen=True)
class Recent:
    """A user's latest R items, newest first, and (R, 3) how much each counts under three ways to forget."""

    items: list[Any]
    weights: Floats


@dataclass(frozen=True)
class History:
    """A user's latest E events, newest first.

    item_ids: what the items are called; ids or rows.

    rank: (E,) 0, 1, …  age_millis: (E,) since the newest, NaN where unknown.  negative: (E,) whether it tells dislike.
    vectors: E embeddings, empty where an item has none.
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
        """From columns of events, newest first. unwanted: types that tell dislike."""
        at = np.asarray(millis, dtype=float)
        negative = np.isin(np.asarray(types, dtype=object), list(unwanted)) | low_ratings(types, values)
        age = np.maximum(at[0] - at, 0.0) if len(at) else at
        return cls(item_ids, types, np.arange(len(at), dtype=float), age, negative, vectors)

    def recent(self, count: int, negative_weight: float, unwanted: Sequence[str]) -> Recent:
        """The `count` latest items as the channels take them.

        An item that comes again counts where it came last. Three ways to forget: half as much every SHORT_ITEMS or
        LONG_ITEMS items, and 1 / (1 + minutes since the newest event); each sums to 1 over the items. Without times
        there is no order: all count alike, and nothing by age.
        """
        latest = {item_id: place for place, item_id in reversed(list(enumerate(self.item_ids)))}
        keep = sorted(latest.values())[:count]
        liked = np.where(self.negative[keep], negative_weight, 1.0)
        liked[np.isin(np.asarray(self.types, dtype=object)[keep], list(unwanted))] = 0.0
        weights = forgetting(np.arange(len(keep), dtype=float), self.age_millis[keep], liked).T
        told = np.flatnonzero(weights[:, 1] > 0)
        return Recent([self.item_ids[keep[n]] for n in told], weights[told])


def forgetting(rank: Floats, age_millis: Floats, liked: Floats) -> Floats:
    """(3, E) weights by the short and the long half-life in items and by age, each row with sum 1 (or 0)."""
    undated = np.isnan(age_millis)
    ranked = [np.where(undated, 1.0, np.exp2(-rank / half_life)) for half_life in (SHORT_ITEMS, LONG_ITEMS)]
    aged = np.where(undated, 0.0, 1.0 / (1.0 + np.nan_to_num(age_millis) / MINUTE_MILLIS))
    weights = np.stack([*ranked, aged]) * liked
    return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)


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


def popularity_signal(logarithm: Floats, now: float) -> Floats:
    """ln(1 + count) from the logarithm of a forward-decayed count whose scale stands at `now`; 0 without events."""
    return np.logaddexp(0.0, np.asarray(logarithm, dtype=float) - now)


def standard_scores(values: Floats) -> Floats:
    """(N, F) each signal's distance from its mean over the candidates in standard deviations, 0 where all are equal."""
    if not len(values):
        return values
    deviation = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(deviation > 1e-9, deviation, np.inf)


def contributions(values: Floats, weights: Mapping[str, float], channels: Mapping[str, float]) -> Floats:
    """(N, C) what each channel adds to the score of each candidate.

    values: (N, F) signals in the order of NAMES.  weights: by signal.  channels: a factor by channel, 0 for off.
    """
    scores = standard_scores(values) * np.array([weights.get(name, 0.0) for name in NAMES])
    parts = [scores[:, CHANNEL_PLACES[channel]].sum(axis=1) * channels.get(channel, 0.0) for channel in CHANNELS]
    return np.stack(parts, axis=1)
