"""Which interests tell users apart: who chose one item about it chooses others about it more often than by chance."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

PRIOR = 5.0  # expected repetitions that pull a lift towards 1
LEAST_EXPECTED = 5.0  # repetitions by chance from which on behaviour decides


def lifts(about: sp.csr_matrix, chosen: sp.csr_matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(T,) how many times as often as by chance users repeat each interest, shrunk to 1; and (T,) the expected number.

    about: (I, T), 1 where an item is about an interest.  chosen: (U, I), 1 where a user chose an item.

    A user with n items, m of them about an interest, repeats it m (m - 1) / (n - 1) times: each of the n items beside a
    random other one. By chance, where items are drawn by their popularity p, it is n (P^2 - sum of p^2 in the
    interest), with P the interest's sum of p. The lift is (observed + PRIOR) / (expected + PRIOR).
    """
    sizes = np.asarray(chosen.sum(axis=1)).ravel()
    several = np.flatnonzero(sizes > 1)
    chosen, sizes = chosen[several], sizes[several]
    counts = (chosen @ about).tocsc()
    repeated = counts.multiply(counts) - counts
    observed = np.asarray(repeated.T @ (1 / (sizes - 1))).ravel() if len(several) else np.zeros(about.shape[1])
    popularity = np.asarray(chosen.sum(axis=0)).ravel()
    popularity = popularity / max(popularity.sum(), 1)
    share, square = about.T @ popularity, about.T @ popularity**2
    expected = np.maximum(sizes.sum() * (share**2 - square), 0)
    return (observed + PRIOR) / (expected + PRIOR), expected
