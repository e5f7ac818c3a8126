"""Ragged arrays that grow and shrink, and an index of string ids.

Millions of cells stand in a few large arrays, without a Python object for each list. Deleted cells are overwritten with
zero, so that nothing of an erased user stays in memory.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from graphstore.arrays import Rows, ranges

GROWTH = 4  # what grows gets a quarter more than it needs, and these cells


def extended(array: np.ndarray, size: int) -> np.ndarray:
    """The array, or a longer copy with zeros at its end, of at least `size` elements."""
    if len(array) >= size:
        return array
    longer = np.zeros(size + size // GROWTH + GROWTH, dtype=array.dtype)
    longer[: len(array)] = array
    return longer


class RaggedArrays:
    """Lists of different lengths, numbered from 0, stored by columns. A number that was never used is an empty list.

    columns: one array a column; a cell of a list is one element of each.  length: (lists,) cells of each list.
    """

    def __init__(self, dtypes: Sequence[DTypeLike]) -> None:
        self.columns = [np.zeros(0, dtype=dtype) for dtype in dtypes]
        self.length = np.zeros(0, dtype=np.int64)
        self._start = np.zeros(0, dtype=np.int64)
        self._capacity = np.zeros(0, dtype=np.int64)
        self._end = 0  # of the used part of the columns
        self._unused = 0  # cells before the end that belong to no list

    @classmethod
    def of(cls, owners: np.ndarray, columns: Sequence[np.ndarray], dtypes: Sequence[DTypeLike]) -> RaggedArrays:
        """From all cells.  owners: (C,) the number of each cell's list, ascending.  columns: (C,) each."""
        lists = cls(dtypes)
        lists.columns = [column.astype(dtype) for column, dtype in zip(columns, dtypes, strict=True)]
        lists._end = len(owners)
        lists.length = np.bincount(owners).astype(np.int64)
        lists._capacity = lists.length.copy()
        lists._start = np.cumsum(lists.length) - lists.length
        return lists

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return sum(array.nbytes for array in (*self.columns, self.length, self._start, self._capacity))

    def reserve(self, count: int) -> None:
        """Make room for at least `count` lists."""
        self.length, self._start, self._capacity = (
            extended(array, count) for array in (self.length, self._start, self._capacity)
        )

    def get(self, number: int) -> list[np.ndarray]:
        """The columns of one list, as views that are valid until the next change."""
        if number >= len(self.length):
            return [column[:0] for column in self.columns]
        start = self._start[number]
        return [column[start : start + self.length[number]] for column in self.columns]

    def gather(self, numbers: np.ndarray, lengths: np.ndarray | None = None) -> tuple[Rows, list[np.ndarray]]:
        """The cells of several lists.

        numbers: (L,) of the lists.  lengths: (L,) how many cells of each, from its start; all where None.

        Returns:
            (C,) the position in `numbers` of each cell's list, and the columns (C,).
        """
        owner, cells = ranges(self._start[numbers], self.length[numbers] if lengths is None else lengths)
        return owner, [column[cells] for column in self.columns]

    def put(self, number: int, *columns: np.ndarray) -> None:
        """Replace one list."""
        size = len(columns[0])
        self._resize(number, size)
        start = self._start[number]
        for own, column in zip(self.columns, columns, strict=True):
            own[start : start + size] = column

    def insert(self, number: int, place: int, *cell: float | np.generic) -> None:
        """Insert a cell into a list, at a position; copies the cells after it."""
        self.reserve(number + 1)
        size = int(self.length[number])
        self._resize(number, size + 1)
        start = self._start[number]
        for own, value in zip(self.columns, cell, strict=True):
            own[start + place + 1 : start + size + 1] = own[start + place : start + size]
            own[start + place] = value

    def delete(self, number: int, place: int) -> None:
        """Delete the cell of a list at a position."""
        start, size = self._start[number], self.length[number]
        for own in self.columns:
            own[start + place : start + size - 1] = own[start + place + 1 : start + size]
        self._resize(number, int(size) - 1)

    def delete_key(self, numbers: np.ndarray, key: int) -> None:
        """Delete the cells with this value in the first column from several lists."""
        owner, columns = self.gather(numbers)
        keep = columns[0] != key
        before, after = self.length[numbers], np.bincount(owner[keep], minlength=len(numbers))
        starts = self._start[numbers]
        (_, kept), (_, freed) = ranges(starts, after), ranges(starts + after, before - after)
        for own, column in zip(self.columns, columns, strict=True):
            own[kept] = column[keep]
            own[freed] = 0
        self.length[numbers] = after

    def _resize(self, number: int, size: int) -> None:
        """Give one list `size` cells: the first ones keep their values, deleted ones become zero."""
        self.reserve(number + 1)
        if size > self._capacity[number]:
            self._move_to_end(number, size + size // GROWTH + GROWTH)
        start, length = self._start[number], self.length[number]
        for own in self.columns:
            own[start + size : start + length] = 0
        self.length[number] = size

    def _move_to_end(self, number: int, capacity: int) -> None:
        if self._end + capacity > len(self.columns[0]):
            self._make_room(capacity)
        start, length = self._start[number], self.length[number]
        for own in self.columns:
            own[self._end : self._end + length] = own[start : start + length]
            own[start : start + length] = 0
        self._unused += int(self._capacity[number])
        self._start[number], self._capacity[number] = self._end, capacity
        self._end += capacity

    def _make_room(self, cells: int) -> None:
        """Room at the end of the columns: compacted first where more than 1 / GROWTH is unused, then extended."""
        if self._unused > len(self.columns[0]) // GROWTH:
            numbers = np.flatnonzero(self.length)
            _, self.columns = self.gather(numbers)
            self._start[:] = self._capacity[:] = 0
            self._capacity[numbers] = self.length[numbers]
            self._start[numbers] = np.cumsum(self.length[numbers]) - self.length[numbers]
            self._end, self._unused = int(self.length.sum()), 0
        self.columns = [extended(column, self._end + cells) for column in self.columns]


class IdIndex:
    """Row numbers of ids, from 0. The number of a removed id is given to the next new one."""

    def __init__(self, ids: Sequence[str] = ()) -> None:
        self.ids: list[str | None] = list(ids)
        self.numbers = {an_id: number for number, an_id in enumerate(ids)}
        self._free: list[int] = []

    def add(self, an_id: str) -> int:
        """The number of an id; a new id gets one."""
        number = self.numbers.get(an_id)
        if number is None:
            if self._free:
                number = self._free.pop()
                self.ids[number] = an_id
            else:
                number = len(self.ids)
                self.ids.append(an_id)
            self.numbers[an_id] = number
        return number

    def remove(self, an_id: str) -> None:
        """Remove an id; its number becomes free."""
        number = self.numbers.pop(an_id)
        self.ids[number] = None
        self._free.append(number)

    def ids_of(self, numbers: np.ndarray) -> list[str]:
        """The ids of numbers (N,)."""
        ids = self.ids
        return [ids[number] for number in numbers.tolist()]  # type: ignore[misc]

    def ranks(self, numbers: np.ndarray) -> Rows:
        """(N,) the position of each number's id among the sorted ids of these numbers."""
        ids = self.ids_of(numbers)
        ranks = np.empty(len(ids), dtype=np.int64)
        ranks[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
        return ranks
