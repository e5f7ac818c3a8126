"""Staleness: by how much one user's changed history alters each item's derived rows.

Staleness is relative: change of an item's products or counts, divided by their sum so far. One threshold therefore fits
rare and popular items: at 0.01, about a hundredth of the data of a row has changed. Of the changes over all time and of
the recent ones, the larger counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from graphstore.build.transitions import Timeline
from graphstore.incremental.interaction_matrix import aligned

WeightedItems = tuple[np.ndarray, np.ndarray]  # (N,) item numbers and (N,) values
ItemChanges = tuple[np.ndarray, np.ndarray]  # (N,) item numbers and (N,) absolute changes


@dataclass(frozen=True)
class Staleness:
    """The relative change of what is derived for each item id.

    items: items with a new, changed or deleted event; their popularity is stale.
    targets: change of an item's products with other items; `similar_items` is stale.
    sources: change of the counts of what follows an item; `transitions` is stale.
    """

    items: frozenset[str] = frozenset()
    targets: dict[str, float] = field(default_factory=dict)
    sources: dict[str, float] = field(default_factory=dict)


def product_changes(before: WeightedItems, after: WeightedItems) -> ItemChanges:
    """By how much an item's products with all other items change at most when one user's row x becomes y.

    The bound for item t is sum_i |y_i y_t - x_i x_t|, with y_i y_t - x_i x_t = y_t (y_i - x_i) + x_i (y_t - x_t). It is
    reached where no value falls.
    """
    items, (x, y) = aligned(before, after)
    change = np.abs(y - x)
    return items, y * (change.sum() - change) + change * (x.sum() - x)


def step_changes(before: Timeline, after: Timeline, window: int, max_days: float, size: int) -> ItemChanges:
    """By how much the transition counts of each source item change.  size: more than the highest item number."""
    codes, counts = [], []
    for timeline, sign in ((before, -1.0), (after, 1.0)):
        few = np.arange(len(timeline.item)) if len(timeline.item) <= 1000 else None
        source, target, count = timeline.steps(window, max_days, few)
        codes.append(source.astype(np.int64) * size + target)
        counts.append(sign * count)
    pairs, place = np.unique(np.concatenate(codes), return_inverse=True)
    changes = np.abs(np.bincount(place, np.concatenate(counts), minlength=len(pairs)))
    items, place = np.unique(pairs // size, return_inverse=True)
    return items, np.bincount(place, changes, minlength=len(items))


def changed_part(before: list[np.ndarray], after: list[np.ndarray], context: int) -> list[list[np.ndarray]]:
    """Two lists of events, as columns, without their common start and end, except `context` events at each side."""
    starts = _common_start(before, after)
    ends = min(
        _common_start([column[::-1] for column in before], [column[::-1] for column in after]),
        min(len(before[0]), len(after[0])) - starts,
    )
    first = max(starts - context, 0)
    return [[column[first : len(column) - max(ends - context, 0)] for column in side] for side in (before, after)]


def _common_start(one: list[np.ndarray], other: list[np.ndarray]) -> int:
    """The number of equal events at the start of two lists."""
    length = min(len(one[0]), len(other[0]))
    different = np.zeros(length, dtype=bool)
    for a, b in zip(one, other, strict=True):
        different |= (a[:length] != b[:length]) & ~(np.isnan(a[:length]) & np.isnan(b[:length]))
    found = np.flatnonzero(different)
    return int(found[0]) if len(found) else length


def relative_changes(changes: Iterable[tuple[ItemChanges, np.ndarray, float]]) -> Iterator[tuple[int, float]]:
    """Item numbers with the largest of several changes, each divided by (sum of the item so far + a constant).

    changes: (item changes, (I,) sums by item, constant); one with a constant of 0 is skipped.
    """
    largest: dict[int, float] = {}
    for (items, amount), sums, constant in changes:
        if not constant > 0:
            continue
        share = amount / (sums[items] + constant)
        for item, value in zip(items[share > 0].tolist(), share[share > 0].tolist(), strict=True):
            largest[item] = max(value, largest.get(item, 0.0))
    yield from largest.items()
