"""Part of the way from where a training began to where it came.

A start that already ranks well knows what rare items have in common; a training also learns single histories by heart.
Between the two, parameter by parameter, there is often a better model than either.

Reference: Wortsman et al., "Robust Fine-Tuning of Zero-Shot Models", CVPR 2022.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SHARES = (1.0, 0.8, 0.6, 0.4, 0.2)  # of the way

State = dict[str, Tensor]


def state_of(model: nn.Module) -> State:
    """A copy of the parameters."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def interpolate(model: nn.Module, start: State, end: State, share: float) -> None:
    """Put the model at this share of the way from `start` to `end`: 0 to 1."""
    model.load_state_dict({name: torch.lerp(start[name], value, share) for name, value in end.items()})
