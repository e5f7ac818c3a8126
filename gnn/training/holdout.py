"""Holding out each user's latest events, to learn the blend weights on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphstore.interactions import Interactions

SHARE, LEAST_EVENTS, MOST_HELD = 0.1, 5, 50
RETURNING_SHARE, RETURNING_USERS = 0.15, 100


@dataclass(frozen=True)
class HoldOut:
    """counts: (U,) how many of each user's newest events are held out.  by_time: whether one cut in time made them."""

    counts: np.ndarray
    by_time: bool

    def earlier(self, events: Interactions) -> Interactions:
        """The events that are not held out; a user's events stand together, newest first."""
        return events.where(_places(events) >= self.counts[events.user])


def hold_out(events: Interactions) -> HoldOut:
    """The last tenth of all events in time, if enough users were there before and came back: that is what serving will
    have to foresee. Otherwise the last tenth of each user's events.
    """
    users = len(events.user_ids)
    total = np.bincount(events.user, minlength=users)
    timed = ~np.isnan(events.day)
    if timed.any():
        cut = np.quantile(events.day[timed], 1 - SHARE)
        late = np.bincount(events.user, timed & (events.day > cut), minlength=users).astype(int)
        returning = int(((late > 0) & (late < total)).sum())
        if returning >= max(RETURNING_USERS, RETURNING_SHARE * users):
            return HoldOut(late, True)
    counts = np.clip((total * SHARE).astype(int), 1, MOST_HELD)
    return HoldOut(np.where(total >= LEAST_EVENTS, counts, 0), False)


def _places(events: Interactions) -> np.ndarray:
    """(E,) the place of each event among its user's, 0 for the newest."""
    return np.arange(len(events.user)) - np.searchsorted(events.user, events.user)
