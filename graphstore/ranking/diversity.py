"""Diversity and exploration: MMR re-ranking, the places for new items, and the draw that fills them."""

from __future__ import annotations

import hashlib

import numpy as np

from graphstore.arrays import Floats

LEAST_POOL, POOL_FACTOR = 50, 5


def pool_size(k: int) -> int:
    """The number of best candidates from which MMR or the draw chooses k items."""
    return max(LEAST_POOL, POOL_FACTOR * k)


def mmr(scores: Floats, vectors: Floats, k: int, diversity: float) -> list[int]:
    """Places of at most k items by maximal marginal relevance: the best item, then in turn the item with the largest

        (1 - diversity) * relevance - diversity * (largest cosine with a chosen item)

    scores: (N,) best first; relevance is the score scaled to 0 to 1 over the N.  vectors: (N, D), zeros for none.

    Reference: Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking", SIGIR 1998.
    """
    if not len(scores):
        return []
    span = scores.max() - scores.min()
    relevance = (scores - scores.min()) / span if span > 0 else np.ones(len(scores))
    length = np.linalg.norm(vectors, axis=1, keepdims=True) if vectors.size else np.ones((len(scores), 1))
    unit = vectors / np.where(length > 0, length, 1.0)
    nearest = np.zeros(len(scores))
    left = np.ones(len(scores), dtype=bool)
    chosen: list[int] = []
    while left.any() and len(chosen) < k:
        gain = np.where(left, (1 - diversity) * relevance - diversity * nearest, -np.inf)
        if not chosen:
            gain = np.where(left, relevance, -np.inf)
        best = int(np.argmax(gain))
        chosen.append(best)
        left[best] = False
        if vectors.size:
            nearest = np.maximum(nearest, unit @ unit[best])
    return chosen


def exploration_places(k: int, explore: float) -> list[int]:
    """The places (from 0) of a list of k that new items take, spread evenly; the first place only if explore is 1.

    explore: their share, from 0 to 1.
    """
    if explore == 1:
        return list(range(k))
    count = min(round(explore * k), k - 1)
    return [max((number + 1) * k // count - 1, number + 1) for number in range(count)]


def gumbel_top_k(scores: Floats, count: int, seed: str) -> list[int]:
    """`count` places out of N, drawn without replacement, best first; the same for the same seed.

    Drawn from the `pool_size(count)` best with probabilities proportional to e^z, z the standard score among these, so
    the draw does not depend on the scale of the scores or on how many items with low scores follow.

    scores: (N,) best first.

    Reference: Kool et al., "Stochastic Beams and Where to Find Them" (the Gumbel-top-k trick), ICML 2019.
    """
    number = int.from_bytes(hashlib.sha256(seed.encode("utf-8", "replace")).digest()[:8], "big")
    pool = scores[: pool_size(count)]
    if not len(pool):
        return []
    deviation = pool.std()
    standard = (pool - pool.mean()) / (deviation if deviation > 1e-9 else 1.0)
    noisy = standard + np.random.default_rng(number).gumbel(size=len(pool))
    best = np.argsort(-noisy, kind="stable")[:count]
    return sorted(best.tolist(), key=lambda place: -scores[place])
