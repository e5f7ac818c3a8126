"""Fusion of modalities: an item's content from those that it has, of text, image and sound.

    content_i = sum over the modalities m that item i has of  g_m / (sum of g over these)  * (W_m x_im + b_m)

Each W_m is a regression of its own, so that an item without a modality gets its content from the others. The weights g
are stacked: learned on predictions for items that a regression was not fitted on, as on its own items the modality with
the widest vectors would fit best. For the same reason they are not trained with the network.

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
    """Linear maps of the modalities beside text, and the weights of all modalities.

    media: names and widths.  dimension: D.
    """

    def __init__(self, media: Media, dimension: int) -> None:
        super().__init__()
        self.lines = nn.ModuleDict({name: nn.Linear(width, dimension) for name, width in media})
        self.logits = nn.Parameter(torch.zeros(1 + len(media)), requires_grad=False)

    def weights(self) -> dict[str, float]:
        """The weight of each modality for an item that has all; they sum to 1."""
        shares = torch.softmax(self.logits.detach(), 0).tolist()
        return {name: round(share, 4) for name, share in zip((TEXT, *self.lines), shares, strict=True)}

    def forward(self, text: Tensor, has_text: Tensor, media: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """(I, D) fused content, 0 for an item without any modality.

        text: (I, D) content from text.  has_text: (I,).  media: (I, W) each.  present: (I, M - 1), which items have it.
        """
        contents = [text, *(line(media[name]) for name, line in self.lines.items())]
        return self.weighted(torch.stack(contents, 1), torch.cat([has_text[:, None].bool(), present], 1))

    def weighted(self, contents: Tensor, has: Tensor) -> Tensor:
        """(I, D) weighted mean of the contents of modalities, (I, M, D), over those that an item has, (I, M) bool."""
        shares = torch.softmax(self.logits.masked_fill(~has, -torch.inf), 1).nan_to_num(0.0)  # NaN: no modality
        return (shares[:, :, None] * contents.masked_fill(~has[:, :, None], 0.0)).sum(1)

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
        """Fit each modality to target vectors, `wanted` (I, D), and learn the weights.

        text: (I, C) vectors of the texts.  weight: (I,) of items, 0 to leave one out.
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
        predicted = torch.stack([_predicted(wanted, x[rows], has[:, m], own) for m, x in enumerate(inputs)], 1)
        with torch.enable_grad():
            self.logits.copy_(self._stacked(predicted, has, wanted, own))

    def _stacked(self, predicted: Tensor, has: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
        """(M,) logits whose weighted mean of the predictions, (I, M, D), is nearest to the targets, (I, D)."""
        products = torch.einsum("imd,ind->imn", predicted, predicted)
        towards = torch.einsum("imd,id->im", predicted, wanted)
        logits = torch.zeros(predicted.shape[1], device=predicted.device, requires_grad=True)
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


def _predicted(wanted: Tensor, x: Tensor, has: Tensor, weight: Tensor) -> Tensor:
    """(I, D) the prediction of one modality for each item, by a regression on the other folds. x: (I, W)."""
    fold = torch.arange(len(x), device=x.device) % FOLDS
    predicted = torch.zeros_like(wanted)
    for number in range(FOLDS):
        out = fold == number
        matrix, bias = fit_content(wanted, x, has, weight.masked_fill(out, 0.0))
        predicted[out] = x[out] @ matrix.T + bias
    return predicted
