"""Trainable content: each step re-embeds some items with gradients and without their residual.

Without its residual the vector of an item depends on its text, as that of a new item does. All others keep the contents
of the last epoch.

Names: I items of the table, P items of a step, C width of content.

Reference: Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", CVPR 2018 (a memory of
vectors that are not computed in a step).
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
    """Adapters in training, and the texts of the I items of a table.

    learned: (I,) bool, the items that may be trained on.  kept: the best state of the adapters so far.
    """

    def __init__(self, adapters: Adapters, texts: Sequence[str], learned: Tensor) -> None:
        self.adapters, self._texts, self._learned = adapters, texts, learned
        self.kept = adapters.state()

    def parameters(self) -> dict[str, Any]:
        """The group of their parameters for an optimizer."""
        return {"params": self.adapters.parameters, "lr": LEARNING_RATE, "weight_decay": WEIGHT_DECAY}

    def put_in(self, items: ItemFeatures, rows: Tensor, met: Tensor, generator: torch.Generator) -> ItemFeatures:
        """The features with up to AT_ONCE items re-embedded, with gradients and without their residual.

        rows: (P,) rows of the table that the first P of `items` are.  met: rows of the table to draw from.
        """
        possible = (self._learned[rows] & torch.isin(rows, met)).nonzero().ravel()
        drawn = torch.randperm(len(possible), generator=generator)[:AT_ONCE].to(possible.device)
        places = possible[drawn]
        if len(places) < 2:
            return items
        vectors = self.adapters([self._texts[row] for row in rows[places].tolist()]).to(items.content)
        content = items.content.index_copy(0, places, vectors)
        return items.with_contents(content, items.known.index_fill(0, places, -1))

    def read_again(self, items: ItemFeatures) -> ItemFeatures:
        """The features of all items of the table, with contents by the adapters in their present state."""
        rows = torch.from_numpy(np.flatnonzero([bool(text) for text in self._texts])).to(items.content.device)
        vectors = torch.from_numpy(self.adapters.encode([self._texts[row] for row in rows.tolist()]))
        return items.with_contents(items.content.index_copy(0, rows, vectors.to(items.content)), items.known)

    def keep(self) -> None:
        """Keep the present state of the adapters as the best so far."""
        self.kept = self.adapters.state()
