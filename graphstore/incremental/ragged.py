"""Many lists that grow and shrink, in a few large arrays: memory for millions of cells without an object for each.

Nothing that is taken out stays behind: cells that are left are set to zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

SPARE = 4  # what grew gets room for a quarter more, and these cells


def extended(array: np.ndarray, size: int) -> np.ndarray:
    """The array, or a longer copy with zeros at its end, so that it has at least `size` places."""
    if len(array) >= size:
        return array
    longer = np.zeros(size + size // SPARE + SPARE, dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """start, start + 1, … start + length - 1 of each, one after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)


class RaggedArrays:
    """Lists of cells, numbered 0, 1, …; a cell is one value of each column. A number never used is an empty list."""

    def __init__(self, dtypes: Sequence[DTypeLike]) -> None:
        self.columns = [np.zeros(0, dtype=dtype) for dtype in dtypes]
        self.length = np.zeros(0, dtype=np.int64)
        self._start = np.zeros(0, dtype=np.int64)
        self._room = np.zeros(0, dtype=np.int64)
        self._end = 0  # of what is used of the columns
        self._lost = 0  # cells before the end that belong to no list any more

    @classmethod
    def of(cls, owners: np.ndarray, columns: Sequence[np.ndarray], dtypes: Sequence[DTypeLike]) -> RaggedArrays:
        """From the columns of all cells; owners: whose list each belongs to, ascending."""
        lists = cls(dtypes)
        lists.columns = [column.astype(dtype) for column, dtype in zip(columns, dtypes, strict=True)]
        lists._end = len(owners)
        lists.length = np.bincount(owners).astype(np.int64)
        lists._room = lists.length.copy()
        lists._start = np.cumsum(lists.length) - lists.length
        return lists

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return sum(array.nbytes for array in (*self.columns, self.length, self._start, self._room))

    def reserve(self, count: int) -> None:
        """There are at least so many lists."""
        self.length, self._start, self._room = (extended(a, count) for a in (self.length, self._start, self._room))

    def get(self, number: int) -> list[np.ndarray]:
        """The columns of one list: views, to be read before the next change."""
        if number >= len(self.length):
            return [column[:0] for column in self.columns]
        start = self._start[number]
        return [column[start : start + self.length[number]] for column in self.columns]

    def gather(self, numbers: np.ndarray, lengths: np.ndarray | None = None) -> tuple[np.ndarray, list[np.ndarray]]:
        """The cells of several lists: which of the `numbers` each belongs to (its place), and their columns.

        lengths: how many cells of each, from its beginning; all where None.
        """
        lengths = self.length[numbers] if lengths is None else lengths
        cells = ranges(self._start[numbers], lengths)
        return np.repeat(np.arange(len(numbers)), lengths), [column[cells] for column in self.columns]

    def put(self, number: int, *columns: np.ndarray) -> None:
        """Replace one list."""
        size = len(columns[0])
        self._resize(number, size)
        start = self._start[number]
        for own, column in zip(self.columns, columns, strict=True):
            own[start : start + size] = column

    def insert(self, number: int, place: int, *cell: float | np.generic) -> None:
        """One more cell at a place of a list; what follows moves on, which is one copy of memory."""
        self.reserve(number + 1)
        size = int(self.length[number])
        self._resize(number, size + 1)
        start = self._start[number]
        for own, value in zip(self.columns, cell, strict=True):
            own[start + place + 1 : start + size + 1] = own[start + place : start + size]
            own[start + place] = value

    def delete(self, number: int, place: int) -> None:
        """One cell less."""
        start, size = self._start[number], self.length[number]
        for own in self.columns:
            own[start + place : start + size - 1] = own[start + place + 1 : start + size]
        self._resize(number, int(size) - 1)

    def without(self, numbers: np.ndarray, key: int) -> None:
        """Take the cells whose first column is the key out of several lists."""
        owner, columns = self.gather(numbers)
        keep = columns[0] != key
        before, after = self.length[numbers], np.bincount(owner[keep], minlength=len(numbers))
        starts = self._start[numbers]
        kept, left = ranges(starts, after), ranges(starts + after, before - after)
        for own, column in zip(self.columns, columns, strict=True):
            own[kept] = column[keep]
            own[left] = 0
        self.length[numbers] = after

    def _resize(self, number: int, size: int) -> None:
        """Give one list that many cells: those it has stay as far as they fit, those it loses become zero."""
        self.reserve(number + 1)
        if size > self._room[number]:
            self._move(number, size + size // SPARE + SPARE)
        start, length = self._start[number], self.length[number]
        for own in self.columns:
            own[start + size : start + length] = 0
        self.length[number] = size

    def _move(self, number: int, room: int) -> None:
        if self._end + room > len(self.columns[0]):
            self._tidy(room)
        start, length = self._start[number], self.length[number]
        for own in self.columns:
            own[self._end : self._end + length] = own[start : start + length]
            own[start : start + length] = 0
        self._lost += int(self._room[number])
        self._start[number], self._room[number] = self._end, room
        self._end += room

    def _tidy(self, room: int) -> None:
        """Room at the end: where much is lost the lists move together, else the columns become longer."""
        if self._lost > len(self.columns[0]) // SPARE:
            numbers = np.flatnonzero(self.length)
            _, self.columns = self.gather(numbers)
            self._start[:] = self._room[:] = 0
            self._room[numbers] = self.length[numbers]
            self._start[numbers] = np.cumsum(self.length[numbers]) - self.length[numbers]
            self._end, self._lost = int(self.length.sum()), 0
        self.columns = [extended(column, self._end + room) for column in self.columns]


class IdIndex:
    """Numbers of ids, 0, 1, …; the number of an id that is dropped is given to the next one that comes."""

    def __init__(self, ids: Sequence[str] = ()) -> None:
        self.ids: list[str | None] = list(ids)
        self.numbers = {name: number for number, name in enumerate(ids)}
        self._free: list[int] = []

    def add(self, name: str) -> int:
        """The number of an id, new or known."""
        number = self.numbers.get(name)
        if number is None:
            if self._free:
                number = self._free.pop()
                self.ids[number] = name
            else:
                number = len(self.ids)
                self.ids.append(name)
            self.numbers[name] = number
        return number

    def drop(self, name: str) -> None:
        """Forget an id."""
        number = self.numbers.pop(name)
        self.ids[number] = None
        self._free.append(number)

    def of(self, numbers: np.ndarray) -> list[str]:
        """The ids of numbers."""
        ids = self.ids
        return [ids[number] for number in numbers.tolist()]  # type: ignore[misc]
