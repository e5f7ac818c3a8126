"""Batches, and reading ahead of the writer."""

import pytest

from graphstore.batches import batched, read_ahead


def test_batches_hold_all_rows_in_their_order():
    assert list(batched([1, 2, 3, 4, 5], 2)) == [[1, 2], [3, 4], [5]]
    assert list(batched(iter("ab"), 2)) == [["a", "b"]] and list(batched([], 3)) == []


def test_reading_ahead_gives_the_same_rows_in_their_order():
    assert list(read_ahead(iter(range(10)))) == list(range(10)) and list(read_ahead(iter([]))) == []


def test_an_error_while_reading_ahead_comes_where_its_row_would_have_come():
    def rows():
        yield 1
        raise ValueError("broken")

    reading = read_ahead(rows())
    assert next(reading) == 1
    with pytest.raises(ValueError, match="broken"):
        next(reading)
