"""Derived relationships and popularity, written to the graph in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from graphstore.batches import batched
from graphstore.build.derive import Derived, TwoScoreNeighbours
from graphstore.build.similarity import Neighbours
from graphstore.database.client import Client
from graphstore.database.runs import Run
from graphstore.interactions import Interactions
from graphstore.popularity import NEW
from graphstore.progress import Progress

WRITE_ROWS = 10_000
WRITE_SOURCES = 150  # of at most 100 targets each
BY = {
    "similar_items": "regression on users of the neighbourhood",
    "similar_users": "time-decayed cosine of items",
    "transitions": "decayed transitions within a window",
    "favoured_items": "smoothed lift times popularity",
    "broader": "subsumption of what items are about",
}


class Writer:
    """Replaces one type of derived relationship after the other; each relationship has the run that wrote it."""

    def __init__(self, client: Client, current: Run, progress: Progress) -> None:
        self._client = client
        self._run = current
        self._progress = progress

    def replace(
        self, sort: str, found: Neighbours | TwoScoreNeighbours, sources: Sequence[Any], targets: Sequence[Any]
    ) -> None:
        """Write the edges `found` and delete those of other runs.

        sort: a key of BY.  sources, targets: the keys of the row numbers of `found`.
        """
        total, done = len(found.source), 0
        self._progress(sort.replace("_", " "), done, total)
        for batch in batched(_by_source(found, sources, targets), WRITE_SOURCES):
            self._client.write(f"build/merge_{sort}", rows=batch, run=self._run.run_id, by=BY[sort])
            done += sum(len(row["targets"]) for row in batch)
            self._progress(sort.replace("_", " "), done, total)
        self._client.autocommit(f"build/delete_{sort}", run=self._run.run_id)
        self._run.counts[sort] = total


def _by_source(
    found: Neighbours | TwoScoreNeighbours, sources: Sequence[Any], targets: Sequence[Any]
) -> Iterator[dict[str, Any]]:
    """A map for each source: source, targets, scores, and recent_scores if there are any."""
    order = np.argsort(found.source, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(found.source[order])) + 1):
        if not len(part):
            return
        row = {"source": sources[found.source[part[0]]], "targets": [targets[t] for t in found.target[part].tolist()]}
        row["scores"] = found.score[part].tolist()
        if isinstance(found, TwoScoreNeighbours):
            row["recent_scores"] = found.recent_score[part].tolist()
        yield row


def write_popularity(client: Client, events: Interactions, derived: Derived) -> int:
    """Set the popularity of all items, and whether they are new; returns how many items have a popularity."""
    known = np.isfinite(derived.popularity)
    rows = [
        {
            "item_id": item_id,
            "popularity": value if has else None,
            "ever_popular": ever if has else None,
            "popularity_windows": windows if has else None,
            "is_new": ever < NEW,
        }
        for item_id, has, value, ever, windows in zip(
            events.item_ids,
            known.tolist(),
            derived.popularity.tolist(),
            derived.ever_popular.tolist(),
            derived.windows.tolist(),
            strict=True,
        )
    ]
    for batch in batched(rows, WRITE_ROWS):
        client.write("build/set_popularity", rows=batch)
    return int(known.sum())
