"""Metrics of users' lists, computed from the places of hits.

Definitions and references are in `gnn.evaluation.metrics`. Names: U users, M metrics.
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

    user, place: of each hit, the user and the place in the list, from 0.  relevant: (U,) relevant items of each user.
    """
    users = len(relevant)
    recall = np.bincount(user[place < DEPTH], minlength=users) / relevant
    hit = (np.bincount(user[place < 10], minlength=users) > 0).astype(float)
    first = np.full(users, np.inf)
    np.minimum.at(first, user, place + 1.0)
    return np.stack([recall, *(ndcg(user, place, relevant, k) for k in (10, 20)), hit, 1 / first], axis=1)


def ndcg(user: np.ndarray, place: np.ndarray, relevant: np.ndarray, k: int) -> np.ndarray:
    """(U,) NDCG@k: gain 1, discount 1 / log2(rank + 1), the ideal being min(k, relevant) hits.

    user, place, relevant: as `metrics_of_hits` takes them.

    Reference: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.
    """
    discount = 1 / np.log2(np.arange(k) + 2)
    ideal = np.concatenate([[0.0], np.cumsum(discount)])
    top = place < k
    gain = np.bincount(user[top], discount[place[top]], minlength=len(relevant))
    return gain / ideal[np.minimum(relevant, k)]
