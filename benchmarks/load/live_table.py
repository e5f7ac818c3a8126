"""The table of `live.py`: a row for each figure, with its target, what each home reached, and where it was missed."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load.backlog import slope
from benchmarks.load.load_generators import Cost, Load
from benchmarks.measures import tables

NOT_MEASURED = "–"
GROWTH = 1.5  # of the cost of an event from the first home to the largest, that still counts as flat
BACKLOG_SLOPE = 2.0  # marks/s at 200 events/s, that still count as none
PROGRAMS = ("neo4j", "serve", "follower")


@dataclass
class Measured:
    """What was measured on one home. follows, streams: whether there are a follower and a stream.

    waited: seconds that the follower took for the marks that were there.
    """

    name: str
    counts: Mapping[str, int]
    follows: bool
    streams: bool
    waited: float | None = None
    rest: list[dict[str, Any]] = field(default_factory=list)
    idle: Mapping[str, float] = field(default_factory=dict)
    floor: list[float] = field(default_factory=list)
    cost: Cost | None = None
    steady: Load = field(default_factory=Load)
    burst: Load = field(default_factory=Load)
    reads_steady: list[float] = field(default_factory=list)
    reads_burst: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Target:
    """A figure is to be at most this."""

    value: float

    def missed(self, figure: float) -> bool:
        """Whether it is not."""
        return figure > self.value

    def __str__(self) -> str:
        return f"≤ {self.value:g}"


TARGETS = {
    "event to changed answer, p50 ms": Target(50),
    "event to changed answer, p99 ms": Target(500),
    "not changed in time, events": Target(0),
    "not accepted at 20 events/s, events": Target(0),
    "not accepted at 200 events/s, batches": Target(0),
    "backlog at 200 events/s, marks/s": Target(BACKLOG_SLOPE),
    "recommendation at 20 events/s, p99 ms": Target(100),
    "recommendation at 200 events/s, p99 ms": Target(100),
    "cost of an event / the first home's": Target(GROWTH),
    "cost of a user to bring up to date / the first home's": Target(GROWTH),
}


def title(options: argparse.Namespace) -> str:
    """Of the table."""
    return f"Live, {options.seconds} s of each load, {options.workers} worker(s) of update --follow"


def rows(measured: Sequence[Measured]) -> list[dict[str, Any]]:
    """A row for each figure that any home has."""
    names = [one.name for one in measured]
    columns = [figures(one, measured[0]) for one in measured]
    found = []
    for name in columns[0]:
        values = [column[name] for column in columns]
        target = TARGETS.get(name)
        missed = (
            []
            if target is None
            else [n for n, v in zip(names, values, strict=True) if v is not None and target.missed(v)]
        )
        found.append(
            {
                "figure": name,
                "target": str(target or ""),
                **{label: shown(value) for label, value in zip(names, values, strict=True)},
                "missed": ", ".join(missed),
            }
        )
    return found


def shown(value: float | None) -> float | str:
    """A figure as the table has it."""
    if value is None:
        return NOT_MEASURED
    return "∞" if math.isinf(value) else round(value, 3)


def figures(one: Measured, first: Measured) -> dict[str, float | None]:
    """Every figure of a home by its name, in ms, events/s or as the name says; None where it was not measured."""
    floor = percentiles(one.floor)
    changed = percentiles([effect.changed for effect in one.steady.effects])
    follows = one.follows
    settled = percentiles([effect.settled for effect in one.steady.effects] if follows else [])
    announced = percentiles([effect.announced for effect in one.steady.effects] if follows and one.streams else [])
    found: dict[str, float | None] = {
        "events of history": one.counts.get("events"),
        "follower's first round, s": one.waited,
        **{f"floor of one event, {name}": value for name, value in floor.items()},
        **{f"event to changed answer, {name}": value for name, value in changed.items()},
        **{f"event to changed answer, {name[:3]} / floor": _ratio(changed[name], floor[name]) for name in floor},
        **{f"event to all effects served, {name}": value for name, value in settled.items()},
        **{f"event to all effects served, {name[:3]} / floor": _ratio(settled[name], floor[name]) for name in floor},
        **{f"event to message on the stream, {name}": value for name, value in announced.items()},
        "not settled in time, events": never([e.settled for e in one.steady.effects]) if follows else None,
        "not changed in time, events": never([e.changed for e in one.steady.effects]),
        "not accepted at 20 events/s, events": len(one.steady.refused),
        "not accepted at 200 events/s, batches": len(one.burst.refused),
        **{f"event accepted at 20 events/s, {name}": value for name, value in percentiles(one.steady.accepted).items()},
        **{f"batch accepted at 200 events/s, {name}": value for name, value in percentiles(one.burst.accepted).items()},
        "backlog at 200 events/s, marks/s": slope(one.burst.backlog) if follows else None,
        "backlog at 200 events/s, most marks": max((count for _, count in one.burst.backlog), default=None)
        if follows
        else None,
        "drained after the last event, s": one.burst.drained if follows else None,
        **{f"recommendation at 20 events/s, {name}": value for name, value in percentiles(one.reads_steady).items()},
        **{f"recommendation at 200 events/s, {name}": value for name, value in percentiles(one.reads_burst).items()},
        **idling(one.idle),
        **at_rest(one.rest),
        **costs(one.cost, first.cost, follows),
    }
    return found


def never(seconds: Sequence[float]) -> int:
    """How many of them never came."""
    return sum(map(math.isinf, seconds))


def percentiles(seconds: Sequence[float]) -> dict[str, float | None]:
    """p50 and p99 in ms; None where nothing was measured."""
    if not seconds:
        return {"p50 ms": None, "p99 ms": None}
    return {f"p{share:.0%}".rstrip("%") + " ms": 1000 * tables.percentile(seconds, share) for share in (0.5, 0.99)}


def at_rest(found: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """The figures of `latency.measure`; None for ways to ask that this version doesn't have."""
    by_way = {(row["asked"], row["clients"]): row for row in found}
    figures: dict[str, float | None] = {}
    for way in ("computed live", "unchanged", "If-None-Match"):
        one, four = by_way.get((way, 1), {}), by_way.get((way, 4), {})
        figures |= {f"{way} at rest, {name}": one.get(name) for name in ("p50 ms", "p99 ms")}
        figures[f"{way} at rest, 4 clients, requests/s"] = four.get("requests/s")
    return figures


def idling(idle: Mapping[str, float]) -> dict[str, float | None]:
    """The share of one processor that each program takes while nothing happens, in percent."""
    return {f"idle, {name}, % of a processor": _percent(idle.get(name)) for name in PROGRAMS}


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def costs(cost: Cost | None, first: Cost | None, follows: bool) -> dict[str, float | None]:
    """What an event costs, and how much more than on the first home."""
    total = sum(cost.cpu.values()) if cost else None
    of_first = sum(first.cpu.values()) if first else None
    return {
        "cost of an event until accepted, ms": 1000 * cost.accepted if cost else None,
        "cost of an event until all is done, ms": 1000 * cost.done if cost and follows else None,
        **{f"cost of an event, {name}, processor ms": _ms(cost, name) for name in PROGRAMS},
        "cost of an event, all, processor ms": None if total is None else 1000 * total,
        "cost of an event / the first home's": _ratio(total, of_first),
        "users to bring up to date in 100 events": 100 * cost.users if cost else None,
        "cost of a user to bring up to date / the first home's": _ratio(
            total / cost.users if cost and total else None, of_first / first.users if first and of_first else None
        ),
    }


def _ms(cost: Cost | None, program: str) -> float | None:
    return 1000 * cost.cpu[program] if cost and program in cost.cpu else None


def _ratio(value: float | None, of: float | None) -> float | None:
    return None if value is None or not of else value / of
