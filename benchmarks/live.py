"""Freshness: seconds from an event over HTTP to the changed answer, beside the raw Bolt baseline of the same run.

    python benchmarks/live.py HOME... [--seconds N] [--workers N] [--json]

HOME: as `prepare.py` makes them; several stand side by side, to see what grows with the graph. Each is measured alone,
with `serve` and `update --follow` as processes on this machine (and the load from this process, on the same cores):

warm-up      90 s as `steady` and 20 s as `burst`, not counted: a JVM that has just started plans all statements and
             compiles for a minute, on the same cores; an event may wait for seconds then
idle         the processor time that each program takes while nothing happens
at rest      recommendations with explanation: computed live, unchanged from the cache, If-None-Match; the follower may
             still refine what goes together, so this is more than what `latency.py` measures without one
steady       20 events/s, each posted alone by an open schedule; for every fifth the time from its 202 to the first
             answer that differs, to the first that rests on a later version with nothing of its user pending, and to
             the message on /v1/stream
burst        200 events/s in batches of 100 by an open schedule, with the number of marks sampled
cost         events in batches as fast as they are accepted, until the follower is done: wall and processor time of each
             and of each user brought up to date (the more users there are, the more of them a batch is of)
floor        one transaction that merges an event, reads 50 item vectors and writes 128 numbers (see
`raw_bolt_baseline.py`); the
             last, as its constraints come and go, and with each Neo4j forgets the plans of all statements
Recommendations with explanation, computed live, are asked for at 4/s beside steady and burst.

What waits longer than --patience counts as never; percentiles over such are shown as ∞. The events are those that come
after the home's history and can be used once; `events_needed` says how many of them a run uses up. Not measured: many
machines, a network between them, more users at once than two cores serve, a Neo4j that has just started.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

from benchmarks import latency
from benchmarks.load import live_table
from benchmarks.load.asking import Askers
from benchmarks.load.backlog import NEVER
from benchmarks.load.listening import listening
from benchmarks.load.live_table import Measured
from benchmarks.load.load_generators import Running, burst, catch_up, idle, reads, settled, steady
from benchmarks.load.prepared_graphs import Prepared, environment_of, graph_of, settings_of
from benchmarks.load.processes import NO_FOLLOWER, api_key, following, has_follower, served
from benchmarks.load.raw_bolt_baseline import event_floor
from benchmarks.measures import tables
from graphstore.batches import batched
from graphstore.database.client import Client
from graphstore.errors import InputError
from graphstore.server.managed import ManagedServer
from graphstore.update.sampling import user_ids

STEADY_RATE, LOOK_AT_EVERY = 20, 5
BURST_RATE, BATCH_EVENTS = 200, 100
WARM_SINGLY, WARM_IN_BATCHES, COST_EVENTS, FLOOR_EVENTS = 1_800, 4_000, 3_000, 1_000
READ_RATE, READ_USERS = 4, 2_000
IDLE_SECONDS = 5.0
REST_SECONDS, AT_REST = 3.0, 0.5  # of a processor: it has read all; what it refines while nobody waits takes less


def measure(home: Path, options: argparse.Namespace, follows: bool) -> Measured:
    """All figures of one home."""
    prepared = Prepared.ready(home)
    events = prepared.take(home, events_needed(options.seconds))
    environment = environment_of(home)
    with ExitStack() as stack:
        client = stack.enter_context(graph_of(home))
        key = stack.enter_context(api_key(environment, "read,write"))
        web = stack.enter_context(served(environment))
        follower = stack.enter_context(following(environment, options.workers) if follows else nullcontext())
        address = ManagedServer(settings_of(home).home / "neo4j").address()
        programs = {"neo4j": address.pid, "serve": web.pid} | ({"follower": follower.pid} if follower else {})
        heard = stack.enter_context(listening(web.port, key))
        running = Running(client, Askers(web.port, key), follows, programs, options.patience, heard)
        found = Measured(prepared.name, prepared.counts, follows, heard is not None)
        users = some_users(client, options.seed)
        say(home, "waiting for the follower")
        found.waited = wait_for_follower(running, options.patience)
        say(home, "warm-up")
        warm_up(running, events[: WARM_SINGLY + WARM_IN_BATCHES], users)
        say(home, "at rest")
        found.idle = idle(running, IDLE_SECONDS)
        found.rest = latency.measure(web.port, key, users[: options.requests])
        measure_loads(found, running, events[WARM_SINGLY + WARM_IN_BATCHES :], users, options.seconds, home)
        say(home, "floor")
        found.floor = event_floor(client, address.bolt_uri, (address.username, address.password), FLOOR_EVENTS)
    return found


def events_needed(seconds: int) -> int:
    """How many events a home is asked for."""
    return WARM_SINGLY + WARM_IN_BATCHES + COST_EVENTS + (STEADY_RATE + BURST_RATE) * seconds


def warm_up(running: Running, events: list[Any], users: list[str]) -> None:
    """Everything that is measured later, for as long as it takes to become fast."""
    singly, in_batches = events[:WARM_SINGLY], list(batched(events[WARM_SINGLY:], BATCH_EVENTS))
    with reads(running, users, READ_RATE, len(singly) / STEADY_RATE, []):
        steady(running, singly, STEADY_RATE, LOOK_AT_EVERY)
    with reads(running, users, READ_RATE, WARM_IN_BATCHES / BURST_RATE, []):
        burst(running, in_batches, BURST_RATE / BATCH_EVENTS)


def measure_loads(
    found: Measured, running: Running, events: list[Any], users: list[str], seconds: int, home: Path
) -> None:
    """Steady, burst and cost, one after the other; each begins when nothing waits any more."""
    first, last = STEADY_RATE * seconds, (STEADY_RATE + BURST_RATE) * seconds
    say(home, "steady")
    with reads(running, users, READ_RATE, seconds, found.reads_steady):
        found.steady = steady(running, events[:first], STEADY_RATE, LOOK_AT_EVERY)
    settled(running)
    say(home, "burst")
    batches = list(batched(events[first:last], BATCH_EVENTS))
    with reads(running, users, READ_RATE, seconds, found.reads_burst):
        found.burst = burst(running, batches, BURST_RATE / BATCH_EVENTS)
    say(home, "cost")
    found.cost = catch_up(running, list(batched(events[last : last + COST_EVENTS], BATCH_EVENTS)))


def wait_for_follower(running: Running, patience: float) -> float | None:
    """Seconds until the marks that were there are gone and the follower has begun; None without one.

    Raises:
        SystemExit: it is not, in sixty times the patience.
    """
    if not running.follows:
        return None
    began = time.perf_counter()
    while settled(running) == NEVER or idle(running, REST_SECONDS)["follower"] > AT_REST:
        if time.perf_counter() - began > 60 * patience:
            raise SystemExit(f"The follower was busy for {60 * patience:.0f} s: update.log in its home may say why.")
    return time.perf_counter() - began


def some_users(client: Client, seed: int) -> list[str]:
    """Users of the graph in an order that the seed decides; again from the first where there are few."""
    return random.Random(seed).choices(user_ids(client), k=READ_USERS)


def say(home: Path, what: str) -> None:
    """How far it is, on standard error."""
    print(f"{time.strftime('%H:%M:%S')} {home.name}: {what}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure every home and print one table."""
    parser = tables.parser(__doc__)
    parser.add_argument("homes", nargs="+", metavar="HOME", type=Path)
    parser.add_argument("--seconds", type=int, default=30, help="of steady, and of burst (default 30)")
    parser.add_argument("--workers", type=int, default=1, help="of update --follow (default 1)")
    parser.add_argument("--requests", type=int, default=400, help="at rest, for each way and number of clients")
    parser.add_argument("--patience", type=float, default=10.0, help="seconds to wait for an effect (default 10)")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the users")
    options = parser.parse_args()
    follows = has_follower()
    if not follows:
        print(NO_FOLLOWER, file=sys.stderr)
    try:
        for home in options.homes:
            Prepared.ready(home).check(home, events_needed(options.seconds))
        measured = [measure(home, options, follows) for home in options.homes]
    except InputError as error:
        raise SystemExit(str(error)) from error
    tables.show(live_table.title(options), live_table.rows(measured), options.json)


if __name__ == "__main__":
    main()
