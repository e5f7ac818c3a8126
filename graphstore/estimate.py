"""What a graph of a given size needs in memory, disk and time, from figures that were measured."""

from __future__ import annotations

from dataclasses import dataclass

SIMILAR_ITEMS, NEXT_ITEMS, SIMILAR_USERS = 50, 50, 20


@dataclass(frozen=True)
class Figure:
    """One measured constant and where it comes from."""

    value: float
    unit: str
    source: str


GOWALLA = "Gowalla, 1,027,370 events, on Neo4j 5.26.28, two cores"
ML_100K = "ML-100K on Neo4j 5.26.28, two cores: benchmarks/"

FIGURES: dict[str, Figure] = {
    "event_bytes": Figure(330, "B of store an event, with its index", f"360 MB less nodes; {GOWALLA}"),
    "item_bytes": Figure(
        8_000, "B of store an item: two vectors, each again in its index", "4 B a float, 384 + 64, measured"
    ),
    "user_bytes": Figure(
        900, "B of store a user: one vector of 64, interests", "4 B a float; 15 interests of 34 B and a key"
    ),
    "derived_bytes": Figure(90, "B of store a derived relationship", "34 B and two or three properties"),
    "log_bytes": Figure(1.5e9 / 1.03e6, "B of transaction log an event, until pruned", f"1.5 GB; {GOWALLA}"),
    "heap_bytes": Figure(2.3e9, "B resident with a heap of 2 GB", GOWALLA),
    "collect": Figure(20_000, "events a second", ML_100K + "collect.py"),
    "extract": Figure(500, "item texts a second", "the default encoder on two cores"),
    "pull": Figure(757_000, "events a second out of Neo4j, in columns", GOWALLA),
    "build": Figure(25_000, "events a second", ML_100K + "demo.py"),
    "train": Figure(40_000, "events a second, all epochs", ML_100K + "demo.py"),
    "write": Figure(2_200, "vectors a second into an index that is there", GOWALLA),
}
