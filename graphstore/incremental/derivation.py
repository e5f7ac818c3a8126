"""Incremental build: all behaviour in memory, from which the derived rows of one item or user are computed on request.

It does not use Neo4j.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphstore.arrays import unique_in_range
from graphstore.build.derive import NO_DECAY, BuildOptions, ridge_penalties
from graphstore.build.regression import unit_of_squares
from graphstore.build.similarity import log_popularity
from graphstore.build.transitions import Timeline, time_order
from graphstore.clock import GraphClock
from graphstore.incremental import staleness
from graphstore.incremental.behaviour import Behaviour
from graphstore.incremental.interaction_matrix import InteractionMatrix
from graphstore.incremental.item_rows import NeighbourRow, Scores, regressed_column, transition_rows
from graphstore.incremental.staleness import Staleness
from graphstore.interactions import Interactions

CELLS = 200_000


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
    clock: of the graph, by which times of events are taken; the calendar where None. `set_clock` replaces it.
    cells: cells that are read at most in each of a few steps of a row.
    """

    def __init__(
        self,
        events: Interactions,
        options: BuildOptions,
        *,
        reference: float | None = None,
        penalties: tuple[float, float] | None = None,
        clock: GraphClock | None = None,
        cells: int = CELLS,
    ) -> None:
        reference = events.latest_day if reference is None else reference
        self.reference = 0.0 if np.isnan(reference) else float(reference)
        self.options, self.cells = options, cells
        self.penalties = ridge_penalties(events, options, self.reference) if penalties is None else penalties
        self._behaviour = Behaviour(events, options, self.reference, clock or GraphClock(np.inf))

    def set_clock(self, clock: GraphClock) -> None:
        """Take times of events by another clock from now on; values that are derived already stay."""
        self._behaviour.clock = clock

    @property
    def nbytes(self) -> int:
        """Bytes of memory for behaviour, without the ids."""
        return self._behaviour.nbytes

    @property
    def user_ids(self) -> set[str]:
        """Every user with behaviour."""
        return set(self._behaviour.users.numbers)

    @property
    def item_ids(self) -> set[str]:
        """Every item."""
        return set(self._behaviour.items.numbers)

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
        number, items = self._behaviour.add_user(user_id, item_ids)
        own = Interactions([user_id], list(item_ids), np.zeros_like(items), np.arange(len(items)), days, weights)
        order = np.concatenate([time_order(own), np.flatnonzero(np.isnan(days))])
        return self._replace_history(number, items[order], days[order], weights[order])

    def remove_user(self, user_id: str) -> Staleness:
        """Delete everything about a user from memory."""
        numbers = self._behaviour.users.numbers
        if user_id not in numbers:
            return Staleness()
        change = self._replace_history(numbers[user_id], np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
        self._behaviour.remove_user(user_id)
        return change

    def remove_item(self, item_id: str) -> Staleness:
        """Delete an item and all events with it. The cost is linear in the length of its users' histories."""
        data = self._behaviour
        if item_id not in data.items.numbers:
            return Staleness()
        item = data.items.numbers[item_id]
        changes = self._changes_without(item)
        users = data.clear_item(item)
        change = self._staleness(np.array([item]), *changes)
        data.items.remove(item_id)
        for user_id in data.users.ids_of(users[data.events.length[users] == 0]):
            data.remove_user(user_id)
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
        both = (self._behaviour.all_time, self._behaviour.recent)
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
        if matrix is self._behaviour.recent and not self._behaviour.dated:
            return 0.0
        squares = matrix.squares[matrix.squares > 0]
        return self.options.regularisation * unit_of_squares(squares, int((matrix.rows.length > 0).sum()))

    def similar_items(self, item_id: str) -> NeighbourRow:
        """`SIMILAR_TO` relationships to an item, by source, before each source's list is cut (see `updated_row`)."""
        data = self._behaviour
        if item_id not in data.items.numbers:
            return {}
        found: list[Scores] = []
        for matrix, penalty in zip((data.all_time, data.recent), self.penalties, strict=True):
            found.append({})
            if penalty > 0 and (matrix is data.all_time or data.dated > 0):
                found[-1] = regressed_column(
                    matrix,
                    data.items.numbers[item_id],
                    data.items,
                    neighbourhood=self.options.neighbourhood,
                    penalty=penalty,
                    cells=self.cells,
                )
        return _paired(*found)

    def transitions(self, item_id: str) -> NeighbourRow:
        """`FOLLOWED_BY` relationships from an item, by target."""
        data = self._behaviour
        if item_id not in data.items.numbers:
            return {}
        return _paired(
            *transition_rows(
                data.events,
                data.all_time,
                data.items.numbers[item_id],
                data.items,
                self.options,
                clock=data.clock,
                reference=self.reference,
                half_lives=data.half_lives[:2],
                cells=self.cells,
            )
        )

    def similar_users(self, user_id: str) -> Scores:
        """The users most similar to one user, with scores, best first."""
        data = self._behaviour
        if user_id not in data.users.numbers:
            return {}
        return data.similar_users.row(data.users.numbers[user_id], data.users, self.cells)

    def popularity(self, item_id: str) -> tuple[float, float]:
        """`log_popularity` of an item, decayed and without decay; -inf without events."""
        data = self._behaviour
        if item_id not in data.items.numbers:
            return -np.inf, -np.inf
        item = data.items.numbers[item_id]
        users, _, rate = data.all_time.sample_column(item, data.events.length, self.cells)
        _, (items, day, weight) = data.events.gather(users)
        own = items == item
        zeros = np.zeros(int(own.sum()), dtype=np.int64)
        events = Interactions([], [item_id], zeros, zeros, day[own], weight[own], clock_day=data.clock.on(day[own]))
        logs = (log_popularity(events, half_life)[0] for half_life in (self.options.popularity_half_life, NO_DECAY))
        decayed, plain = (float(log - np.log(rate)) for log in logs)
        return decayed, plain

    def _replace_history(self, user: int, items: np.ndarray, days: np.ndarray, weights: np.ndarray) -> Staleness:
        """Replace the events of a user; they are in the order of time."""
        data = self._behaviour
        before, rows = data.history(user), [matrix.row(user) for matrix in (data.all_time, data.recent)]
        data.replace_history(user, items, days, weights)
        after = data.history(user)
        products = [
            staleness.product_changes(row, matrix.row(user))
            for row, matrix in zip(rows, (data.all_time, data.recent), strict=True)
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
        window, max_days = self.options.transition_window, self.options.transition_days
        size = len(self._behaviour.all_time.squares)
        found = []
        for half_life in self._behaviour.half_lives[:2]:
            timelines: list[Timeline] = []
            for user, item, day, weight in (before, after):
                timed = ~np.isnan(day)
                columns = (column[timed] for column in (user, item, day, weight, self._behaviour.clock.on(day)))
                timelines.append(Timeline.of(*columns, reference=self.reference, half_life_days=half_life))
            found.append(staleness.step_changes(timelines[0], timelines[1], window, max_days, size))
        return found

    def _changes_without(self, item: int) -> tuple[list[staleness.ItemChanges], list[staleness.ItemChanges]]:
        """Changes of the products and of the transition counts when all events with an item are deleted."""
        data, products = self._behaviour, []
        for matrix in (data.all_time, data.recent):
            users, values, rate = matrix.sample_column(item, matrix.rows.length, self.cells)
            owner, (items, weights) = matrix.rows.gather(users)
            others, place = unique_in_range(items, len(matrix.squares))
            products.append((others, np.bincount(place, values[owner] * weights, minlength=len(others)) / rate))
        users, _, rate = data.all_time.sample_column(item, data.events.length, self.cells)
        owner, events = data.events.gather(users)
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
        data = self._behaviour
        squares = (data.all_time.squares, data.recent.squares)
        shrinkage = self.options.transition_shrinkage
        targets = staleness.relative_changes(zip(products, squares, self.penalties, strict=True))
        sources = staleness.relative_changes(zip(steps, squares, (shrinkage, shrinkage), strict=True))
        ids = data.items.ids
        by_id = ({ids[item] or "": share for item, share in part} for part in (targets, sources))
        return Staleness(frozenset(data.items.ids_of(touched)), *by_id)


def _paired(overall: Scores, recent: Scores) -> NeighbourRow:
    """The two scores of every id that one of the two has."""
    return {an_id: (overall.get(an_id, 0.0), recent.get(an_id, 0.0)) for an_id in dict.fromkeys([*overall, *recent])}
