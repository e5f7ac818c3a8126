import numpy as np
import pytest
import scipy.sparse as sp

from graphstore.build import regression


def table(found):
    return {(int(s), int(t)): v for s, t, v in zip(found.source, found.target, found.score, strict=True)}


@pytest.fixture
def random_matrix():
    """40 users, 15 items, different strengths."""
    rng = np.random.default_rng(5)
    return sp.csr_matrix(np.where(rng.random((40, 15)) < 0.3, rng.uniform(0.2, 1.5, (40, 15)), 0.0))


def ease(matrix, penalty):
    """The closed form of EASE: B = I - P / diag(P), P = (G + lambda I)^-1."""
    dense = matrix.toarray()
    inverse = np.linalg.inv(dense.T @ dense + penalty * np.eye(dense.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights


EVERYTHING = {"top": 1000, "neighbourhood": 1000}


@pytest.mark.parametrize("dense_columns", [0, regression.DENSE_COLUMNS])
def test_regression_on_everything_is_ease(monkeypatch, dense_columns):
    monkeypatch.setattr(regression, "DENSE_COLUMNS", dense_columns)
    monkeypatch.setattr(regression, "REGRESSIONS_AT_ONCE", 4)
    rng = np.random.default_rng(6)
    matrix = sp.csr_matrix(np.where(rng.random((40, 15)) < 0.5, rng.uniform(0.2, 1.5, (40, 15)), 0.0))
    assert ((matrix.T @ matrix).toarray() > 0).all()  # every column is near every other
    expected = ease(matrix, 0.7 * regression.unit_of_penalty(matrix))
    found = table(regression.regressed_columns(matrix, regularisation=0.7, **EVERYTHING))
    assert 0 < len(found) < 15 * 14
    for pair, weight in np.ndenumerate(expected):
        assert found.get(pair, 0.0) == pytest.approx(max(weight, 0.0), abs=1e-5)
    fixed = regression.regressed_columns(
        matrix, regularisation=0.0, penalty=0.7 * regression.unit_of_penalty(matrix), **EVERYTHING
    )
    assert table(fixed) == found


def test_beyond_many_rows_that_are_not_empty_the_penalty_grows_no_more(monkeypatch):
    monkeypatch.setattr(regression, "MANY_ROWS", 10)
    ten = sp.csr_matrix(np.arange(30).reshape(10, 3) % 4, dtype=float)
    many = sp.vstack([ten] * 9 + [sp.csr_matrix((7, 3))]).tocsr()
    assert regression.unit_of_penalty(ten) == pytest.approx(ten.power(2).sum() / 3)
    assert regression.unit_of_penalty(many) == pytest.approx(regression.unit_of_penalty(ten))


def test_a_small_neighbourhood_is_regressed_as_by_hand():
    """Column 0 with its nearest, 1: w = G01 / (G11 + lambda)."""
    matrix = sp.csr_matrix(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    found = table(regression.regressed_columns(matrix, top=9, regularisation=0.0, neighbourhood=1, penalty=2.0))
    assert found[1, 0] == pytest.approx(2 / (3 + 2), abs=1e-6)
    assert {target: source for source, target in found} == {0: 1, 1: 0, 2: 0}  # of equal ones the lower column


@pytest.mark.parametrize("neighbourhood", [3, 50])
def test_regression_relates_the_items_of_a_checkerboard_to_their_colour_only(neighbourhood):
    matrix = sp.csr_matrix(np.indices((6, 8)).sum(axis=0) % 2 == 0, dtype=float)
    found = table(regression.regressed_columns(matrix, top=50, regularisation=1.0, neighbourhood=neighbourhood))
    assert set(found) == {(i, j) for i in range(8) for j in range(8) if i != j and (i + j) % 2 == 0}
    assert len(set(found.values())) == 1


def test_of_each_source_the_best_targets_are_kept(random_matrix):
    options = {"regularisation": 0.5, "neighbourhood": 10}
    everything = table(regression.regressed_columns(random_matrix, top=100, **options))
    found = table(regression.regressed_columns(random_matrix, top=2, **options))
    for source in range(15):
        best = sorted((pair for pair in everything if pair[0] == source), key=lambda pair: -everything[pair])[:2]
        assert {pair for pair in found if pair[0] == source} == set(best)


def test_columns_without_a_user_or_alone_with_theirs_are_related_to_nothing():
    matrix = sp.csr_matrix(np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]]))
    for columns in (None, np.array([0, 1])):
        found = regression.regressed_columns(matrix, top=5, regularisation=1.0, neighbourhood=5, columns=columns)
        assert len(found.source) == 0


def test_nothing_comes_of_nothing():
    empty = sp.csr_matrix((0, 0))
    assert len(regression.regressed_columns(empty, top=5, regularisation=1.0, neighbourhood=5).source) == 0
    assert regression.unit_of_penalty(empty) == 0.0
