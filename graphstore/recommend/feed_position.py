"""Feed position: up to where the changes of the graph have been applied to a snapshot, and where the next poll starts.

The graph lists changes twice. The follower numbers its changes (`changed_seq`); events and descriptions carry the time
of their transaction (`touched_at`). A transaction can become visible after a later one, so both lists are read again
for a while behind what was seen last.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

State = Mapping[str, Any]  # the row that `recommend/read_state` returns
OVERLAP_MILLIS = 5_000  # the longest that a transaction may stay open; read again once in LONG_OVERLAP_SECONDS
SHORT_OVERLAP_MILLIS, LONG_OVERLAP_SECONDS = 300, 1.0  # most transactions end within the former
SEQ_SECONDS = 1.0  # re-read changes younger than this: their transaction may have been committing when first seen
PAGE_SIZE = 500
LISTS = ("items", "users")


@dataclass
class FeedPosition:
    """Shared by threads without a lock: every field only rises, and an older value only means reading more again.

    seq: changes up to this number are applied.  since: those touched up to this time (ms since 1970) are applied.
    seen: the highest number seen and when (monotonic seconds); `seq` becomes it after SEQ_SECONDS.  One tuple, so that
    a reader never gets the number of one poll with the time of another.
    polled: the graph's clock (ms) at the last poll.  long_overlap: monotonic time of the last poll from `since` on.
    first_page, page: changes of each list in one poll; `page` grows while a page is too small to get ahead.
    """

    seq: int
    since: int
    seen: tuple[int, float]
    polled: int = 0
    long_overlap: float = 0.0
    first_page: int = PAGE_SIZE
    page: int = field(init=False)

    def __post_init__(self) -> None:
        self.page = self.first_page

    def next_since(self) -> int:
        """From which time (ms) on the next poll asks for touched nodes."""
        since, now = self.since, time.monotonic()
        if now - self.long_overlap < LONG_OVERLAP_SECONDS:
            return max(since, self.polled - SHORT_OVERLAP_MILLIS)
        self.long_overlap = now
        return since

    def advance(self, state: State, since: int) -> None:
        """Note that the changes of a poll are applied. since: what the poll asked from."""
        now, seen = time.monotonic(), self.seen
        last = max((row[3] for name in LISTS for row in state[name]), default=seen[0])
        full = [state[name][-1][3] - 1 for name in LISTS if len(state[name]) >= self.page]
        touched = [rows[-1][3] for name in LISTS if len(rows := state[f"touched_{name}"]) >= self.page]
        stuck = (full and min(full) <= self.seq) or (touched and min(touched) <= since)
        self.page = 4 * self.page if stuck else self.first_page
        if full:  # more than a page: continue where the first full list ends
            self.seq = max(self.seq, min(full))
        elif now - seen[1] > SEQ_SECONDS:
            self.seq, self.seen = max(self.seq, seen[0]), (last, now)
        self.polled = max(self.polled, min(touched) if touched else state["now"])
        if since <= self.since:
            self.since = max(self.since, min(touched) if touched else state["now"] - OVERLAP_MILLIS)
