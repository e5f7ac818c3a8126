"""Ridge regression of target vectors on content and attribute features, by conjugate gradients.

Names: I items, D width of target vectors, C width of content, A attributes.

Reference: Hestenes and Stiefel, "Methods of Conjugate Gradients for Solving Linear Systems", 1952; Gantner et al.,
"Learning Attribute-to-Feature Mappings for Cold-Start Recommendations", ICDM 2010 (the use).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from gnn.network.propagation import MeanAggregation

PENALTY = 10.0
PENALTIES = (30.0, 3.0, 1.0, 0.3)  # chosen if better than PENALTY by more than chance
FOLDS, LEAST_ITEMS, MOST_ITEMS = 5, 50, 10_000  # for the choice
STEPS = 50


def fit_features(
    vectors: Tensor, content: Tensor, described: MeanAggregation | None, weight: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The linear maps with the least squared distance to `vectors`, (I, D), weighted by `weight`, (I,).

    content: (I, C), zero where there is none.  described: the mean over the attributes of an item.
    The penalty is the one of PENALTIES with the highest cosine on a fifth of the items, fitted on the others, or
    PENALTY where none is better by more than chance; it is multiplied by the mean of the weights above 0.

    Returns:
        (D, C) of content, (D,) bias of items with content, (A, D) of attributes.
    """
    regression = _Regression(vectors, content, described, weight)
    line, bias, attributes = regression.split(regression.solved(_best_penalty(vectors, content, described, weight)))
    return line.T, bias[0], attributes


class _Regression:
    """A weighted regression of vectors on features, to be solved with any penalty."""

    def __init__(self, vectors: Tensor, content: Tensor, described: MeanAggregation | None, weight: Tensor) -> None:
        self._content, self._described, self._rows = content, described, weight[:, None]
        self._has = content.any(1, keepdim=True).to(content.dtype)
        self._sizes = [content.shape[1], 1, described.sources if described else 0]
        used = weight > 0
        self._unit = float(weight[used].mean()) if bool(used.any()) else 1.0
        self._right = self._backward(self._rows * vectors)

    def solved(self, penalty: float) -> Tensor:
        """The coefficients, (C + 1 + A, D)."""
        ridge = penalty * self._unit
        return conjugate_gradients(lambda b: self._backward(self._rows * self.predicted(b)) + ridge * b, self._right)

    def split(self, coefficients: Tensor) -> tuple[Tensor, ...]:
        """The coefficients of content, of having content, and of attributes."""
        return coefficients.split(self._sizes)

    def predicted(self, coefficients: Tensor) -> Tensor:
        """(I, D) the predictions from the features."""
        line, bias, attributes = self.split(coefficients)
        found = self._content @ line + self._has * bias
        return found + self._described.matrix @ attributes if self._described else found

    def _backward(self, y: Tensor) -> Tensor:
        """(C + 1 + A, D) the transposed features times y, (I, D)."""
        parts = [self._content.T @ y, self._has.T @ y]
        return torch.cat([*parts, self._described.turned @ y] if self._described else parts)


def _best_penalty(vectors: Tensor, content: Tensor, described: MeanAggregation | None, weight: Tensor) -> float:
    """The penalty as `fit_features` chooses it, before it is multiplied."""
    rows = weight.nonzero().ravel()
    if len(rows) < LEAST_ITEMS:
        return PENALTY
    rows = rows[:: -(-len(rows) // MOST_ITEMS)]
    out = torch.arange(len(rows), device=rows.device) % FOLDS == 0
    vectors, weight = vectors[rows], weight[rows]
    part = described.restricted(rows) if described else None
    regression = _Regression(vectors, content[rows], part, weight.masked_fill(out, 0.0))

    def nearness(penalty: float) -> Tensor:
        predicted = regression.predicted(regression.solved(penalty))[out]
        return weight[out] * functional.cosine_similarity(predicted, vectors[out])

    default = nearness(PENALTY)
    gains = {penalty: nearness(penalty) - default for penalty in PENALTIES}
    best = max(gains, key=lambda penalty: float(gains[penalty].mean()))
    chance = 1.96 * float(gains[best].std()) / len(default) ** 0.5
    return best if float(gains[best].mean()) > chance else PENALTY


def fit_content(vectors: Tensor, content: Tensor, has: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The linear map from content alone, (I, C), fitted on the items that have some, `has` (I,), with PENALTY.

    Otherwise as `fit_features`.

    Returns:
        (D, C) of content, (D,) bias.
    """
    used = (weight > 0) & has
    if not bool(used.any()):
        return content.new_zeros(vectors.shape[1], content.shape[1]), content.new_zeros(vectors.shape[1])
    x, rows = torch.cat([content[used], content.new_ones(int(used.sum()), 1)], 1), weight[used, None]
    penalty = PENALTY * float(weight[used].mean())
    matrix = x.T @ (rows * x) + penalty * torch.eye(x.shape[1], device=x.device)
    solved = torch.linalg.solve(matrix, x.T @ (rows * vectors[used]))
    return solved[:-1].T, solved[-1]


def conjugate_gradients(product: Callable[[Tensor], Tensor], right: Tensor) -> Tensor:
    """x with A x = right, (N, D), column by column. product: x to A x for a symmetric positive definite A."""
    x = torch.zeros_like(right)
    rest = right.clone()
    direction = rest.clone()
    square = (rest**2).sum(0)
    tolerance = 1e-10 * square
    for _ in range(STEPS):
        unsolved = square > tolerance
        if not bool(unsolved.any()):
            break
        image = product(direction)
        step = torch.where(unsolved, square / (direction * image).sum(0).clamp_min(1e-30), 0.0)
        x += step * direction
        rest -= step * image
        last, square = square, (rest**2).sum(0)
        direction = rest + torch.where(unsolved, square / last.clamp_min(1e-30), 0.0) * direction
    return x
