"""update --follow, the event worker: work off the marks that events set, in small batches.

poll        is a mark due?                                                  `graphstore.update.work_queue`
claim       lease the marks of a few users                                  the same
read        what they wrote and searched for                                 `gnn.extract.writing`
embed       pull their events, run the inductive forward pass               `gnn.update.user_vectors`
finish      write interests and embeddings, stamp the feed, clear the marks `graphstore.update.work_queue`

Everything written is a function of the graph as it is, so that repeating it does no harm. The marks of a worker that
was killed are due again when its lease ends. Several workers share the marks.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import datetime

from gnn.encoders.encoder import Encoder
from gnn.extract.writing.stage import WritingFollower
from gnn.update.follow_neighbourhoods import NeighbourhoodWorker, run_neighbourhoods
from gnn.update.prepare import share_machine
from gnn.update.user_vectors import UserVectors
from graphstore import connect
from graphstore.clock import GraphClock
from graphstore.database.client import Client
from graphstore.database.leases import present
from graphstore.durations import DAY_SECONDS
from graphstore.errors import GraphError, Neo4jUnavailable, ServerError
from graphstore.extract.interests import read_clock
from graphstore.settings import Settings
from graphstore.update import work_queue
from graphstore.update.work_queue import Lease, QueueState

log = logging.getLogger("interestgraph.follow")
AWAKE_POLL_SECONDS, POLL_SECONDS = 0.005, 0.02  # between two polls; the former while events come
AWAKE_SECONDS = 2.0  # after the last work
USERS_AT_ONCE, ITEMS_AT_ONCE = 16, 1_000
IDLE_USERS_AT_ONCE = 4  # few, as events that come meanwhile wait
IDLE_SHARE = 0.25  # of a worker's time, for low-priority marks
HOUSEKEEPING_SECONDS = 1.0
COUNT_SECONDS = 10.0
RETRY_SECONDS = (0.5, 10.0)
REPORT_SECONDS = 10.0


@dataclass
class Work:
    """Counts since the last report.

    users, items: brought up to date.  again: users touched again meanwhile.  batches: seconds that each took.
    """

    users: int = 0
    again: int = 0
    items: int = 0
    batches: list[float] = field(default_factory=list)


class EventWorker:
    """A worker that works off marks. `step` does one batch, or nothing."""

    def __init__(self, client: Client, settings: Settings, encoder: Encoder | None = None) -> None:
        self._client = client
        self._writing = WritingFollower(client, settings, encoder)
        self._vectors = UserVectors(client, settings)
        self._clock: GraphClock | None = None
        self._ties = False
        self._counted, self._kept = -COUNT_SECONDS, 0.0
        self._rests_until = 0.0
        self.work = Work()

    def step(self, rests: bool = False) -> bool:
        """Work off one batch of due marks; whether there were any.

        rests: whether to pause with low-priority marks (`idle_due`) after some of them, to keep to IDLE_SHARE.
        """
        now = work_queue.read_queue_state(self._client)
        self._vectors.follow(now)
        self._keep_house(now)
        idle = now.idle_users and not now.users and not (rests and time.monotonic() < self._rests_until)
        if now.users or idle:
            began = time.perf_counter()
            claim = work_queue.claim_users(self._client, IDLE_USERS_AT_ONCE if idle else USERS_AT_ONCE, idle)
            if claim.versions:
                self._refresh(claim, now)
                self.work.batches.append(time.perf_counter() - began)
            if idle:
                self._rests_until = time.monotonic() + (1 / IDLE_SHARE - 1) * (time.perf_counter() - began)
        if now.items:
            self.work.items += work_queue.finish_items(self._client, ITEMS_AT_ONCE)
        return now.users or idle or now.items

    def drain(self) -> None:
        """Work until no mark is due."""
        while self.step():
            pass

    def _refresh(self, claim: Lease, now: QueueState) -> None:
        """Bring the users of a claim up to date; if that fails, one by one, so that no user blocks another."""
        try:
            self._bring_up_to_date(claim, now)
        except Neo4jUnavailable:
            raise
        except GraphError:
            if len(claim.versions) == 1:
                log.exception("a user could not be brought up to date; tried again when the lease ends")
                return
            for user_id, version in claim.versions.items():
                self._refresh(Lease(claim.lease_id, {user_id: version}), now)

    def _bring_up_to_date(self, claim: Lease, now: QueueState) -> None:
        """Read what the users of a claim wrote, embed them, write what follows from their events, and clear their
        marks."""
        self._writing.read(claim.user_ids, now.generation)
        vectors, latest = self._vectors.embed(claim.user_ids)
        if self._vectors.version is not None and self._has_ties():  # before the marks that lead to them are cleared
            work_queue.mark_silent_followers(self._client, claim.user_ids)
        result = work_queue.finish_users(
            self._client,
            claim,
            clock=self._advanced(now, latest, len(claim.versions)),
            latest=latest,
            vectors=vectors,
            version=self._vectors.version,
        )
        self.work.users += result.done
        self.work.again += result.requeued

    def _advanced(self, now: QueueState, latest: datetime | None, events: int) -> GraphClock:
        """The graph's clock after some more events, the latest at a time.

        Before the first build it is made of all events, once, and each event moves it.
        """
        if now.clock is None and self._clock is None:
            self._clock = replace(read_clock(self._client), pace=float("inf"))
        clock = now.clock or self._clock
        assert clock is not None
        known = (latest, None if now.clock else now.latest)
        days = [moment.timestamp() / DAY_SECONDS for moment in known if moment is not None]
        return clock.advanced(max(days), events) if days else clock

    def _has_ties(self) -> bool:
        """Whether any user follows another; counted every COUNT_SECONDS."""
        if time.monotonic() - self._counted > COUNT_SECONDS:
            self._ties = work_queue.has_ties(self._client)
            self._counted = time.monotonic()
        return self._ties

    def _keep_house(self, now: QueueState) -> None:
        """Mark users whose short-term interests lapsed, and marks of a clock that was put back; now and then."""
        if time.monotonic() - self._kept > HOUSEKEEPING_SECONDS:
            work_queue.bring_back_marks(self._client)
            if now.clock is not None:
                work_queue.mark_lapsed(self._client, now.clock)
            self._kept = time.monotonic()


def follow(kind: str, settings: Settings, stop: threading.Event) -> None:
    """Run a worker until `stop` is set. kind: "events" or "neighbourhoods".

    It waits while Neo4j is down; a managed one is started again.

    Raises:
        InterestGraphError: an error that waiting does not mend.
    """
    share_machine()
    wait = RETRY_SECONDS[0]
    while not stop.is_set():
        try:
            with connect(settings) as client, present(client, f"follow {kind}") as lease:
                wait = RETRY_SECONDS[0]
                if kind == "events":
                    _run(EventWorker(client, settings), stop)
                else:
                    run_neighbourhoods(NeighbourhoodWorker(client, settings, lease=lease), stop, POLL_SECONDS)
        except (GraphError, ServerError) as error:
            log.warning("the graph can't be reached, or refuses; tried again in %.1f s: %s", wait, error)
            stop.wait(wait)
            wait = min(2 * wait, RETRY_SECONDS[1])


def _run(worker: EventWorker, stop: threading.Event) -> None:
    reported = worked = time.monotonic()
    while not stop.is_set():
        if worker.step(rests=True):
            worked = time.monotonic()
        else:
            stop.wait(AWAKE_POLL_SECONDS if time.monotonic() - worked < AWAKE_SECONDS else POLL_SECONDS)
        if time.monotonic() - reported > REPORT_SECONDS:
            report(worker.work)
            worker.work, reported = Work(), time.monotonic()


def report(work: Work) -> None:
    """Log one line of the work done."""
    if work.users or work.items or work.again:
        batches = sorted(work.batches)
        middle = 1000 * batches[len(batches) // 2] if batches else 0.0
        slowest = 1000 * batches[-1] if batches else 0.0
        fields: dict[str, float] = {"users": work.users, "again": work.again, "items": work.items}
        fields |= {"batches": len(batches), "p50_ms": round(middle, 1), "slowest_ms": round(slowest, 1)}
        log.info("followed", extra={"fields": fields})
