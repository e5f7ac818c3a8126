"""Popularity: counts of events with exponential decay, kept as logarithms; and which items are new."""

from __future__ import annotations

import math

import numpy as np

from graphstore.arrays import Floats


def popularity_signal(logarithm: Floats, now: float) -> Floats:
    """ln(1 + count) from the logarithm of a forward-decayed count whose scale stands at `now`; 0 without events."""
    return np.logaddexp(0.0, np.asarray(logarithm, dtype=float) - now)


NEW_EVENTS = 5
NEW = math.log(NEW_EVENTS - 0.5)  # of a count; between counts, as the stored logarithms are rounded


def popularity_now(day: float, half_life_days: float) -> float:
    """Where the scale of `log_popularity` is on a day, that of the latest event: ln of what an event of then counts;
    0 where no day is known (NaN)."""
    return 0.0 if np.isnan(day) else float(day * np.log(2.0) / half_life_days)
