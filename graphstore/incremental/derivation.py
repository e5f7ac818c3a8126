"""Behaviour in memory, so that what build derives can be derived anew for one item or user when an event comes.

Nothing here knows Neo4j. Ages are measured from a reference day that stays from build to build, and what comes after it
counts more than 1, so that an event changes the values of no other pair. The values of dated events are then all the
same multiple c of what they would be if ages were measured from now: cosines and the order of counts are the same, and
so are the weights of a regression with c^2 times the penalty, which `renew_penalties` sees to as behaviour grows. The
shares of transitions would be with c times the shrinkage. It stays, so it counts less with each day since the build, as
do events without a time, whose value is always 1; the next build sets that right. `derive` with the same reference
and penalties gives exactly what the mirror gives, as long as no step reads more than CELLS cells; beyond, users are
sampled.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphstore.build.derive import EVER, BuildOptions, penalties
from graphstore.build.regression import unit_of_squares
from graphstore.build.similarity import FORGOTTEN, decay, log_popularity, strongest
from graphstore.build.transitions import Timeline, time_order
from graphstore.incremental import staleness
from graphstore.incremental.interaction_matrix import InteractionMatrix, UniqueInRange, user_key, users_of
from graphstore.incremental.item_rows import followers, regressed_column
from graphstore.incremental.ragged import IdIndex, RaggedArrays, extended
from graphstore.incremental.similar_users import SimilarUsers
from graphstore.incremental.staleness import Staleness
from graphstore.interactions import Interactions

CELLS = 200_000
EVENT = (np.int32, np.float64, np.float64)
TwoScores = dict[str, tuple[float, float]]


class IncrementalDerivation:
    """Behaviour by user and by item, and the derived rows of one of them.

    events: all behaviour of the graph.  options: of its build.
    reference: the day ages are measured from, that of the build; the latest event's where None, or 0 without one.
    fixed: penalties as `derived.penalties` gives them, over all time and of late; those of these events where None.
    Where one is 0 there was nothing to measure it by, and nothing is similar.
    cells: how many are read at most for a row, in each of a few steps, before users are sampled.
    """

    def __init__(
        self,
        events: Interactions,
        options: BuildOptions,
        *,
        reference: float | None = None,
        fixed: tuple[float, float] | None = None,
        cells: int = CELLS,
    ) -> None:
        reference = events.latest_day if reference is None else reference
        self.reference = 0.0 if np.isnan(reference) else float(reference)
        self.options, self.cells = options, cells
        self.penalties = penalties(events, options, self.reference) if fixed is None else fixed
        self._half_lives = (EVER, options.recent_half_life, options.users_half_life)
        self._users, self._items = IdIndex(events.user_ids), IdIndex(events.item_ids)
        keys = [user_key(user_id, number) for number, user_id in enumerate(events.user_ids)]
        self._keys = np.array(keys, dtype=np.uint64)
        self._events = _in_order_of_time(events)
        self._dated = int((~np.isnan(events.day)).sum())
        self._ever, self._lately, alike = (
            InteractionMatrix.of(
                *self._values(events.user, events.item, events.day, events.weight, half_life), self._keys
            )
            for half_life in self._half_lives
        )
        self._alike = SimilarUsers(alike, options)
        self._distinct = UniqueInRange()
        self._reserve()

    @property
    def nbytes(self) -> int:
        """Bytes of memory for behaviour, without the ids."""
        parts = (self._events, self._ever, self._lately, self._alike, self._keys)
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
        """A user's whole history as it is now, of a known user or a new one: columns as in `Interactions`.

        Costs what the history is long, and, for each pair that is new or gone, a copy of a part of the item's column.
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
        """Forget a user: nothing of theirs stays."""
        if user_id not in self._users.numbers:
            return Staleness()
        number = self._users.numbers[user_id]
        change = self._put(number, np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
        self._users.drop(user_id)
        self._keys[number] = 0
        return change

    def remove_item(self, item_id: str) -> Staleness:
        """Forget an item and all events with it. Costs what the histories of its users are long."""
        if item_id not in self._items.numbers:
            return Staleness()
        item = self._items.numbers[item_id]
        users = users_of(self._ever.columns.get(item)[0])
        moved = self._moved_without(item)
        _, (items, days, _) = self._events.gather(users)
        self._dated -= int((~np.isnan(days[items == item])).sum())
        self._events.without(users, item)
        for pairs in (self._ever, self._lately, self._alike):
            pairs.drop(item)
        change = self._change(np.array([item]), *moved)
        self._items.drop(item_id)
        for user in users[self._events.length[users] == 0].tolist():
            self._users.drop(self._users.ids[user] or "")
            self._keys[user] = 0
        without = (
            {name: share for name, share in part.items() if name != item_id}
            for part in (change.targets, change.sources)
        )
        return Staleness(frozenset(), *without)

    def renew_penalties(self, least: float) -> Staleness:
        """Penalties as they would be in a build now, if one of them is other by this share of it than those in use.

        Returns what that changes of what is known of each item, none where they stay.
        """
        both = (self._ever, self._lately)
        now = [self._penalty(pairs) for pairs in both]
        moved = [abs(penalty - before) for penalty, before in zip(now, self.penalties, strict=True)]
        if all(change <= least * penalty for change, penalty in zip(moved, now, strict=True)):
            return Staleness()
        self.penalties = (now[0], now[1])
        found = []
        for pairs, change in zip(both, moved, strict=True):
            used = np.flatnonzero(pairs.squares)
            found.append((used, np.full(len(used), change)))
        nothing = np.zeros(0, dtype=np.int64)
        return self._change(nothing, found, [(nothing, nothing)] * 2)

    def _penalty(self, pairs: InteractionMatrix) -> float:
        if pairs is self._lately and not self._dated:
            return 0.0
        squares = pairs.squares[pairs.squares > 0]
        return self.options.regularisation * unit_of_squares(squares, int((pairs.rows.length > 0).sum()))

    def similar_items(self, item_id: str) -> TwoScores:
        """What says most about an item, by source: (score, recent_score) of `SIMILAR_TO` from there, before each
        source's list is cut (`row_with` does that)."""
        if item_id not in self._items.numbers:
            return {}
        item = self._items.numbers[item_id]
        found = []
        for pairs, penalty in zip((self._ever, self._lately), self.penalties, strict=True):
            judged = penalty > 0 and (pairs is self._ever or self._dated > 0)
            found.append(self._regressed(pairs, item, penalty) if judged else {})
        return _both(*found)

    def transitions(self, item_id: str) -> TwoScores:
        """What follows an item, by target: (score, recent_score) of its `FOLLOWED_BY`."""
        if item_id not in self._items.numbers:
            return {}
        return _both(
            *followers(
                self._events,
                self._ever,
                self._items.numbers[item_id],
                self._items,
                self._distinct,
                self.options,
                reference=self.reference,
                half_lives=self._half_lives[:2],
                cells=self.cells,
            )
        )

    def similar_users(self, user_id: str) -> dict[str, float]:
        """The users most like one, with scores."""
        if user_id not in self._users.numbers:
            return {}
        return self._alike.row(self._users.numbers[user_id], self._users, self._distinct, self.cells)

    def popularity(self, item_id: str) -> tuple[float, float]:
        """`log_popularity` of an item, decayed and plain; -inf without events."""
        if item_id not in self._items.numbers:
            return -np.inf, -np.inf
        item = self._items.numbers[item_id]
        users, _, rate = self._ever.head(item, self._events.length, self.cells)
        _, (items, day, weight) = self._events.gather(users)
        own = items == item
        zeros = np.zeros(int(own.sum()), dtype=np.int64)
        events = Interactions([], [item_id], zeros, zeros, day[own], weight[own])
        logs = (log_popularity(events, half_life)[0] for half_life in (self.options.popularity_half_life, EVER))
        decayed, plain = (float(log - np.log(rate)) for log in logs)
        return decayed, plain

    def _regressed(self, pairs: InteractionMatrix, item: int, penalty: float) -> dict[str, float]:
        size = self.options.neighbourhood
        return regressed_column(
            pairs, item, self._items, self._distinct, neighbourhood=size, penalty=penalty, cells=self.cells
        )

    def _reserve(self) -> None:
        """There is a place for every user and item."""
        users, items = len(self._users.ids), len(self._items.ids)
        self._keys = extended(self._keys, users)
        self._events.reserve(users)
        for pairs in (self._ever, self._lately, self._alike):
            pairs.reserve(users, items)

    def _values(
        self, user: np.ndarray, item: np.ndarray, day: np.ndarray, weight: np.ndarray, half_life: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The pairs of events and their values by one half-life, as `user_item_matrix` has them; over all time the
        forgotten ones too, with 0: so the users of an item are known."""
        user, item, values = strongest(user, item, weight * decay(day, self.reference, half_life))
        if half_life == EVER:
            return user, item, np.where(values > FORGOTTEN, values, 0.0)
        keep = values > FORGOTTEN
        return user[keep], item[keep], values[keep]

    def _put(self, number: int, items: np.ndarray, days: np.ndarray, weights: np.ndarray) -> Staleness:
        """Give a user other events, in the order of time."""
        before = [column.copy() for column in self._events.get(number)]
        rows = [pairs.row(number) for pairs in (self._ever, self._lately)]
        self._events.put(number, items, days, weights)
        self._dated += int((~np.isnan(days)).sum()) - int((~np.isnan(before[1])).sum())
        user = np.full(len(items), number)
        matrices: tuple[InteractionMatrix | SimilarUsers, ...] = (self._ever, self._lately, self._alike)
        for matrix, half_life in zip(matrices, self._half_lives, strict=True):
            matrix.replace(self._keys[number], *self._values(user, items, days, weights, half_life)[1:])
        after = [column.copy() for column in self._events.get(number)]
        products = [
            staleness.moved_products(row, pairs.row(number))
            for row, pairs in zip(rows, (self._ever, self._lately), strict=True)
        ]
        old, new = staleness.different_part(before, after, self.options.transition_window)
        owner = [np.zeros(len(part[0]), dtype=np.int64) for part in (old, new)]
        changed = staleness.different_part(before, after, 0)
        touched = np.unique(np.concatenate([part[0] for part in changed])).astype(np.int64)
        return self._change(touched, products, self._moved_steps((owner[0], *old), (owner[1], *new)))

    def _moved_steps(self, before: tuple[np.ndarray, ...], after: tuple[np.ndarray, ...]) -> list[staleness.Moved]:
        """By how much steps count otherwise, over all time and of late; events as columns (user, item, day, weight)."""
        window, max_days, size = self.options.transition_window, self.options.transition_days, len(self._ever.squares)
        found = []
        for half_life in self._half_lives[:2]:
            lines: list[Timeline] = []
            for user, item, day, weight in (before, after):
                timed = ~np.isnan(day)
                columns = (column[timed] for column in (user, item, day, weight))
                lines.append(Timeline.of(*columns, reference=self.reference, half_life_days=half_life))
            found.append(staleness.moved_steps(lines[0], lines[1], window, max_days, size))
        return found

    def _moved_without(self, item: int) -> tuple[list[staleness.Moved], list[staleness.Moved]]:
        """By how much products and steps change when all events with an item go."""
        products = []
        for pairs in (self._ever, self._lately):
            users, values, rate = pairs.head(item, pairs.rows.length, self.cells)
            owner, (items, weights) = pairs.rows.gather(users)
            others, place = self._distinct.of(items, len(pairs.squares))
            products.append((others, np.bincount(place, values[owner] * weights, minlength=len(others)) / rate))
        users, _, rate = self._ever.head(item, self._events.length, self.cells)
        owner, events = self._events.gather(users)
        keep = events[0] != item
        steps = self._moved_steps((owner, *events), (owner[keep], *(column[keep] for column in events)))
        return products, [(items, amount / rate) for items, amount in steps]

    def _change(
        self, touched: np.ndarray, products: Sequence[staleness.Moved], steps: Sequence[staleness.Moved]
    ) -> Staleness:
        """With what changed as shares of what is known by now."""
        squares = (self._ever.squares, self._lately.squares)
        shrinkage = self.options.transition_shrinkage
        targets = staleness.shares(zip(products, squares, self.penalties, strict=True))
        sources = staleness.shares(zip(steps, squares, (shrinkage, shrinkage), strict=True))
        ids = self._items.ids
        named = ({ids[item] or "": share for item, share in part} for part in (targets, sources))
        return Staleness(frozenset(self._items.of(touched)), *named)


def _in_order_of_time(events: Interactions) -> RaggedArrays:
    """The events of each user, (item, day, weight), in the order of `time_order`; those without a time come last."""
    order = np.concatenate([time_order(events), np.flatnonzero(np.isnan(events.day))])
    order = order[np.argsort(events.user[order], kind="stable")]
    return RaggedArrays.of(events.user[order], [c[order] for c in (events.item, events.day, events.weight)], EVENT)


def _both(ever: dict[str, float], lately: dict[str, float]) -> TwoScores:
    """Every edge that one of the two has."""
    names = dict.fromkeys([*ever, *lately])
    return {name: (ever.get(name, 0.0), lately.get(name, 0.0)) for name in names}
