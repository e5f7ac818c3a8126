"""Neighbour table: the edges from item to item in flat arrays (like CSR), filled a source at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows, ranges

FIRST_EDGES = 4096
MOST_EDGES = 8_000_000  # 21 bytes each


@dataclass(frozen=True)
class NeighbourEdges:
    """E edges from R sources.

    place: (E,) position of the source, 0 to R - 1, ascending.  target: (E,) rows of items.
    follows: (E,) True for FOLLOWED_BY, False for SIMILAR_TO.  score, recent_score: (E,) over all time and of late.
    complete: whether the table held the edges of all sources.
    """

    place: Rows
    target: NDArray[np.int32]
    follows: NDArray[np.bool_]
    score: Floats
    recent_score: Floats
    complete: bool = True


@dataclass(frozen=True)
class _Held:
    """start: (I,) where the edges of a source begin, -1 if not held.  count: (I,) how many.  columns: of all edges."""

    start: Rows
    count: Rows
    columns: tuple[NDArray[Any], ...]


NO_EDGES = NeighbourEdges(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, bool), np.zeros(0), np.zeros(0))


class NeighbourTable:
    """Edges by source, read by many threads at once and changed by one at a time (a lock).

    Readers take no lock: they fetch `_held` once. New edges are written behind all that a reader can refer to, and
    longer arrays replace all old ones in one assignment. Beyond `most` edges the half that was added first is dropped.
    """

    def __init__(self, size: int, most: int = MOST_EDGES) -> None:
        self._most = most
        self._used = 0
        self._lock = threading.Lock()
        kinds: tuple[Any, ...] = (np.int32, bool, float, float)
        columns = tuple(np.zeros(FIRST_EDGES, dtype=kind) for kind in kinds)
        self._held = _Held(np.full(size, -1), np.zeros(size, dtype=np.int64), columns)

    def __len__(self) -> int:
        """Edges in the columns, also those of sources that were forgotten."""
        return self._used

    def of_sources(self, rows: Rows) -> NeighbourEdges:
        """The edges of these sources, in their order; none of a source that is not held."""
        held = self._held
        start = held.start[rows]
        there = start >= 0
        complete = bool(there.all())
        place, index = ranges(start, held.count[rows] if complete else np.where(there, held.count[rows], 0))
        target, follows, score, recent_score = (column[index] for column in held.columns)
        return NeighbourEdges(place, target, follows, score, recent_score, complete)

    def missing(self, rows: Rows) -> Rows:
        """The sources among these whose edges are not held."""
        return rows[self._held.start[rows] < 0]

    def add(self, rows: Rows, counts: Rows, *columns: Any) -> None:
        """Add the edges of sources. counts: edges of each.  columns: target, follows, score and recent score, of one
        source after another.
        """
        with self._lock:
            added = len(columns[0])
            self._make_room(added)
            held, first = self._held, self._used
            for column, values in zip(held.columns, columns, strict=True):
                column[first : first + added] = values
            held.count[rows] = counts
            held.start[rows] = first + np.cumsum(counts) - counts
            self._used = first + added

    def forget(self, rows: Rows) -> None:
        """Drop the edges of these sources."""
        with self._lock:
            self._held.start[rows] = -1

    def grow(self, size: int) -> None:
        """Make room for items up to row `size` - 1."""
        with self._lock:
            held = self._held
            if (more := size - len(held.start)) > 0:
                start, count = np.append(held.start, np.full(more, -1)), np.append(held.count, np.zeros(more, np.int64))
                self._held = _Held(start, count, held.columns)

    def _make_room(self, added: int) -> None:
        held, cut = self._held, 0
        if self._used + added > self._most:
            cut = self._used - min(self._used // 2, max(self._most - added, 0))
        if not cut and self._used + added <= len(held.columns[0]):
            return
        kept = self._used - cut
        columns = []
        for column in held.columns:
            wider = np.zeros(max(2 * (kept + added), FIRST_EDGES), dtype=column.dtype)
            wider[:kept] = column[cut : self._used]
            columns.append(wider)
        self._held = _Held(np.maximum(held.start - cut, -1), held.count.copy(), tuple(columns))
        self._used = kept
