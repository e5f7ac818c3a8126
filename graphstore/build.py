"""build: similarity, transitions, hierarchy and popularity, derived from behaviour; rebuilt to the same graph."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from graphstore import similarity
from graphstore.client import Client
from graphstore.derived import BuildOptions, Derived, Judged, derive, favoured_items, penalties
from graphstore.interactions import Interactions, pull_interactions, pull_item_interests, pull_user_attributes
from graphstore.kinds import KINDS, Kind
from graphstore.progress import Progress, silent
from graphstore.ranking import NEW
from graphstore.runs import Run, run
from graphstore.similarity import Neighbours
from graphstore.tuned import tuned_settings

WRITE_ROWS = 10_000
DAY_SECONDS = 86_400
LONGEST_TRANSACTION = timedelta(seconds=5)  # one that began before a build's reading may end after it
WRITE_SOURCES = 150  # of at most 100 targets each


def build(
    client: Client,
    *,
    kinds: Mapping[str, Kind] = KINDS,
    options: BuildOptions | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Derive everything anew. Readers never see an empty moment: new relationships are merged, then old ones deleted.

    options: None for what `tune` found for this graph, or else the defaults.

    Returns:
        How many items have a popularity, how many relationships of each sort there are, and which settings were used.
    Raises:
        GraphError: Neo4j failed; the graph stays usable, and running the same again mends it.
    """
    tuned = tuned_settings(client)
    settings, options = (tuned.label, tuned.build) if options is None else ("given", options)
    with run(client, "build") as current:
        current.counts["settings"] = settings
        events = pull_interactions(client, kinds, options.negative_weight, progress)
        latest = events.latest_day
        current.counts["events"] = len(events.user)
        current.counts["as_of"] = None if np.isnan(latest) else round(latest * similarity.DAY_MILLIS)
        current.counts["popularity_half_life"] = options.popularity_half_life
        fixed = penalties(events, options)
        current.counts["penalties"] = list(fixed)
        derived = derive(events, options, penalties=fixed)
        current.counts["popularity"] = write_popularity(client, events, derived)
        writer = Writer(client, current, progress)
        writer.replace("similar_items", derived.similar_items, events.item_ids, events.item_ids)
        writer.replace("similar_users", derived.similar_users, events.user_ids, events.user_ids)
        writer.replace("transitions", derived.transitions, events.item_ids, events.item_ids)
        attributes, members = pull_user_attributes(client, events.user_ids)
        writer.replace("favoured_items", favoured_items(events, members, options), attributes, events.item_ids)
        names, about = pull_item_interests(client, events.item_ids)
        broader = similarity.subsumption(
            about, threshold=options.broader_threshold, least=options.broader_least_items, top=options.broader
        )
        writer.replace("broader", broader, names, names)
        _take_over(client, current, kinds, options, latest)
        return dict(current.counts)


def _take_over(
    client: Client, current: Run, kinds: Mapping[str, Kind], options: BuildOptions, latest_day: float
) -> None:
    """From now on new events add to what this build counted; those that came while it ran are counted first."""
    latest = None if np.isnan(latest_day) else datetime.fromtimestamp(latest_day * DAY_SECONDS, UTC)
    client.write("build/note_build", popularity_half_life=options.popularity_half_life, latest=latest)
    counted = sorted(kind.type for kind in kinds.values() if kind.weight > 0)
    client.write(
        "build/recount_items",
        since=current.started_at - LONGEST_TRANSACTION,
        counted=counted,
        half_life=options.popularity_half_life,
        new=NEW,
    )


BY = {
    "similar_items": "regression on users of the neighbourhood",
    "similar_users": "time-decayed cosine of items",
    "transitions": "decayed transitions within a window",
    "favoured_items": "smoothed lift times popularity",
    "broader": "subsumption of what items are about",
}


class Writer:
    """Replaces one sort of derived relationship after the other, all marked with the run that made them."""

    def __init__(self, client: Client, current: Run, progress: Progress) -> None:
        self._client = client
        self._run = current
        self._progress = progress

    def replace(self, sort: str, found: Neighbours | Judged, sources: Sequence[Any], targets: Sequence[Any]) -> None:
        """Write `found` (rows of `sources` and `targets`) and delete what other runs left."""
        total, done = len(found.source), 0
        rows = _by_source(found, sources, targets)
        self._progress(sort.replace("_", " "), done, total)
        while batch := list(itertools.islice(rows, WRITE_SOURCES)):
            self._client.write(f"build/merge_{sort}", rows=batch, run=self._run.run_id, by=BY[sort])
            done += sum(len(row["targets"]) for row in batch)
            self._progress(sort.replace("_", " "), done, total)
        self._client.autocommit(f"build/delete_{sort}", run=self._run.run_id)
        self._run.counts[sort] = total


def _by_source(found: Neighbours | Judged, sources: Sequence[Any], targets: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """A row for each source, with its targets and their scores."""
    order = np.argsort(found.source, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(found.source[order])) + 1):
        if not len(part):
            return
        row = {"source": sources[found.source[part[0]]], "targets": [targets[t] for t in found.target[part].tolist()]}
        row["scores"] = found.score[part].tolist()
        if isinstance(found, Judged):
            row["recent_scores"] = found.recent_score[part].tolist()
        yield row


def write_popularity(client: Client, events: Interactions, derived: Derived) -> int:
    """Set `Item.popularity` and `Item.ever_popular`; returns how many items have one."""
    known = np.isfinite(derived.popularity)
    rows = [
        {
            "item_id": item_id,
            "popularity": value if has else None,
            "ever_popular": ever if has else None,
            "is_new": ever < NEW,
        }
        for item_id, has, value, ever in zip(
            events.item_ids, known.tolist(), derived.popularity.tolist(), derived.ever_popular.tolist(), strict=True
        )
    ]
    for start in range(0, len(rows), WRITE_ROWS):
        client.write("build/set_popularity", rows=rows[start : start + WRITE_ROWS])
    return int(known.sum())
