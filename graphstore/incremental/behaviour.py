"""All behaviour in memory: events by user, and their decayed values by user and by item. Histories can be replaced."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphstore.build.derive import NO_DECAY, BuildOptions
from graphstore.build.similarity import LEAST_VALUE, decay, strongest
from graphstore.build.transitions import time_order
from graphstore.clock import GraphClock
from graphstore.incremental.interaction_matrix import InteractionMatrix, user_key, users_of
from graphstore.incremental.ragged import IdIndex, RaggedArrays, extended
from graphstore.incremental.similar_users import SimilarUsers
from graphstore.interactions import Interactions

EVENT = (np.int32, np.float64, np.float64)


class Behaviour:
    """The events of all users, and what rows are derived from.

    users, items: row numbers by id.  keys: (U,) of users in columns (see `user_key`).
    events: (item, day, weight) by user, in the order of `time_order`, those without a time last.
    reference: the day that ages are measured from.  clock: by which times of events are taken; it may be replaced.
    dated: the number of events that have a time.
    all_time, recent: values without decay, and with the recent half-life.  similar_users: over a third half-life.
    """

    def __init__(self, events: Interactions, options: BuildOptions, reference: float, clock: GraphClock) -> None:
        self.reference, self.clock = reference, clock
        self.half_lives = (NO_DECAY, options.recent_half_life, options.users_half_life)
        self.users, self.items = IdIndex(events.user_ids), IdIndex(events.item_ids)
        keys = [user_key(user_id, number) for number, user_id in enumerate(events.user_ids)]
        self.keys = np.array(keys, dtype=np.uint64)
        self.events = _by_user_and_time(events)
        self.dated = int((~np.isnan(events.day)).sum())
        columns = (events.user, events.item, events.day, events.weight)
        self.all_time, self.recent, for_users = (
            InteractionMatrix.of(*self._values(*columns, half_life), self.keys) for half_life in self.half_lives
        )
        self.similar_users = SimilarUsers(for_users, options)
        self._reserve()

    @property
    def nbytes(self) -> int:
        """Bytes of memory, without the ids."""
        return sum(part.nbytes for part in (self.events, self.all_time, self.recent, self.similar_users, self.keys))

    def history(self, user: int) -> list[np.ndarray]:
        """Copies of the columns item, day and weight of a user's events."""
        return [column.copy() for column in self.events.get(user)]

    def add_user(self, user_id: str, item_ids: Sequence[str]) -> tuple[int, np.ndarray]:
        """The number of a user and (E,) of items, known or new."""
        number = self.users.add(user_id)
        items = np.array([self.items.add(item_id) for item_id in item_ids], dtype=np.int64)
        self._reserve()
        self.keys[number] = user_key(user_id, number)
        return number, items

    def replace_history(self, user: int, items: np.ndarray, days: np.ndarray, weights: np.ndarray) -> None:
        """Replace the events (E,) of a user; they are in the order of time."""
        self.dated += int((~np.isnan(days)).sum()) - int((~np.isnan(self.events.get(user)[1])).sum())
        self.events.put(user, items, days, weights)
        owner = np.full(len(items), user)
        matrices: tuple[InteractionMatrix | SimilarUsers, ...] = (self.all_time, self.recent, self.similar_users)
        for target, half_life in zip(matrices, self.half_lives, strict=True):
            target.replace_row(self.keys[user], *self._values(owner, items, days, weights, half_life)[1:])

    def remove_user(self, user_id: str) -> None:
        """Remove the id of a user without events."""
        self.keys[self.users.numbers[user_id]] = 0
        self.users.remove(user_id)

    def clear_item(self, item: int) -> np.ndarray:
        """Delete all events with an item; returns the users who had some."""
        users = users_of(self.all_time.columns.get(item)[0])
        _, (items, days, _) = self.events.gather(users)
        self.dated -= int((~np.isnan(days[items == item])).sum())
        self.events.delete_key(users, item)
        for matrix in (self.all_time, self.recent, self.similar_users):
            matrix.clear_column(item)
        return users

    def _reserve(self) -> None:
        """Make room for every user and item."""
        users, items = len(self.users.ids), len(self.items.ids)
        self.keys = extended(self.keys, users)
        self.events.reserve(users)
        for matrix in (self.all_time, self.recent, self.similar_users):
            matrix.reserve(users, items)

    def _values(
        self, user: np.ndarray, item: np.ndarray, day: np.ndarray, weight: np.ndarray, half_life: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cells (user, item, value) of events, as in `user_item_matrix`. Without decay, values up to LEAST_VALUE stay
        as 0, so that all users of an item are known."""
        user, item, values = strongest(user, item, weight * decay(self.clock.on(day), self.reference, half_life))
        if half_life == NO_DECAY:
            return user, item, np.where(values > LEAST_VALUE, values, 0.0)
        keep = values > LEAST_VALUE
        return user[keep], item[keep], values[keep]


def _by_user_and_time(events: Interactions) -> RaggedArrays:
    order = np.concatenate([time_order(events), np.flatnonzero(np.isnan(events.day))])
    order = order[np.argsort(events.user[order], kind="stable")]
    return RaggedArrays.of(events.user[order], [c[order] for c in (events.item, events.day, events.weight)], EVENT)
