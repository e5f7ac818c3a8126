"""Load generators for a running application, and their measurements. Times are in seconds.

steady     single events by a steady schedule; for some of them, until what is served has changed, and until all is done
burst      batches of events by a steady schedule, with the backlog of marks sampled
reads      recommendations with explanation, computed live, by a steady schedule, while one of the others goes on
catch-up   events as fast as they are accepted, until the follower has no mark left: what an event costs
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load.asking import LIVE, Answer, Asker, Askers, at_rate, recommendations_path
from benchmarks.load.backlog import NEVER, drained, has_mark, marks, sampled
from benchmarks.load.listening import Heard
from benchmarks.load.processes import cpu_seconds
from graphstore.database.client import Client

EVENTS, ACCEPTED, NOT_MODIFIED = "/v1/events", 202, 304
POLL_SECONDS, POLL_SHARE = 0.01, 0.1  # the latter of the time that has passed: who waits long need not ask so often
DRAIN = 6  # times the patience
Event = dict[str, Any]


@dataclass(frozen=True)
class Running:
    """What the loads go to. follows: whether a follower runs.  programs: process ids by name.

    patience: how long an effect is waited for; what takes longer counts as never.  heard: the listener to the stream.
    """

    client: Client
    askers: Askers
    follows: bool
    programs: Mapping[str, int]
    patience: float = 10.0
    heard: Heard | None = None


@dataclass(frozen=True)
class Effect:
    """Seconds from the 202 of an event until a changed answer, until its user waits for nothing, and until the stream
    announced them; NEVER if not, or where there is no follower or no stream.
    """

    changed: float
    settled: float
    announced: float = NEVER


@dataclass
class Load:
    """accepted: seconds from when each request was due until it was accepted.  refused: how many were not, and why.

    effects: of the events looked at.  backlog: (seconds since the beginning, marks) pairs.  drained: seconds from the
    last event until no mark was left.
    """

    accepted: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    backlog: list[tuple[float, int]] = field(default_factory=list)
    drained: float = NEVER


def steady(running: Running, events: Sequence[Event], rate: float, every: int) -> Load:
    """Post single events at `rate` a second; look at the effects of every so many of them."""
    load = Load()

    def act(job: tuple[int, Event], due: float) -> None:
        number, event = job
        asker = running.askers.mine
        if number % every == 0:
            found = effect(running, asker, event)
            if found is None:
                load.refused.append("an event that was looked at")
            else:
                load.effects.append(found)
        else:
            note(load, asker.post(EVENTS, event), due)

    at_rate(list(enumerate(events)), rate, act)
    return load


def note(load: Load, answer: Answer, due: float) -> None:
    """Note how long it took until something was accepted, or that it was refused."""
    if answer.status == ACCEPTED:
        load.accepted.append(time.perf_counter() - due)
    else:
        load.refused.append(f"HTTP {answer.status}: {str(answer.body)[:300]}")


def effect(running: Running, asker: Asker, event: Event) -> Effect | None:
    """Post an event and ask for its user's recommendations until they show all that it did; None if it is refused."""
    path = recommendations_path(event["user_id"])
    before = asker.get(path)
    if asker.post(EVENTS, event).status != ACCEPTED:
        return None
    accepted = time.perf_counter()
    changed, settled = NEVER, NEVER
    latest = before
    while (now := time.perf_counter() - accepted) < running.patience:
        answer = asker.get(path, {"If-None-Match": latest.etag} if latest.etag else {})
        now = time.perf_counter() - accepted
        if answer.status != NOT_MODIFIED:
            latest = answer
            if changed == NEVER and differs(before, answer):
                changed = now
            if changed < NEVER and running.follows and is_settled(before, answer, running.client, event["user_id"]):
                settled = now
            if settled < NEVER or (changed < NEVER and not running.follows):
                break
        time.sleep(max(POLL_SECONDS, POLL_SHARE * now))
    announced = NEVER
    if running.heard and running.follows:
        announced = running.heard.first(event["user_id"], accepted, version_of(before), running.patience) - accepted
    return Effect(changed, settled, announced)


def differs(before: Answer, after: Answer) -> bool:
    """Whether a later answer tells something else: by its entity tag, or else by its list and scores."""
    if after.status != 200:
        return False
    if before.status != 200:
        return True
    if before.etag and after.etag:
        return before.etag != after.etag
    return ranked(before) != ranked(after)


def ranked(answer: Answer) -> list[tuple[str, float]]:
    """The list of an answer with its scores, as far as they mean something."""
    return [(row["item_id"], round(row["score"], 6)) for row in answer.body["recommendations"]]


def is_settled(before: Answer, after: Answer, client: Client, user_id: str) -> bool:
    """Whether an answer rests on a later version of its user than before, and nothing of them waits.

    Where answers don't say so (they are computed live then), whether the user has no mark in the graph any more.
    """
    if after.status != 200:
        return False
    if "pending" not in after.body:
        return not has_mark(client, user_id)
    if after.body["pending"]:
        return False
    return version_of(after) > version_of(before)


def version_of(answer: Answer) -> int:
    """The version of its user that an answer rests on; 0 where it does not say or there is none yet."""
    return int(answer.body.get("version") or 0) if answer.status == 200 else 0


def burst(running: Running, batches: Sequence[Sequence[Event]], rate: float) -> Load:
    """Post `rate` batches a second, and wait until the backlog is gone."""
    load = Load()

    def act(batch: Sequence[Event], due: float) -> None:
        note(load, running.askers.mine.post(EVENTS, list(batch)), due)

    with sampled(lambda: marks(running.client), load.backlog):
        at_rate(batches, rate, act)
    load.drained = settled(running)
    return load


def settled(running: Running) -> float:
    """Seconds until no mark is left; NEVER without a follower, or if it takes longer than six times the patience."""
    return drained(running.client, DRAIN * running.patience) if running.follows else NEVER


@contextmanager
def reads(running: Running, user_ids: Sequence[str], rate: float, seconds: float, times: list[float]) -> Iterator[None]:
    """Ask for users' recommendations with explanation for so many seconds beside what the block does.

    times: gets the seconds from when each was due; NEVER for one that failed.
    """
    jobs = [user_ids[number % len(user_ids)] for number in range(round(rate * seconds))]

    def act(user_id: str, due: float) -> None:
        answer = running.askers.mine.get(recommendations_path(user_id, "k=10&explain=true"), LIVE)
        times.append(time.perf_counter() - due if answer.status == 200 else NEVER)

    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(at_rate, jobs, rate, act)
        yield
        asked.result()


def idle(running: Running, seconds: float) -> dict[str, float]:
    """The share of one processor that each program takes at rest."""
    before = {name: cpu_seconds(pid) for name, pid in running.programs.items()}
    began = time.perf_counter()
    time.sleep(seconds)
    passed = time.perf_counter() - began
    return {name: (cpu_seconds(pid) - before[name]) / passed for name, pid in running.programs.items()}


@dataclass(frozen=True)
class Cost:
    """Of one event, in seconds: until it is accepted, until nothing of it waits, and processor time by program.

    users: how many different ones there are in a batch, for each of its events: as many are brought up to date.
    """

    accepted: float
    done: float
    cpu: dict[str, float]
    users: float = 1.0


def catch_up(running: Running, batches: Sequence[Sequence[Event]]) -> Cost:
    """Post batches as fast as they are accepted and wait until the follower is done: what an event costs on average."""
    count = sum(map(len, batches))
    before = {name: cpu_seconds(pid) for name, pid in running.programs.items()}
    began = time.perf_counter()
    for batch in batches:
        answer = running.askers.mine.post(EVENTS, list(batch))
        if answer.status != ACCEPTED:
            raise SystemExit(f"HTTP {answer.status} for a batch of events: {str(answer.body)[:300]}")
    accepted = time.perf_counter() - began
    done = accepted + settled(running)
    cpu = {name: (cpu_seconds(pid) - before[name]) / count for name, pid in running.programs.items()}
    users = sum(len({event["user_id"] for event in batch}) for batch in batches)
    return Cost(accepted / count, done / count, cpu, users / count)
