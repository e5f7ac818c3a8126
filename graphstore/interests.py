"""Rules of users' interests: horizons, numbers and recency, as parameters of statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from graphstore.kinds import Kind, kind_table

BEHAVIOUR = "behaviour"
RECENT_EVENTS = 500  # of a user, that are read
SHORT_DAYS = 7.0  # half-life of short-term interests
SHORT_HORIZON = timedelta(days=4 * SHORT_DAYS)  # older events do not count for them
LIKES, DISLIKES = 20, 10  # kept for each user and horizon
WEAKENED = 0.25  # factor of an interest that the user corrected to count less


def interest_parameters(as_of: datetime, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """The parameters of `extract/interests/write_user_interests` other than the users.  as_of: the graph's clock."""
    return {
        "kinds": kind_table(kinds),
        "as_of": as_of,
        "events": RECENT_EVENTS,
        "short_days": SHORT_DAYS,
        "likes": LIKES,
        "dislikes": DISLIKES,
        "weakened": WEAKENED,
        "extracted_by": BEHAVIOUR,
    }
