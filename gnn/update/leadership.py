"""The lead of the neighbourhood worker: one worker at a time has it, for some seconds, and renews it."""

from __future__ import annotations

import time
import uuid

from graphstore.database.client import Client
from graphstore.update import following

LEAD_MILLIS = 15_000
RENEW_SECONDS = 5.0


class Leadership:
    """The lead of one worker, and what the worker before noted in the graph.

    done: milliseconds since 1970; all that was touched before is derived. None where nothing was noted.
    penalties: the build that the worker before used, and the penalties of its regressions; None where not noted.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lease = uuid.uuid4().hex
        self._renew_at = 0.0
        self.done: int | None = None
        self.penalties: tuple[str, tuple[float, float]] | None = None

    def held(self, begins: bool) -> bool:
        """Whether this worker has the lead now. begins: take over what was noted, as the worker holds no state yet."""
        if time.monotonic() < self._renew_at:
            return True
        row = following.lead(self._client, self._lease, LEAD_MILLIS)
        if not row["leads"]:
            return False
        if begins:
            self.done = row["done"]
            self.penalties = (row["build"], tuple(row["penalties"])) if row["penalties"] else None
        self._renew_at = time.monotonic() + RENEW_SECONDS
        return True

    def note_done(self, clock: int, build: str | None, penalties: tuple[float, float]) -> None:
        """Note that all that was touched before `clock` is derived; not more often than every LEAD_MILLIS.

        clock: milliseconds since 1970.  build: that this rests on, with these penalties.
        """
        if self.done is None or clock - self.done > LEAD_MILLIS:
            following.note_done(self._client, self._lease, clock, build, penalties)
            self.done = clock

    def leave(self) -> None:
        """Give the lead up, so that another worker takes over at once."""
        following.leave(self._client, self._lease)
