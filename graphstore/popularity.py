"""Popularity: logarithms of exponentially decayed counts of events, and the limit below which an item is new.

An item has counts of several half-lives: that of the build (`Item.popularity`), WINDOWS (`Item.popularity_windows`),
and one without decay (`Item.ever_popular`). How much each says of the next choice differs from shop to shop, and is
learned.
"""

from __future__ import annotations

import math

import numpy as np

from graphstore.arrays import Floats


def popularity_signal(logarithm: Floats, now: float | Floats) -> Floats:
    """ln(1 + count) from logarithms of decayed counts, and `now`, that of a count of 1; 0 for -inf."""
    return np.logaddexp(0.0, np.asarray(logarithm, dtype=float) - now)


WINDOWS = (1.0, 3.0, 7.0, 30.0, 90.0)  # half-lives, days
WINDOW_SIGNALS = tuple(f"popular_{window:g}" for window in WINDOWS)
NEW_EVENTS = 5
NEW = math.log(NEW_EVENTS - 0.5)  # between two counts, because the stored logarithms are rounded


def popularity_now(day: float, half_life_days: float) -> Floats:
    """The logarithms that `log_popularity` gives one event of this day, the latest one, by the half-life of the build
    and by each of WINDOWS: (1 + W,); 0 where the day is NaN (unknown)."""
    return np.array([0.0 if np.isnan(day) else day * np.log(2.0) / days for days in (half_life_days, *WINDOWS)])
