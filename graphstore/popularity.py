"""Popularity: logarithms of exponentially decayed counts of events, and the limit below which an item is new."""

from __future__ import annotations

import math

import numpy as np

from graphstore.arrays import Floats


def popularity_signal(logarithm: Floats, now: float) -> Floats:
    """ln(1 + count) from logarithms (I,) of decayed counts, and `now`, that of a count of 1; 0 for -inf."""
    return np.logaddexp(0.0, np.asarray(logarithm, dtype=float) - now)


NEW_EVENTS = 5
NEW = math.log(NEW_EVENTS - 0.5)  # between two counts, because the stored logarithms are rounded


def popularity_now(day: float, half_life_days: float) -> float:
    """The logarithm that `log_popularity` gives one event of this day, the latest one; 0 where it is NaN (unknown)."""
    return 0.0 if np.isnan(day) else float(day * np.log(2.0) / half_life_days)
