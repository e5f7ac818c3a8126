"""Decayed user-item matrices, popularity, cosine similarity, affinity of attributes, hierarchy of interests.

Functions take and return sparse matrices or columns, and do not use Neo4j.
reference: the day that ages are measured from; `Interactions.now` where None.
Names: U users, I items, E events, A attributes, N interests or columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from graphstore.interactions import Interactions

BLOCK_CELLS = 8_000_000
Matrix = sp.csr_matrix
DECIMALS = 9  # of scores, so that the order of summation decides nothing
FEWEST_PEOPLE = 2  # with an attribute, who chose an item that it favours
LEAST_VALUE = 1e-3  # of a decayed event; lower values count as none
FEWEST_COMPARED, MOST_COMPARED = 20, 2_000  # vectors of interests, whose pairs say what cosine is usual
NEARER = 2.0  # standard deviations above the usual cosine, from which two interests are near
MOST_AHEAD = 64.0  # half-lives after the reference day


@dataclass(frozen=True)
class Neighbours:
    """The best targets of each source, as columns (edges,): sources ascending, best first."""

    source: np.ndarray
    target: np.ndarray
    score: np.ndarray


def decay(day: np.ndarray, reference: float, half_life_days: float) -> np.ndarray:
    """(E,) 2^((day - reference) / half-life); 1 where the time is unknown.

    Events after the reference day count more than 1, up to MOST_AHEAD half-lives: while the reference stays, a new
    event changes no other value.
    """
    return np.where(np.isnan(day), 1.0, np.exp2(np.minimum((day - reference) / half_life_days, MOST_AHEAD)))


def log_popularity(events: Interactions, half_life_days: float) -> np.ndarray:
    """(I,) natural logarithm of the decayed count, ln sum exp(lambda * day), lambda = ln 2 / half-life; -inf without
    events. On this scale an event can be added later without knowing the present time. Events without a time count
    like events of 1970: they order items that have no others. Events with weight 0 (dislikes) are not counted.

    Reference: forward decay, Cormode et al., "Forward Decay: A Practical Time Decay Model", ICDE 2009.
    """
    exponent = np.where(np.isnan(events.day), 0.0, events.ages_from) * (np.log(2.0) / half_life_days)
    total = np.full(len(events.item_ids), -np.inf)
    with np.errstate(divide="ignore"):
        np.logaddexp.at(total, events.item, exponent + np.log(events.weight > 0))
    return np.round(total, DECIMALS)


def user_item_matrix(events: Interactions, half_life_days: float, reference: float | None = None) -> sp.csr_matrix:
    """(U, I) the highest decayed weight of each pair's events; values up to LEAST_VALUE are left out."""
    reference = events.now if reference is None else reference
    values = events.weight * decay(events.ages_from, reference, half_life_days)
    user, item, values = strongest(events.user, events.item, values)
    keep = values > LEAST_VALUE
    shape = (len(events.user_ids), len(events.item_ids))
    return sp.csr_matrix((values[keep], (user[keep], item[keep])), shape=shape)


def strongest(user: np.ndarray, item: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The highest value of each pair of user and item: columns user, item, value, ascending by user and item."""
    order = np.lexsort((-values, item, user))
    user, item, values = user[order], item[order], values[order]
    first = np.ones(len(user), dtype=bool)
    first[1:] = (user[1:] != user[:-1]) | (item[1:] != item[:-1])
    return user[first], item[first], values[first]


def activity(counts: np.ndarray, power: float) -> np.ndarray:
    """The factor of the cells of a row with this many cells: count^(-power / 2)."""
    return np.maximum(counts, 1).astype(float) ** (-power / 2)


def similar_columns(
    matrix: sp.csr_matrix, *, top: int, shrinkage: float, activity_power: float, columns: np.ndarray | None = None
) -> Neighbours:
    """The most similar columns of a (rows, N) matrix, by a shrunk cosine.

    cos(i, j) = sum_r a_r^2 x_ri x_rj / (|x_i| |x_j| + shrinkage),  |x_i|^2 = sum_r (a_r x_ri)^2,
    a_r = n_r^(-activity_power / 2), with n_r the number of cells of row r: very active rows count less.
    columns: sources to compute, ascending; all where None.

    Reference: Deshpande and Karypis, "Item-Based Top-N Recommendation Algorithms", TOIS 2004.
    """
    if matrix.nnz == 0:
        return no_neighbours()
    scaled = sp.csr_matrix(sp.diags(activity(matrix.getnnz(axis=1), activity_power)) @ matrix)
    turned = sp.csc_matrix(scaled).T.tocsr()
    norms = np.sqrt(np.asarray(turned.multiply(turned).sum(axis=1)).ravel())
    return best_of_products(turned, scaled, top=top, norms=norms, shrinkage=shrinkage, rows=columns)


def best_of_products(
    left: sp.csr_matrix,
    right: sp.csr_matrix,
    *,
    top: int,
    norms: np.ndarray,
    shrinkage: float,
    rows: np.ndarray | None = None,
) -> Neighbours:
    """The `top` highest of each row of left @ right (N, N), or of some rows, computed in blocks of rows.

    `work`, the number of multiplications up to each row, bounds the cells of a block, and so memory, also for long
    rows.
    """
    rows = np.arange(left.shape[0]) if rows is None else rows
    left = left[rows]
    work = np.cumsum(sp.csr_matrix((np.ones(left.nnz), left.indices, left.indptr), left.shape) @ right.getnnz(axis=1))
    parts = []
    start, size = 0, left.shape[0]
    while start < size:
        done = work[start - 1] if start else 0.0
        end = max(start + 1, int(np.searchsorted(work, done + BLOCK_CELLS, side="right")))
        product = sp.coo_matrix(left[start:end] @ right)
        source, target = rows[product.row + start], product.col
        score = product.data / (norms[source] * norms[target] + shrinkage)
        keep = source != target
        parts.append(best_of_rows(source[keep], target[keep], score[keep], top))
        start = end
    return Neighbours(*(np.concatenate(column) for column in zip(*parts, strict=True))) if parts else no_neighbours()


def best_of_rows(
    source: np.ndarray, target: np.ndarray, score: np.ndarray, top: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The `top` highest positive scores of each source, ties by target: columns source, target, score (edges,).

    Scores are rounded to DECIMALS, so that the order of summation decides nothing.
    """
    score = np.round(score, DECIMALS)
    positive = score > 0
    source, target, score = source[positive], target[positive], score[positive]
    order = np.lexsort((target, -score, source))
    source, target, score = source[order], target[order], score[order]
    rank = np.arange(len(source)) - np.searchsorted(source, source, side="left")
    keep = rank < top
    return source[keep], target[keep], score[keep]


def favoured_items(members: sp.csr_matrix, matrix: sp.csr_matrix, *, shrinkage: float, top: int) -> Neighbours:
    """The items that users with an attribute choose more often than others: smoothed lift times popularity.

    score(a, i) = p(i|a) ln(p(i|a) / p(i)), with p(i|a) smoothed towards p(i) by `shrinkage` events; only positive ones.
    At least FEWEST_PEOPLE of them chose each. members: (A, U) 1 where a user has an attribute.  matrix: (U, I) decayed
    weights.
    """
    overall = np.asarray(matrix.sum(axis=0)).ravel()
    if overall.sum() <= 0 or members.nnz == 0:
        return no_neighbours()
    share = overall / overall.sum()
    chosen = sp.csr_matrix(members @ matrix)
    people = sp.csr_matrix(members @ matrix.astype(bool).astype(float))
    for product in (chosen, people):
        product.sort_indices()
    total, many = np.asarray(chosen.sum(axis=1)).ravel(), people.data >= FEWEST_PEOPLE
    pairs = chosen.tocoo()
    row, column = pairs.row[many], pairs.col[many]
    given = (pairs.data[many] + shrinkage * share[column]) / (total[row] + shrinkage)
    return Neighbours(*best_of_rows(row, column, given * np.log(given / share[column]), top))


def subsumption(
    about: sp.csr_matrix, vectors: np.ndarray | None = None, *, threshold: float, least: int, top: int
) -> Neighbours:
    """The hierarchy of interests: y is broader than x where p(y|x) >= threshold and p(x|y) < p(y|x), and both are near
    in meaning.

    about: (I, N), not 0 where an item is about an interest.  vectors: (N, D) of the interests' names, of length 1 or 0;
    a pair of which both have one must be nearer than NEARER standard deviations above the mean pair: that all items
    about one are about another doesn't make it broader ("texas roadhouse" is no kind of "gardens").
    least: items that an interest x needs.

    Returns edges with source x, target y, score p(y|x).

    Reference: Sanderson and Croft, "Deriving Concept Hierarchies from Text", SIGIR 1999.
    """
    ones = about.copy()
    ones.data = np.ones_like(ones.data)
    count = np.asarray(ones.sum(axis=0)).ravel()
    both = sp.coo_matrix(sp.csr_matrix(ones.T) @ ones)
    narrow, broad = both.row, both.col
    forward, backward = both.data / count[narrow], both.data / count[broad]
    keep = (narrow != broad) & (count[narrow] >= least) & (forward >= threshold) & (backward < forward)
    narrow, broad, forward = narrow[keep], broad[keep], forward[keep]
    near = _near(vectors, narrow, broad) if vectors is not None else np.ones(len(narrow), dtype=bool)
    return Neighbours(*best_of_rows(narrow[near], broad[near], forward[near], top))


def _near(vectors: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(P,) whether pairs of N vectors are near, as far as both have one. Background: pairs of MOST_COMPARED of them."""
    there = np.asarray(vectors.any(axis=1))
    some = vectors[there][:: max(1, -(-int(there.sum()) // MOST_COMPARED))]
    if len(some) < FEWEST_COMPARED:
        return np.ones(len(one), dtype=bool)
    background = (some @ some.T)[np.triu_indices(len(some), 1)]
    cosine = (vectors[one] * vectors[other]).sum(axis=1)
    near: np.ndarray = cosine >= background.mean() + NEARER * background.std()
    return near | ~(there[one] & there[other])


def no_neighbours() -> Neighbours:
    """No edges."""
    empty = np.zeros(0, dtype=np.int64)
    return Neighbours(empty, empty, np.zeros(0))
