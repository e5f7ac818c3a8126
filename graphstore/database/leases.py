"""Leases: programs that would damage each other's work on the graph take turns, across processes and machines.

`WORK` says of each kind of work what it writes and what must not change meanwhile. `hold` waits until nobody does work
that excludes it, and takes a lease: a node in the graph, renewed every RENEW_SECONDS, valid for LEASE_MILLIS by the
database's clock. A lease whose holder was killed is taken over when it ends; at once, if that was on this machine.

Every transaction of the holder first checks the lease (`Fence`), so that one who stalled for longer than the lease,
and lost it, neither deletes nor publishes anything.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from graphstore.database.client import Client, Row, Transaction
from graphstore.errors import GraphError, LeaseLost, OthersAtWork
from graphstore.progress import Progress, silent

LEASE_MILLIS = 30_000
KEPT_MILLIS = 86_400_000  # for which a follower that was killed is shown as missing
FOLLOW = "follow "
RENEW_SECONDS = 5.0
ASK_SECONDS = 0.5
END_SECONDS = 1.0  # that a release waits for a renewal under way
SAME_SECONDS = 1.0  # by which two readings of when a process began may differ

CONTENTS = "contents and interests"
DERIVED = "derived relationships"
MODEL = "model and embeddings"
SETTINGS = "settings"
SCHEMA = "schema"
NEIGHBOURHOODS = "neighbourhoods"


@dataclass(frozen=True)
class Work:
    """What one kind of work needs.

    writes: what it alone may write.  reads: what nobody may write meanwhile.
    yields: what it stops to write as long as others hold it; they don't wait for it.
    """

    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    yields: tuple[str, ...] = ()

    def excludes(self, other: Work) -> bool:
        """Whether the two can't go on at the same time."""
        return bool(
            set(self.writes) & {*other.writes, *other.reads, *other.yields}
            or set(other.writes) & {*self.reads, *self.yields}
        )


WORK = {
    "collect": Work(),  # and import, HTTP, erase: they lock the users and items that they write (collect/lock_nodes)
    "extract": Work(writes=(CONTENTS,)),
    "merges undo": Work(writes=(CONTENTS,)),
    "build": Work(writes=(DERIVED,), reads=(CONTENTS,)),
    "update": Work(writes=(MODEL,), reads=(CONTENTS, DERIVED)),
    "update --anew": Work(writes=(DERIVED, MODEL), reads=(CONTENTS,)),
    "update --end-to-end": Work(writes=(CONTENTS, MODEL), reads=(DERIVED,)),
    "tune": Work(writes=(SETTINGS,)),
    "tune, reading": Work(reads=(CONTENTS, DERIVED)),
    "reset": Work(writes=(CONTENTS, DERIVED, MODEL, SETTINGS)),  # which refuses to begin while somebody follows
    "follow supervisor": Work(),
    "follow events": Work(),
    "follow neighbourhoods": Work(writes=(NEIGHBOURHOODS,), yields=(DERIVED,)),
    "follow descriptions": Work(yields=(CONTENTS,)),  # a part of the work of the neighbourhood worker
    "schema": Work(writes=(SCHEMA,)),
}
STAGES = {"merges": "merges undo", "drift": "collect"}  # stages of runs that have another name here


def meeting(one: str, other: str) -> str:
    """What happens when work `one` is started while `other` goes on: "together", "waits", or "other pauses".

    >>> meeting("build", "build"), meeting("collect", "build"), meeting("build", "follow neighbourhoods")
    ('waits', 'together', 'other pauses')
    """
    new, present = WORK[one], WORK[other]
    if not new.excludes(present):
        return "together"
    return "other pauses" if not new.excludes(Work(present.writes, present.reads)) else "waits"


@dataclass(frozen=True)
class Fence:
    """The check by which every transaction of a holder begins.

    needs: what the lease has to hold, and for what its holder stops.
    """

    holder: str
    needs: Work = Work()

    def check(self, tx: Transaction) -> None:
        """Hold the lease until the end of the transaction.

        Raises:
            LeaseLost: another program has taken it over.  OthersAtWork: the holder has to stop for others.
        """
        needs = self.needs
        rows = tx.run("leases/check_lease", holder=self.holder, writes=list(needs.writes), yields=list(needs.yields))
        if not rows:
            raise LeaseLost(
                "This program stood still for too long, and another one took its turn: nothing more was written."
                " Run the same again."
            )
        if rows[0]["busy"]:
            raise OthersAtWork(f"Now at work: {', '.join(rows[0]['busy'])}.")


@dataclass
class Lease:
    """A lease of this process. work: a key of WORK."""

    client: Client
    work: str
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)

    def take(self, needs: Work | None = None) -> list[Row]:
        """Take or renew the lease. needs: other than those of the work.

        Returns those who exclude it: holder, work, host, machine, pid, born, since; empty where it is taken.
        """
        needs = needs or WORK[self.work]
        wanted: Any = {"writes": list(needs.writes), "reads": list(needs.reads), "yields": list(needs.yields)}
        me = {"holder": self.holder, "work": self.work, "millis": LEASE_MILLIS, "kept": KEPT_MILLIS, **this_process()}
        busy = self.client.write("leases/take_lease", dead=[], **wanted, **me)
        if dead := [row["holder"] for row in busy if is_gone(row)]:
            busy = self.client.write("leases/take_lease", dead=dead, **wanted, **me)
        return busy

    def renew(self) -> bool:
        """Renew the lease; whether it is still there."""
        return bool(self.client.write("leases/renew_lease", holder=self.holder, millis=LEASE_MILLIS))

    def release(self) -> None:
        """Give the lease up; if Neo4j is gone, it ends by itself."""
        with suppress(GraphError):
            self.client.autocommit("leases/release_lease", holder=self.holder)

    @contextmanager
    def renewed(self, again: bool = False) -> Iterator[None]:
        """Renew the lease in the background, and release it at the end.

        again: come back, holding nothing, where it was taken over.
        """
        stop = threading.Event()

        def keep() -> None:
            while not stop.wait(RENEW_SECONDS):
                with suppress(GraphError):
                    if not self.renew() and again:
                        self.take(Work())

        thread = threading.Thread(target=keep, daemon=True, name="lease")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(END_SECONDS)
            self.release()


@contextmanager
def hold(client: Client, work: str, progress: Progress = silent) -> Iterator[Client]:
    """Wait until nobody does work that excludes this one, and exclude others until the end.

    work: a key of WORK.  Says once on `client.message` for whom it waits, and on `progress` that it waits.

    Yields a client whose writes fail with `LeaseLost` once the lease is lost. Work inside other work that holds all
    that it needs goes on at once.
    """
    needs = WORK[work]
    held = client.fence.needs if isinstance(client.fence, Fence) else Work()
    inside = set(needs.writes) <= set(held.writes) and set(needs.reads) <= {*held.writes, *held.reads}
    if inside:
        yield client
        return
    lease = Lease(client.under(None), work)
    told: set[str] = set()
    while busy := lease.take():
        if new := [row for row in busy if row["holder"] not in told]:
            told |= {row["holder"] for row in new}
            client.message(f"Waiting for {'; '.join(map(describe, new))}. Ctrl-C ends the wait.")
        progress(f"waiting for {', '.join(sorted({row['work'] for row in busy}))}", 0, None)
        time.sleep(ASK_SECONDS)
    if told:
        progress("at work", 0, None)
    with lease.renewed():
        yield client.under(Fence(lease.holder, needs))


@contextmanager
def present(client: Client, work: str) -> Iterator[Lease]:
    """Show, by a lease that holds nothing, that a follower is alive.  work: "follow events" or "follow …"."""
    lease = Lease(client, work)
    lease.take(Work())
    with lease.renewed(again=True):
        yield lease


def followers(client: Client) -> tuple[list[Row], list[Row]]:
    """The workers of `update --follow` that are alive, and those that were killed in the last day and not replaced.

    Rows of holder, work, host, pid, since, seen and now (milliseconds since 1970, by the database's clock).
    """
    rows = [row for row in client.read("leases/list_leases") if row["work"].startswith(FOLLOW)]
    lost = [row for row in rows if row["ended"] or is_gone(row)]
    return [row for row in rows if row not in lost], lost


def describe(row: Row) -> str:
    """One who is at work, in words."""
    since = datetime.fromtimestamp(row["since"] / 1000, UTC)
    return f"`{row['work']}` (process {row['pid']} on {row['host']}, since {since:%Y-%m-%d %H:%M:%S} UTC)"


@cache
def this_machine() -> str:
    """A name of the machine and the space of process ids in it, without telling either."""
    parts = [socket.gethostname(), str(uuid.getnode())]
    if sys.platform == "linux":
        with suppress(OSError):
            parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
            parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def this_process() -> dict[str, Any]:
    """This process: host, machine, pid, and born, the time of its start (seconds since 1970)."""
    pid = os.getpid()
    return {
        "host": socket.gethostname(),
        "machine": this_machine(),
        "pid": pid,
        "born": psutil.Process(pid).create_time(),
    }


def is_gone(row: Row) -> bool:
    """Whether the process that holds a lease is known to have ended; False for those on other machines."""
    if row["machine"] != this_machine():
        return False
    try:
        process = psutil.Process(row["pid"])
        zombie = process.status() == psutil.STATUS_ZOMBIE
        return zombie or abs(process.create_time() - row["born"]) > SAME_SECONDS
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False
