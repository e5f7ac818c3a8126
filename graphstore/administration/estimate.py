"""Estimate of memory, disk and time for a graph of a given size, from measured and assumed figures.

Measured, on Gowalla with raw statements: bytes of store and of transaction log for an event, bytes of a derived
relationship, memory of Neo4j, MERGE rate, read rate. Derived from one of these by an assumption: vectors and
relationships written a second. Assumed, from record sizes, array sizes and the limits of the stages: the other figures.
Each figure's `source` begins with one of these words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A constant with its unit and its source: measured (on what), derived (from what), or assumed (why)."""

    value: float
    unit: str
    source: str


GOWALLA = "Gowalla: 1,027,370 events, 29,858 users, 40,981 items; Neo4j 5.26.28, two cores"

FIGURES: dict[str, Figure] = {
    "bytes an event": Figure(350, "B of store with its index", f"measured: 360 MB in all, {GOWALLA}"),
    "bytes an item": Figure(
        10_000, "B of store", "assumed: vectors of 384 and 128 numbers of 8 B, and their indexes of 4 B a number"
    ),
    "bytes a user": Figure(2_500, "B of store", "assumed: a vector of 128 numbers and about fifteen interests"),
    "bytes a relationship": Figure(
        180, "B of store, derived", "measured: 450 MB for 2,520,000 similar items and users of Gowalla"
    ),
    "derived an item": Figure(
        215,
        "relationships",
        "assumed: 100 similar, 100 next, 15 interests and attributes, the limits of extract and build",
    ),
    "derived a user": Figure(35, "relationships", "assumed: 20 similar, 15 interests, the limits of extract and build"),
    "log bytes an event": Figure(
        1_500, "B of transaction log until it is pruned", f"measured: 1.5 GB in all, {GOWALLA}"
    ),
    "server bytes": Figure(2.3e9, "B resident at a heap of 2 GB", f"measured: {GOWALLA}"),
    "memory an event": Figure(
        60, "B while build and update work", "assumed: sizes of the edge columns, their matrix and its transpose"
    ),
    "memory a node": Figure(
        4_100, "B while update works", "assumed: 384 + 128 numbers of 4 B, and gradient and moments of the 128"
    ),
    "collect": Figure(
        19_500,
        "events/s",
        f"measured: a raw loop of batched MERGE, {GOWALLA}; collect reaches a part of it (benchmarks/collect.py)",
    ),
    "extract": Figure(
        500, "items/s", "assumed: default encoder, short texts, two cores; benchmarks/extraction.py measures it"
    ),
    "pull": Figure(757_000, "events/s", f"measured: read as columns, {GOWALLA}"),
    "write vectors": Figure(
        1_100, "vectors/s", f"derived: half of the rate of 64 numbers, measured with an online index, {GOWALLA}"
    ),
    "write relationships": Figure(19_500, "relationships/s", "derived: the same as the MERGE rate of events"),
}


def estimate(users: int, items: int, events: int) -> dict[str, Any]:
    """Memory, disk and time of a graph of this size on a machine with two cores.

    Training is not in the times: it depends on the model and the device (`interestgraph demo` shows one).

    Returns:
        {"users", "items", "events", "disk_bytes": {part: B}, "memory_bytes": {part: B}, "seconds": {stage: s},
        "figures": [{"name", "value", "unit", "source"}]}; the parts have their total under "all".
    """
    figure = {name: entry.value for name, entry in FIGURES.items()}
    derived = min(items * figure["derived an item"] + users * figure["derived a user"], 10.0 * events + items + users)
    store = (
        events * figure["bytes an event"]
        + items * figure["bytes an item"]
        + users * figure["bytes a user"]
        + derived * figure["bytes a relationship"]
    )
    disk = {"store": store, "transaction logs, at most": events * figure["log bytes an event"]}
    memory = {
        "Neo4j": figure["server bytes"],
        "page cache for the whole store": store,
        "build and update": events * figure["memory an event"] + (users + items) * figure["memory a node"],
    }
    seconds = {
        "collect": events / figure["collect"],
        "extract": items / figure["extract"],
        "build": events / figure["pull"] + derived / figure["write relationships"],
        "update, without training": events / figure["pull"] + (users + items) / figure["write vectors"],
    }
    return {
        "users": users,
        "items": items,
        "events": events,
        "disk_bytes": _with_total(disk, 0),
        "memory_bytes": _with_total(memory, 0),
        "seconds": _with_total(seconds, 1),
        "figures": [{"name": n, "value": f.value, "unit": f.unit, "source": f.source} for n, f in FIGURES.items()],
    }


def _with_total(parts: dict[str, float], digits: int) -> dict[str, float]:
    return {name: round(value, digits) for name, value in {**parts, "all": sum(parts.values())}.items()}


def estimate_lines(row: dict[str, Any]) -> list[str]:
    """An estimate as text: one line a part, then the figures that it is computed from."""
    lines = [f"{row['users']:,} users, {row['items']:,} items, {row['events']:,} events on two cores:"]
    for title, key, show in (
        ("disk", "disk_bytes", _size),
        ("memory", "memory_bytes", _size),
        ("time", "seconds", _time),
    ):
        lines += ["", title] + [f"  {name:32} {show(value):>10}" for name, value in row[key].items()]
    lines += ["", "from these figures"]
    lines += [f"  {f['name']:22} {f['value']:>15,.0f} {f['unit']}: {f['source']}" for f in row["figures"]]
    return lines


def _size(value: float) -> str:
    return f"{value / 1e9:,.1f} GB" if value >= 1e9 else f"{value / 1e6:,.1f} MB"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
