"""Beyond accuracy: lists that are less alike within, and places for items that are new.

Everything here is numpy over the candidates of one user; nothing knows Neo4j.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEAST_POOL, POOL_FACTOR = 50, 5


def pool_size(k: int) -> int:
    """How many of the best candidates k items are chosen from, by variety or by a draw."""
    return max(LEAST_POOL, POOL_FACTOR * k)


def mmr(scores: Floats, vectors: Floats, k: int, diversity: float) -> list[int]:
    """Places of at most k items by maximal marginal relevance, in turn the item with the largest

        (1 - diversity) * relevance - diversity * (largest cosine with an item that was chosen)

    scores: (N,) best first; relevance is the score on a scale from 0 to 1 over the N.  vectors: (N, D), 0 for none.

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
    """The places of a list of k that go to new items, spread over it; the first place only where explore is 1."""
    if explore == 1:
        return list(range(k))
    count = min(round(explore * k), k - 1)
    return [max((number + 1) * k // count - 1, number + 1) for number in range(count)]


def drawn(scores: Floats, count: int, seed: str) -> list[int]:
    """`count` places out of N, better scores more likely, the same for the same seed, best first: a sample without
    replacement out of the `pool_size(count)` best, with probabilities in proportion to e^z, z being the standard score
    among these. So the draw neither depends on the scale of the scores nor drowns in many items that hardly fit.

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
