"""What is used of torch-geometric, imported in one place (on import it warns about its own use of torch.jit), and one
step of aggregation over the same edges again and again."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    from torch_geometric.data import HeteroData
    from torch_geometric.utils import scatter, to_dense_batch

__all__ = ["HeteroData", "Mean", "scatter", "to_dense_batch"]


class Mean:
    """The weighted mean of x_j over edges j -> i, for each of `size` targets i; zero without an edge.

    (size, N) as a sparse matrix W with rows of sum_j |w_ij| = 1, so that a step is W x and its gradient W^T g: many
    times cheaper than to gather a vector for each edge.

    edge_index: (2, E) from j to i.  weight: (E,), may be negative; 1 where None.  sources: N.
    """

    def __init__(self, edge_index: Tensor, weight: Tensor | None, sources: int, size: int) -> None:
        self.sources = sources
        source, target = edge_index
        weight = torch.ones(len(source), device=source.device) if weight is None else weight
        norm = torch.zeros(size, device=source.device).index_add(0, target, weight.abs()).clamp_min(1e-12)
        values = weight / norm[target]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sparse (CSR|invariant)")
            self._matrix = _csr(target, source, values, (size, sources))
            self._turned = _csr(source, target, values, (sources, size))

    def __call__(self, x: Tensor) -> Tensor:
        """(N, D) to (size, D)."""
        return _Product.apply(x, self._matrix, self._turned)


class _Product(torch.autograd.Function):
    """A constant sparse matrix times x, and its transpose, which is known, times the gradient."""

    @staticmethod
    def forward(context: Any, x: Tensor, matrix: Tensor, turned: Tensor) -> Tensor:
        context.turned = turned
        return matrix @ x

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return context.turned @ gradients[0].contiguous(), None, None


def _csr(row: Tensor, column: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    """A sparse matrix; cells that occur twice are summed."""
    return torch.sparse_coo_tensor(torch.stack([row, column]), values, shape).coalesce().to_sparse_csr()
