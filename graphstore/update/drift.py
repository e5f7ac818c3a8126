"""How far a graph that was kept fresh event by event has drifted from one that is derived anew: measured, and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.database.client import Client
from graphstore.database.runs import last_run, run

STAGE = "drift"
LEAST_COSINE, LEAST_OVERLAP = 0.99, 0.9
LIST = 10


@dataclass(frozen=True)
class Drift:
    """items, users: cosines of stored and recomputed embeddings at their 5th percentile.

    overlap: mean share of the ten best that are the same.  events: how many there are.  asked: users whose lists were
    compared.
    """

    items: float
    users: float
    overlap: float
    events: int
    asked: int

    @property
    def small(self) -> bool:
        """Whether it is within bounds."""
        return min(self.items, self.users) >= LEAST_COSINE and self.overlap >= LEAST_OVERLAP

    def counts(self) -> dict[str, Any]:
        """For a Run."""
        return {**asdict(self), "small": self.small}


def cosines(one: Mapping[str, NDArray[Any]], other: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Cosines of the vectors that both have."""
    both = sorted(one.keys() & other.keys())
    if not both:
        return np.ones(1)
    a, b = (np.stack([side[key] for key in both]) for side in (one, other))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return (a * b).sum(axis=1) / np.maximum(lengths, 1e-12)


def fifth_percentile(values: NDArray[Any]) -> float:
    """The value that one in twenty is below."""
    return float(np.percentile(values, 5))


def overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """The share of the longer list that stands in both; 1 for two empty ones."""
    size = max(len(one), len(other))
    return len(set(one) & set(other)) / size if size else 1.0


def note(client: Client, drift: Drift, repaired: bool) -> None:
    """Leave a Run that says how far it was, for `doctor` and the dashboard."""
    with run(client, STAGE) as current:
        current.counts.update(drift.counts() | {"repaired": repaired})


def last_drift(client: Client) -> dict[str, Any] | None:
    """The last measurement: its counts and when it ended; None if there was none."""
    found = last_run(client, STAGE)
    return None if found is None else {**found["counts"], "ended_at": found["ended_at"]}
