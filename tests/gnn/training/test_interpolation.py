import pytest
import torch
from torch import nn

from gnn.training.interpolation import interpolate, state_of


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_model_goes_that_share_of_the_way(share):
    model = nn.Linear(2, 1)
    start = state_of(model)
    end = {name: value + 4.0 for name, value in start.items()}
    interpolate(model, start, end, share)
    for name, value in model.state_dict().items():
        assert value == pytest.approx((start[name] + 4.0 * share).numpy(), abs=1e-6)


def test_a_state_is_a_copy():
    model = nn.Linear(2, 1)
    state = state_of(model)
    with torch.no_grad():
        model.weight.add_(1.0)
    assert not torch.equal(state["weight"], model.weight)
