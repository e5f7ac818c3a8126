"""build: similarity, transitions, hierarchy and popularity, derived from behaviour; rebuilt to the same graph."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from graphstore import similarity
from graphstore.client import Client
from graphstore.interactions import Interactions, pull_interactions, pull_item_interests, pull_user_attributes
from graphstore.kinds import KINDS, Kind
from graphstore.progress import Progress, silent
from graphstore.runs import Run, run
from graphstore.similarity import Neighbours

WRITE_ROWS = 10_000
POPULARITY_HALF_LIFE_DAYS = 14.0


@dataclass(frozen=True)
class BuildOptions:
    """Half-lives in days and how much is kept.

    Up to `regression_items` items, what goes with what is found by a regression over all items (dense), above by a
    shrunk cosine (sparse). The values were tuned on the validation parts of two splits of ML-100K.
    """

    popularity_half_life: float = POPULARITY_HALF_LIFE_DAYS
    similarity_half_life: float = 120.0
    regression_items: int = 5_000
    regularisation: float = 10.0
    similarity_shrinkage: float = 0.1
    activity_power: float = 0.5
    similar_items: int = 50
    similar_users: int = 20
    transition_half_life: float = 120.0
    transition_window: int = 20
    transition_days: float = 30.0
    transition_shrinkage: float = 5.0
    followed_by: int = 50
    favours: int = 50
    favours_shrinkage: float = 100.0
    broader_threshold: float = 0.8
    broader_least_items: int = 3
    broader: int = 5
    negative_weight: float = 0.5


def build(
    client: Client,
    *,
    kinds: Mapping[str, Kind] = KINDS,
    options: BuildOptions = BuildOptions(),
    progress: Progress = silent,
) -> dict[str, int]:
    """Derive everything anew. Readers never see an empty moment: new relationships are merged, then old ones deleted.

    Returns:
        How many items have a popularity, and how many relationships of each sort there are.
    Raises:
        GraphError: Neo4j failed; the graph stays usable, and running the same again mends it.
    """
    with run(client, "build") as current:
        events = pull_interactions(client, kinds, options.negative_weight, progress)
        latest = events.latest_day
        current.counts["events"] = len(events.user)
        current.counts["as_of"] = None if np.isnan(latest) else round(latest * similarity.DAY_MILLIS)
        current.counts["popularity"] = write_popularity(client, events, options)
        matrix = similarity.user_item_matrix(events, options.similarity_half_life)
        writer = Writer(client, current, progress)
        found, by = _similar_items(matrix, options)
        writer.replace("similar_items", found, events.item_ids, events.item_ids, by)
        writer.replace("similar_users", _similar_users(matrix, options), events.user_ids, events.user_ids)
        writer.replace("transitions", _transitions(events, options), events.item_ids, events.item_ids)
        attributes, members = pull_user_attributes(client, events.user_ids)
        favoured = similarity.favoured_items(members, matrix, shrinkage=options.favours_shrinkage, top=options.favours)
        writer.replace("favoured_items", favoured, attributes, events.item_ids)
        names, about = pull_item_interests(client)
        broader = similarity.subsumption(
            about, threshold=options.broader_threshold, least=options.broader_least_items, top=options.broader
        )
        writer.replace("broader", broader, names, names)
        return dict(current.counts)


def _similar_items(matrix: sp.csr_matrix, options: BuildOptions) -> tuple[Neighbours, str]:
    if matrix.shape[1] <= options.regression_items:
        found = similarity.regressed_columns(matrix, top=options.similar_items, regularisation=options.regularisation)
        return found, "time-decayed regression on users"
    found = similarity.similar_columns(
        matrix,
        top=options.similar_items,
        shrinkage=options.similarity_shrinkage,
        activity_power=options.activity_power,
    )
    return found, "time-decayed cosine of users"


def _similar_users(matrix: sp.csr_matrix, options: BuildOptions) -> Neighbours:
    return similarity.similar_columns(
        matrix.T.tocsr(),
        top=options.similar_users,
        shrinkage=options.similarity_shrinkage,
        activity_power=options.activity_power,
    )


def _transitions(events: Interactions, options: BuildOptions) -> Neighbours:
    return similarity.transitions(
        events,
        window=options.transition_window,
        max_days=options.transition_days,
        half_life_days=options.transition_half_life,
        shrinkage=options.transition_shrinkage,
        top=options.followed_by,
    )


BY = {
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

    def replace(self, sort: str, found: Neighbours, sources: list[Any], targets: list[Any], by: str = "") -> None:
        """Write `found` (rows of `sources` and `targets`) and delete what other runs left."""
        total = len(found.source)
        columns = zip(found.source.tolist(), found.target.tolist(), found.score.tolist(), strict=True)
        rows = ({"source": sources[s], "target": targets[t], "score": score} for s, t, score in columns)
        done = 0
        self._progress(sort.replace("_", " "), done, total)
        while batch := list(itertools.islice(rows, WRITE_ROWS)):
            self._client.write(f"build/merge_{sort}", rows=batch, run=self._run.run_id, by=by or BY[sort])
            done += len(batch)
            self._progress(sort.replace("_", " "), done, total)
        self._client.autocommit(f"build/delete_{sort}", run=self._run.run_id)
        self._run.counts[sort] = total


def write_popularity(client: Client, events: Interactions, options: BuildOptions) -> int:
    """Set `Item.popularity`; returns how many items have one."""
    logs = similarity.log_popularity(events, options.popularity_half_life)
    rows = [
        {"item_id": item_id, "popularity": value if np.isfinite(value) else None}
        for item_id, value in zip(events.item_ids, logs.tolist(), strict=True)
    ]
    for start in range(0, len(rows), WRITE_ROWS):
        client.write("build/set_popularity", rows=rows[start : start + WRITE_ROWS])
    return int(np.isfinite(logs).sum())
