"""Where the residuals of items start: the spectrum of who chose what.

Singular vectors filtered by s^2 / (s^2 + lambda), the closed form of a linear autoencoder, rank by inner product. In
vectors of length 1, as a cosine index wants them, what their lengths say would be lost. So they are shortened until the
longest has length 1, and the last dimension holds the rest: a user who is 0 there is told by the inner product.

Without times, what is popular now is not told from what was popular long ago: users and items with many events then
count less.

Reference: Steck, "Autoencoders that don't overfit towards the Identity", NeurIPS 2020 (the filter); Bachrach et al.,
"Speeding Up the Xbox Recommender System Using a Euclidean Transformation for Inner-Product Spaces", RecSys 2014; Shen
et al., "How Powerful is Graph Convolution for Recommendation?", CIKM 2021 (degrees as what to divide by).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.utils.extmath import randomized_svd
from torch import Tensor

from graphstore.interactions import Interactions

NOISE = 0.01


@dataclass(frozen=True)
class Filter:
    """penalty: lambda, in mean squared lengths of a column.  length: power of a vector's length that is kept.
    degree: a cell is divided by the degrees of its user and its item to this power."""

    penalty: float = 128.0
    length: float = 0.3
    degree: float = 0.0


WITH_TIMES, WITHOUT_TIMES = Filter(), Filter(penalty=8.0, length=0.5, degree=0.25)


def start_vectors(events: Interactions, dimension: int, seed: int) -> Tensor:
    """(I, D) vectors of length 1, with a little noise; noise alone for items without an event.

    The first D - 1 dimensions hold the filtered vector, its length to a power, the longest being 1; the last holds the
    rest. events: users and items by row number; repeated pairs count once.
    """
    chosen_filter = WITHOUT_TIMES if np.isnan(events.latest_day) else WITH_TIMES
    matrix = _choices(events, chosen_filter.degree)
    vectors = np.random.default_rng(seed).normal(scale=NOISE, size=(matrix.shape[1], dimension))
    rank = min(dimension, *matrix.shape) - 1
    if matrix.nnz and rank > 0:
        chosen = matrix.getnnz(axis=0) > 0
        penalty = chosen_filter.penalty * matrix.power(2).sum() / chosen.sum()
        _, values, right = randomized_svd(matrix, rank, n_iter=5, random_state=seed)
        found = right.T * np.sqrt(values**2 / (values**2 + penalty))
        length = np.linalg.norm(found, axis=1, keepdims=True)
        power = chosen_filter.length
        found *= np.where(length > 1e-9, np.maximum(length, 1e-9) ** (power - 1), 0.0) / length.max() ** power
        vectors[:, :rank] += found
        vectors[chosen, -1] += np.sqrt(np.maximum(1 - (found[chosen] ** 2).sum(axis=1), 0.0))
    return torch.from_numpy(vectors.astype(np.float32))


def _choices(events: Interactions, degree: float) -> sp.csr_matrix:
    """(U, I) who chose what: 1, divided by the degrees of the user and of the item to the power of `degree`."""
    positive = events.weight > 0
    pairs = (events.user[positive], events.item[positive])
    matrix = sp.csr_matrix((np.ones(len(pairs[0])), pairs), shape=(len(events.user_ids), len(events.item_ids)))
    matrix.data[:] = 1.0
    users, items = (np.maximum(matrix.getnnz(axis=axis), 1).astype(float) ** -degree for axis in (1, 0))
    return sp.csr_matrix(sp.diags(users) @ matrix @ sp.diags(items))
