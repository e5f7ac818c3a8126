"""What a change of a user's history tells about which items: how stale their derived rows are.

Evidence is a share of what is known of an item, so that one threshold does for all: at 0.01 about a hundredth of what a
row is made of has come or gone. Of the judgements over all time and of late, the one that moved more counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from graphstore.build.transitions import Timeline
from graphstore.incremental.interaction_matrix import aligned

WeightedItems = tuple[np.ndarray, np.ndarray]
Moved = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Staleness:
    """What a change of behaviour touched, by item.

    items: those with an event that came, went or became another: their popularity is another.
    targets: how much what goes together with an item has changed, for `similar_items`.
    sources: how much what follows an item has changed, for `transitions`.
    """

    items: frozenset[str] = frozenset()
    targets: dict[str, float] = field(default_factory=dict)
    sources: dict[str, float] = field(default_factory=dict)


def moved_products(before: WeightedItems, after: WeightedItems) -> Moved:
    """Items, and by how much their products with all others change with a row: at most sum_i |y_i y_t - x_i x_t|.

    It is that where nothing was lost: y_i y_t - x_i x_t = y_t (y_i - x_i) + x_i (y_t - x_t).
    """
    items, (x, y) = aligned(before, after)
    change = np.abs(y - x)
    return items, y * (change.sum() - change) + change * (x.sum() - x)


def moved_steps(before: Timeline, after: Timeline, window: int, max_days: float, size: int) -> Moved:
    """Items, and by how much the counts of what follows them change. size: above every item's number."""
    codes, counts = [], []
    for line, sign in ((before, -1.0), (after, 1.0)):
        few = np.arange(len(line.item)) if len(line.item) <= 1000 else None
        source, target, count = line.steps(window, max_days, few)
        codes.append(source.astype(np.int64) * size + target)
        counts.append(sign * count)
    pairs, place = np.unique(np.concatenate(codes), return_inverse=True)
    moved = np.abs(np.bincount(place, np.concatenate(counts), minlength=len(pairs)))
    items, place = np.unique(pairs // size, return_inverse=True)
    return items, np.bincount(place, moved, minlength=len(items))


def different_part(before: list[np.ndarray], after: list[np.ndarray], around: int) -> list[list[np.ndarray]]:
    """Two lists of events, as columns, without their common beginning and end but for some events around."""
    starts = _common(before, after)
    ends = min(
        _common([c[::-1] for c in before], [c[::-1] for c in after]), min(len(before[0]), len(after[0])) - starts
    )
    first = max(starts - around, 0)
    return [[column[first : len(column) - max(ends - around, 0)] for column in side] for side in (before, after)]


def _common(one: list[np.ndarray], other: list[np.ndarray]) -> int:
    """How many events two lists have in common before the first that is different."""
    length = min(len(one[0]), len(other[0]))
    different = np.zeros(length, dtype=bool)
    for a, b in zip(one, other, strict=True):
        different |= (a[:length] != b[:length]) & ~(np.isnan(a[:length]) & np.isnan(b[:length]))
    found = np.flatnonzero(different)
    return int(found[0]) if len(found) else length


def shares(moved: Iterable[tuple[Moved, np.ndarray, float]]) -> Iterator[tuple[int, float]]:
    """Items with the largest of several moves, each as a share of (what is known by item) + a constant."""
    largest: dict[int, float] = {}
    for (items, amount), known, more in moved:
        if not more > 0:
            continue
        share = amount / (known[items] + more)
        for item, value in zip(items[share > 0].tolist(), share[share > 0].tolist(), strict=True):
            largest[item] = max(value, largest.get(item, 0.0))
    yield from largest.items()
