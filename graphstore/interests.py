"""Rules of users' interests: horizons, numbers and recency, as parameters of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from graphstore.clock import GraphClock
from graphstore.kinds import Kind, kind_table

BEHAVIOUR = "behaviour"
RECENT_EVENTS = 500  # of a user, that are read
SHORT_DAYS = 7.0  # half-life of short-term interests
SHORT_HORIZON = timedelta(days=4 * SHORT_DAYS)  # older events do not count for them
QUARTER = timedelta(days=91)  # a history from before the first reading is read at the end of each
LIKES, DISLIKES = 20, 10  # kept for each user and horizon
LEAST_WEIGHT = 0.005  # what would be shown as 0.00 is not stored
WEAKENED = 0.25  # factor of an interest that the user corrected to count less


def interest_parameters(clock: GraphClock, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """The parameters of `extract/interests/write_user_interests` other than the users.  clock: of the graph."""
    return {
        "kinds": kind_table(kinds),
        "events": RECENT_EVENTS,
        "short_days": SHORT_DAYS,
        "likes": LIKES,
        "dislikes": DISLIKES,
        "weakened": WEAKENED,
        "least": LEAST_WEIGHT,
        "extracted_by": BEHAVIOUR,
        **clock.moments(),
        "until": None,
        "replayed": [],
    }


def replay_parameters(end: datetime, user_ids: Sequence[str]) -> dict[str, Any]:
    """Parameters that `interest_parameters` gives otherwise, for users as they were at their last event of a quarter.

    end: of the quarter. The clock stands at its begin, so that no short-term interest has expired at that event.
    """
    return GraphClock.at(end - QUARTER).moments() | {"until": end, "replayed": list(user_ids)}


def lapse_parameters(clock: GraphClock) -> dict[str, Any]:
    """Up to when a user's latest event is too old for short-term interests, as parameters of statements."""
    moments = clock.moments()
    as_of, before = moments["as_of"], moments["as_of_before"]
    assert as_of is not None and before is not None
    return {
        "recent": as_of - SHORT_HORIZON,
        "recent_before": before - SHORT_HORIZON,
        "paused_after": moments["paused_after"],
    }
