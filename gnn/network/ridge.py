"""What content and attributes say of vectors: a ridge regression by conjugate gradients.

Reference: Hestenes and Stiefel, "Methods of Conjugate Gradients for Solving Linear Systems", 1952; Gantner et al.,
"Learning Attribute-to-Feature Mappings for Cold-Start Recommendations", ICDM 2010 (what it is for).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from gnn.network.propagation import MeanAggregation

PENALTY = 10.0
PENALTIES = (30.0, 3.0, 1.0, 0.3)  # to choose from, if one is better than PENALTY by more than chance
FOLDS, LEAST_ITEMS, MOST_ITEMS = 5, 50, 10_000  # to choose by
STEPS = 50


def fit_features(
    vectors: Tensor, content: Tensor, described: MeanAggregation | None, weight: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The linear maps that come closest to `vectors`, (I, D), by squared distance weighted with `weight`, (I,).

    content: (I, C), zero where there is none.  described: the mean over the attributes of an item.
    The penalty is the one of PENALTIES with which what is said of a fifth of the items by what is known of the others
    lies nearest to them by cosine, or PENALTY where none is better by more than chance; times the mean of the weights
    above 0.

    Returns:
        (D, C) of content, (D,) where there is content, (A, D) of attributes.
    """
    regression = _Regression(vectors, content, described, weight)
    line, bias, attributes = regression.split(regression.solved(_best_penalty(vectors, content, described, weight)))
    return line.T, bias[0], attributes


class _Regression:
    """The weighted regression of vectors on features, whatever the penalty."""

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
        return conjugate_gradients(lambda b: self._backward(self._rows * self.said(b)) + ridge * b, self._right)

    def split(self, coefficients: Tensor) -> tuple[Tensor, ...]:
        """Those of content, of having some, and of attributes."""
        return coefficients.split(self._sizes)

    def said(self, coefficients: Tensor) -> Tensor:
        """What the features say, (I, D)."""
        line, bias, attributes = self.split(coefficients)
        found = self._content @ line + self._has * bias
        return found + self._described.matrix @ attributes if self._described else found

    def _backward(self, y: Tensor) -> Tensor:
        parts = [self._content.T @ y, self._has.T @ y]
        return torch.cat([*parts, self._described.turned @ y] if self._described else parts)


def _best_penalty(vectors: Tensor, content: Tensor, described: MeanAggregation | None, weight: Tensor) -> float:
    rows = weight.nonzero().ravel()
    if len(rows) < LEAST_ITEMS:
        return PENALTY
    rows = rows[:: -(-len(rows) // MOST_ITEMS)]
    out = torch.arange(len(rows), device=rows.device) % FOLDS == 0
    vectors, weight = vectors[rows], weight[rows]
    part = described.restricted(rows) if described else None
    regression = _Regression(vectors, content[rows], part, weight.masked_fill(out, 0.0))

    def nearness(penalty: float) -> Tensor:
        said = regression.said(regression.solved(penalty))[out]
        return weight[out] * functional.cosine_similarity(said, vectors[out])

    usual = nearness(PENALTY)
    gains = {penalty: nearness(penalty) - usual for penalty in PENALTIES}
    best = max(gains, key=lambda penalty: float(gains[penalty].mean()))
    chance = 1.96 * float(gains[best].std()) / len(usual) ** 0.5
    return best if float(gains[best].mean()) > chance else PENALTY


def fit_content(vectors: Tensor, content: Tensor, has: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The linear map from content alone, (I, C), of the items that have some, `has` (I,); else as `fit_features`.

    Returns:
        (D, C) of content, (D,) where there is content.
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
    """x with A x = right, (N, D), each column on its own. product: A x of a symmetric positive definite A."""
    x = torch.zeros_like(right)
    rest = right.clone()
    direction = rest.clone()
    square = (rest**2).sum(0)
    enough = 1e-10 * square
    for _ in range(STEPS):
        going = square > enough
        if not bool(going.any()):
            break
        moved = product(direction)
        step = torch.where(going, square / (direction * moved).sum(0).clamp_min(1e-30), 0.0)
        x += step * direction
        rest -= step * moved
        last, square = square, (rest**2).sum(0)
        direction = rest + torch.where(going, square / last.clamp_min(1e-30), 0.0) * direction
    return x
