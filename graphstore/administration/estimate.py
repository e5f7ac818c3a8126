"""Estimate of processor time, memory and disk for a graph of a given size.

The figures were fitted to what `benchmarks/load/estimate.py` measured on five data sets with 2,772 to 100,000 events,
446 to 4,656 users and 1,000 to 9,742 items (docs/figures.md has the table). On these, each figure that is printed lay
within the factor that ERRORS gives for it. Larger graphs are extrapolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A constant with its unit and its source: measured (fitted to the five data sets) or assumed (why)."""

    value: float
    unit: str
    source: str


MEASURED = "measured: benchmarks/load/estimate.py, five data sets"
ERRORS = {"seconds": 2.8, "memory_bytes": 1.4, "disk_bytes": 2.0}  # measured / estimated, or its inverse, at most

FIGURES: dict[str, Figure] = {
    "start of a stage": Figure(8, "s in Neo4j, whose programs are compiled as they run", MEASURED),
    "start of torch": Figure(6, "s in extract and update", MEASURED),
    "event collected": Figure(2.6e-4, "s", MEASURED),
    "item read": Figure(4.7e-3, "s with a title alone; a text of a hundred words takes four times as long", MEASURED),
    "user's interests": Figure(2e-3, "s", MEASURED),
    "item's similarity": Figure(5.5e-3, "s: regression, and 100 relationships written", MEASURED),
    "user's similarity": Figure(2.5e-3, "s", MEASURED),
    "pair in training": Figure(1.35e-7, "s for each cut of a user's history and each item in the softmax", MEASURED),
    "epochs": Figure(8, "over both trainings; 4 to 12", MEASURED),
    "node embedded": Figure(1.8e-3, "s", MEASURED),
    "torch": Figure(1.0e9, "B in each process that has loaded it", MEASURED),
    "encoder": Figure(0.25e9, "B in extract", MEASURED),
    "memory an item in extract": Figure(2e4, "B", MEASURED),
    "memory an item in update": Figure(7.5e4, "B", MEASURED),
    "memory an event": Figure(1e3, "B in build and update", MEASURED),
    "Python": Figure(0.09e9, "B in every process", MEASURED),
    "pair of items": Figure(4, "B in build, for all pairs of up to 20,000 items", "assumed: the size of a number"),
    "pair that shares a user": Figure(12, "B in build", "assumed: a number and its place"),
    "uneven users": Figure(3, "times the pairs that equally active users would have", MEASURED),
    "Neo4j": Figure(1.2e9, "B, empty, at the default heap", MEASURED),
    "Neo4j an event": Figure(4.5e3, "B, up to Neo4j's limit", MEASURED),
    "Neo4j's limit": Figure(2.3e9, "B at the default heap and page cache", "assumed: 2.3 GB on Gowalla, heap 2 GB"),
    "serve an item": Figure(600, "B", "assumed: size of its vector in memory"),
    "serve's neighbours": Figure(0.16e9, "B at most", "assumed: the limit of the table"),
    "store an event": Figure(350, "B", "measured: 360 MB of Gowalla's 1,027,370 events"),
    "store an item": Figure(3.8e4, "B: vectors, their indexes, 100 relationships", MEASURED),
    "store a user": Figure(1.4e4, "B: vector, interests, 20 relationships", MEASURED),
    "logs": Figure(0.7e9, "B while stages write; up to 100 MB stay", MEASURED),
}
MOST_CUTS, LEAST_CUTS, CUTS, POOL, DENSE = 8, 2, 60_000, 50_000, 20_000  # limits of training and of build


def estimate(users: int, items: int, events: int, workers: int = 1) -> dict[str, Any]:
    """Processor time, memory and disk of a graph of this size.

    workers: of `update --follow`.

    Returns:
        {"users", "items", "events", "disk_bytes": {part: B}, "memory_bytes": {program: B}, "seconds": {stage: s},
        "errors": the factors by which these were wrong at most where they were measured,
        "figures": [{"name", "value", "unit", "source"}]}. Seconds are of all cores together, Neo4j's with them.
    """
    return {
        "users": users,
        "items": items,
        "events": events,
        "workers": workers,
        "seconds": {name: round(value, 1) for name, value in _seconds(users, items, events).items()},
        "memory_bytes": {name: round(value) for name, value in _memory(users, items, events, workers).items()},
        "disk_bytes": {name: round(value) for name, value in _disk(users, items, events).items()},
        "errors": ERRORS,
        "figures": [{"name": n, "value": f.value, "unit": f.unit, "source": f.source} for n, f in FIGURES.items()],
    }


def _of(name: str) -> float:
    return FIGURES[name].value


def _seconds(users: int, items: int, events: int) -> dict[str, float]:
    start, torch = _of("start of a stage"), _of("start of torch")
    cuts = users * min(MOST_CUTS, max(LEAST_CUTS, CUTS // max(users, 1)))
    training = _of("epochs") * cuts * min(items, POOL) * _of("pair in training")
    embedding = (users + items) * _of("node embedded")
    found = {
        "collect": start + events * _of("event collected"),
        "extract": start + torch + items * _of("item read") + users * _of("user's interests"),
        "build": start / 2 + items * _of("item's similarity") + users * _of("user's similarity"),
        "update --full": start / 2 + torch + embedding + training,
    }
    return found | {"all": sum(found.values())}


def _memory(users: int, items: int, events: int, workers: int) -> dict[str, float]:
    python, torch = _of("Python"), _of("torch")
    pairs = float(items) ** 2
    sharing = min(pairs, _of("uneven users") * events**2 / max(users, 1))
    regression = (pairs * _of("pair of items") if items <= DENSE else 0.0) + sharing * _of("pair that shares a user")
    learning = torch + events * _of("memory an event")
    return {
        "Neo4j": min(_of("Neo4j") + events * _of("Neo4j an event"), _of("Neo4j's limit")),
        "collect": python + 0.03e9,
        "extract": torch + _of("encoder") + items * _of("memory an item in extract"),
        "build": python + regression + events * _of("memory an event"),
        "update --full": learning + items * _of("memory an item in update"),
        f"update --follow, {workers + 2} processes": python + (workers + 1) * torch + events * 100,
        "serve": python + 0.04e9 + items * _of("serve an item") + min(items * 4e3, _of("serve's neighbours")),
    }


def _disk(users: int, items: int, events: int) -> dict[str, float]:
    store = events * _of("store an event") + items * _of("store an item") + users * _of("store a user")
    found = {"store": store, "transaction logs, at most": _of("logs"), "models and caches": items * 4e3 + 1e6}
    return found | {"all": sum(found.values())}


def estimate_lines(row: dict[str, Any], with_figures: bool = False) -> list[str]:
    """An estimate as text: a line a part, how far it may be wrong, and if asked for the figures it is computed from."""
    lines = [f"{row['users']:,} users, {row['items']:,} items, {row['events']:,} events"]
    for title, key, show in (
        ("processor time, of all cores together, Neo4j's included", "seconds", _time),
        ("memory, each program while it runs", "memory_bytes", _size),
        ("disk", "disk_bytes", _size),
    ):
        lines += ["", f"{title} (± a factor of {row['errors'][key]:g})"]
        lines += [f"  {name:34} {show(value):>10}" for name, value in row[key].items()]
    lines += [
        "",
        "Neo4j is faster where the store fits into its page cache. Left out: images, sounds, a generative model.",
    ]
    lines += ["Measured up to 100,000 events; beyond that it is extrapolated. Another machine has another speed."]
    if with_figures:
        lines += ["", "from these figures"]
        lines += [f"  {f['name']:26} {f['value']:>13,.4g} {f['unit']}: {f['source']}" for f in row["figures"]]
    return lines


def _size(value: float) -> str:
    return f"{value / 1e9:,.1f} GB" if value >= 0.95e9 else f"{value / 1e6:,.0f} MB"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
