"""Grounding: a language model's answers are accepted as far as the events shown to it support them.

Titles and what users wrote are part of a question, and their authors may try to instruct the model (prompt injection).
So an interest needs evidence: at least two different items or searches close to it, or written about close to it, in
entries of this user that the model named and whose sign is not the opposite. A title that addresses the model or speaks
of others is one item among them; what a user writes counts for nobody else.
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

GROUNDED = 0.25  # cosine of a name and an item's text from which on the item supports it, by the default encoder
LEAST_ITEMS = 2
Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Entry:
    """One event as shown to the model. item_id: of a search what stands for it.  sign: above 0 if the user likes the
    item, below if they dislike it, else 0."""

    event_id: str
    item_id: str
    at: datetime | None
    sign: int


def evidence_for(
    found: ReadInterest,
    name: Vector,
    entries: Sequence[Entry],
    vectors: Mapping[str, Vector],
    least: float = GROUNDED,
    texts: Mapping[str, Vector] | None = None,
) -> list[Entry]:
    """The entries that support an interest; none if they are of fewer than LEAST_ITEMS items or searches.

    name: (D,) the embedding of the interest.  entries: those shown, numbered from 1.  vectors: (D,) by item, of items
    with text.  least: cosine of the name and a text from which on the text supports it.  texts: (D,) by event, of
    what the user wrote with it, or searched for.
    """
    numbers = dict.fromkeys(n for n in found.evidence if 1 <= n <= len(entries))
    wanted = 1 if found.polarity == "likes" else -1
    kept = [
        entry
        for entry in (entries[n - 1] for n in numbers)
        if entry.sign * wanted >= 0
        and any(
            vector is not None and float(vector @ name) >= least
            for vector in (vectors.get(entry.item_id), (texts or {}).get(entry.event_id))
        )
    ]
    return kept if len({entry.item_id for entry in kept}) >= LEAST_ITEMS else []


def horizon_of(found: ReadInterest, evidence: Sequence[Entry], entries: Sequence[Entry]) -> str:
    """The horizon: short if the model named it so and evidence is of the user's last four weeks, else long."""
    latest = max((entry.at for entry in entries if entry.at is not None), default=None)
    newest = max((entry.at for entry in evidence if entry.at is not None), default=None)
    recent = latest is not None and newest is not None and latest - newest <= SHORT_HORIZON
    return "short" if found.horizon == "short" and recent else "long"


def interests_of(
    given: Iterable[ReadInterest],
    means: Mapping[str, str],
    names: Mapping[str, Vector],
    entries: Sequence[Entry],
    vectors: Mapping[str, Vector],
    least: float = GROUNDED,
    texts: Mapping[str, Vector] | None = None,
) -> list[dict[str, Any]]:
    """Rows {name, said, polarity, horizon, weight, evidence, since} for the graph, each interest once.

    Of several answers for one interest the one with the highest confidence counts.
    given: by the model.  means: the interest of each name given.  names: (D,) its embedding.  The others: as in
    `evidence_for`.
    """
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    polarities: dict[str, str] = {}
    for found in sorted(given, key=lambda one: -one.confidence):
        name = means.get(found.name)
        if name is None or not found.confidence:
            continue
        evidence = evidence_for(found, names[found.name], entries, vectors, least, texts)
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
    given: Iterable[Topic],
    means: Mapping[str, str],
    names: Mapping[str, Vector],
    vector: Vector,
    least: float = GROUNDED,
) -> list[dict[str, Any]]:
    """Rows {name, said, weight} of what an item is about: topics close to its text, each interest once.

    given: by the model.  means, names: as in `interests_of`.  vector: (D,) of the item's text.
    """
    rows: dict[str, dict[str, Any]] = {}
    for topic in sorted(given, key=lambda one: -one.weight):
        name = means.get(topic.name)
        if name is not None and topic.weight and float(names[topic.name] @ vector) >= least:
            rows.setdefault(name, {"name": name, "said": topic.name, "weight": round(topic.weight, 4)})
    return list(rows.values())
