"""What is used of torch-geometric, imported in one place: on import it warns about its own use of torch.jit."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    from torch_geometric.data import HeteroData
    from torch_geometric.utils import scatter, to_dense_batch

__all__ = ["HeteroData", "scatter", "to_dense_batch"]
