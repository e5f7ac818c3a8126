"""The metrics of one user's list, for many users at once, from where the hits stand in it.

Their definitions and references stand in `gnn.evaluation.metrics`. Names: U users, M metrics.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

METRICS = ("recall@20", "ndcg@10", "ndcg@20", "hitrate@10", "mrr")
DEPTH = 20


def user_metrics(relevant: set[str], items: Sequence[str]) -> dict[str, float]:
    """The metrics of one user's list, best first; `relevant` is not empty."""
    hits = np.flatnonzero([item in relevant for item in items])
    row = metrics_of_hits(np.zeros(len(hits), dtype=np.int64), hits, np.array([len(relevant)]))[0]
    return dict(zip(METRICS, row.tolist(), strict=True))


def metrics_of_hits(user: np.ndarray, place: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """(U, M) the metrics in the order of METRICS.

    user, place: of each hit, which user's (from 0) and where in the list (from 0).  relevant: (U,) how many there are.
    """
    users = len(relevant)
    discount = 1 / np.log2(np.arange(DEPTH) + 2)
    ideal = np.concatenate([[0.0], np.cumsum(discount)])

    def ndcg(k: int) -> np.ndarray:
        gain = np.bincount(user[place < k], discount[place[place < k]], minlength=users)
        return gain / ideal[np.minimum(relevant, k)]

    recall = np.bincount(user[place < DEPTH], minlength=users) / relevant
    hit = (np.bincount(user[place < 10], minlength=users) > 0).astype(float)
    first = np.full(users, np.inf)
    np.minimum.at(first, user, place + 1.0)
    return np.stack([recall, ndcg(10), ndcg(20), hit, 1 / first], axis=1)
