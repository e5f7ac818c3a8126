"""EASE: a linear autoencoder of items in closed form, in float32.

    G = X^T X + lambda I,   P = G^-1,   B_ij = -P_ij / P_jj, B_ii = 0,   scores of a query q: q B

With fewer users than items the same is computed on the side of the users, by the matrix inversion lemma, without an
I x I matrix (above `DIRECT` items; below, the direct way is faster):

    P = (I - X^T K^-1 X) / lambda,   K = X X^T + lambda I

lambda is `regularisation` times the mean of the diagonal d of X^T X over events (sum d^2 / sum d), on which rare items
have little effect. The smaller side is inverted; if both are too large, the `LARGEST` most frequent items are kept and
no other item is recommended.

Reference: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

from gnn.evaluation.baseline_tuning import Note, Predict, ignore, tuned
from gnn.evaluation.top_items import STATIC, Lists, decayed, has_times
from graphstore.interactions import Interactions

LARGEST = 12_000
DIRECT = 3_000
USER_SIDE_CELLS = 100_000_000
BLOCK = 1_024
REGULARISATIONS = (0.5, 0.1, 2.0, 8.0)
PAIR_HALF_LIVES = (STATIC, 60.0, 15.0)
QUERY_HALF_LIVES = (10.0, 2.5, 5.0, 25.0, 60.0, STATIC)


def ease(events: Interactions, k: int, note: Note = ignore) -> Lists:
    """EASE without times."""
    _say_if_capped("EASE", events, note)
    return tuned("EASE", events, k, fit_ease, [{"regularisation": r} for r in REGULARISATIONS], note=note)


def time_decayed_ease(events: Interactions, k: int, note: Note = ignore) -> Lists:
    """EASE with a half-life in days on training pairs, and one in items on queries."""
    if not has_times(events):
        return ease(events, k)
    _say_if_capped("time-decayed EASE", events, note)
    settings = [{"regularisation": r, "pair_half_life_days": h} for h in PAIR_HALF_LIVES for r in REGULARISATIONS]
    return tuned("time-decayed EASE", events, k, fit_ease, settings, QUERY_HALF_LIVES, note)


def fit_ease(events: Interactions, regularisation: float, pair_half_life_days: float = STATIC) -> Predict:
    """The function from queries (B, I) to scores (B, I)."""
    matrix = decayed(events, pair_half_life_days)
    users, items = matrix.shape
    diagonal = np.asarray(matrix.multiply(matrix).sum(axis=0), dtype=float).ravel()
    if not diagonal.any():
        return lambda asked: np.zeros(asked.shape, dtype=np.float32)
    strength = float(regularisation * (diagonal @ diagonal) / diagonal.sum())
    if items > DIRECT and users < items and _fits_from_users(users, items):
        return _from_users(matrix, strength)
    frequent = np.argsort(-matrix.getnnz(axis=0), kind="stable")[:LARGEST]
    return partial(_scores_of_kept, np.sort(frequent), _weights(matrix[:, np.sort(frequent)], strength))


def _weights(matrix: sp.csr_matrix, strength: float) -> np.ndarray:
    """(I, I) B of the columns of a (U, I) matrix."""
    gram = np.asfortranarray((matrix.T @ matrix).toarray().astype(np.float32))
    gram[np.diag_indices_from(gram)] += strength
    inverse = _inverted(gram)
    weights = inverse / -inverse.diagonal()
    np.fill_diagonal(weights, 0.0)
    return weights


def _scores_of_kept(kept: np.ndarray, weights: np.ndarray, asked: sp.csr_matrix) -> np.ndarray:
    scores = np.full(asked.shape, -np.inf, dtype=np.float32)
    scores[:, kept] = asked[:, kept] @ weights
    return scores


def _from_users(matrix: sp.csr_matrix, strength: float) -> Predict:
    matrix = sp.csr_matrix(matrix, dtype=np.float64)
    kernel = np.asfortranarray((matrix @ matrix.T).toarray())
    kernel[np.diag_indices_from(kernel)] += strength
    solved = np.ascontiguousarray((matrix.T @ _inverted(kernel)).T)  # (U, I) K^-1 X
    diagonal = (1 - np.asarray(matrix.multiply(solved).sum(axis=0)).ravel()) / strength
    rest = (solved / (strength * diagonal)).astype(np.float32)
    own = (1 - 1 / (strength * diagonal)).astype(np.float32)
    by_item = sp.csr_matrix(matrix.T, dtype=np.float32)

    def predict(asked: sp.csr_matrix) -> np.ndarray:
        scores = (asked @ by_item).toarray() @ rest
        scores += asked.multiply(own).toarray()
        return scores

    return predict


def _inverted(matrix: np.ndarray) -> np.ndarray:
    """The inverse of a positive definite matrix, by Cholesky (half the work). The matrix is overwritten."""
    factor, inverse = (lapack.spotrf, lapack.spotri) if matrix.dtype == np.float32 else (lapack.dpotrf, lapack.dpotri)
    triangle, failed = factor(matrix, lower=1, overwrite_a=1)
    if failed:  # float32 was too coarse for it
        return np.linalg.inv(matrix)
    lower, failed = inverse(triangle, lower=1, overwrite_c=1)
    for start in range(0, len(lower), BLOCK):  # the upper triangle holds nothing yet
        block = slice(start, start + BLOCK)
        square = np.tril(lower[block, block])
        lower[block, block] = square + np.tril(square, -1).T
        lower[block, start + BLOCK :] = lower[start + BLOCK :, block].T
    return lower


def _fits_from_users(users: int, items: int) -> bool:
    return users <= LARGEST and users * items <= USER_SIDE_CELLS


def _say_if_capped(name: str, events: Interactions, note: Note) -> None:
    users, items = len(events.user_ids), len(events.item_ids)
    if items > LARGEST and not _fits_from_users(users, items):
        note(f"{name} knows the {LARGEST:,} most frequent of {items:,} items only: it is too large for a dense matrix.")
