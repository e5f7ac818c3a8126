"""The channels: which unseen items speak for themselves to one user, and every signal that speaks for each of them.

The one implementation. When answers are served it is fed from what a process holds of the graph
(`graphstore.catalogue`, `graphstore.cards`), when weights are learned from an earlier part of the behaviour
(`graphstore.signals`).

    similar       what goes with recent items of the user      interests   what is about an open interest
    transitions   what is chosen after them                    social      recent items of followed and similar users
    embedding     nearest to the vector of the user            attributes  what users like them favour
    popular       what many choose

The best unseen items of each channel are kept. Names: I items, N candidates, F signals, E edges, R recent items.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from graphstore.blend import CHANNEL_PLACES, CHANNELS, NAMES, PLACE, Floats, popularity_signal
from graphstore.edges import NO_EDGES, Edges, Rows
from graphstore.vectors import Vectors

BY_POPULARITY = ("social", "interests")
NO_ROWS = np.zeros(0, dtype=np.int64)
NO_VECTOR = np.zeros(0)


@dataclass(frozen=True)
class Items:
    """What the channels read of I items.

    order: (I,) place by item id, which settles ties.  popularity, ever_popular: (I,) logarithms of counts, -inf without
    events.  about: (I, V) how much an item is about an interest, by columns.  favours: (A, I) by rows.
    """

    order: Rows
    popularity: Floats
    ever_popular: Floats
    vectors: Vectors
    about: sp.csc_matrix
    favours: sp.csr_matrix

    def __len__(self) -> int:
        return len(self.order)


@dataclass(frozen=True)
class Person:
    """What the channels read of one user.

    seen: rows of items not to be shown.  recent: (R,) rows of the latest items, and weights (R, 3) as
    `graphstore.blend.History.recent` gives them.  similar, transitions: the edges that lead from these.  vector: (D,)
    or empty.  interests: columns of `Items.about` with weights, below 0 for dislikes.  attributes: rows of
    `Items.favours`.  people: for each followed or similar user the rows of their recent items, 1 if followed, and how
    similar.
    """

    seen: Rows
    recent: Rows
    weights: Floats
    similar: Edges = NO_EDGES
    transitions: Edges = NO_EDGES
    vector: Floats = field(default_factory=lambda: NO_VECTOR)
    interests: Sequence[tuple[int, float]] = ()
    attributes: Sequence[int] = ()
    people: Sequence[tuple[Rows, float, float]] = ()


def find_candidates(
    items: Items, person: Person, count: int, now: float, channels: Collection[str] = CHANNELS
) -> tuple[Rows, Floats]:
    """Rows (N,) of the candidates in the order of their ids, and their signals (N, F) in the order of NAMES.

    count: kept a channel.  now: where the scale of popularity stands.  channels: those that may find something.
    """
    seen = person.seen
    columns: dict[str, Floats] = {}
    for channel, edges in (("similar", person.similar), ("transitions", person.transitions)):
        if channel in channels and len(edges.target):
            columns[channel] = neighbours(edges, person.weights, len(items))
    if "interests" in channels and person.interests:
        columns["interests"] = liking(items, person.interests)[:, None]
    if "social" in channels and person.people:
        columns["social"] = _social(person.people, len(items))
    if "attributes" in channels and person.attributes:
        columns["attributes"] = _favoured(items, person.attributes)[:, None]
    cosine = items.vectors.cosines(person.vector) if len(person.vector) else None
    chosen = {
        channel: _best(items, values.sum(axis=1), seen, count, 0.0, channel in BY_POPULARITY)
        for channel, values in columns.items()
    }
    if "embedding" in channels and cosine is not None:
        chosen["embedding"] = _best(items, cosine, seen, count, 0.0)
    if "popular" in channels:
        chosen["popular"] = _best(items, items.popularity, seen, count, -np.inf)
    found = np.unique(np.concatenate([NO_ROWS, *chosen.values()]))
    signals = np.zeros((len(found), len(NAMES)))
    for channel, values in columns.items():
        rows = np.searchsorted(found, chosen[channel])
        signals[rows[:, None], CHANNEL_PLACES[channel]] = values[chosen[channel]]
    if cosine is not None:
        signals[:, PLACE["embedding"]] = cosine[found]
    signals[:, PLACE["popular_recent"]] = popularity_signal(items.popularity[found], now)
    signals[:, PLACE["popular_ever"]] = popularity_signal(items.ever_popular[found], 0.0)
    by_id = np.argsort(items.order[found])
    return found[by_id], signals[by_id]


def neighbours(edges: Edges, weights: Floats, size: int) -> Floats:
    """(I, 4) what the neighbours of recent items add up to: by the three ways to forget, and of late."""
    target = edges.target
    parts = [np.bincount(target, weights[edges.place, way] * edges.score, minlength=size) for way in range(3)]
    parts.append(np.bincount(target, weights[edges.place, 1] * edges.recent_score, minlength=size))
    return np.stack(parts, axis=1)


def liking(items: Items, interests: Sequence[tuple[int, float]]) -> Floats:
    """(I,) how much items are about what the user is interested in."""
    total, about = np.zeros(len(items)), items.about
    for column, weight in interests:
        part = slice(about.indptr[column], about.indptr[column + 1])
        total[about.indices[part]] += weight * about.data[part]
    return total


def _favoured(items: Items, attributes: Sequence[int]) -> Floats:
    total, favours = np.zeros(len(items)), items.favours
    for row in attributes:
        part = slice(favours.indptr[row], favours.indptr[row + 1])
        total[favours.indices[part]] += favours.data[part]
    return total


def _social(people: Sequence[tuple[Rows, float, float]], size: int) -> Floats:
    """(I, 2) recent items of the followed, and of users alike by how much."""
    total = np.zeros((size, 2))
    for rows, follows, alike in people:
        total[rows] += (follows, alike)
    return total


def _best(items: Items, values: Floats, seen: Rows, count: int, least: float, by_popularity: bool = False) -> Rows:
    """The rows of the best unseen items above `least`; what is equal by popularity if so wanted, then by id."""
    values = values.copy()
    values[seen] = -np.inf
    found = np.flatnonzero(values > least)
    if len(found) > count:
        edge = np.partition(values[found], len(found) - count)[-count]
        found = found[values[found] >= edge]
        ties: list[Any] = [items.order[found]]
        if by_popularity:
            ties.append(-items.popularity[found])
        found = found[np.lexsort((*ties, -values[found]))[:count]]
    return found
