"""Item-to-item baselines: cosine neighbours, and steps in time order; scores are sums over a user's items.

Each is a function from queries to scores, fitted on events alone.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from gnn.evaluation.baseline_tuning import Note, Predict, ignore, tuned
from gnn.evaluation.top_items import STATIC, Lists, best_items, blocks, decayed, has_times
from graphstore.build.transitions import time_order
from graphstore.interactions import Interactions

NEIGHBOURS = 100
SHRINKAGE = 10.0
STEP_SHRINKAGE = 1.0
PAIR_HALF_LIVES = (STATIC, 60.0, 15.0)
QUERY_HALF_LIVES = (10.0, 2.5, 5.0, 25.0, 60.0, STATIC)
STEP_HALF_LIVES = (5.0, 1.0, 2.5, 10.0, 25.0, 60.0)
WINDOWS = ((5, False), (15, False), (30, True))


def item_knn(events: Interactions, k: int, note: Note = ignore) -> Lists:
    """The sum over all of a user's items of the cosine with their 100 nearest items, without times.

    Reference: Deshpande and Karypis, "Item-Based Top-N Recommendation Algorithms", TOIS 2004.
    """
    return tuned("item-kNN", events, k, fit_cosine, [{}], note=note)


def time_decayed_item_knn(events: Interactions, k: int, note: Note = ignore) -> Lists:
    """Item-kNN with a half-life in days on training pairs, and one in items on queries.

    Reference: Ding and Li, "Time Weight Collaborative Filtering", CIKM 2005.
    """
    if not has_times(events):
        return item_knn(events, k)
    settings = [{"pair_half_life_days": days} for days in PAIR_HALF_LIVES]
    return tuned("time-decayed item-kNN", events, k, fit_cosine, settings, QUERY_HALF_LIVES, note)


def item_markov(events: Interactions, k: int, note: Note = ignore) -> Lists:
    """Steps from item to item in each user's time order, within a window; without times, items of the same user.

    Reference: Rendle, Freudenthaler and Schmidt-Thieme, "Factorizing Personalized Markov Chains for Next-Basket
    Recommendation", WWW 2010 (the chain, which is not factorised here).
    """
    if not has_times(events):
        return item_knn(events, k)
    settings = [{"window": window, "both_ways": both_ways} for window, both_ways in WINDOWS]
    return tuned("windowed item Markov", events, k, fit_steps, settings, STEP_HALF_LIVES, note)


def fit_cosine(events: Interactions, pair_half_life_days: float = STATIC) -> Predict:
    """Scores by the shrunk cosine of decayed columns, with the nearest `NEIGHBOURS` of each item."""
    matrix = decayed(events, pair_half_life_days)
    columns = sp.csr_matrix(matrix.T)
    size = columns.shape[0]
    norms = np.sqrt(np.asarray(columns.multiply(columns).sum(axis=1)).ravel())
    itself = sp.csr_matrix(sp.identity(size, dtype=np.float32))
    parts: list[tuple[np.ndarray, ...]] = []
    for rows in blocks(size, size):
        cosine = (columns[rows] @ matrix).toarray() / (np.outer(norms[rows], norms) + SHRINKAGE).astype(np.float32)
        row, _, item = best_items(cosine, itself[rows], NEIGHBOURS, least=0.0)
        parts.append((cosine[row, item], row + rows[0], item))
    values, source, target = (np.concatenate(column) for column in zip(*parts, strict=True))
    weights = sp.csr_matrix((values, (source, target)), shape=(size, size))
    return lambda asked: (asked @ weights).toarray()


def fit_steps(events: Interactions, window: int, both_ways: bool) -> Predict:
    """Scores by the share of steps from an item that lead to another.

    A step over g places counts 1 / g; or 1 in both directions if `both_ways`, as in a basket, which has no order.
    """
    order = time_order(events)
    user, item = events.user[order], events.item[order]
    size = len(events.item_ids)
    counts = sp.csr_matrix((size, size), dtype=np.float32)
    for gap in range(1, min(window, len(order) - 1) + 1):
        same = (user[gap:] == user[:-gap]) & (item[gap:] != item[:-gap])
        values = np.full(int(same.sum()), 1.0 if both_ways else 1.0 / gap, dtype=np.float32)
        counts = counts + sp.csr_matrix((values, (item[:-gap][same], item[gap:][same])), shape=(size, size))
    if both_ways:
        counts = counts + counts.T
    total = np.asarray(counts.sum(axis=1)).ravel() + STEP_SHRINKAGE
    weights = sp.csr_matrix(sp.diags((1.0 / total).astype(np.float32)) @ counts)
    return lambda asked: (asked @ weights).toarray()
