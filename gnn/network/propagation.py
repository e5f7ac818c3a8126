"""Propagation over fixed edges: the sparse mean aggregation, and one step of a network on it.

torch-geometric is imported here for all, as it warns about its own use of torch.jit on import.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    from torch_geometric.data import HeteroData
    from torch_geometric.utils import scatter, to_dense_batch

__all__ = ["HeteroData", "MeanAggregation", "Neighbourhood", "scatter", "to_dense_batch"]


class MeanAggregation:
    """The weighted mean of x_j over edges j -> i, for each of `size` targets i; zero without an edge.

    It is a sparse matrix W, (size, N), with sum_j |w_ij| = 1 in each row: the mean is W x and its gradient W^T g, many
    times cheaper than gathering a vector for each edge.

    edge_index: (2, E) from j to i.  weight: (E,), may be negative; 1 where None.  sources: N.
    """

    def __init__(self, edge_index: Tensor, weight: Tensor | None, sources: int, size: int) -> None:
        self.sources = sources
        source, target = edge_index
        weight = torch.ones(len(source), device=source.device) if weight is None else weight
        norm = torch.zeros(size, device=source.device).index_add(0, target, weight.abs()).clamp_min(1e-12)
        self._edges = source, target, weight / norm[target]
        self.matrix = _csr(target, source, self._edges[2], (size, sources))

    @cached_property
    def turned(self) -> Tensor:
        """W^T, for gradients."""
        source, target, values = self._edges
        return _csr(source, target, values, (self.matrix.shape[1], self.matrix.shape[0]))

    def restricted(self, targets: Tensor) -> MeanAggregation:
        """The mean for some of the targets, in the order given."""
        source, target, values = self._edges
        place = torch.full((self.matrix.shape[0],), -1, device=source.device)
        place[targets] = torch.arange(len(targets), device=source.device)
        kept = place[target] >= 0
        return MeanAggregation(torch.stack([source, place[target]])[:, kept], values[kept], self.sources, len(targets))

    def __call__(self, x: Tensor) -> Tensor:
        """(N, D) to (size, D)."""
        return _Product.apply(x, self)


class Neighbourhood(nn.Module):
    """One step of propagation, h_i' = activation(W * weighted mean of h_j over edges j -> i); zero without an edge.

    activation: the identity where None, as `gnn.network.model.InterestNetwork` has it: its steps are linear.

    Shapes: x (N, D) by `edges` to (size, D).
    """

    def __init__(self, dimension: int, activation: Callable[[Tensor], Tensor] | None = None) -> None:
        super().__init__()
        self.linear = nn.Linear(dimension, dimension, bias=False)
        nn.init.eye_(self.linear.weight)
        self.activation = activation or nn.Identity()

    def forward(self, x: Tensor, edges: MeanAggregation) -> Tensor:
        return self.activation(self.linear(edges(x)))


class _Product(torch.autograd.Function):
    """A constant sparse matrix times x, and its transpose times the gradient."""

    @staticmethod
    def forward(context: Any, x: Tensor, mean: MeanAggregation) -> Tensor:
        context.mean = mean
        return mean.matrix @ x

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return context.mean.turned @ gradients[0].contiguous(), None


def _csr(row: Tensor, column: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    """A sparse matrix; cells that occur twice are summed."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse (CSR|invariant)")
        return torch.sparse_coo_tensor(torch.stack([row, column]), values, shape).coalesce().to_sparse_csr()
