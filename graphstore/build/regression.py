"""Similar items by ridge regression: each item is regressed on the items of its neighbourhood.

Functions take and return sparse matrices and columns, and do not use Neo4j.
Names: N columns, B columns at once, S size of a neighbourhood.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from graphstore.build.similarity import DECIMALS, Neighbours, best_of_rows, no_neighbours
from graphstore.progress import Progress, silent

DENSE_COLUMNS = 20_000
REGRESSIONS_AT_ONCE = 64
MANY_ROWS = 5_000


def unit_of_penalty(matrix: sp.csr_matrix) -> float:
    """The unit of the penalty of `regressed_columns`: the mean squared length of the columns that are not empty.

    It stops growing beyond MANY_ROWS rows that are not empty, because sums over so many rows have little noise.
    """
    squares = np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel()
    return unit_of_squares(squares[matrix.getnnz(axis=0) > 0], int((matrix.getnnz(axis=1) > 0).sum()))


def unit_of_squares(squares: np.ndarray, rows: int) -> float:
    """`unit_of_penalty` from the squared lengths of the columns, and the number of rows, that are not empty."""
    return float(squares.mean()) * min(1.0, MANY_ROWS / rows) if len(squares) else 0.0


def regressed_columns(
    matrix: sp.csr_matrix,
    *,
    top: int,
    regularisation: float,
    neighbourhood: int,
    columns: np.ndarray | None = None,
    penalty: float | None = None,
    progress: Progress = silent,
) -> Neighbours:
    """Ridge regression of each column of a (rows, N) matrix X on its neighbourhood.

    For column j, S_j are the `neighbourhood` columns nearest to it by cosine that share a row with it. With G = X^T X,

        w_j = (G[S_j, S_j] + lambda I)^-1 G[S_j, j]

    and the positive weights are kept, the `top` highest of each source; ties by the lower column. lambda is
    `regularisation` times `unit_of_penalty`. With S_j = all columns this is EASE. With a small S_j it needs no dense
    (N, N) inverse, and a change of a cell x_uj changes only j and the columns that share a row with it.

    columns: the targets j to compute, ascending; all where None. Only columns that share a row with one of them are
    read, and the `top` best of a source are then among these targets.
    penalty: lambda; `regularisation` is not used then.

    Returns:
        Edges from source i in S_j to target j with score w_ij, best first for each source.

    Reference: Ning and Karypis, "SLIM", ICDM 2011 (regression on neighbours, fsSLIM); Steck, "Embarrassingly Shallow
    Autoencoders for Sparse Data", WWW 2019.
    """
    if matrix.nnz == 0:
        return no_neighbours()
    penalty = regularisation * unit_of_penalty(matrix) if penalty is None else penalty
    used = np.flatnonzero(matrix.getnnz(axis=0) if columns is None else _sharing_a_row(matrix, columns))
    own = matrix[:, used]
    gram = sp.csr_matrix(own.T @ own)
    diagonal = gram.diagonal()
    wanted = np.arange(len(used)) if columns is None else np.flatnonzero(np.isin(used, columns))
    dense = gram.astype(np.float32).toarray() if columns is None and len(used) <= DENSE_COLUMNS else None
    sources, targets, scores = [], [], []
    for start in range(0, len(wanted), REGRESSIONS_AT_ONCE):
        some = wanted[start : start + REGRESSIONS_AT_ONCE]
        near, valid = _nearest(gram, diagonal, some, neighbourhood, penalty)
        weights = ridge(*_products(gram, dense, some, near), valid, penalty)
        keep = valid & (weights > 0)
        sources.append(near[keep])
        targets.append(np.broadcast_to(some[:, None], near.shape)[keep])
        scores.append(weights[keep])
        progress("regressions", start + len(some), len(wanted))
    if not sources:
        return no_neighbours()
    found = best_of_rows(np.concatenate(sources), np.concatenate(targets), np.concatenate(scores), top)
    return Neighbours(used[found[0]], used[found[1]], found[2])


def _sharing_a_row(matrix: sp.csr_matrix, columns: np.ndarray) -> np.ndarray:
    """(N,) bool: the columns that share a row with one of these columns; these too, unless they are empty."""
    rows = np.flatnonzero(matrix[:, columns].getnnz(axis=1))
    return np.asarray(matrix[rows].getnnz(axis=0) > 0)


def _nearest(
    gram: sp.csr_matrix, diagonal: np.ndarray, columns: np.ndarray, size: int, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """(B, S) the columns nearest to each of B columns by cosine, without itself; (B, S) bool, which are filled."""
    rows = [gram.indices[gram.indptr[c] : gram.indptr[c + 1]] for c in columns]
    width = max(1, min(size, max(len(row) for row in rows) - 1))
    near = np.zeros((len(columns), width), dtype=np.int64)
    valid = np.zeros((len(columns), width), dtype=bool)
    for place, (column, row) in enumerate(zip(columns, rows, strict=True)):
        values = gram.data[gram.indptr[column] : gram.indptr[column + 1]]
        other = row != column
        row, cosine = row[other], closeness(values[other], diagonal[row[other]], penalty)
        best = np.lexsort((row, -cosine))[:width]
        near[place, : len(best)] = row[best]
        valid[place, : len(best)] = True
    return near, valid


def closeness(products: np.ndarray, squares: np.ndarray, penalty: float) -> np.ndarray:
    """The cosine of one column with others, shrunk, times the length of the one: the order of a neighbourhood.

    products: (N,) with the one column.  squares: (N,) squared lengths of the others; a tenth of the penalty is added,
    so that columns with little data are not nearest by chance.
    """
    return np.round(products / np.sqrt(squares + 0.1 * penalty), DECIMALS)


def _products(
    gram: sp.csr_matrix, dense: np.ndarray | None, columns: np.ndarray, near: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(B, S, S) the products within each neighbourhood; (B, S) those of the neighbourhood with its column."""
    if dense is not None:
        return dense[near[:, :, None], near[:, None, :]], dense[near, columns[:, None]]
    inner = np.stack([gram[row][:, row].toarray() for row in near])
    right = np.stack([gram[row][:, [c]].toarray().ravel() for row, c in zip(near, columns, strict=True)])
    return inner, right


def ridge(inner: np.ndarray, right: np.ndarray, valid: np.ndarray, penalty: float) -> np.ndarray:
    """(B, S) the ridge weights of each of B columns on its neighbourhood; unfilled places get 0.

    inner: (B, S, S) products within each neighbourhood.  right: (B, S) products with its column.
    valid: (B, S) bool, the places that are filled.
    """
    both = valid[:, :, None] & valid[:, None, :]
    system = np.where(both, inner, 0.0).astype(np.float64)
    places = np.arange(valid.shape[1])
    system[:, places, places] += np.where(valid, penalty, 1.0)
    return np.linalg.solve(system, np.where(valid, right, 0.0)[:, :, None])[:, :, 0]
