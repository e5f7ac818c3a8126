"""Item-to-item transitions: the items that users choose after an item, within a window of steps and days."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from graphstore.build.similarity import LEAST_VALUE, Neighbours, best_of_rows, decay, no_neighbours
from graphstore.interactions import Interactions


def time_order(events: Interactions) -> np.ndarray:
    """Positions of the events that have a time, ordered by user and time.

    Events of one moment are ordered by a hash, not by id: ids often follow the order of a page, which is not behaviour.
    """
    timed = np.flatnonzero(~np.isnan(events.day))
    names = (f"{events.item_ids[i]}|{events.user_ids[u]}" for u, i in zip(events.user, events.item, strict=True))
    ties = np.fromiter((zlib.crc32(name.encode()) for name in names), dtype=np.int64, count=len(events.user))
    return timed[np.lexsort((ties[timed], events.day[timed], events.user[timed]))]


@dataclass(frozen=True)
class Timeline:
    """Events with a time, in the order of `time_order`: columns (E,).  weight: at most 1.  decay: see `decay`."""

    user: np.ndarray
    item: np.ndarray
    day: np.ndarray
    weight: np.ndarray
    decay: np.ndarray

    @classmethod
    def of(
        cls,
        user: np.ndarray,
        item: np.ndarray,
        day: np.ndarray,
        weight: np.ndarray,
        ages_from: np.ndarray,
        *,
        reference: float,
        half_life_days: float,
    ) -> Timeline:
        """From columns (E,) of events that are in the order of `time_order`; see `Interactions`."""
        return cls(user, item, day, np.minimum(weight, 1.0), decay(ages_from, reference, half_life_days))

    def steps(
        self, window: int, max_days: float, sources: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Columns source item, target item and count of all steps within `window` events and `max_days`.

        sources: positions of the events to step from; all where None.
        """
        count = len(self.item)
        if sources is not None:
            gap = np.repeat(np.arange(1, window + 1), len(sources))
            first = np.tile(sources, window)
            inside = first + gap < count
            return self._steps(first[inside], first[inside] + gap[inside], gap[inside], max_days)
        gaps = range(1, min(window, count - 1) + 1)
        parts = [self._steps(slice(0, -g), slice(g, None), np.broadcast_to(g, count - g), max_days) for g in gaps]
        if not parts:
            return self.item[:0], self.item[:0], self.decay[:0]
        source, target, counts = (np.concatenate(column) for column in zip(*parts, strict=True))
        return source, target, counts

    def _steps(
        self, first: np.ndarray | slice, second: np.ndarray | slice, gap: np.ndarray, max_days: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        same = (self.user[second] == self.user[first]) & (self.item[second] != self.item[first])
        same &= self.day[second] - self.day[first] <= max_days
        same &= self.decay[second] > LEAST_VALUE
        counts = (self.weight[first] * self.weight[second] * self.decay[second])[same] / gap[same]
        return self.item[first][same], self.item[second][same], counts


def transitions(
    events: Interactions,
    *,
    window: int,
    max_days: float,
    half_life_days: float,
    shrinkage: float,
    top: int,
    reference: float | None = None,
) -> Neighbours:
    """The items that most often follow each item in the time order of a user, within `window` steps and `max_days`.

    A step over g events counts w_i w_j decay_j / g;  score(i, j) = count(i, j) / (sum_j count(i, j) + shrinkage).
    """
    order = time_order(events)
    reference = events.now if reference is None else reference
    columns = (column[order] for column in (events.user, events.item, events.day, events.weight, events.ages_from))
    timeline = Timeline.of(*columns, reference=reference, half_life_days=half_life_days)
    source, target, counts = timeline.steps(window, max_days)
    if not len(source):
        return no_neighbours()
    size = len(events.item_ids)
    return best_transitions(source, target, counts, shape=(size, size), shrinkage=shrinkage, top=top)


def best_transitions(
    source: np.ndarray, target: np.ndarray, counts: np.ndarray, *, shape: tuple[int, int], shrinkage: float, top: int
) -> Neighbours:
    """The `top` targets of each source with the highest share of its count: count(i, j) / (count(i, .) + shrinkage).

    source, target, counts: columns of steps; counts of equal pairs are added.  shape: above all sources and targets.
    """
    summed = sp.coo_matrix(sp.csr_matrix((counts, (source, target)), shape=shape))
    total = np.bincount(summed.row, summed.data, minlength=shape[0])
    score = summed.data / (total[summed.row] + shrinkage)
    return Neighbours(*best_of_rows(summed.row, summed.col, score, top))
