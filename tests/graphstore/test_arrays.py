"""The array operations that several rooms share give what the plain numpy way gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from graphstore.arrays import kth_largest, ranges, top_k, unique_in_range

FEW_VALUES = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 1.0])  # so that most scores are equal to another


@st.composite
def scored(draw):
    """Scores (N,), two keys (N,) for ties, and a k from 0 to more than N."""
    size = draw(st.integers(0, 30))
    scores = draw(arrays(np.float64, size, elements=FEW_VALUES))
    keys = [draw(arrays(np.int64, size, elements=st.integers(0, 3))) for _ in range(2)]
    return scores, keys, draw(st.integers(0, size + 3))


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 5)), max_size=20))
def test_ranges_are_pythons_ranges_one_after_the_other(parts):
    start, count = np.array(parts, dtype=np.int64).reshape(-1, 2).T
    owner, number = ranges(start, count)
    expected = [(place, n) for place, (first, size) in enumerate(parts) for n in range(first, first + size)]
    assert list(zip(owner.tolist(), number.tolist(), strict=True)) == expected


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@given(st.lists(st.integers(0, 9), max_size=40))
def test_the_distinct_numbers_and_their_places_are_those_of_numpys_unique(dtype, numbers):
    numbers = np.array(numbers, dtype=dtype)
    unique, place = unique_in_range(numbers, 10)
    assert np.array_equal(np.sort(unique), np.unique(numbers))
    assert unique.dtype == dtype and np.array_equal(unique[place], numbers)


@given(scored())
def test_the_k_highest_are_those_of_a_full_sort_with_ties_by_the_keys_then_by_position(case):
    scores, keys, k = case
    order = sorted(range(len(scores)), key=lambda n: (-scores[n], keys[0][n], keys[1][n], n))
    assert top_k(scores, k, lambda places: [key[places] for key in keys]).tolist() == order[:k]


@given(scored())
def test_without_keys_the_lower_position_comes_first(case):
    scores, _, k = case
    assert top_k(scores, k).tolist() == sorted(range(len(scores)), key=lambda n: (-scores[n], n))[:k]


def test_keys_are_asked_only_for_what_can_be_among_the_best():
    asked = []

    def keys(places):
        asked.append(places.tolist())
        return [-places]

    assert top_k(np.array([3.0, 1.0, 2.0, 2.0, 0.0, 2.0]), 2, keys).tolist() == [0, 5]
    assert asked == [[0, 2, 3, 5]]


@given(scored())
def test_the_kth_largest_is_that_of_a_full_sort_in_every_row(case):
    scores, _, k = case
    if 1 <= k <= len(scores):
        rows = np.stack([scores, scores[::-1]])
        assert kth_largest(rows, k).tolist() == [sorted(scores, reverse=True)[k - 1]] * 2
        assert kth_largest(scores, k) == sorted(scores, reverse=True)[k - 1]
