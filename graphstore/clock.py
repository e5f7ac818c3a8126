"""The graph's clock: what time it is in the graph, by its events.

Ages of behaviour count back from it. It is the time of the latest event, except that an event moves it no further than
`pace`: SPEED times the mean distance of events. So a few events after a long pause, or one with a wrong year, don't
make all other behaviour look old, and the clock catches up as more come. What it lags behind is left out as a pause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from graphstore.durations import DAY_MILLIS, DAY_SECONDS

SPEED = 3.0  # the clock keeps up as long as events come at a third of the mean rate
TAILS = 0.1  # share of the events at either end that says nothing about their mean distance
LEAST_EVENTS = 20  # fewer have no mean distance: every event moves the clock to its time
LEAST_PACE = 0.01  # days
LEAST_PAUSE = 30.0  # days; a shorter one is not left out


@dataclass(frozen=True)
class GraphClock:
    """The graph's time and how times of events map to it, in days since 1970.

    now: the graph's time; NaN where no event has a time.
    after, pause: the day after which `pause` days are left out; infinity and 0 without a pause.
    pace: days that one event can move the clock.
    """

    now: float
    after: float = float("inf")
    pause: float = 0.0
    pace: float = float("inf")

    @classmethod
    def of(cls, day: np.ndarray) -> GraphClock:
        """From the times of all events: (E,) days since 1970, NaN where unknown."""
        day = np.sort(day[~np.isnan(day)])
        if len(day) < LEAST_EVENTS:
            return cls(float(day[-1]) if len(day) else float("nan"))
        begin = int(len(day) * TAILS)
        low, high = day[begin], day[-1 - begin]
        pace = float(max(SPEED * (high - low) / (len(day) - 2 * begin), LEAST_PACE))
        day = day[begin:]
        moved = pace * np.arange(len(day))
        clock = np.minimum.accumulate(day - moved) + moved
        lag = day - clock
        if lag[-1] < LEAST_PAUSE:
            return cls(float(day[-1]), pace=pace)
        after = float(day[np.flatnonzero(lag < LEAST_PAUSE)[-1]])
        now = max(float(clock[-1]), after)
        return cls(now, after, float(day[-1]) - now, pace)

    @classmethod
    def at(cls, moment: datetime) -> GraphClock:
        """That stands at a moment, without a pause."""
        return cls(moment.timestamp() / DAY_SECONDS)

    @classmethod
    def stored(cls, row: Mapping[str, float | None]) -> GraphClock | None:
        """From properties of the feed, as `properties` returns them; None before the first build."""
        if row["clock"] is None:
            return None
        after, pause, pace = (row[name] for name in ("paused_after", "pause", "pace"))
        assert after is not None and pause is not None and pace is not None
        return cls(row["clock"], after, pause, pace)

    def properties(self) -> dict[str, float | None]:
        """Properties for the feed; infinities stay; `clock` is null where no event has a time."""
        now = None if np.isnan(self.now) else self.now
        return {"clock": now, "paused_after": self.after, "pause": self.pause, "pace": self.pace}

    def on(self, day: np.ndarray) -> np.ndarray:
        """(E,) times of events by this clock, none after `now`; NaN stays."""
        day = self._without_pause(day)
        return np.where(day > self.now, self.now, day)

    def advanced(self, latest: float, events: int = 1) -> GraphClock:
        """The clock after some more events.  latest: the day of the latest."""
        to = min(float(self._without_pause(np.array(latest))), self.now + self.pace * events)
        return replace(self, now=max(to, self.now))

    def moments(self) -> dict[str, datetime | None]:
        """Calendar times that stand for `now`, as parameters of statements.

        as_of: for what happened after the pause, if there is one.  as_of_before: for what happened up to
        `paused_after`. The present time for all where no event has a time.
        """
        if np.isnan(self.now):
            present = datetime.now(UTC)
            return {"as_of": present, "as_of_before": present, "paused_after": None}
        after = None if np.isinf(self.after) else _moment(self.after)
        return {"as_of": _moment(self.now + self.pause), "as_of_before": _moment(self.now), "paused_after": after}

    def _without_pause(self, day: np.ndarray) -> np.ndarray:
        return np.where(day > self.after, np.maximum(day - self.pause, self.after), day)


def _moment(day: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=round(day * DAY_MILLIS))


UNDATED = GraphClock(float("nan"))
