"""Which users are alike, for one user at a time: a row of `similar_columns` over items.

cos(u, v) = sum_i a_i x_ui x_vi / (|u| |v| + shrinkage), with a_i = activity of item i, which changes with each user of
an item, and with it the lengths of all its users. So lengths are kept up to a tolerance, which says who can be among
the best, and only of these they are computed. A column is counted again when its count is off by more than TOLERANCE,
so that each of its cells is read at most about 1 / TOLERANCE times for each time that the column doubles.
"""

from __future__ import annotations

import numpy as np

from graphstore.build.derive import BuildOptions
from graphstore.build.similarity import DECIMALS, activity, best_of_rows
from graphstore.incremental.interaction_matrix import InteractionMatrix, UniqueInRange, users_of
from graphstore.incremental.item_rows import Scores, top_k
from graphstore.incremental.ragged import IdIndex, extended

TOLERANCE = 0.05


class SimilarUsers:
    """pairs: what users are compared by.  _squares: (U,) of users' lengths, with _counted (I,), users of each item."""

    def __init__(self, pairs: InteractionMatrix, options: BuildOptions) -> None:
        self.pairs = pairs
        self._power, self._shrinkage, self._top = options.activity_power, options.users_shrinkage, options.similar_users
        self._counted = pairs.columns.length.copy()
        owner, (items, values) = pairs.rows.gather(np.arange(len(pairs.rows.length)))
        scaled = values * activity(self._counted[items], self._power)
        self._squares = np.bincount(owner, scaled**2, minlength=len(pairs.rows.length)).astype(np.float64)

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self.pairs.nbytes + self._squares.nbytes + self._counted.nbytes

    def reserve(self, users: int, items: int) -> None:
        """There are at least so many users and items."""
        self.pairs.reserve(users, items)
        self._squares, self._counted = extended(self._squares, users), extended(self._counted, items)

    def replace(self, key: np.uint64, items: np.ndarray, values: np.ndarray) -> None:
        """Give a user another row; items: ascending."""
        for item in self.pairs.replace(key, items, values).tolist():
            count, counted = int(self.pairs.columns.length[item]), int(self._counted[item])
            if max(count, counted) > (1 + TOLERANCE) * min(count, counted):
                self._count(item, count)
        self._squares[users_of(np.array([key]))] = ((values * activity(self._counted[items], self._power)) ** 2).sum()

    def drop(self, item: int) -> None:
        """Empty a column."""
        keys, values = self.pairs.columns.get(item)
        self._squares[users_of(keys)] -= (values * activity(self._counted[item], self._power)) ** 2
        self.pairs.drop(item)
        self._counted[item] = 0

    def _count(self, item: int, count: int) -> None:
        keys, values = self.pairs.columns.get(item)
        then, now = (activity(np.array(n), self._power) ** 2 for n in (self._counted[item], count))
        self._squares[users_of(keys)] += values**2 * (now - then)
        self._counted[item] = count

    def row(self, user: int, names: IdIndex, distinct: UniqueInRange, cells: int) -> Scores:
        """The users most like one. Exact where the columns of the user's items have at most so many cells, and the
        users who can be among the best too; else those of the items that fewest have are compared."""
        items, values = self.pairs.row(user)
        scaled = values * activity(self.pairs.columns.length[items], self._power)
        length = float(np.sqrt((scaled**2).sum()))
        others, product, all_read = self._sharing(user, items, scaled, distinct, cells)
        if not len(others):
            return {}
        others = others[self._can_be_best(others, product, length, cells, all_read)]
        owner, (theirs, weights) = self.pairs.rows.gather(others)
        weights = weights * activity(self.pairs.columns.length[theirs], self._power)
        place = np.minimum(np.searchsorted(items, theirs), len(items) - 1)
        own = np.where(items[place] == theirs, scaled[place], 0.0)
        product = np.bincount(owner, own * weights, minlength=len(others))
        lengths = np.sqrt(np.bincount(owner, weights**2, minlength=len(others)))
        score = product / (length * lengths + self._shrinkage)
        kept, _, score = best_of_rows(np.arange(len(others)), np.full(len(others), user), score, 1)
        best = top_k(score, others[kept], names, self._top)
        return dict(zip(names.of(others[kept[best]]), score[best].tolist(), strict=True))

    def _sharing(
        self, user: int, items: np.ndarray, scaled: np.ndarray, distinct: UniqueInRange, cells: int
    ) -> tuple[np.ndarray, np.ndarray, bool]:
        """The users who share an item with one, and (N,) their products with that one, from the rarest items; whether
        these are all."""
        order = np.argsort(self.pairs.columns.length[items], kind="stable")
        items, scaled = items[order], scaled[order]
        lengths = self.pairs.columns.length[items]
        total = int(lengths.sum())
        lengths[:1] = np.minimum(lengths[:1], cells)
        count = int(np.searchsorted(np.cumsum(lengths), cells, side="right"))
        items, scaled, lengths = items[:count], scaled[:count], lengths[:count]
        owner, (keys, values) = self.pairs.columns.gather(items, lengths)
        others, place = distinct.of(users_of(keys), len(self.pairs.rows.length))
        own = scaled * activity(self.pairs.columns.length[items], self._power)
        product = np.bincount(place, own[owner] * values, minlength=len(others))
        keep = others != user
        return others[keep], product[keep], total <= cells

    def _can_be_best(
        self, others: np.ndarray, product: np.ndarray, length: float, cells: int, all_read: bool
    ) -> np.ndarray:
        """Places of the users who can be among the best, whatever their lengths are within the tolerance; of those with
        the best prospects as many as can be read where they are too many, or where products are not whole."""
        lengths = length * np.sqrt(np.maximum(self._squares[others], 0.0))
        off = (1 + TOLERANCE) ** (self._power / 2) * (1 + 1e-6)
        least, most = (product / (lengths * factor + self._shrinkage) for factor in (off, 1 / off))
        if all_read and len(others) > self._top:
            cut = np.partition(least, len(least) - self._top)[len(least) - self._top]
            places = np.flatnonzero(most >= cut - 2 * 10.0**-DECIMALS)
        else:
            places = np.arange(len(others))
        read = self.pairs.rows.length[others[places]]
        if int(read.sum()) <= cells:
            return places
        order = np.argsort(-least[places], kind="stable")
        return places[order[: max(self._top, int(np.searchsorted(np.cumsum(read[order]), cells)))]]
