"""Data sets cut in time: a history that the stages read, and what happens later, one event after the other.

living-10k, living-100k, living-1m: generated (see `planted.py`), with so many events of history and LATER more.
ml-100k, ml-latest-small: the last tenth of the events is later; events of the same second in the order of a hash.
lightgcn-gowalla, lightgcn-yelp2018: no times; the published test lists are later, in an order that the seed decides.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.measures.splits import SETS, open_published
from benchmarks.worlds import generator, planted
from benchmarks.worlds.planted_world import Plan
from graphstore.datasets.dataset import Dataset, RowIterator
from graphstore.datasets.lightgcn import read_lists
from graphstore.errors import InputError

LIVING = {
    "living-10k": Plan(users=500, items=1_000, events=10_000),
    "living-100k": Plan(users=5_000, items=5_000, events=100_000),
    "living-1m": Plan(users=50_000, items=20_000, events=1_000_000),
}
PUBLISHED = ("ml-100k", "ml-latest-small", "lightgcn-gowalla", "lightgcn-yelp2018")
NAMES = (*LIVING, *PUBLISHED)
LATER = 20_000
HISTORY_SHARE = 0.9


@dataclass(frozen=True)
class DatasetTimeline:
    """history: what the stages read.  later: what happens after it, in order; every event has its event_id."""

    name: str
    history: Dataset
    later: Callable[[], RowIterator]


def timeline(name: str, data: Path | None = None, *, share: float | None = None, seed: int = 0) -> DatasetTimeline:
    """A data set, cut.

    data: the folder with the published data sets by name.  share: of all events that is history; None for what the
    docstring of this module says; where there are no times it changes nothing.

    Raises:
        InputError: no such data set, or its files are not there.
    """
    label = name if share is None else f"{name}@{share:g}"
    if name in LIVING:
        return _living(label, replace(LIVING[name], seed=seed), share)
    if name not in PUBLISHED:
        raise InputError(f"There is no timeline of {name!r}; known: {', '.join(NAMES)}.")
    folder, dataset = open_published(SETS[name], data)
    if SETS[name].adapter == "lightgcn" and folder is not None:
        return _undated(name, folder, dataset, seed)
    events = [{"event_id": f"{name}-{number:08}", **row} for number, row in enumerate(dataset.events())]
    events.sort(key=lambda row: (row["timestamp"], _digest(row["event_id"])))
    cut = round((HISTORY_SHARE if share is None else share) * len(events))
    return DatasetTimeline(label, replace(dataset, events=lambda: iter(events[:cut])), lambda: iter(events[cut:]))


def _living(name: str, plan: Plan, share: float | None) -> DatasetTimeline:
    known = plan.events
    if share is None:
        plan = replace(plan, events=plan.events + LATER)
    else:
        known = round(share * plan.events)
    world = planted.draw(plan)
    history = generator.dataset_of(world, slice(0, known))
    return DatasetTimeline(name, history, lambda: generator.event_rows(world, slice(known, None)))


def _undated(name: str, folder: Path, dataset: Dataset, seed: int) -> DatasetTimeline:
    def events() -> RowIterator:
        return ({"event_id": f"{name}-{number:08}", **row} for number, row in enumerate(dataset.events()))

    def later() -> RowIterator:
        rows = [{"event_id": f"{name}-later-{n:08}", **row} for n, row in enumerate(read_lists(folder, "test.txt"))]
        random.Random(seed).shuffle(rows)
        return iter(rows)

    return DatasetTimeline(name, replace(dataset, events=events), later)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
