"""Content of items from the modalities that they have: text, image, sound.

    content_i = sum over the modalities m that item i has of  g_m / (sum of g over these)  * (W_m x_im + b_m)

Each W_m is a regression that stands alone, so that an item that lacks a modality is said by the others. The weights g
are learned by how well each says items that it was not fitted on: fitted on the same items, the modality with the most
numbers would seem the best. They stay as they are while the network trains, for the same reason.

Shapes: I items, D width, M modalities, text first.
Reference: Wolpert, "Stacked Generalization", 1992; Breiman, "Stacked Regressions", 1996.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from gnn.network.ridge import fit_content

FOLDS = 4
MOST_EXAMPLES, LEAST_EXAMPLES = 5_000, 40  # items with more than one modality, for the weights
STEPS = 50
TEXT = "text"

Media = Sequence[tuple[str, int]]  # names and widths


class Fusion(nn.Module):
    """The modalities beside text, and how much each counts."""

    def __init__(self, media: Media, dimension: int) -> None:
        super().__init__()
        self.lines = nn.ModuleDict({name: nn.Linear(width, dimension) for name, width in media})
        self.logits = nn.Parameter(torch.zeros(1 + len(media)), requires_grad=False)

    def weights(self) -> dict[str, float]:
        """What each modality counts for an item that has all; they sum to 1."""
        shares = torch.softmax(self.logits.detach(), 0).tolist()
        return {name: round(share, 4) for name, share in zip((TEXT, *self.lines), shares, strict=True)}

    def forward(self, text: Tensor, has_text: Tensor, media: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Fused content, (I, D), 0 for an item that has nothing.

        text: (I, D) what text says.  has_text: (I,).  media: (I, W) each.  present: (I, M - 1), which items have it.
        """
        said = [text, *(line(media[name]) for name, line in self.lines.items())]
        return self.mixed(torch.stack(said, 1), torch.cat([has_text[:, None].bool(), present], 1))

    def mixed(self, said: Tensor, has: Tensor) -> Tensor:
        """(I, D) from what each modality says, (I, M, D), of the modalities that an item has, (I, M) bool."""
        shares = torch.softmax(self.logits.masked_fill(~has, -torch.inf), 1).nan_to_num(0.0)  # NaN: nothing at all
        return (shares[:, :, None] * said.masked_fill(~has[:, :, None], 0.0)).sum(1)

    @torch.no_grad()
    def start_from(
        self,
        wanted: Tensor,
        text: Tensor,
        has_text: Tensor,
        media: Mapping[str, Tensor],
        present: Tensor,
        weight: Tensor,
    ) -> None:
        """Fit each modality to what content should say, `wanted` (I, D), and learn the weights.

        text: (I, C) vectors of the texts.  weight: (I,), 0 for items that are not to be learned from.
        """
        inputs = [text, *(media[name] for name in self.lines)]
        has = torch.cat([has_text[:, None].bool(), present], 1)
        for number, module in enumerate(self.lines.values(), 1):
            line = cast(nn.Linear, module)
            matrix, bias = fit_content(wanted, inputs[number], has[:, number], weight)
            line.weight.copy_(matrix)
            line.bias.copy_(bias)
        rows = ((has.sum(1) > 1) & (weight > 0)).nonzero().ravel()
        if len(rows) < LEAST_EXAMPLES:
            return
        rows = rows[:: max(1, -(-len(rows) // MOST_EXAMPLES))]
        has, own, wanted = has[rows], weight[rows], wanted[rows]
        said = torch.stack([_unseen(wanted, x[rows], has[:, m], own) for m, x in enumerate(inputs)], 1)
        with torch.enable_grad():
            self.logits.copy_(self._learned(said, has, wanted, own))

    def _learned(self, said: Tensor, has: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
        """Logits (M,) with which what was said of items comes nearest to them."""
        products = torch.einsum("imd,ind->imn", said, said)
        towards = torch.einsum("imd,id->im", said, wanted)
        logits = torch.zeros(said.shape[1], device=said.device, requires_grad=True)
        optimizer = torch.optim.LBFGS([logits], max_iter=STEPS, line_search_fn="strong_wolfe")

        def distance() -> Tensor:
            optimizer.zero_grad()
            shares = torch.softmax(logits.masked_fill(~has, -torch.inf), 1)
            squares = torch.einsum("im,imn,in->i", shares, products, shares) - 2 * (shares * towards).sum(1)
            loss = (weight * squares).sum() / weight.sum() + 1e-4 * logits.square().sum()
            loss.backward()
            return loss

        optimizer.step(distance)
        return logits.detach()


def _unseen(wanted: Tensor, x: Tensor, has: Tensor, weight: Tensor) -> Tensor:
    """(I, D) what a modality says of each item, fitted on the folds that the item is not in."""
    fold = torch.arange(len(x), device=x.device) % FOLDS
    said = torch.zeros_like(wanted)
    for number in range(FOLDS):
        out = fold == number
        matrix, bias = fit_content(wanted, x, has, weight.masked_fill(out, 0.0))
        said[out] = x[out] @ matrix.T + bias
    return said
