"""Histories of many users as tensors, padded to the longest.

Names: N users, L events of the longest history, D width of vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from gnn.network.propagation import HeteroData, to_dense_batch


@dataclass(frozen=True)
class HistoryBatch:
    """Events of N users, each user's oldest first.

    vectors: (N, L, D) of the items.  valid: (N, L) bool, false past a user's last event.  relation, days, negative:
    (N, L), as `gnn.network.user_batch.user_batch` has them.  items: (N, L) places in the batch's own items.
    """

    vectors: Tensor
    valid: Tensor
    relation: Tensor
    days: Tensor
    items: Tensor
    negative: Tensor

    @classmethod
    def of(cls, h: Tensor, batch: HeteroData) -> HistoryBatch:
        """The histories of all users of a batch, seeds first. h: (batch items, D), vectors of the batch's items."""
        edges = batch["item", "interacts", "user"]
        source, user = edges.edge_index
        size = int(batch["user"].num_nodes)
        columns = [h[source], edges.relation, edges.days, source, edges.negative]
        dense = [to_dense_batch(column, user, batch_size=size) for column in columns]
        vectors, relation, days, items, negative = (part for part, _ in dense)
        return cls(vectors, dense[0][1], relation, days, items, negative)

    @property
    def lengths(self) -> Tensor:
        """(N,) events of each user."""
        return self.valid.sum(-1)

    def rows(self, which: Any) -> HistoryBatch:
        """The histories of some users; which: an index of rows."""
        return HistoryBatch(*(getattr(self, name)[which] for name in self.__dataclass_fields__))
