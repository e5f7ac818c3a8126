"""The users most similar to one user: one row of `similar_columns` over items.

    cos(u, v) = sum_i a_i^2 x_ui x_vi / (|u| |v| + shrinkage),  |u|^2 = sum_i (a_i x_ui)^2,  a_i = n_i^(-power / 2)

n_i, the number of users of item i, changes with every new user of the item, and with it the norms of all its users.
Norms are therefore kept with a tolerance: the squared norms of an item's users are corrected once n_i is off by more
than TOLERANCE. Bounds from these norms select the users who can be among the best; exact scores are computed for them
only. Each cell of a column is read about 1 / TOLERANCE times for each time that the column doubles.
"""

from __future__ import annotations

import numpy as np

from graphstore.arrays import kth_largest, unique_in_range
from graphstore.build.derive import BuildOptions
from graphstore.build.similarity import DECIMALS, activity, best_of_rows
from graphstore.incremental.interaction_matrix import InteractionMatrix, users_of
from graphstore.incremental.item_rows import Scores, best_by_id
from graphstore.incremental.ragged import IdIndex, extended

TOLERANCE = 0.05


class SimilarUsers:
    """Similar users over a matrix whose rows are replaced one at a time.

    matrix: the values that users are compared by.
    _squares: (U,) squared norms, within the tolerance.  _counted: (I,) the n_i that they were computed with.
    """

    def __init__(self, matrix: InteractionMatrix, options: BuildOptions) -> None:
        self.matrix = matrix
        self._power, self._shrinkage, self._top = options.activity_power, options.users_shrinkage, options.similar_users
        self._counted = matrix.columns.length.copy()
        owner, (items, values) = matrix.rows.gather(np.arange(len(matrix.rows.length)))
        scaled = values * activity(self._counted[items], self._power)
        self._squares = np.bincount(owner, scaled**2, minlength=len(matrix.rows.length)).astype(np.float64)

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self.matrix.nbytes + self._squares.nbytes + self._counted.nbytes

    def reserve(self, users: int, items: int) -> None:
        """Make room for at least so many users and items."""
        self.matrix.reserve(users, items)
        self._squares, self._counted = extended(self._squares, users), extended(self._counted, items)

    def replace_row(self, key: np.uint64, items: np.ndarray, values: np.ndarray) -> None:
        """Replace the row of one user.  items: ascending."""
        for item in self.matrix.replace_row(key, items, values).tolist():
            count, counted = int(self.matrix.columns.length[item]), int(self._counted[item])
            if max(count, counted) > (1 + TOLERANCE) * min(count, counted):
                self._recount(item, count)
        self._squares[users_of(np.array([key]))] = ((values * activity(self._counted[items], self._power)) ** 2).sum()

    def clear_column(self, item: int) -> None:
        """Delete all cells of one item."""
        keys, values = self.matrix.columns.get(item)
        self._squares[users_of(keys)] -= (values * activity(self._counted[item], self._power)) ** 2
        self.matrix.clear_column(item)
        self._counted[item] = 0

    def _recount(self, item: int, count: int) -> None:
        keys, values = self.matrix.columns.get(item)
        before, after = (activity(np.array(n), self._power) ** 2 for n in (self._counted[item], count))
        self._squares[users_of(keys)] += values**2 * (after - before)
        self._counted[item] = count

    def row(self, user: int, ids: IdIndex, cells: int) -> Scores:
        """The users most similar to one user, with scores, best first.

        Exact while the columns of the user's items, and the rows of the users who can be among the best, have at most
        `cells` cells each; beyond, only users who share one of the rarest items are compared.
        """
        items, values = self.matrix.row(user)
        scaled = values * activity(self.matrix.columns.length[items], self._power)
        norm = float(np.sqrt((scaled**2).sum()))
        others, product, complete = self._overlapping(user, items, scaled, cells)
        if not len(others):
            return {}
        others = others[self._possible_best(others, product, norm, cells, complete)]
        owner, (their_items, weights) = self.matrix.rows.gather(others)
        weights = weights * activity(self.matrix.columns.length[their_items], self._power)
        place = np.minimum(np.searchsorted(items, their_items), len(items) - 1)
        own = np.where(items[place] == their_items, scaled[place], 0.0)
        product = np.bincount(owner, own * weights, minlength=len(others))
        norms = np.sqrt(np.bincount(owner, weights**2, minlength=len(others)))
        score = product / (norm * norms + self._shrinkage)
        kept, _, score = best_of_rows(np.arange(len(others)), np.full(len(others), user), score, 1)
        best = best_by_id(score, others[kept], ids, self._top)
        return dict(zip(ids.ids_of(others[kept[best]]), score[best].tolist(), strict=True))

    def _overlapping(
        self, user: int, items: np.ndarray, scaled: np.ndarray, cells: int
    ) -> tuple[np.ndarray, np.ndarray, bool]:
        """(N,) the users who share an item with one user, read from the rarest items first; (N,) their products with
        that user over the items read; whether all items were read."""
        order = np.argsort(self.matrix.columns.length[items], kind="stable")
        items, scaled = items[order], scaled[order]
        lengths = self.matrix.columns.length[items]
        total = int(lengths.sum())
        lengths[:1] = np.minimum(lengths[:1], cells)
        count = int(np.searchsorted(np.cumsum(lengths), cells, side="right"))
        items, scaled, lengths = items[:count], scaled[:count], lengths[:count]
        owner, (keys, values) = self.matrix.columns.gather(items, lengths)
        others, place = unique_in_range(users_of(keys), len(self.matrix.rows.length))
        own = scaled * activity(self.matrix.columns.length[items], self._power)
        product = np.bincount(place, own[owner] * values, minlength=len(others))
        keep = others != user
        return others[keep], product[keep], total <= cells

    def _possible_best(
        self, others: np.ndarray, product: np.ndarray, norm: float, cells: int, complete: bool
    ) -> np.ndarray:
        """Positions of the users who can be among the best, for any norms within the tolerance.

        Where their rows have more than `cells` cells, or the products are not complete, as many as can be read, those
        with the highest lower bound first.
        """
        norms = norm * np.sqrt(np.maximum(self._squares[others], 0.0))
        off = (1 + TOLERANCE) ** (self._power / 2) * (1 + 1e-6)
        lower, upper = (product / (norms * factor + self._shrinkage) for factor in (off, 1 / off))
        if complete and len(others) > self._top:
            places = np.flatnonzero(upper >= kth_largest(lower, self._top) - 2 * 10.0**-DECIMALS)
        else:
            places = np.arange(len(others))
        read = self.matrix.rows.length[others[places]]
        if int(read.sum()) <= cells:
            return places
        order = np.argsort(-lower[places], kind="stable")
        return places[order[: max(self._top, int(np.searchsorted(np.cumsum(read[order]), cells)))]]
