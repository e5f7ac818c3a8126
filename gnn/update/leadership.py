"""The lead of the neighbourhood worker: one worker at a time has it, by a lease (`graphstore.database.leases`)."""

from __future__ import annotations

import time

from graphstore.database.client import Client
from graphstore.database.leases import RENEW_SECONDS, WORK, Fence, Lease
from graphstore.update import following

NOTE_MILLIS = 15_000
LEAD = "follow neighbourhoods"


class Leadership:
    """The lead of one worker, and what the worker before noted in the graph.

    client: writes through it fail with `OthersAtWork` while a build runs, and with `LeaseLost` without the lead.
    reading: the same for what `extract` writes.
    done: milliseconds since 1970; all that was touched before is derived. None where nothing was noted.
    penalties: the build that the worker before used, and the penalties of its regressions; None where not noted.
    """

    def __init__(self, client: Client, lease: Lease | None = None) -> None:
        self._lease = lease or Lease(client, LEAD)
        self._renew_at = 0.0
        self.client = client.under(Fence(self._lease.holder, WORK[LEAD]))
        self.reading = client.under(Fence(self._lease.holder, WORK["follow descriptions"]))
        self.done: int | None = None
        self.penalties: tuple[str, tuple[float, float]] | None = None

    def held(self, begins: bool) -> bool:
        """Whether this worker has the lead now, and no build runs.

        begins: take over what was noted, as the worker holds no state yet.
        """
        if time.monotonic() < self._renew_at:
            return True
        if self._lease.take():
            return False
        if begins and (row := following.read_done(self.client)):
            self.done = row["done"]
            self.penalties = (row["build"], tuple(row["penalties"])) if row["penalties"] else None
        self._renew_at = time.monotonic() + RENEW_SECONDS
        return True

    def note_done(self, clock: int, build: str | None, penalties: tuple[float, float]) -> None:
        """Note that all that was touched before `clock` is derived; not more often than every NOTE_MILLIS.

        clock: milliseconds since 1970.  build: that this rests on, with these penalties.
        """
        if self.done is None or clock - self.done > NOTE_MILLIS:
            following.note_done(self.client, self.done or 0, clock, build, penalties)
            self.done = clock

    def pause(self) -> None:
        """Ask for the lead again at the next step: it was lost, or others are at work."""
        self._renew_at = 0.0

    def leave(self) -> None:
        """Give the lead up, so that another worker takes over at once."""
        self._lease.release()
