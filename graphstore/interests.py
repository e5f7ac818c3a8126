"""Rules of interests: their horizons, polarity and recency, as statement parameters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from graphstore.kinds import Kind, kind_table

BEHAVIOUR = "behaviour"
RECENT_EVENTS = 500
SHORT_DAYS = 7.0
LIKES, DISLIKES = 20, 10
WEAKENED = 0.25  # of what an interest counts whose user says it counts less


def interest_parameters(as_of: datetime, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """What `extract/interests/write_user_interests` takes beside the users."""
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
