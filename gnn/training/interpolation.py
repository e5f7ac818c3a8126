"""Weight interpolation between the start and the end of a training.

A start that already ranks well generalises to rare items; training also memorises single histories. A model between the
two is often better than either.

Reference: Wortsman et al., "Robust Fine-Tuning of Zero-Shot Models", CVPR 2022.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SHARES = (1.0, 0.8, 0.6, 0.4, 0.2)  # of the way from start to end

Weights = dict[str, Tensor]


def state_of(model: nn.Module) -> Weights:
    """A copy of the parameters by name."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def interpolate(model: nn.Module, start: Weights, end: Weights, share: float) -> None:
    """Set the parameters to a share, 0 to 1, of the way from `start` to `end`."""
    model.load_state_dict({name: torch.lerp(start[name], value, share) for name, value in end.items()})
