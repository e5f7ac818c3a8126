"""Pools: candidates that were scored together, with all that made their scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows
from graphstore.ranking.blend import CHANNELS, CONTRASTS, NAMES, PLACE, SIGNALS, weight_vector
from graphstore.ranking.item_vectors import Vectors

EMBEDDING, POPULAR = CHANNELS.index("embedding"), CHANNELS.index("popular")
CHANNEL_OF = {name: channel for channel, names in SIGNALS.items() for name in names}
MEMBERSHIP = np.array(  # (F, C); contrasts may be below 0 and tell nothing of it
    [[float(CHANNEL_OF[name] == channel and name not in CONTRASTS) for channel in CHANNELS] for name in NAMES]
)


@dataclass(frozen=True)
class Pool:
    """N candidates that were scored together.

    rows: (N,).  signals: (N, F).  weights, deviation: (F,) of the signals, as `graphstore.ranking.blend` has them.
    vectors: of all items.  always: channels that count for every candidate, found by them or not.
    centred: whether the scores count from the mean over the candidates.
    """

    rows: Rows
    signals: Floats
    weights: Floats
    deviation: Floats
    vectors: Vectors
    always: tuple[int, ...] = (EMBEDDING, POPULAR)
    centred: bool = True

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """(N, C) whether a channel counts for a candidate."""
        found = self.signals @ MEMBERSHIP > 0
        found[:, self.always] = True
        return found

    @cached_property
    def directions(self) -> NDArray[np.float32]:
        """(N, D) the vectors of the candidates with length 1."""
        return self.vectors.directions(self.rows)

    @cached_property
    def scale(self) -> Floats:
        """(F,) what one unit of a signal adds to a score."""
        return self.weights / self.deviation

    @cached_property
    def plain_scale(self) -> Floats:
        """(F,) the same with that of each contrast given to the two signals that it is made of."""
        scale = self.scale.copy()
        for name, (more, less) in CONTRASTS.items():
            scale[PLACE[more]] += self.scale[PLACE[name]]
            scale[PLACE[less]] -= self.scale[PLACE[name]]
            scale[PLACE[name]] = 0.0
        return scale

    def from_zero(self) -> Pool:
        """The same with all counted from 0, and what is alike for all candidates counted too."""
        return replace(self, deviation=np.where(np.isinf(self.deviation), 1.0, self.deviation), centred=False)

    @classmethod
    def of_blend(
        cls,
        rows: Rows,
        signals: Floats,
        deviation: Floats,
        weights: Mapping[str, float],
        channels: Mapping[str, float],
        vectors: Vectors,
    ) -> Pool:
        """From what `graphstore.ranking.blend.contributions` takes: signals (N, F), weights and factors of channels."""
        return cls(rows, signals, with_factors(weights, channels), deviation, vectors)


def with_factors(weights: Mapping[str, float], channels: Mapping[str, float]) -> Floats:
    """(F,) the weights of the signals times the factors of their channels."""
    return weight_vector(weights) * [channels.get(CHANNEL_OF[name], 0.0) for name in NAMES]
