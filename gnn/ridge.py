"""What content and attributes say of vectors: a ridge regression by conjugate gradients.

Reference: Hestenes and Stiefel, "Methods of Conjugate Gradients for Solving Linear Systems", 1952; Gantner et al.,
"Learning Attribute-to-Feature Mappings for Cold-Start Recommendations", ICDM 2010 (what it is for).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gnn.geometric import Mean

PENALTY = 10.0
STEPS = 50


def said_by_features(
    vectors: Tensor, content: Tensor, described: Mean | None, weight: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The linear maps that come closest to `vectors`, (I, D), by squared distance weighted with `weight`, (I,).

    content: (I, C), zero where there is none.  described: the mean over the attributes of an item.
    The penalty is PENALTY times the mean of the weights above 0.

    Returns:
        (D, C) of content, (D,) where there is content, (A, D) of attributes.
    """
    has = content.any(1, keepdim=True).to(content.dtype)
    sizes = [content.shape[1], 1, described.sources if described else 0]

    def forward(b: Tensor) -> Tensor:
        line, bias, attributes = b.split(sizes)
        found = content @ line + has * bias
        return found + described.matrix @ attributes if described else found

    def backward(y: Tensor) -> Tensor:
        parts = [content.T @ y, has.T @ y]
        return torch.cat([*parts, described.turned @ y] if described else parts)

    used = weight > 0
    penalty = PENALTY * float(weight[used].mean()) if bool(used.any()) else 1.0
    rows = weight[:, None]
    solved = conjugate_gradients(lambda b: backward(rows * forward(b)) + penalty * b, backward(rows * vectors))
    line, bias, attributes = solved.split(sizes)
    return line.T, bias[0], attributes


def said_by_content(vectors: Tensor, content: Tensor, has: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The linear map from content alone, (I, C), of the items that have some, `has` (I,); else as `said_by_features`.

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
