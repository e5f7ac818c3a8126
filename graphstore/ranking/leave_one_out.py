"""Leave one out: how far the score of an item would fall if the user had not done something with another item.

The parts of a score (`graphstore.ranking.attribution`) say how it is made up. They don't say what would be there
without one of them: the user's vector has length 1 whatever it is made of, the weights of the other events grow, their
ranks and ages and what is a low rating change, and so do the mean and the deviation over the candidates. Here all that
is computed again for each item of the user, as are the weights of the blend where fewer events have others; only the
candidates and the deviations of `similar` and `transitions` stay as they are.

Names: I items, K of them asked for, V items of the user, E events, N candidates, R recent items.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from graphstore.arrays import Floats, Rows
from graphstore.ranking.attribution import Shown
from graphstore.ranking.blend import CHANNEL_PLACES, PLACE
from graphstore.ranking.candidates import UserFeatures
from graphstore.ranking.history import History, Readout, recency_weights
from graphstore.ranking.pool import EMBEDDING
from graphstore.ranking.request import RecommendOptions


def drops(
    user: UserFeatures,
    history: History,
    readout: Readout | None,
    shown: Shown,
    options: RecommendOptions,
    of: Collection[Any] | None = None,
    weights_of: Callable[[int], Floats] | None = None,
) -> tuple[list[Any], Floats]:
    """The user's items, and (V, K) by how much the scores of K candidates of a pool fall without each of them.

    history: the events that `user` was made of, with vectors.  of: only these items.  weights_of: (F,) of the signals
    for a history of so many events, as `Pool.weights`; those of the pool for every length where None.
    """
    names, variants = history.without_each(of)
    fall = np.zeros((len(names), len(shown.chosen)))
    left = (~variants.absent).sum(axis=1) if names else np.zeros(0, dtype=int)
    for events in np.unique(left).tolist():
        own = np.flatnonzero(left == events)
        weights = weights_of(events) if weights_of else shown.pool.weights
        other = shown if np.array_equal(weights, shown.pool.weights) else shown.with_weights(weights)
        some = variants.take(own)
        fall[own] = _embedding(user, some, readout, other) + _neighbours(user, some, other, options)
        if other is not shown:
            fall[own] += shown.scores() - other.scores()
    return names, fall


def _embedding(user: UserFeatures, variants: History, readout: Readout | None, shown: Shown) -> Floats:
    """(V, K) for the channel embedding."""
    pool, chosen = shown.pool, shown.chosen
    scale = pool.scale[PLACE["embedding"]]
    if not scale or not readout or not len(user.vector):
        return np.zeros((len(variants.rank), len(chosen)))
    directions = pool.directions
    vectors = np.vstack([user.vector / np.linalg.norm(user.vector), readout.vectors_of(variants)]).astype(np.float32)
    if pool.centred:
        cosines = vectors @ directions.T  # (1 + V, N)
        deviation = cosines.std(axis=1, keepdims=True)
        weight = np.divide(scale * deviation[0], deviation, out=np.zeros_like(deviation), where=deviation > 1e-9)
        scores = weight * (cosines[:, chosen] - cosines.mean(axis=1, keepdims=True))
    else:
        scores = scale * (vectors @ directions[chosen].T) * pool.counted[chosen, EMBEDDING]
    return (scores[0] - scores[1:]).astype(np.float64)


def _neighbours(user: UserFeatures, variants: History, shown: Shown, options: RecommendOptions) -> Floats:
    """(V, K) for the channels similar and transitions."""
    size = len(user.recent)
    gone = user.weights.T[:, None, :] - _weights(variants, user.recent, options)  # (3, V, R)
    score, late, then_score, then_late = shown.sums[: 4 * size].reshape(4, size, len(shown.chosen))
    fall = np.zeros((len(variants.rank), len(shown.chosen)))
    for channel, by_score, by_late in (("similar", score, late), ("transitions", then_score, then_late)):
        scale = shown.pool.plain_scale[CHANNEL_PLACES[channel]]
        fall += np.tensordot(scale[:3], gone, 1) @ by_score + scale[3] * (gone[1] @ by_late)
    return fall


def _weights(variants: History, recent: Rows, options: RecommendOptions) -> Floats:
    """(3, V, R) the weights of the recent items in each variant, 0 where it is the one that is left out."""
    latest = {item: place for place, item in reversed(list(enumerate(variants.item_ids)))}
    keep = sorted(latest.values())[: options.recent + 1]
    absent, negative = variants.absent[:, keep], variants.negative[:, keep]
    rank = np.maximum(np.cumsum(~absent, axis=1) - 1.0, 0.0)
    liked = np.where(negative, options.negative_weight, 1.0)
    unwanted = negative & (np.asarray(variants.types, dtype=object)[keep] != "RATED")
    liked[absent | unwanted | (rank >= options.recent)] = 0.0
    found = recency_weights(rank, variants.age_millis[:, keep], liked)
    place = {variants.item_ids[n]: column for column, n in enumerate(keep)}
    return found[:, :, [place[item] for item in recent.tolist()]]
