"""What build computes from interactions with scipy: popularity, similarity, transitions, affinity of attributes.

Every function takes and returns sparse matrices or columns; nothing here knows Neo4j.
reference: the day that ages are measured from, everywhere; that of the latest event where None.
Names: U users, I items, E events, A attributes, K neighbours kept a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from graphstore.interactions import Interactions

BLOCK_CELLS = 8_000_000
Matrix = sp.csr_matrix
DECIMALS = 9
FORGOTTEN = 1e-3
AHEAD = 64.0  # half-lives


@dataclass(frozen=True)
class Neighbours:
    """The best K targets of each source: columns of equal length, sources ascending, best first."""

    source: np.ndarray
    target: np.ndarray
    score: np.ndarray


def decay(day: np.ndarray, reference: float, half_life_days: float) -> np.ndarray:
    """0.5 to the power of the age in half-lives; 1 where the time is unknown.

    What came after the reference counts more than 1, up to AHEAD half-lives of it: as long as the reference stays, no
    value changes when events come.
    """
    return np.where(np.isnan(day), 1.0, np.exp2(np.minimum((day - reference) / half_life_days, AHEAD)))


def log_popularity(events: Interactions, half_life_days: float) -> np.ndarray:
    """(I,) natural logarithm of the decayed count, ln sum exp(lambda * day), lambda = ln 2 / half-life; -inf without
    events. On this scale an event can be added later without knowing the present. Events without a time count as if
    at 1970: they order items that have nothing else. Events that tell dislike don't count.

    Reference: forward decay, Cormode et al., "Forward Decay: A Practical Time Decay Model", ICDE 2009.
    """
    exponent = np.where(np.isnan(events.day), 0.0, events.day) * (np.log(2.0) / half_life_days)
    total = np.full(len(events.item_ids), -np.inf)
    with np.errstate(divide="ignore"):
        np.logaddexp.at(total, events.item, exponent + np.log(events.weight > 0))
    return np.round(total, DECIMALS)


def user_item_matrix(events: Interactions, half_life_days: float, reference: float | None = None) -> sp.csr_matrix:
    """(U, I) the strongest decayed event of each pair, where it is not forgotten."""
    reference = events.latest_day if reference is None else reference
    values = events.weight * decay(events.day, reference, half_life_days)
    user, item, values = strongest(events.user, events.item, values)
    keep = values > FORGOTTEN
    shape = (len(events.user_ids), len(events.item_ids))
    return sp.csr_matrix((values[keep], (user[keep], item[keep])), shape=shape)


def strongest(user: np.ndarray, item: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The highest value of each pair of user and item, pairs ascending."""
    order = np.lexsort((-values, item, user))
    user, item, values = user[order], item[order], values[order]
    first = np.ones(len(user), dtype=bool)
    first[1:] = (user[1:] != user[:-1]) | (item[1:] != item[:-1])
    return user[first], item[first], values[first]


def activity(counts: np.ndarray, power: float) -> np.ndarray:
    """What a cell of a row counts where the row has that many: the count to the power of minus half `power`."""
    return np.maximum(counts, 1).astype(float) ** (-power / 2)


def similar_columns(
    matrix: sp.csr_matrix, *, top: int, shrinkage: float, activity_power: float, columns: np.ndarray | None = None
) -> Neighbours:
    """The most similar columns of a (rows, N) matrix by a cosine that is shrunk where little is known.

    cos(i, j) = sum_r a_r x_ri x_rj / (|x_i| |x_j| + shrinkage), with a_r = activity of row r to the power of minus
    `activity_power`, so that somebody who did everything says less about what belongs together.
    columns: sources, ascending; all where None.

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
    """The best `top` of each row of left @ right (N, N), or of some rows, computed in blocks of rows.

    `work`, the multiplications up to each row, bounds the cells of a block, and so memory, however skewed rows are.
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
    """The `top` highest positive scores of each source; ties by target. Scores are rounded, so that the order in which
    sums were made decides nothing."""
    score = np.round(score, DECIMALS)
    positive = score > 0
    source, target, score = source[positive], target[positive], score[positive]
    order = np.lexsort((target, -score, source))
    source, target, score = source[order], target[order], score[order]
    rank = np.arange(len(source)) - np.searchsorted(source, source, side="left")
    keep = rank < top
    return source[keep], target[keep], score[keep]


def favoured_items(members: sp.csr_matrix, matrix: sp.csr_matrix, *, shrinkage: float, top: int) -> Neighbours:
    """Items that users with an attribute choose more than others do: smoothed lift times popularity.

    members: (A, U) 1 where a user has an attribute.  matrix: (U, I) decayed strengths.
    score(a, i) = p(i|a) * ln(p(i|a) / p(i)), with p(i|a) smoothed towards p(i) by `shrinkage` events; only lifts count.
    """
    overall = np.asarray(matrix.sum(axis=0)).ravel()
    if overall.sum() <= 0 or members.nnz == 0:
        return no_neighbours()
    share = overall / overall.sum()
    chosen = sp.coo_matrix(members @ matrix)
    total = np.bincount(chosen.row, chosen.data, minlength=members.shape[0])
    given = (chosen.data + shrinkage * share[chosen.col]) / (total[chosen.row] + shrinkage)
    return Neighbours(*best_of_rows(chosen.row, chosen.col, given * np.log(given / share[chosen.col]), top))


def subsumption(about: sp.csr_matrix, *, threshold: float, least: int, top: int) -> Neighbours:
    """Which interest is broader: y subsumes x where p(y|x) >= threshold and p(x|y) < p(y|x).

    about: (I, N) 1 where an item is about an interest.  least: items an interest needs to be judged at all.
    Returns source = narrower, target = broader, score = p(y|x).

    Reference: Sanderson and Croft, "Deriving Concept Hierarchies from Text", SIGIR 1999.
    """
    ones = about.copy()
    ones.data = np.ones_like(ones.data)
    count = np.asarray(ones.sum(axis=0)).ravel()
    both = sp.coo_matrix(sp.csr_matrix(ones.T) @ ones)
    narrow, broad = both.row, both.col
    forward, backward = both.data / count[narrow], both.data / count[broad]
    keep = (narrow != broad) & (count[narrow] >= least) & (forward >= threshold) & (backward < forward)
    return Neighbours(*best_of_rows(narrow[keep], broad[keep], forward[keep], top))


def no_neighbours() -> Neighbours:
    """Nothing is near anything."""
    empty = np.zeros(0, dtype=np.int64)
    return Neighbours(empty, empty, np.zeros(0))
