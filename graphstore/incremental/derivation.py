"""Incremental build: all behaviour in memory, from which the derived rows of one item or user are computed on request.

It does not use Neo4j.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphstore.arrays import unique_in_range
from graphstore.build.derive import NO_DECAY, BuildOptions, ridge_penalties
from graphstore.build.regression import unit_of_squares
from graphstore.build.similarity import LEAST_VALUE, decay, log_popularity, strongest
from graphstore.build.transitions import Timeline, time_order
from graphstore.incremental import staleness
from graphstore.incremental.interaction_matrix import InteractionMatrix, user_key, users_of
from graphstore.incremental.item_rows import NeighbourRow, Scores, regressed_column, transition_rows
from graphstore.incremental.ragged import IdIndex, RaggedArrays, extended
from graphstore.incremental.similar_users import SimilarUsers
from graphstore.incremental.staleness import Staleness
from graphstore.interactions import Interactions

CELLS = 200_000
EVENT = (np.int32, np.float64, np.float64)


class IncrementalDerivation:
    """Keeps what build derives up to date, one item or user at a time.

    Invariant: each row is the one that `derive` gives for the same events, reference day and penalties, while no step
    reads more than `cells` cells; beyond, it is estimated from a sample of users.

        value(u, i) = w * 2^((day - reference) / half_life) = c(t) * w * 2^(-(t - day) / half_life)
        c(t) = 2^((t - reference) / half_life)

    The reference day stays until the next build, so that an event changes the values of no other pair. c cancels in
    cosines and in the order of counts; ridge weights are the same with c^2 times the penalty (`renew_penalties`). The
    shrinkage of transitions and of similar users, and events without a time (value w), do not grow with c: they count
    less each day until the next build.

    events: all behaviour of the graph.  options: of its build.
    reference: the day of that build; the latest event's where None, or 0 where no event has a time.
    penalties: as `ridge_penalties` gives them, over all time and recent; those of these events where None. With a
    penalty of 0 (there was no event to measure it by) nothing is similar.
    cells: cells that are read at most in each of a few steps of a row.
    """

    def __init__(
        self,
        events: Interactions,
        options: BuildOptions,
        *,
        reference: float | None = None,
        penalties: tuple[float, float] | None = None,
        cells: int = CELLS,
    ) -> None:
        reference = events.latest_day if reference is None else reference
        self.reference = 0.0 if np.isnan(reference) else float(reference)
        self.options, self.cells = options, cells
        self.penalties = ridge_penalties(events, options, self.reference) if penalties is None else penalties
        self._half_lives = (NO_DECAY, options.recent_half_life, options.users_half_life)
        self._users, self._items = IdIndex(events.user_ids), IdIndex(events.item_ids)
        keys = [user_key(user_id, number) for number, user_id in enumerate(events.user_ids)]
        self._keys = np.array(keys, dtype=np.uint64)
        self._events = _by_user_and_time(events)
        self._dated = int((~np.isnan(events.day)).sum())
        columns = (events.user, events.item, events.day, events.weight)
        self._all_time, self._recent, for_users = (
            InteractionMatrix.of(*self._values(*columns, half_life), self._keys) for half_life in self._half_lives
        )
        self._similar_users = SimilarUsers(for_users, options)
        self._reserve()

    @property
    def nbytes(self) -> int:
        """Bytes of memory for behaviour, without the ids."""
        parts = (self._events, self._all_time, self._recent, self._similar_users, self._keys)
        return sum(part.nbytes for part in parts)

    @property
    def user_ids(self) -> set[str]:
        """Every user with behaviour."""
        return set(self._users.numbers)

    @property
    def item_ids(self) -> set[str]:
        """Every item."""
        return set(self._items.numbers)

    def replace_user(
        self, user_id: str, item_ids: Sequence[str], day: Sequence[float], weight: Sequence[float]
    ) -> Staleness:
        """Replace the whole history of a known or new user: columns (E,) as in `Interactions`.

        The cost is linear in the length of the history, plus a copy of a part of the item's column for each pair that
        is new or deleted.
        """
        days, weights = np.asarray(day, dtype=float), np.asarray(weight, dtype=float)
        if not len(item_ids):
            return self.remove_user(user_id)
        number = self._users.add(user_id)
        items = np.array([self._items.add(item_id) for item_id in item_ids], dtype=np.int64)
        self._reserve()
        self._keys[number] = user_key(user_id, number)
        own = Interactions([user_id], list(item_ids), np.zeros_like(items), np.arange(len(items)), days, weights)
        order = np.concatenate([time_order(own), np.flatnonzero(np.isnan(days))])
        return self._put(number, items[order], days[order], weights[order])

    def remove_user(self, user_id: str) -> Staleness:
        """Delete everything about a user from memory."""
        if user_id not in self._users.numbers:
            return Staleness()
        number = self._users.numbers[user_id]
        change = self._put(number, np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
        self._users.remove(user_id)
        self._keys[number] = 0
        return change

    def remove_item(self, item_id: str) -> Staleness:
        """Delete an item and all events with it. The cost is linear in the length of its users' histories."""
        if item_id not in self._items.numbers:
            return Staleness()
        item = self._items.numbers[item_id]
        users = users_of(self._all_time.columns.get(item)[0])
        changes = self._changes_without(item)
        _, (items, days, _) = self._events.gather(users)
        self._dated -= int((~np.isnan(days[items == item])).sum())
        self._events.delete_key(users, item)
        for matrix in (self._all_time, self._recent, self._similar_users):
            matrix.clear_column(item)
        change = self._staleness(np.array([item]), *changes)
        self._items.remove(item_id)
        for user in users[self._events.length[users] == 0].tolist():
            self._users.remove(self._users.ids[user] or "")
            self._keys[user] = 0
        others = (
            {other: share for other, share in part.items() if other != item_id}
            for part in (change.targets, change.sources)
        )
        return Staleness(frozenset(), *others)

    def renew_penalties(self, threshold: float) -> Staleness:
        """Take the penalties that a build would have now, if one of them has changed by more than this share.

        Returns:
            The staleness of all items, or none where the penalties stay.
        """
        both = (self._all_time, self._recent)
        now = [self._penalty(matrix) for matrix in both]
        changes = [abs(penalty - before) for penalty, before in zip(now, self.penalties, strict=True)]
        if all(change <= threshold * penalty for change, penalty in zip(changes, now, strict=True)):
            return Staleness()
        self.penalties = (now[0], now[1])
        found = []
        for matrix, change in zip(both, changes, strict=True):
            used = np.flatnonzero(matrix.squares)
            found.append((used, np.full(len(used), change)))
        nothing = np.zeros(0, dtype=np.int64)
        return self._staleness(nothing, found, [(nothing, nothing)] * 2)

    def _penalty(self, matrix: InteractionMatrix) -> float:
        if matrix is self._recent and not self._dated:
            return 0.0
        squares = matrix.squares[matrix.squares > 0]
        return self.options.regularisation * unit_of_squares(squares, int((matrix.rows.length > 0).sum()))

    def similar_items(self, item_id: str) -> NeighbourRow:
        """`SIMILAR_TO` relationships to an item, by source, before each source's list is cut (see `updated_row`)."""
        if item_id not in self._items.numbers:
            return {}
        item = self._items.numbers[item_id]
        found: list[Scores] = []
        for matrix, penalty in zip((self._all_time, self._recent), self.penalties, strict=True):
            known = penalty > 0 and (matrix is self._all_time or self._dated > 0)
            size = self.options.neighbourhood
            found.append(
                regressed_column(matrix, item, self._items, neighbourhood=size, penalty=penalty, cells=self.cells)
                if known
                else {}
            )
        return _paired(*found)

    def transitions(self, item_id: str) -> NeighbourRow:
        """`FOLLOWED_BY` relationships from an item, by target."""
        if item_id not in self._items.numbers:
            return {}
        return _paired(
            *transition_rows(
                self._events,
                self._all_time,
                self._items.numbers[item_id],
                self._items,
                self.options,
                reference=self.reference,
                half_lives=self._half_lives[:2],
                cells=self.cells,
            )
        )

    def similar_users(self, user_id: str) -> Scores:
        """The users most similar to one user, with scores, best first."""
        if user_id not in self._users.numbers:
            return {}
        return self._similar_users.row(self._users.numbers[user_id], self._users, self.cells)

    def popularity(self, item_id: str) -> tuple[float, float]:
        """`log_popularity` of an item, decayed and without decay; -inf without events."""
        if item_id not in self._items.numbers:
            return -np.inf, -np.inf
        item = self._items.numbers[item_id]
        users, _, rate = self._all_time.sample_column(item, self._events.length, self.cells)
        _, (items, day, weight) = self._events.gather(users)
        own = items == item
        zeros = np.zeros(int(own.sum()), dtype=np.int64)
        events = Interactions([], [item_id], zeros, zeros, day[own], weight[own])
        logs = (log_popularity(events, half_life)[0] for half_life in (self.options.popularity_half_life, NO_DECAY))
        decayed, plain = (float(log - np.log(rate)) for log in logs)
        return decayed, plain

    def _reserve(self) -> None:
        """Make room for every user and item."""
        users, items = len(self._users.ids), len(self._items.ids)
        self._keys = extended(self._keys, users)
        self._events.reserve(users)
        for matrix in (self._all_time, self._recent, self._similar_users):
            matrix.reserve(users, items)

    def _values(
        self, user: np.ndarray, item: np.ndarray, day: np.ndarray, weight: np.ndarray, half_life: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cells (user, item, value) of events, as in `user_item_matrix`. Over all time, values up to LEAST_VALUE stay
        as 0, so that all users of an item are known."""
        user, item, values = strongest(user, item, weight * decay(day, self.reference, half_life))
        if half_life == NO_DECAY:
            return user, item, np.where(values > LEAST_VALUE, values, 0.0)
        keep = values > LEAST_VALUE
        return user[keep], item[keep], values[keep]

    def _put(self, number: int, items: np.ndarray, days: np.ndarray, weights: np.ndarray) -> Staleness:
        """Replace the events of a user; they are in the order of time."""
        before = [column.copy() for column in self._events.get(number)]
        rows = [matrix.row(number) for matrix in (self._all_time, self._recent)]
        self._events.put(number, items, days, weights)
        self._dated += int((~np.isnan(days)).sum()) - int((~np.isnan(before[1])).sum())
        user = np.full(len(items), number)
        matrices: tuple[InteractionMatrix | SimilarUsers, ...] = (self._all_time, self._recent, self._similar_users)
        for target, half_life in zip(matrices, self._half_lives, strict=True):
            target.replace_row(self._keys[number], *self._values(user, items, days, weights, half_life)[1:])
        after = [column.copy() for column in self._events.get(number)]
        products = [
            staleness.product_changes(row, matrix.row(number))
            for row, matrix in zip(rows, (self._all_time, self._recent), strict=True)
        ]
        old, new = staleness.changed_part(before, after, self.options.transition_window)
        owner = [np.zeros(len(part[0]), dtype=np.int64) for part in (old, new)]
        changed = staleness.changed_part(before, after, 0)
        touched = np.unique(np.concatenate([part[0] for part in changed])).astype(np.int64)
        return self._staleness(touched, products, self._step_changes((owner[0], *old), (owner[1], *new)))

    def _step_changes(
        self, before: tuple[np.ndarray, ...], after: tuple[np.ndarray, ...]
    ) -> list[staleness.ItemChanges]:
        """Changes of the transition counts, over all time and recent, from events (user, item, day, weight)."""
        window, max_days, size = (
            self.options.transition_window,
            self.options.transition_days,
            len(self._all_time.squares),
        )
        found = []
        for half_life in self._half_lives[:2]:
            timelines: list[Timeline] = []
            for user, item, day, weight in (before, after):
                timed = ~np.isnan(day)
                columns = (column[timed] for column in (user, item, day, weight))
                timelines.append(Timeline.of(*columns, reference=self.reference, half_life_days=half_life))
            found.append(staleness.step_changes(timelines[0], timelines[1], window, max_days, size))
        return found

    def _changes_without(self, item: int) -> tuple[list[staleness.ItemChanges], list[staleness.ItemChanges]]:
        """Changes of the products and of the transition counts when all events with an item are deleted."""
        products = []
        for matrix in (self._all_time, self._recent):
            users, values, rate = matrix.sample_column(item, matrix.rows.length, self.cells)
            owner, (items, weights) = matrix.rows.gather(users)
            others, place = unique_in_range(items, len(matrix.squares))
            products.append((others, np.bincount(place, values[owner] * weights, minlength=len(others)) / rate))
        users, _, rate = self._all_time.sample_column(item, self._events.length, self.cells)
        owner, events = self._events.gather(users)
        keep = events[0] != item
        steps = self._step_changes((owner, *events), (owner[keep], *(column[keep] for column in events)))
        return products, [(items, amount / rate) for items, amount in steps]

    def _staleness(
        self,
        touched: np.ndarray,
        products: Sequence[staleness.ItemChanges],
        steps: Sequence[staleness.ItemChanges],
    ) -> Staleness:
        """From the items with changed events, and the changes of products and counts, over all time and recent."""
        squares = (self._all_time.squares, self._recent.squares)
        shrinkage = self.options.transition_shrinkage
        targets = staleness.relative_changes(zip(products, squares, self.penalties, strict=True))
        sources = staleness.relative_changes(zip(steps, squares, (shrinkage, shrinkage), strict=True))
        ids = self._items.ids
        by_id = ({ids[item] or "": share for item, share in part} for part in (targets, sources))
        return Staleness(frozenset(self._items.ids_of(touched)), *by_id)


def _by_user_and_time(events: Interactions) -> RaggedArrays:
    """The events (item, day, weight) of each user in the order of `time_order`, events without a time last."""
    order = np.concatenate([time_order(events), np.flatnonzero(np.isnan(events.day))])
    order = order[np.argsort(events.user[order], kind="stable")]
    return RaggedArrays.of(events.user[order], [c[order] for c in (events.item, events.day, events.weight)], EVENT)


def _paired(overall: Scores, recent: Scores) -> NeighbourRow:
    """The two scores of every id that one of the two has."""
    return {an_id: (overall.get(an_id, 0.0), recent.get(an_id, 0.0)) for an_id in dict.fromkeys([*overall, *recent])}
