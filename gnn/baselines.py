"""What every table is compared with: most popular, recently popular, item-kNN; each a function of the events alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse as sp

from graphstore.interactions import Interactions
from graphstore.similarity import log_popularity, similar_columns

RECENT_HALF_LIFE_DAYS = 14.0
NEIGHBOURS = 100
SHRINKAGE = 10.0
USER_BLOCK = 512

Lists = dict[str, list[str]]


def most_popular(events: Interactions, k: int) -> Lists:
    """The items with the most users, whenever that was."""
    return _ranked(events, k, lambda _: np.asarray(_binary(events).sum(axis=0)).ravel())


def recently_popular(events: Interactions, k: int) -> Lists:
    """The items with the largest count of events that decays with a half-life of 14 days."""
    logs = log_popularity(events, RECENT_HALF_LIFE_DAYS)
    known = np.isfinite(logs)
    values = np.where(known, np.exp(logs - logs[known].max()) if known.any() else 0.0, 0.0)
    return _ranked(events, k, lambda _: values)


def item_knn(events: Interactions, k: int) -> Lists:
    """The sum over all of a user's items of the cosine with their 100 nearest items, without regard to time.

    Reference: Deshpande and Karypis, "Item-Based Top-N Recommendation Algorithms", TOIS 2004.
    """
    matrix = _binary(events)
    found = similar_columns(matrix, top=NEIGHBOURS, shrinkage=SHRINKAGE, activity_power=0.0)
    size = len(events.item_ids)
    weights = sp.csr_matrix((found.score, (found.source, found.target)), shape=(size, size))
    return _ranked(events, k, lambda rows: (matrix[rows] @ weights).toarray())


BASELINES: dict[str, Callable[[Interactions, int], Lists]] = {
    "most popular": most_popular,
    "recently popular": recently_popular,
    "item-kNN": item_knn,
}


def _binary(events: Interactions) -> sp.csr_matrix:
    shape = (len(events.user_ids), len(events.item_ids))
    matrix = sp.csr_matrix((np.ones(len(events.user)), (events.user, events.item)), shape=shape)
    matrix.data[:] = 1.0
    return matrix


def _ranked(events: Interactions, k: int, scores: Callable[[np.ndarray], np.ndarray]) -> Lists:
    """Each user's best k items with a positive score that they have no event with; ties by position."""
    seen = _binary(events)
    lists: Lists = {}
    for rows in _blocks(len(events.user_ids)):
        block = np.array(np.broadcast_to(scores(rows), (len(rows), len(events.item_ids))), dtype=float)
        block[seen[rows].nonzero()] = -np.inf
        for row, values in zip(rows.tolist(), block, strict=True):
            best = np.argsort(-values, kind="stable")[:k]
            lists[events.user_ids[row]] = [events.item_ids[i] for i in best if values[i] > 0]
    return lists


def _blocks(users: int) -> Iterator[np.ndarray]:
    for start in range(0, users, USER_BLOCK):
        yield np.arange(start, min(start + USER_BLOCK, users))
