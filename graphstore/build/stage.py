"""The stage build: derives similarity, transitions, affinities, hierarchy and popularity from all behaviour.

Building the same behaviour again gives the same graph.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from graphstore.build import similarity
from graphstore.build.derive import BuildOptions, derive, favoured_items, ridge_penalties
from graphstore.build.pull import (
    pull_interactions,
    pull_interest_vectors,
    pull_item_interests,
    pull_user_attributes,
)
from graphstore.build.tuned import tuned_settings
from graphstore.build.write import Writer, write_popularity
from graphstore.clock import GraphClock
from graphstore.database.client import Client
from graphstore.database.runs import Run, run
from graphstore.durations import DAY_MILLIS, DAY_SECONDS
from graphstore.interactions import Interactions
from graphstore.popularity import NEW, WINDOWS
from graphstore.progress import Progress, silent

log = logging.getLogger("interestgraph.build")
PAUSE = (
    "ages leave out a pause of %d days after %s: only %d events came since, too few to make all before them look old; "
    "the clock catches up as more come"
)
LONGEST_TRANSACTION = timedelta(seconds=5)  # one that began before the build read the events may end after that


def build(
    client: Client,
    *,
    options: BuildOptions | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Derive everything again and replace what earlier builds wrote.

    New relationships are merged before old ones are deleted, so that a reader never finds none.

    options: those that `tune` found for this graph, or else the defaults, where None.

    Returns:
        Counts: items with a popularity, relationships of each type, the settings that were used, and as_of, the time
        of the latest event (ms since 1970).
    Raises:
        GraphError: Neo4j failed. The graph stays usable; running the build again completes it.
    """
    with run(client, "build", progress) as current:
        client, tuned = current.client, tuned_settings(client)
        settings, options = (tuned.label, tuned.build) if options is None else ("given", options)
        current.counts["settings"] = settings
        current.counts["feed"] = client.read("build/read_position")[0]  # for the doctor: what changed since
        events = pull_interactions(client, options.negative_weight, progress)
        clock = GraphClock.of(events.day)
        events = events.on_clock(clock)
        if clock.pause:
            log.warning(PAUSE, round(clock.pause), _time(clock.after)[:10], int((events.day > clock.after).sum()))
        current.counts["events"] = len(events.user)
        current.counts["as_of"] = None if np.isnan(clock.now) else round(clock.now * DAY_MILLIS)
        current.counts["pause_days"] = round(clock.pause)
        current.counts["popularity_half_life"] = options.popularity_half_life
        current.counts["popularity_windows"] = list(WINDOWS)
        penalties = ridge_penalties(events, options)
        current.counts["penalties"] = list(penalties)
        derived = derive(events, options, penalties=penalties, progress=progress)
        current.counts["popularity"] = write_popularity(client, events, derived)
        writer = Writer(client, current, progress)
        writer.replace("similar_items", derived.similar_items, events.item_ids, events.item_ids)
        writer.replace("similar_users", derived.similar_users, events.user_ids, events.user_ids)
        writer.replace("transitions", derived.transitions, events.item_ids, events.item_ids)
        attributes, members = pull_user_attributes(client, events.user_ids)
        writer.replace("favoured_items", favoured_items(events, members, options), attributes, events.item_ids)
        names, about = pull_item_interests(client, events.item_ids)
        vectors = pull_interest_vectors(client, names)
        broader = similarity.subsumption(
            about, vectors, threshold=options.broader_threshold, least=options.broader_least_items, top=options.broader
        )
        writer.replace("broader", broader, names, names)
        _continue_popularity(client, current, options, events, clock)
        return {name: count for name, count in current.counts.items() if name != "feed"}


def _continue_popularity(
    client: Client, current: Run, options: BuildOptions, events: Interactions, clock: GraphClock
) -> None:
    """Let new events add to the popularity of this build, after counting again the items of events since its start."""
    day = events.latest_day
    latest = None if np.isnan(day) else datetime.fromtimestamp(day * DAY_SECONDS, UTC)
    client.write(
        "build/note_build",
        popularity_half_life=options.popularity_half_life,
        popularity_windows=list(WINDOWS),
        latest=latest,
        highest_rating=events.highest_rating,
        **clock.properties(),
    )
    counted = sorted(kind.type for kind in client.kinds.values() if kind.weight > 0)
    client.write(
        "build/recount_items",
        since=current.started_at - LONGEST_TRANSACTION,
        counted=counted,
        half_life=options.popularity_half_life,
        windows=list(WINDOWS),
        new=NEW,
        **{name: value for name, value in clock.properties().items() if name != "pace"},
    )


def _time(day: float) -> str:
    return datetime.fromtimestamp(day * DAY_SECONDS, UTC).isoformat(timespec="seconds")
