"""A matrix of users and items whose rows are replaced one at a time, read by user or by item, or a sample of it.

Columns stand in the order of a hash of their users' ids, so that what comes first in each is a sample of users, and the
same users in all: sums over them, divided by the share of all users that they are, are right on average.

Reference: Cohen and Kaplan, "Summarizing Data Using Bottom-k Sketches", PODC 2007; Ting, "Adaptive Threshold Sampling",
SIGMOD 2022 (for a threshold that is where a budget ends).
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from graphstore.incremental.ragged import RaggedArrays, extended

HASHES = 2**32
USER = np.uint64(HASHES - 1)
SUMMED_ANEW = 2000


class Cells(NamedTuple):
    """Cells of several lists. owner: (C,) whose each is, a place; key: the other side's number; value: (C,).

    rate: the share of all users that these stand for, 1 where nothing was left out.
    """

    owner: np.ndarray
    key: np.ndarray
    value: np.ndarray
    rate: float


def user_key(user_id: str, number: int) -> np.uint64:
    """What columns are ordered by: a hash of the id, and in its lower half the number of the user."""
    return np.uint64(int.from_bytes(blake2b(user_id.encode(), digest_size=4).digest()) * HASHES + number)


def users_of(keys: np.ndarray) -> np.ndarray:
    """The numbers of the users of keys."""
    return (keys & USER).astype(np.int64)


def rate_below(key: np.uint64) -> float:
    """The share of all users that have a lower hash than this one's."""
    return (int(key) // HASHES + 1) / HASHES


class InteractionMatrix:
    """Values of pairs of users and items.

    squares: (I,) the sum of the squared values of each column.
    """

    def __init__(self) -> None:
        self.rows = RaggedArrays((np.int32, np.float64))
        self.columns = RaggedArrays((np.uint64, np.float64))
        self.squares = np.zeros(0)

    @classmethod
    def of(cls, user: np.ndarray, item: np.ndarray, value: np.ndarray, keys: np.ndarray) -> InteractionMatrix:
        """From all pairs, ascending by user and item; keys: (U,) of the users."""
        pairs = cls()
        pairs.rows = RaggedArrays.of(user, (item, value), (np.int32, np.float64))
        order = np.lexsort((keys[user], item))
        pairs.columns = RaggedArrays.of(item[order], (keys[user[order]], value[order]), (np.uint64, np.float64))
        pairs.squares = np.bincount(item, value**2).astype(np.float64)
        return pairs

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self.rows.nbytes + self.columns.nbytes + self.squares.nbytes

    def reserve(self, users: int, items: int) -> None:
        """There are at least so many users and items."""
        self.rows.reserve(users)
        self.columns.reserve(items)
        self.squares = extended(self.squares, items)

    def row(self, user: int) -> tuple[np.ndarray, np.ndarray]:
        """Items, ascending, and values of a user."""
        items, values = self.rows.get(user)
        return items.astype(np.int64), values.copy()

    def replace(self, key: np.uint64, items: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Give a user another row; items: ascending. Returns the items where something is different now."""
        user = int(key & USER)
        every, (before, after) = aligned(self.row(user), (items, values))
        had, has = np.isin(every, self.rows.get(user)[0]), np.isin(every, items)
        changed = np.flatnonzero((before != after) | (had != has))
        for place in changed.tolist():
            item = int(every[place])
            keys, column = self.columns.get(item)
            at = int(np.searchsorted(keys, key))
            if not has[place]:
                self.columns.delete(item, at)
            elif had[place]:
                column[at] = after[place]
            else:
                self.columns.insert(item, at, key, after[place])
            self._sum(item, after[place] ** 2 - before[place] ** 2)
        self.rows.put(user, items, values)
        return every[changed]

    def drop(self, item: int) -> None:
        """Empty a column."""
        self.rows.without(users_of(self.columns.get(item)[0]), item)
        self.columns.put(item, *(column[:0] for column in self.columns.columns))
        self.squares[item] = 0.0

    def head(self, item: int, lengths: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Users of a column, their values and the rate, as long as the `lengths` (U,) of their own lists add up to at
        most so many; never nobody."""
        keys, values = (column[: most + 1] for column in self.columns.get(item))
        users = users_of(keys)
        count = int(np.searchsorted(np.cumsum(lengths[users]), most, side="right"))
        count = min(max(count, 1), most)
        rate = rate_below(keys[count]) if count < len(keys) else 1.0
        return users[:count], values[:count], rate

    def columns_of(self, items: np.ndarray, most: int) -> Cells:
        """The cells of several columns, with the same users of each, and about so many where there are more."""
        lengths = self.columns.length[items]
        total = int(lengths.sum())
        rate = 1.0
        if total > most:
            rate = most / total
            limit = np.uint64(int(rate * HASHES) * HASHES)
            lengths = np.array([np.searchsorted(self.columns.get(item)[0], limit) for item in items.tolist()])
        owner, (keys, values) = self.columns.gather(items, lengths)
        return Cells(owner, users_of(keys), values, rate)

    def product(self, one: int, other: int, most: int) -> tuple[float, float]:
        """The product of two columns, as the first so many cells of one tell it, and the rate these stand for."""
        keys, values = self.columns.get(one)
        rate = rate_below(keys[most]) if len(keys) > most else 1.0
        keys, values = keys[:most], values[:most]
        others, weights = self.columns.get(other)
        places = np.minimum(np.searchsorted(others, keys), len(others) - 1)
        return float(values @ np.where(others[places] == keys, weights[places], 0.0)) / rate, rate

    def _sum(self, item: int, more: float) -> None:
        self.squares[item] += more
        values = self.columns.get(item)[1]
        if len(values) <= SUMMED_ANEW:  # what was added and taken leaves traces of rounding; most columns keep none
            self.squares[item] = values @ values


def aligned(
    first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """All keys of two lists of (keys, values), ascending, and (2, N) the values of both, 0 where one has none."""
    keys = np.union1d(first[0], second[0]).astype(np.int64)
    values = np.zeros((2, len(keys)))
    for row, (own, value) in zip(values, (first, second), strict=True):
        row[np.searchsorted(keys, own)] = value
    return keys, values


class UniqueInRange:
    """The different numbers among many, without sorting: in an array with a place for every number."""

    def __init__(self) -> None:
        self._places = np.zeros(0, dtype=np.int32)

    def of(self, numbers: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        """The different ones among numbers below `size`, and for each number its place among them."""
        self._places = extended(self._places, size)
        every = np.arange(len(numbers), dtype=np.int32)
        self._places[numbers] = every
        different = numbers[self._places[numbers] == every]
        self._places[different] = np.arange(len(different))
        return different, self._places[numbers]
