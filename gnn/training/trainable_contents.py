"""Contents that learn: in each step of training some items are embedded anew, with gradients, as if they were new.

The others keep the contents of the last epoch. An item that is embedded in a step goes without its residual there, so
that its text has to say where it stands.

Reference: Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", CVPR 2018 (a memory of
vectors for what is not computed in a step).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gnn.encoders.adapters import Adapters
from gnn.network.data import ItemFeatures

AT_ONCE = 96
LEARNING_RATE, WEIGHT_DECAY = 5e-4, 0.01


class TrainableContents:
    """Adapters that learn, and the texts of the I items of a table.

    learned: (I,) bool, the items that may be learned from.
    """

    def __init__(self, adapters: Adapters, texts: Sequence[str], learned: Tensor) -> None:
        self.adapters, self._texts, self._learned = adapters, texts, learned
        self.kept = adapters.state()

    def parameters(self) -> dict[str, Any]:
        """A group of parameters for an optimizer."""
        return {"params": self.adapters.parameters, "lr": LEARNING_RATE, "weight_decay": WEIGHT_DECAY}

    def put_in(self, items: ItemFeatures, rows: Tensor, met: Tensor, generator: torch.Generator) -> ItemFeatures:
        """The features with the contents of up to AT_ONCE items embedded anew.

        rows: (P,) of the table, which the first P of `items` are.  met: rows out of which they are drawn.
        """
        there = (self._learned[rows] & torch.isin(rows, met)).nonzero().ravel()
        drawn = torch.randperm(len(there), generator=generator)[:AT_ONCE].to(there.device)
        places = there[drawn]
        if len(places) < 2:
            return items
        vectors = self.adapters([self._texts[row] for row in rows[places].tolist()]).to(items.content)
        content = items.content.index_copy(0, places, vectors)
        return items.with_contents(content, items.known.index_fill(0, places, -1))

    def read_again(self, items: ItemFeatures) -> ItemFeatures:
        """The features of all items of the table with contents by the adapters as they are."""
        rows = torch.from_numpy(np.flatnonzero([bool(text) for text in self._texts])).to(items.content.device)
        vectors = torch.from_numpy(self.adapters.encode([self._texts[row] for row in rows.tolist()]))
        return items.with_contents(items.content.index_copy(0, rows, vectors.to(items.content)), items.known)

    def keep(self) -> None:
        """Remember the adapters as they are: they are the best so far."""
        self.kept = self.adapters.state()
