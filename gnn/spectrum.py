"""Where the residuals of items start: the spectrum of who chose what.

Singular vectors filtered by s^2 / (s^2 + lambda): the closed form of a linear autoencoder. Trained from there,
vectors reach a better place than from noise.

Reference: Steck, "Autoencoders that don't overfit towards the Identity", NeurIPS 2020.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.utils.extmath import randomized_svd
from torch import Tensor

from graphstore.interactions import Interactions

PENALTY = 2.0
NOISE = 0.01


def start_vectors(events: Interactions, dimension: int, seed: int) -> Tensor:
    """(I, D) vectors of length 1, with a little noise; noise alone for items without an event.

    events: users and items by row number; repeated pairs count once.
    """
    shape = (len(events.user_ids), len(events.item_ids))
    positive = events.weight > 0
    pairs = (events.user[positive], events.item[positive])
    matrix = sp.csr_matrix((np.ones(len(pairs[0])), pairs), shape=shape)
    matrix.data[:] = 1.0
    vectors = np.random.default_rng(seed).normal(scale=NOISE, size=(shape[1], dimension))
    rank = min(dimension, min(shape) - 1)
    if matrix.nnz and rank > 0:
        _, values, right = randomized_svd(matrix, rank, n_iter=5, random_state=seed)
        degree = matrix.nnz / max(int((matrix.getnnz(axis=0) > 0).sum()), 1)
        found = right.T * np.sqrt(values**2 / (values**2 + PENALTY * degree))
        length = np.linalg.norm(found, axis=1, keepdims=True)
        vectors[:, :rank] += np.where(length > 1e-9, found / np.maximum(length, 1e-9), 0.0)
    return torch.from_numpy(vectors.astype(np.float32))
