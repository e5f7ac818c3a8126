"""Drift: the difference between a graph kept up to date event by event and a full derivation, measured and recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.database.client import Client
from graphstore.database.runs import last_run, run

STAGE = "drift"
LEAST_COSINE, LEAST_OVERLAP = 0.99, 0.9  # bounds of a small drift
LIST = 10


@dataclass(frozen=True)
class Drift:
    """One measurement of drift.

    items, users: 5th percentile of the cosines between stored and recomputed embeddings.
    overlap: mean share of the top ten items that are the same.  asked: users whose top ten were compared.
    events: in the graph.
    """

    items: float
    users: float
    overlap: float
    events: int
    asked: int

    @property
    def small(self) -> bool:
        """Whether all measures are within bounds."""
        return min(self.items, self.users) >= LEAST_COSINE and self.overlap >= LEAST_OVERLAP

    def counts(self) -> dict[str, Any]:
        """The measures as counts of a run."""
        return {**asdict(self), "small": self.small}


def cosines(one: Mapping[str, NDArray[Any]], other: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """(N,) cosines of the vectors of the N keys that both have; (1,) of 1 without one."""
    both = sorted(one.keys() & other.keys())
    if not both:
        return np.ones(1)
    a, b = (np.stack([side[key] for key in both]) for side in (one, other))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return (a * b).sum(axis=1) / np.maximum(lengths, 1e-12)


def fifth_percentile(values: NDArray[Any]) -> float:
    """The 5th percentile of values (N,)."""
    return float(np.percentile(values, 5))


def overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """The share of the longer list that is in both lists; 1 for two empty lists."""
    size = max(len(one), len(other))
    return len(set(one) & set(other)) / size if size else 1.0


def note(client: Client, drift: Drift, repaired: bool) -> None:
    """Record a measurement as a run, for the doctor and the dashboard.  repaired: whether the graph was corrected."""
    with run(client, STAGE) as current:
        current.counts.update(drift.counts() | {"repaired": repaired})


def last_drift(client: Client) -> dict[str, Any] | None:
    """The counts of the last measurement, and `ended_at`; None if there was none."""
    found = last_run(client, STAGE)
    return None if found is None else {**found["counts"], "ended_at": found["ended_at"]}
