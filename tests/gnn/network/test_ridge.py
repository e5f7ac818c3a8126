import numpy as np
import pytest
import torch

from gnn.network.propagation import MeanAggregation
from gnn.network.ridge import PENALTY, conjugate_gradients, fit_features

ITEMS, CONTENT, ATTRIBUTES, WIDTH = 40, 6, 5, 3


@pytest.fixture
def features():
    """Content of three quarters of the items, and one to three attributes each."""
    generator = torch.Generator().manual_seed(0)
    content = torch.randn(ITEMS, CONTENT, generator=generator)
    content[::4] = 0.0
    pairs = [(a, i) for i in range(ITEMS) for a in range(ATTRIBUTES) if (i + a) % 3 == 0]
    return content, MeanAggregation(torch.tensor(pairs).T, None, ATTRIBUTES, ITEMS)


def test_it_is_the_closed_form_of_a_weighted_ridge_regression(features):
    content, described = features
    generator = torch.Generator().manual_seed(1)
    wanted, weight = torch.randn(ITEMS, WIDTH, generator=generator), torch.rand(ITEMS, generator=generator)
    weight[:5] = 0.0
    has = content.any(1, keepdim=True).float()
    x = torch.cat([content, has, described.matrix.to_dense()], 1).double().numpy()
    w, y = weight.double().numpy()[:, None], wanted.double().numpy()
    penalty = PENALTY * w[w > 0].mean()
    expected = np.linalg.solve(x.T @ (w * x) + penalty * np.eye(x.shape[1]), x.T @ (w * y))
    line, bias, attributes = fit_features(wanted, content, described, weight)
    found = torch.cat([line.T, bias[None], attributes]).numpy()
    assert found == pytest.approx(expected, abs=1e-4)


def test_without_attributes_or_weights_there_is_nothing_to_say(features):
    content, _ = features
    line, bias, attributes = fit_features(torch.ones(ITEMS, WIDTH), content, None, torch.zeros(ITEMS))
    assert not line.any() and not bias.any() and attributes.shape == (0, WIDTH)


def test_columns_are_solved_each_on_its_own():
    matrix = torch.diag(torch.tensor([1.0, 4.0, 9.0]))
    right = torch.tensor([[1.0, 0.0], [4.0, 0.0], [9.0, 1e-9]])
    found = conjugate_gradients(lambda x: matrix @ x, right)
    assert found[:, 0].tolist() == pytest.approx([1.0, 1.0, 1.0]) and torch.isfinite(found).all()


@pytest.mark.parametrize(("noise", "expected"), [(0.0, 0.3), (1.0, 3.0), (2.0, 10.0)])
def test_the_penalty_is_the_larger_the_less_features_say(noise, expected):
    generator = torch.Generator().manual_seed(2)
    content = torch.randn(300, 200, generator=generator) / 200**0.5
    truth = torch.randn(200, WIDTH, generator=generator)
    wanted = content @ truth + noise * torch.randn(300, WIDTH, generator=generator)
    none = torch.zeros(2, 0, dtype=torch.long)
    described = MeanAggregation(none, None, 0, 300)
    x = torch.cat([content, torch.ones(300, 1)], 1)
    solved = torch.linalg.solve(x.T @ x + expected * torch.eye(201), x.T @ wanted)
    line, bias, _ = fit_features(wanted, content, described, torch.full((300,), 2.0))
    assert torch.cat([line.T, bias[None]]).numpy() == pytest.approx(solved.numpy(), abs=1e-3)


def test_a_mean_for_some_targets_is_that_of_all():
    edges = torch.tensor([[0, 1, 2, 3, 1], [0, 0, 1, 3, 3]])
    mean = MeanAggregation(edges, torch.tensor([1.0, 3.0, 2.0, -1.0, 1.0]), 4, 4)
    x = torch.arange(8.0).reshape(4, 2)
    rows = torch.tensor([3, 2, 0])
    assert mean.restricted(rows)(x).tolist() == mean(x)[rows].tolist()
