"""Which items say most about which: a regression of each item on its neighbourhood.

It takes and returns sparse matrices and columns; nothing here knows Neo4j.
Names: N columns, B columns at once, S size of a neighbourhood.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from graphstore.build.similarity import DECIMALS, Neighbours, best_of_rows, no_neighbours

DENSE_COLUMNS = 20_000
REGRESSIONS_AT_ONCE = 64
MANY_ROWS = 5_000


def unit_of_penalty(matrix: sp.csr_matrix) -> float:
    """What `regressed_columns` measures its penalty by: the mean squared length of the columns that are not empty.

    Beyond MANY_ROWS that are not empty it grows no more with them, as sums over so many are hardly a matter of chance.
    """
    squares = np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel()
    return unit_of_squares(squares[matrix.getnnz(axis=0) > 0], int((matrix.getnnz(axis=1) > 0).sum()))


def unit_of_squares(squares: np.ndarray, rows: int) -> float:
    """`unit_of_penalty`, from the squared lengths of the columns that are not empty and the number of such rows."""
    return float(squares.mean()) * min(1.0, MANY_ROWS / rows) if len(squares) else 0.0


def regressed_columns(
    matrix: sp.csr_matrix,
    *,
    top: int,
    regularisation: float,
    neighbourhood: int,
    columns: np.ndarray | None = None,
    penalty: float | None = None,
) -> Neighbours:
    """Which columns of a (rows, N) matrix say most about which: a ridge regression of each column on its neighbourhood.

    For column j, S_j are the `neighbourhood` columns nearest to it by cosine that share a row with it. With G = X^T X,

        w_j = (G[S_j, S_j] + lambda I)^-1 G[S_j, j]

    and the positive weights are kept, the `top` best of each source. lambda is `regularisation` times
    `unit_of_penalty`. This is EASE where S_j is everything; restricted to S_j it needs no dense (N, N) inverse, and
    when a cell x_uj changes, only j and the columns that share a row with it do. Undecided ties go to the lower column.

    columns: targets, ascending, to be computed; all where None. Nothing is read but the columns that share a row with
    one of them, and the `top` best of a source are among these targets.  penalty: lambda where it was fixed before.

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
    if not sources:
        return no_neighbours()
    found = best_of_rows(np.concatenate(sources), np.concatenate(targets), np.concatenate(scores), top)
    return Neighbours(used[found[0]], used[found[1]], found[2])


def _sharing_a_row(matrix: sp.csr_matrix, columns: np.ndarray) -> np.ndarray:
    """(N,) which columns have a row in common with one of these: themselves, unless they are empty, and others."""
    rows = np.flatnonzero(matrix[:, columns].getnnz(axis=1))
    return np.asarray(matrix[rows].getnnz(axis=0) > 0)


def _nearest(
    gram: sp.csr_matrix, diagonal: np.ndarray, columns: np.ndarray, size: int, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """(B, S) the columns nearest to each of B columns by cosine, itself left out; which of the places are filled."""
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
    """What neighbourhoods are chosen by: products with one column over the lengths of the others, these a bit longer so
    that short ones don't win by chance. The one column's own length changes no order, and is left out."""
    return np.round(products / np.sqrt(squares + 0.1 * penalty), DECIMALS)


def _products(
    gram: sp.csr_matrix, dense: np.ndarray | None, columns: np.ndarray, near: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(B, S, S) the products within each neighbourhood; (B, S) those with its column."""
    if dense is not None:
        return dense[near[:, :, None], near[:, None, :]], dense[near, columns[:, None]]
    inner = np.stack([gram[row][:, row].toarray() for row in near])
    right = np.stack([gram[row][:, [c]].toarray().ravel() for row, c in zip(near, columns, strict=True)])
    return inner, right


def ridge(inner: np.ndarray, right: np.ndarray, valid: np.ndarray, penalty: float) -> np.ndarray:
    """(B, S) the regression weights of each column on its neighbourhood; unfilled places get none.

    inner: (B, S, S) and right: (B, S), products within each neighbourhood and with its column.
    """
    both = valid[:, :, None] & valid[:, None, :]
    system = np.where(both, inner, 0.0).astype(np.float64)
    places = np.arange(valid.shape[1])
    system[:, places, places] += np.where(valid, penalty, 1.0)
    return np.linalg.solve(system, np.where(valid, right, 0.0)[:, :, None])[:, :, 0]
