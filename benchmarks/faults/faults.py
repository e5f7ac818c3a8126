"""What the program does under faults: nothing that was acknowledged may be lost or doubled, and no answer may be 500.

    python benchmarks/faults/faults.py [kills proxy steady erase disk] [--seconds S] [--disk FOLDER] [--json]

kills    serve, Neo4j, the follower and its workers are killed with SIGKILL in turn, every few seconds, while four
         writers post batches, each again until it is accepted
proxy    serve reaches Neo4j through a proxy that cuts connections in the middle of a message, and stalls them
steady   events at --rate a second; `memory` is what serve took after a quarter of the time, and at the end
erase    users are erased over HTTP while events of them are posted; `left` counts the users that are there after a
         last erasure of every one
disk     only with --disk, an empty folder on a small file system of its own, 1 GB for instance (as root:
         mount -t tmpfs -o size=1g tmpfs FOLDER). First the disk is filled up to the margin below which nothing is
         written: posts have to get 507 and reads 200, and posts are accepted again once there is room. Then a writer
         that does not look at the margin fills it for good, room is made, Neo4j is asked to stop as another supervisor
         would do it, and the torn transaction log is mended by --recover.

Everything runs on the loopback interface, on scratch folders, each attack for --seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.faults.broken_proxy import BrokenProxy
from benchmarks.faults.posting import ITEMS, USERS, batch, post, stored_events, wait_for_web
from benchmarks.faults.programs import NEO4J, SUPERVISOR, WEB, WORKER, Programs, environment_of
from benchmarks.load.processes import interestgraph
from benchmarks.measures import tables
from graphstore.collect.store import collect_events
from graphstore.database.client import Client
from graphstore.database.disk import LEAST_FREE_BYTES, MIB
from graphstore.errors import InterestGraphError, ServerError
from graphstore.server.managed import ManagedServer

KILL_SECONDS = 3.0
READY, NOT_FOUND = 200, 404
BALLAST = "ballast"
Row = dict[str, Any]


@contextlib.contextmanager
def scratch_home() -> Iterator[Path]:
    """A home with an empty graph, whose managed server is killed at the end."""
    with tempfile.TemporaryDirectory(prefix="interestgraph-faults-") as folder:
        home = Path(folder)
        interestgraph("server", "start", "--json", environment=environment_of(home))
        try:
            yield home
        finally:
            ManagedServer(home / "neo4j").kill()


@contextlib.contextmanager
def beside(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Do some work in a thread, which ends when the event that it gets is set: at the end of the block."""
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(ended,))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def kills(options: argparse.Namespace) -> Row:
    """Kill everything in turn under load."""
    with scratch_home() as home, Programs(home, follow=True) as programs:
        wait_for_web(programs)

        def strike(ended: threading.Event) -> None:
            asker = programs.asker()
            for what in itertools.cycle((WEB, NEO4J, SUPERVISOR, WORKER)):
                while asker.get("/health/ready").status != READY:  # what is not back yet is not killed again
                    if ended.wait(0.2):
                        return
                if ended.wait(KILL_SECONDS):
                    return
                programs.kill(what)
                if what == NEO4J:
                    with contextlib.suppress(InterestGraphError):
                        programs.server.start()

        with beside(strike):
            posted = post(programs, options.seconds)
        with programs.client() as client:
            return {**posted.row(client), "notes": " ".join(f"{what}:{n}" for what, n in programs.kills.items())}


def proxy(options: argparse.Namespace) -> Row:
    """Post through a broken connection between serve and Neo4j."""
    with scratch_home() as home:
        address = ManagedServer(home / "neo4j").address()
        broken = BrokenProxy(("127.0.0.1", int(address.bolt_uri.rpartition(":")[2])))
        with broken.running():
            reached = {"NEO4J_URI": f"bolt://127.0.0.1:{broken.port}", "NEO4J_PASSWORD": address.password}
            with Programs(home, more=reached) as programs:
                wait_for_web(programs)
                posted = post(programs, options.seconds)
                with programs.client() as client:
                    return {**posted.row(client), "notes": f"{broken.cuts} cuts, {broken.stalls} stalls"}


def steady(options: argparse.Namespace) -> Row:
    """Post at a steady rate, and look at the memory of serve."""
    with scratch_home() as home, Programs(home) as programs:
        wait_for_web(programs)
        early: list[int] = []
        timer = threading.Timer(options.seconds / 4, lambda: early.append(programs.web_memory()))
        timer.start()
        began = time.monotonic()
        posted = post(programs, options.seconds, rate=options.rate)
        reached = len(posted.acknowledged) / (time.monotonic() - began)
        timer.join()
        memory = f"{early[0] / MIB:.0f} then {programs.web_memory() / MIB:.0f} MiB"
        with programs.client() as client:
            return {**posted.row(client), "notes": f"{reached:.0f} events/s, memory {memory}"}


def erase(options: argparse.Namespace) -> Row:
    """Erase users beside posting. What was erased is not lost: only the answers and what is left count."""
    users = [f"u{number}" for number in range(USERS)]
    with scratch_home() as home, Programs(home) as programs:
        wait_for_web(programs)
        answers = Counter[int]()

        def sweep(ended: threading.Event) -> None:
            asker = programs.asker()
            for user in itertools.cycle(users):
                if ended.is_set():
                    return
                answers[asker.delete(f"/v1/users/{user}").status] += 1

        with beside(sweep):
            posted = post(programs, options.seconds)
        last = Counter(programs.asker().delete(f"/v1/users/{user}").status for user in users)
        asker = programs.asker()
        left = sum(asker.get(f"/v1/users/{user}").status != NOT_FOUND for user in users)
        with programs.client() as client:
            row = posted.row(client)
        row |= {"lost": "", "500": row["500"] + answers[500] + last[500]}
        return {**row, "notes": f"{answers[200]} erased meanwhile, left: {left}"}


def fill(folder: Path, leave: int) -> None:
    """Take the free space of a disk but for `leave` bytes."""
    disk = os.statvfs(folder)
    with (folder / BALLAST).open("ab") as file:
        size = disk.f_bavail * disk.f_frsize - leave
        os.posix_fallocate(file.fileno(), file.tell(), max(size, 1))


def disk(options: argparse.Namespace) -> Row:
    """Fill the disk up to the margin, and then for good."""
    home = options.disk
    interestgraph("server", "start", "--json", environment=environment_of(home))
    try:
        with Programs(home) as programs:
            wait_for_web(programs)
            asker = programs.asker()
            statuses: list[int] = []
            user = batch(0, 0, 1)[0]["user_id"]
            for leave in (None, LEAST_FREE_BYTES - MIB, None):
                if leave:
                    fill(home, leave)
                else:
                    (home / BALLAST).unlink(missing_ok=True)
                time.sleep(1.5)
                statuses.append(asker.post("/v1/events", batch(len(statuses), 0, 1)).status)
                statuses.append(asker.get(f"/v1/users/{user}").status)
        return torn(home) | {"notes": f"post, read: {statuses}"}
    finally:
        (home / BALLAST).unlink(missing_ok=True)
        ManagedServer(home / "neo4j").kill()


def torn(home: Path) -> Row:
    """Tear the transaction log and mend it; the events that were acknowledged before are to be there."""
    server = ManagedServer(home / "neo4j")
    address, acknowledged = server.address(), []
    fill(home, 8 * MIB)
    with (
        Client(address.bolt_uri, address.username, address.password) as client,
        contextlib.suppress(InterestGraphError),
    ):
        for number in itertools.count():
            events = batch(9, number, 20)
            collect_events(client, events)
            acknowledged += [event["event_id"] for event in events]
    (home / BALLAST).unlink()
    process = psutil.Process(address.pid)
    os.kill(address.pid, signal.SIGTERM)
    process.wait(90)
    try:
        server.start()
        refused = False
    except ServerError:
        refused = True
        server.recover()
    address = server.address()
    with Client(address.bolt_uri, address.username, address.password) as client:
        stored = set(stored_events(client))
    lost = len(set(acknowledged) - stored)
    return {"acknowledged": len(acknowledged), "lost": lost, "other answers": f"torn and mended: {refused}"}


ATTACKS: dict[str, Callable[[argparse.Namespace], Row]] = {
    "kills": kills,
    "proxy": proxy,
    "steady": steady,
    "erase": erase,
    "disk": disk,
}
COLUMNS = ("acknowledged", "lost", "doubled", "given up", "500", "other answers", "notes")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = tables.parser(__doc__)
    parser.add_argument("attacks", nargs="*", choices=[*ATTACKS, []], metavar="ATTACK", help="(default: all)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each (default %(default)s)")
    parser.add_argument("--rate", type=float, default=400.0, help="of steady, events/s (default %(default)s)")
    parser.add_argument("--disk", type=Path, help="an empty folder on a small file system of its own")
    return parser.parse_args()


def main() -> None:
    """Run the attacks in turn and print what came of each."""
    options = arguments()
    rows = []
    for name in options.attacks or ATTACKS:
        if name == "disk" and options.disk is None:
            continue
        found = ATTACKS[name](options)
        rows.append({"attack": name} | {column: found.get(column, "") for column in COLUMNS})
    tables.show(f"Faults (target: 0 lost, 0 doubled, no 500); {USERS} users, {ITEMS} items", rows, options.json)


if __name__ == "__main__":
    main()
