"""Where the residuals of items start: the spectrum of who chose what.

Singular vectors filtered by s^2 / (s^2 + lambda), the closed form of a linear autoencoder, rank by inner product. In
vectors of length 1, as a cosine index wants them, what their lengths say would be lost. So they are shortened until the
longest has length 1, and the last dimension holds the rest: a user who is 0 there is told by the inner product.

Reference: Steck, "Autoencoders that don't overfit towards the Identity", NeurIPS 2020 (the filter); Bachrach et al.,
"Speeding Up the Xbox Recommender System Using a Euclidean Transformation for Inner-Product Spaces", RecSys 2014.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.utils.extmath import randomized_svd
from torch import Tensor

from graphstore.interactions import Interactions

PENALTY = 128.0
POWER, POWER_WITHOUT_TIMES = 0.3, 0.5
NOISE = 0.01


def start_vectors(events: Interactions, dimension: int, seed: int) -> Tensor:
    """(I, D) vectors of length 1, with a little noise; noise alone for items without an event.

    The first D - 1 dimensions hold the filtered vector, its length to the power of POWER, the longest being 1; the last
    holds the rest. events: users and items by row number; repeated pairs count once.
    """
    shape = (len(events.user_ids), len(events.item_ids))
    positive = events.weight > 0
    pairs = (events.user[positive], events.item[positive])
    matrix = sp.csr_matrix((np.ones(len(pairs[0])), pairs), shape=shape)
    matrix.data[:] = 1.0
    vectors = np.random.default_rng(seed).normal(scale=NOISE, size=(shape[1], dimension))
    rank = min(dimension, *shape) - 1
    if matrix.nnz and rank > 0:
        chosen = matrix.getnnz(axis=0) > 0
        _, values, right = randomized_svd(matrix, rank, n_iter=5, random_state=seed)
        found = right.T * np.sqrt(values**2 / (values**2 + PENALTY * matrix.nnz / chosen.sum()))
        length = np.linalg.norm(found, axis=1, keepdims=True)
        power = POWER_WITHOUT_TIMES if np.isnan(events.latest_day) else POWER
        found *= np.where(length > 1e-9, np.maximum(length, 1e-9) ** (power - 1), 0.0) / length.max() ** power
        vectors[:, :rank] += found
        vectors[chosen, -1] += np.sqrt(np.maximum(1 - (found[chosen] ** 2).sum(axis=1), 0.0))
    return torch.from_numpy(vectors.astype(np.float32))
