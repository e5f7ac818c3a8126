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

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from graphstore.blend import CHANNEL_PLACES, CHANNELS, NAMES, PLACE, Floats, popularity_signal
from graphstore.edges import NO_EDGES, Edges, Rows, ranges
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
    `graphstore.blend.History.recent` gives them.  edges: those that lead from these.  vector: (D,) or empty.
    interests: columns of `Items.about` with weights, below 0 for dislikes.  attributes: rows of `Items.favours`.
    people: for each followed or similar user the rows of their recent items, 1 if followed, and how similar.
    """

    seen: Rows
    recent: Rows
    weights: Floats
    edges: Edges = NO_EDGES
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
    columns: dict[str, Floats] = {}
    if len(person.edges.target):
        columns |= neighbours(person.edges, person.weights, len(items))
    if person.interests:
        columns["interests"] = liking(items, person.interests)[None]
    if person.people:
        columns["social"] = _social(person.people, len(items))
    if person.attributes:
        columns["attributes"] = _favoured(items, person.attributes)[None]
    columns = {channel: values for channel, values in columns.items() if channel in channels}
    cosine = items.vectors.cosines(person.vector) if len(person.vector) else None
    chosen = {
        channel: _best(items, values.sum(axis=0), person.seen, count, 0.0, channel in BY_POPULARITY)
        for channel, values in columns.items()
    }
    if "embedding" in channels and cosine is not None:
        chosen["embedding"] = _best(items, cosine, person.seen, count, 0.0)
    if "popular" in channels:
        chosen["popular"] = _best(items, items.popularity, person.seen, count, -np.inf)
    found = _all_of(chosen.values(), len(items))
    signals = np.zeros((len(found), len(NAMES)))
    for channel, values in columns.items():
        rows = np.searchsorted(found, chosen[channel])
        signals[rows[:, None], CHANNEL_PLACES[channel]] = values[:, chosen[channel]].T
    if cosine is not None:
        signals[:, PLACE["embedding"]] = cosine[found]
    signals[:, PLACE["popular_recent"]] = popularity_signal(items.popularity[found], now)
    signals[:, PLACE["popular_ever"]] = popularity_signal(items.ever_popular[found], 0.0)
    by_id = np.argsort(items.order[found], kind="stable")
    return found[by_id], signals[by_id]


def _all_of(parts: Iterable[Rows], size: int) -> Rows:
    among = np.zeros(size, dtype=bool)
    for rows in parts:
        among[rows] = True
    return np.flatnonzero(among)


def neighbours(edges: Edges, weights: Floats, size: int) -> dict[str, Floats]:
    """Of similar and transitions: (4, I) what the neighbours of recent items add up to by the three ways to forget,
    and of late.
    """
    target = edges.target + size * edges.follows  # both channels in one count
    told = weights[edges.place]
    parts = [told[:, 0] * edges.score, told[:, 1] * edges.score, told[:, 2] * edges.score]
    parts.append(told[:, 1] * edges.recent_score)
    sums = np.stack([_sums(target, part, 2 * size) for part in parts])
    return {"similar": sums[:, :size], "transitions": sums[:, size:]}


def liking(items: Items, interests: Sequence[tuple[int, float]]) -> Floats:
    """(I,) how much items are about what the user is interested in."""
    columns = np.array([column for column, _ in interests], dtype=np.int64)
    start = items.about.indptr[columns]
    place, index = ranges(start, items.about.indptr[columns + 1] - start)
    weights = np.array([weight for _, weight in interests])[place] * items.about.data[index]
    return _sums(items.about.indices[index], weights, len(items))


def _favoured(items: Items, attributes: Sequence[int]) -> Floats:
    rows = np.asarray(attributes, dtype=np.int64)
    start = items.favours.indptr[rows]
    _, index = ranges(start, items.favours.indptr[rows + 1] - start)
    return _sums(items.favours.indices[index], items.favours.data[index], len(items))


def _social(people: Sequence[tuple[Rows, float, float]], size: int) -> Floats:
    """(2, I) recent items of the followed, and of users alike by how much."""
    rows = np.concatenate([rows for rows, _, _ in people])
    count = np.array([len(rows) for rows, _, _ in people])
    sides = (np.array([follows for _, follows, _ in people]), np.array([alike for _, _, alike in people]))
    return np.stack([_sums(rows, np.repeat(side, count), size) if side.any() else np.zeros(size) for side in sides])


def _sums(rows: Rows, values: Floats, size: int) -> Floats:
    """(size,) of the values of each row."""
    return np.bincount(rows, values, minlength=size).astype(np.float64, copy=False)


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
