"""A sparse user-item matrix with replaceable rows, which is read by user or by item, in full or from a sample of users.

The users of each column stand in the order of a hash of their ids. The first users of every column are therefore a
uniform sample, and the same users in all columns (coordinated bottom-k sampling). A sum over a sample divided by its
sampling rate is an unbiased estimate of the sum over all users.

Names: U users, I items, C cells. `limit`: cells that are read at most. `rate`: sampling rate, the share of all users
that is in a sample; 1 where nothing was left out.

Reference: Cohen and Kaplan, "Summarizing Data Using Bottom-k Sketches", PODC 2007; Ting, "Adaptive Threshold Sampling",
SIGMOD 2022 (for a threshold that follows from a budget).
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from graphstore.incremental.ragged import RaggedArrays, extended

HASHES = 2**32
USER_MASK = np.uint64(HASHES - 1)
EXACT_CELLS = 2000  # columns up to this length are summed again after each change


class Cells(NamedTuple):
    """Cells of several columns. owner: (C,) position of the column.  user: (C,) numbers.  value: (C,).  rate: above."""

    owner: np.ndarray
    user: np.ndarray
    value: np.ndarray
    rate: float


def user_key(user_id: str, number: int) -> np.uint64:
    """The sort key of a user in columns: a hash of the id in the upper 32 bits, the number of the user in the lower."""
    return np.uint64(int.from_bytes(blake2b(user_id.encode(), digest_size=4).digest()) * HASHES + number)


def users_of(keys: np.ndarray) -> np.ndarray:
    """The user numbers of keys."""
    return (keys & USER_MASK).astype(np.int64)


def rate_below(key: np.uint64) -> float:
    """The expected share of users whose key is lower than this one."""
    return (int(key) // HASHES + 1) / HASHES


class InteractionMatrix:
    """One value for each pair of a user and an item, stored by rows and by columns.

    rows: cells (item, value) by user.  columns: cells (user key, value) by item, keys ascending.
    squares: (I,) sum of the squared values of each column.
    """

    def __init__(self) -> None:
        self.rows = RaggedArrays((np.int32, np.float64))
        self.columns = RaggedArrays((np.uint64, np.float64))
        self.squares = np.zeros(0)

    @classmethod
    def of(cls, user: np.ndarray, item: np.ndarray, value: np.ndarray, keys: np.ndarray) -> InteractionMatrix:
        """From all cells (C,), ascending by user and item.  keys: (U,) of the users."""
        matrix = cls()
        matrix.rows = RaggedArrays.of(user, (item, value), (np.int32, np.float64))
        order = np.lexsort((keys[user], item))
        matrix.columns = RaggedArrays.of(item[order], (keys[user[order]], value[order]), (np.uint64, np.float64))
        matrix.squares = np.bincount(item, value**2).astype(np.float64)
        return matrix

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self.rows.nbytes + self.columns.nbytes + self.squares.nbytes

    def reserve(self, users: int, items: int) -> None:
        """Make room for at least so many users and items."""
        self.rows.reserve(users)
        self.columns.reserve(items)
        self.squares = extended(self.squares, items)

    def row(self, user: int) -> tuple[np.ndarray, np.ndarray]:
        """Items, ascending, and values of one user."""
        items, values = self.rows.get(user)
        return items.astype(np.int64), values.copy()

    def replace_row(self, key: np.uint64, items: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Replace the row of one user.  items: ascending.  Returns the items whose value is new, changed or deleted."""
        user = int(key & USER_MASK)
        union, (before, after) = aligned(self.row(user), (items, values))
        had, has = np.isin(union, self.rows.get(user)[0]), np.isin(union, items)
        changed = np.flatnonzero((before != after) | (had != has))
        for place in changed.tolist():
            item = int(union[place])
            keys, column = self.columns.get(item)
            at = int(np.searchsorted(keys, key))
            if not has[place]:
                self.columns.delete(item, at)
            elif had[place]:
                column[at] = after[place]
            else:
                self.columns.insert(item, at, key, after[place])
            self._add_to_squares(item, after[place] ** 2 - before[place] ** 2)
        self.rows.put(user, items, values)
        return union[changed]

    def clear_column(self, item: int) -> None:
        """Delete all cells of one item."""
        self.rows.delete_key(users_of(self.columns.get(item)[0]), item)
        self.columns.put(item, *(column[:0] for column in self.columns.columns))
        self.squares[item] = 0.0

    def sample_column(self, item: int, lengths: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray, float]:
        """The first users of a column, their values, and the sampling rate.

        lengths: (U,) of a list of each user that the caller will read. As many users are taken as have at most `limit`
        cells in these lists together, but at least one.
        """
        keys, values = (column[: limit + 1] for column in self.columns.get(item))
        users = users_of(keys)
        count = int(np.searchsorted(np.cumsum(lengths[users]), limit, side="right"))
        count = min(max(count, 1), limit)
        rate = rate_below(keys[count]) if count < len(keys) else 1.0
        return users[:count], values[:count], rate

    def sample_columns(self, items: np.ndarray, limit: int) -> Cells:
        """The cells of several columns, of the same users in each: about `limit` cells where there are more."""
        lengths = self.columns.length[items]
        total = int(lengths.sum())
        rate = 1.0
        if total > limit:
            rate = limit / total
            threshold = np.uint64(int(rate * HASHES) * HASHES)
            lengths = np.array([np.searchsorted(self.columns.get(item)[0], threshold) for item in items.tolist()])
        owner, (keys, values) = self.columns.gather(items, lengths)
        return Cells(owner, users_of(keys), values, rate)

    def sample_product(self, one: int, other: int, limit: int) -> tuple[float, float]:
        """The scalar product of two columns, estimated from the first `limit` cells of column `one`, and the rate."""
        keys, values = self.columns.get(one)
        rate = rate_below(keys[limit]) if len(keys) > limit else 1.0
        keys, values = keys[:limit], values[:limit]
        others, weights = self.columns.get(other)
        places = np.minimum(np.searchsorted(others, keys), len(others) - 1)
        return float(values @ np.where(others[places] == keys, weights[places], 0.0)) / rate, rate

    def _add_to_squares(self, item: int, difference: float) -> None:
        self.squares[item] += difference
        values = self.columns.get(item)[1]
        if len(values) <= EXACT_CELLS:  # sums and differences leave rounding errors; most columns have none
            self.squares[item] = values @ values


def aligned(
    first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The union (N,), ascending, of the keys of two lists (keys, values), and (2, N) the values of both; 0 for none."""
    keys = np.union1d(first[0], second[0]).astype(np.int64)
    values = np.zeros((2, len(keys)))
    for row, (own, value) in zip(values, (first, second), strict=True):
        row[np.searchsorted(keys, own)] = value
    return keys, values
