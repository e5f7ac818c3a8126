"""Spectral initialisation: start vectors of items from the singular vectors of the user-item matrix.

Singular vectors filtered by s^2 / (s^2 + lambda), the closed form of a linear autoencoder, rank by inner product. A
cosine index takes vectors of length 1, which would lose what their lengths express. So all are divided by the longest
length, and the last dimension brings each to length 1: for a user with 0 there, cosines order items as inner products.

Without times, items that are popular now look like those that were popular long ago. The matrix is then divided by
powers of the degrees of users and items.

Reference: Steck, "Autoencoders that don't overfit towards the Identity", NeurIPS 2020 (the filter); Bachrach et al.,
"Speeding Up the Xbox Recommender System Using a Euclidean Transformation for Inner-Product Spaces", RecSys 2014; Shen
et al., "How Powerful is Graph Convolution for Recommendation?", CIKM 2021 (division by degrees).
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
    """Parameters of the filter.

    penalty: lambda, in mean squared lengths of a column.  length: power to which the length of a vector is taken.
    degree: power of the degrees of user and item that a cell is divided by.
    """

    penalty: float = 128.0
    length: float = 0.3
    degree: float = 0.0


WITH_TIMES, WITHOUT_TIMES = Filter(), Filter(penalty=8.0, length=0.5, degree=0.25)


def start_vectors(events: Interactions, dimension: int, seed: int) -> Tensor:
    """(I, D) vectors of length 1, plus small noise; noise alone for items without an event.

    The first D - 1 dimensions hold the filtered vector, with its length to a power and the longest at 1; the last one
    brings the vector to length 1.
    events: repeated pairs count once, events of weight 0 or less not at all.
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
    """(U, I) 1 for each pair chosen, divided by the degrees of user and item to the power of `degree`."""
    positive = events.weight > 0
    pairs = (events.user[positive], events.item[positive])
    matrix = sp.csr_matrix((np.ones(len(pairs[0])), pairs), shape=(len(events.user_ids), len(events.item_ids)))
    matrix.data[:] = 1.0
    users, items = (np.maximum(matrix.getnnz(axis=axis), 1).astype(float) ** -degree for axis in (1, 0))
    return sp.csr_matrix(sp.diags(users) @ matrix @ sp.diags(items))
