"""What a language model said of people and items, held against what it was shown.

Whoever writes an item's title writes a part of the question, and a model may do what it says. So nothing counts but
what the person's own entries bear out: an interest has to lie near what at least two different items are about, in
entries of this person that the model named and that don't say the opposite. An item that speaks of another item, of
other people or to the model is but one item, and what it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnn.extract.prompting import ReadInterest, Topic
from graphstore.interests import SHORT_HORIZON

GROUNDED = 0.25  # cosine of a name and of what an item says, by the default encoder
LEAST_ITEMS = 2
Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Entry:
    """One event as it was shown. sign: above 0 where it speaks for the item, below where against, 0 where neither."""

    event_id: str
    item_id: str
    at: datetime | None
    sign: int


def borne_out(
    found: ReadInterest,
    name: Vector,
    entries: Sequence[Entry],
    vectors: Mapping[str, Vector],
    least: float = GROUNDED,
) -> list[Entry]:
    """The entries that bear out an interest; none where too few items do.

    name: (D,) the embedding of the interest.  entries: those shown, the first has number 1.  vectors: (D,) by item, of
    those with text.  least: cosine of a name and of what bears it out.
    """
    numbers = dict.fromkeys(n for n in found.evidence if 1 <= n <= len(entries))
    wanted = 1 if found.polarity == "likes" else -1
    kept = [
        entry
        for entry in (entries[n - 1] for n in numbers)
        if entry.sign * wanted >= 0 and entry.item_id in vectors and float(vectors[entry.item_id] @ name) >= least
    ]
    return kept if len({entry.item_id for entry in kept}) >= LEAST_ITEMS else []


def horizon_of(found: ReadInterest, evidence: Sequence[Entry], entries: Sequence[Entry]) -> str:
    """What is said to be of late has to rest on entries of the last four weeks of this person."""
    latest = max((entry.at for entry in entries if entry.at is not None), default=None)
    newest = max((entry.at for entry in evidence if entry.at is not None), default=None)
    recent = latest is not None and newest is not None and latest - newest <= SHORT_HORIZON
    return "short" if found.horizon == "short" and recent else "long"


def interests_of(
    said: Iterable[ReadInterest],
    means: Mapping[str, str],
    names: Mapping[str, Vector],
    entries: Sequence[Entry],
    vectors: Mapping[str, Vector],
    least: float = GROUNDED,
) -> list[dict[str, Any]]:
    """Rows {name, said, polarity, horizon, weight, evidence, since} for the graph, each interest once; what was said
    with most confidence counts. means: the interest that a name stands for.  names: (D,) by name that was said.
    """
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    polarities: dict[str, str] = {}
    for found in sorted(said, key=lambda one: -one.confidence):
        name = means.get(found.name)
        if name is None or not found.confidence:
            continue
        evidence = borne_out(found, names[found.name], entries, vectors, least)
        if not evidence or polarities.setdefault(name, found.polarity) != found.polarity:
            continue
        horizon = horizon_of(found, evidence, entries)
        rows.setdefault(
            (name, found.polarity, horizon),
            {
                "name": name,
                "said": found.name,
                "polarity": found.polarity,
                "horizon": horizon,
                "weight": round(found.confidence, 4),
                "evidence": [entry.event_id for entry in evidence],
                "since": min((entry.at for entry in evidence if entry.at is not None), default=None),
            },
        )
    return list(rows.values())


def topics_of(
    said: Iterable[Topic],
    means: Mapping[str, str],
    names: Mapping[str, Vector],
    vector: Vector,
    least: float = GROUNDED,
) -> list[dict[str, Any]]:
    """Rows {name, said, weight} of what an item is about, each once, near what it says. vector: (D,) of the item."""
    rows: dict[str, dict[str, Any]] = {}
    for topic in sorted(said, key=lambda one: -one.weight):
        name = means.get(topic.name)
        if name is not None and topic.weight and float(names[topic.name] @ vector) >= least:
            rows.setdefault(name, {"name": name, "said": topic.name, "weight": round(topic.weight, 4)})
    return list(rows.values())
