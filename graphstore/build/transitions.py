"""Item-to-item transitions: which item users go to after which, within a window of time."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from graphstore.build.similarity import FORGOTTEN, Neighbours, best_of_rows, decay, no_neighbours
from graphstore.interactions import Interactions


def time_order(events: Interactions) -> np.ndarray:
    """Positions of the timed events, by user and time; ties in time by a hash, never by id: an order of ids is often
    the order of a screen, and would be learned as if it were behaviour."""
    timed = np.flatnonzero(~np.isnan(events.day))
    names = (f"{events.item_ids[i]}|{events.user_ids[u]}" for u, i in zip(events.user, events.item, strict=True))
    ties = np.fromiter((zlib.crc32(name.encode()) for name in names), dtype=np.int64, count=len(events.user))
    return timed[np.lexsort((ties[timed], events.day[timed], events.user[timed]))]


@dataclass(frozen=True)
class Timeline:
    """Timed events in the order of `time_order`: columns of equal length. strength: at most 1; fresh: decay by age."""

    user: np.ndarray
    item: np.ndarray
    day: np.ndarray
    strength: np.ndarray
    fresh: np.ndarray

    @classmethod
    def of(
        cls,
        user: np.ndarray,
        item: np.ndarray,
        day: np.ndarray,
        weight: np.ndarray,
        *,
        reference: float,
        half_life_days: float,
    ) -> Timeline:
        """From the columns of events that stand in order."""
        return cls(user, item, day, np.minimum(weight, 1.0), decay(day, reference, half_life_days))

    def steps(
        self, window: int, max_days: float, sources: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which item is followed by which, and what that counts. sources: positions to step from; all where None."""
        count = len(self.item)
        if sources is not None:
            gap = np.repeat(np.arange(1, window + 1), len(sources))
            first = np.tile(sources, window)
            inside = first + gap < count
            return self._steps(first[inside], first[inside] + gap[inside], gap[inside], max_days)
        gaps = range(1, min(window, count - 1) + 1)
        parts = [self._steps(slice(0, -g), slice(g, None), np.broadcast_to(g, count - g), max_days) for g in gaps]
        if not parts:
            return self.item[:0], self.item[:0], self.fresh[:0]
        source, target, counts = (np.concatenate(column) for column in zip(*parts, strict=True))
        return source, target, counts

    def _steps(
        self, first: np.ndarray | slice, second: np.ndarray | slice, gap: np.ndarray, max_days: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        same = (self.user[second] == self.user[first]) & (self.item[second] != self.item[first])
        same &= self.day[second] - self.day[first] <= max_days
        same &= self.fresh[second] > FORGOTTEN
        counts = (self.strength[first] * self.strength[second] * self.fresh[second])[same] / gap[same]
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
    """Which item follows which in a user's time order, within `window` steps and `max_days`.

    A step of g counts 1/g, times the decay of its age; score = count(i, j) / (sum of count(i, .) + shrinkage).
    """
    order = time_order(events)
    reference = events.latest_day if reference is None else reference
    columns = (column[order] for column in (events.user, events.item, events.day, events.weight))
    line = Timeline.of(*columns, reference=reference, half_life_days=half_life_days)
    source, target, counts = line.steps(window, max_days)
    if not len(source):
        return no_neighbours()
    size = len(events.item_ids)
    return shares(source, target, counts, shape=(size, size), shrinkage=shrinkage, top=top)


def shares(
    source: np.ndarray, target: np.ndarray, counts: np.ndarray, *, shape: tuple[int, int], shrinkage: float, top: int
) -> Neighbours:
    """The best `top` targets of each source by their share of its count, shrunk where that is small."""
    summed = sp.coo_matrix(sp.csr_matrix((counts, (source, target)), shape=shape))
    total = np.bincount(summed.row, summed.data, minlength=shape[0])
    score = summed.data / (total[summed.row] + shrinkage)
    return Neighbours(*best_of_rows(summed.row, summed.col, score, top))
