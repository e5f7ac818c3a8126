"""The blend: the signals of a candidate, their weights, and the score as the weighted sum of standard scores.

A signal is one number for a user and an item. Some are the difference of two others (CONTRASTS): what follows the
latest items rather than all, what is chosen of late rather than ever. A signal is standardised over the candidates of
one user:

    score(u, i) = sum_s w_s * (x_s(u, i) - mean_s) / deviation_s        over the candidates of u

The signal of searches has a deviation of its own in place of that of the candidates: its values say how well an item
fits what was searched, and how long ago that was, so that an old search counts less and not as much as a new one.

`update` learns the weights on held-out events, for short and for long histories, and stores them with the model.
Learned weights are never below 0. With them it stores the readout, which makes a user's vector of their history:
h_u = normalise(sum_r mix_r W_r m_r), m_r the weighted mean of their items' vectors.

Names: E events, N candidates, F signals, D width of embeddings.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from graphstore.arrays import Floats
from graphstore.popularity import WINDOW_SIGNALS
from graphstore.ranking.history import Readout

SIGNALS: dict[str, tuple[str, ...]] = {
    "similar": ("similar_short", "similar_long", "similar_age", "similar_recent"),
    "transitions": (
        *("transitions_short", "transitions_long", "transitions_age", "transitions_recent"),
        *("transitions_short_long", "transitions_age_long"),
    ),
    "interests": ("interests",),
    "embedding": ("embedding",),
    "social": ("social_follows", "social_alike"),
    "attributes": ("attributes",),
    "popular": ("popular_recent", "popular_ever", *WINDOW_SIGNALS, "popular_trend"),
    "searches": ("searches",),
}
CONTRASTS: dict[str, tuple[str, str]] = {  # signals that are one signal less another one
    "transitions_short_long": ("transitions_short", "transitions_long"),
    "transitions_age_long": ("transitions_age", "transitions_long"),
    "popular_trend": ("popular_recent", "popular_ever"),
}
CHANNELS = tuple(SIGNALS)
NAMES = tuple(name for names in SIGNALS.values() for name in names)
PLACE = {name: place for place, name in enumerate(NAMES)}
CHANNEL_PLACES = {channel: [PLACE[name] for name in names] for channel, names in SIGNALS.items()}

DEFAULT_WEIGHTS: dict[str, float] = {
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
    "searches": 1.0,
}
DEFAULT_WEIGHTS = {name: DEFAULT_WEIGHTS.get(name, 0.0) for name in NAMES}
LENGTHS = (0, 1, 5, 20)  # users with up to so many events have weights of their own, those with more the last ones
SEGMENTS = len(LENGTHS) + 1
SEARCH_DEVIATION = 0.2  # of the signal searches: an item that fits the latest search wholly is 5 deviations up


@dataclass(frozen=True)
class Blend:
    """weights: by signal.  readout: None without a trained model.  by_length: weights for each of LENGTHS and for
    longer histories; empty where all users have `weights`.
    """

    weights: dict[str, float] = field(default_factory=lambda: dict(DEFAULT_WEIGHTS))
    readout: Readout | None = None
    by_length: list[dict[str, float]] = field(default_factory=list)

    def weights_of(self, events: int) -> dict[str, float]:
        """The weights for a user with so many events."""
        return self.by_length[segment_of(events)] if self.by_length else self.weights

    def to_json(self) -> str:
        """As JSON, for the property `Model.blend`."""
        return json.dumps(asdict(self))

    def columns(self) -> dict[str, Any]:
        """The same as lists that Cypher can read, for further properties of `Model`.

        signals, weights: of every signal, in the same order.  lengths, length_weights: LENGTHS, and the weights for
        each and for longer histories, one after the other; empty without.
        With a readout also readout_half_lives, readout_mix,
        readout_matrices (cell by cell, row by row), readout_types, and readout_relations: for each of these types its
        four numbers.
        """
        found: dict[str, Any] = {"signals": list(NAMES), "weights": [self.weights.get(name, 0.0) for name in NAMES]}
        found["lengths"] = list(LENGTHS) if self.by_length else []
        found["length_weights"] = [weights.get(name, 0.0) for weights in self.by_length for name in NAMES]
        if self.readout is not None:
            rows = chain.from_iterable(self.readout.matrices)
            found |= {
                "readout_half_lives": self.readout.half_lives,
                "readout_mix": self.readout.mix,
                "readout_matrices": list(chain.from_iterable(rows)),
                "readout_types": list(self.readout.relations),
                "readout_relations": list(chain.from_iterable(self.readout.relations.values())),
            }
        return found

    @classmethod
    def from_json(cls, text: str | None) -> Blend:
        """The inverse of `to_json`; the default blend for None or an empty text.

        A signal that the model did not know has its default weight.
        """
        if not text:
            return cls()
        stored = json.loads(text)
        readout = stored["readout"]
        if readout:
            readout["relations"] = {name: tuple(columns) for name, columns in readout["relations"].items()}
        by_length = [DEFAULT_WEIGHTS | weights for weights in stored.get("by_length", [])]
        return cls({**DEFAULT_WEIGHTS, **stored["weights"]}, Readout(**readout) if readout else None, by_length)


DEFAULT_BLEND = Blend()


def segment_of(events: int) -> int:
    """Which of the SEGMENTS of users, by LENGTHS, those with so many events belong to."""
    return bisect_left(LENGTHS, events)


def weight_vector(weights: Mapping[str, float]) -> Floats:
    """(F,) weights in the order of NAMES; 0 for a signal that has none."""
    return np.array([weights.get(name, 0.0) for name in NAMES])


def weights_for(weights: Mapping[str, float], values: Floats, channels: Collection[str]) -> Mapping[str, float]:
    """The weights by signal for these candidates. Where one channel alone tells them apart, or alone is asked for, its
    list is the best by it: weights below 0, which are learned beside other channels, are 0, and the default ones are
    taken where none is above.

    values: (N, F) signals.  channels: that are asked for.
    """
    spread = np.ptp(values, axis=0) > 0 if len(values) else np.zeros(len(NAMES), dtype=bool)
    telling = [name for name in channels if spread[CHANNEL_PLACES[name]].any()]
    if len(telling) != 1 and len(channels) != 1:
        return weights
    names = SIGNALS[telling[0] if len(telling) == 1 else next(iter(channels))]
    above = {name: max(weights.get(name, 0.0), 0.0) for name in names}
    return {**weights, **(above if any(above.values()) else {name: DEFAULT_WEIGHTS[name] for name in names})}


def standard_scores(values: Floats, deviation: Floats | None = None) -> Floats:
    """(N, F) signals minus their mean over the candidates, in `deviations`; 0 where all are equal.

    deviation: `deviations(values)`, where it is known already.
    """
    if not len(values):
        return values
    return (values - values.mean(axis=0)) / (deviations(values) if deviation is None else deviation)


def deviations(values: Floats) -> Floats:
    """(F,) by what signals (N, F) are divided: standard deviations; infinity where all are equal; that of searches is
    SEARCH_DEVIATION."""
    found = values.std(axis=0) if len(values) else np.zeros(values.shape[1])
    scale = np.where(found > 1e-9, found, np.inf)
    searches = PLACE["searches"]
    scale[searches] = SEARCH_DEVIATION if found[searches] > 1e-9 else np.inf
    return scale


def contributions(
    values: Floats, weights: Mapping[str, float], channels: Mapping[str, float], deviation: Floats | None = None
) -> Floats:
    """(N, C) the contribution of each channel to the score of each candidate.

    values: (N, F) signals in the order of NAMES.  weights: by signal.  channels: a factor by channel, 0 for off.
    deviation: as `standard_scores` takes it.
    """
    scores = standard_scores(values, deviation) * weight_vector(weights)
    parts = [scores[:, CHANNEL_PLACES[channel]].sum(axis=1) * channels.get(channel, 0.0) for channel in CHANNELS]
    return np.stack(parts, axis=1)
