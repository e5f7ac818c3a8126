"""The channels: which unseen items speak for themselves to one user, and every signal that speaks for each of them.

The one implementation. When answers are served it is fed from what a process holds of the graph
(`graphstore.recommend.catalogue`, `graphstore.recommend.user_state`), when weights are learned from an earlier part
of the behaviour (`graphstore.ranking.offline`).

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
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows, ranges, top_k
from graphstore.popularity import popularity_signal
from graphstore.ranking.blend import CHANNEL_PLACES, CHANNELS, NAMES, PLACE
from graphstore.ranking.item_vectors import Vectors
from graphstore.ranking.neighbour_table import NO_EDGES, NeighbourEdges

BY_POPULARITY = ("social", "interests")
Found = tuple[Rows, Floats]  # n rows of items, ascending, and (F, n) values of theirs
NO_ROWS = np.zeros(0, dtype=np.int64)
NO_VECTOR = np.zeros(0)


@dataclass(frozen=True)
class CandidateItems:
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
class UserFeatures:
    """What the channels read of one user.

    seen: rows of items not to be shown.  recent: (R,) rows of the latest items, and weights (R, 3) as
    `graphstore.ranking.history.History.recent` gives them.  edges: those that lead from these.  vector: (D,) or empty.
    interests: columns of `CandidateItems.about` with weights, below 0 for dislikes.  attributes: rows of
    `CandidateItems.favours`.
    people: for each followed or similar user the rows of their recent items, 1 if followed, and how similar.
    """

    seen: Rows
    recent: Rows
    weights: Floats
    edges: NeighbourEdges = NO_EDGES
    vector: Floats = field(default_factory=lambda: NO_VECTOR)
    interests: Sequence[tuple[int, float]] = ()
    attributes: Sequence[int] = ()
    people: Sequence[tuple[Rows, float, float]] = ()


def find_candidates(
    items: CandidateItems, person: UserFeatures, count: int, now: float, channels: Collection[str] = CHANNELS
) -> tuple[Rows, Floats]:
    """Rows (N,) of the candidates in the order of their ids, and their signals (N, F) in the order of NAMES.

    count: kept a channel.  now: where the scale of popularity stands.  channels: those that may find something.
    """
    size = len(items)
    columns: dict[str, Found] = {}
    for follows, channel in enumerate(("similar", "transitions")):
        if channel in channels:
            columns[channel] = _neighbours(person, person.edges.follows == bool(follows), size)
    if "interests" in channels and person.interests:
        columns["interests"] = liking(items, person.interests)
    if "social" in channels and person.people:
        columns["social"] = _social(person.people, size)
    if "attributes" in channels and person.attributes:
        columns["attributes"] = _favoured(items, person.attributes)
    unseen = np.ones(size, dtype=bool)
    unseen[person.seen] = False
    chosen = {}
    for channel, (rows, values) in columns.items():
        telling = values.sum(axis=0)
        fit = np.flatnonzero((telling > 0) & unseen[rows])
        chosen[channel] = fit[_best(items, rows[fit], telling[fit], count, channel in BY_POPULARITY)]
    parts = [columns[channel][0][places] for channel, places in chosen.items()]
    cosine = items.vectors.cosines(person.vector) if len(person.vector) else None
    if "embedding" in channels and cosine is not None:
        rows = np.flatnonzero((cosine > 0) & unseen)
        parts.append(rows[_best(items, rows, cosine[rows], count)])
    if "popular" in channels:
        rows = np.flatnonzero((items.popularity > -np.inf) & unseen)
        parts.append(rows[_best(items, rows, items.popularity[rows], count)])
    found = _distinct(np.concatenate([NO_ROWS, *parts]), size)
    signals = np.zeros((len(found), len(NAMES)))
    for channel, places in chosen.items():
        rows, values = columns[channel]
        signals[np.searchsorted(found, rows[places])[:, None], CHANNEL_PLACES[channel]] = values[:, places].T
    if cosine is not None:
        signals[:, PLACE["embedding"]] = cosine[found]
    signals[:, PLACE["popular_recent"]] = popularity_signal(items.popularity[found], now)
    signals[:, PLACE["popular_ever"]] = popularity_signal(items.ever_popular[found], 0.0)
    by_id = np.argsort(items.order[found], kind="stable")
    return found[by_id], signals[by_id]


def _neighbours(person: UserFeatures, mine: NDArray[np.bool_], size: int) -> Found:
    """What the neighbours of recent items add up to, by three ways to forget and of late. mine: (E,) which edges."""
    edges = person.edges
    told, score = person.weights[edges.place[mine]], edges.score[mine]
    parts = [told[:, 0] * score, told[:, 1] * score, told[:, 2] * score, told[:, 1] * edges.recent_score[mine]]
    return _sums(edges.target[mine], parts, size)


def liking(items: CandidateItems, interests: Sequence[tuple[int, float]]) -> Found:
    """How much items are about what the user is interested in."""
    columns = np.array([column for column, _ in interests], dtype=np.int64)
    start = items.about.indptr[columns]
    place, index = ranges(start, items.about.indptr[columns + 1] - start)
    weights = np.array([weight for _, weight in interests])[place] * items.about.data[index]
    return _sums(items.about.indices[index], [weights], len(items))


def _favoured(items: CandidateItems, attributes: Sequence[int]) -> Found:
    rows = np.asarray(attributes, dtype=np.int64)
    start = items.favours.indptr[rows]
    _, index = ranges(start, items.favours.indptr[rows + 1] - start)
    return _sums(items.favours.indices[index], [items.favours.data[index]], len(items))


def _social(people: Sequence[tuple[Rows, float, float]], size: int) -> Found:
    """Recent items of the followed, and of users alike by how much."""
    rows = np.concatenate([rows for rows, _, _ in people])
    count = np.array([len(rows) for rows, _, _ in people])
    told = np.array([(follows, alike) for _, follows, alike in people]).repeat(count, axis=0)
    return _sums(rows, [told[:, 0], told[:, 1]], size)


def _sums(rows: Rows | NDArray[np.int32], parts: Sequence[Floats], size: int) -> Found:
    """The distinct among the rows of `size` items, and of each part the sum for each of them."""
    found = _distinct(rows, size)
    place = np.empty(size, dtype=np.int64)
    place[found] = np.arange(len(found))
    places = place[rows]
    return found, np.array([np.bincount(places, part, minlength=len(found)) for part in parts], dtype=np.float64)


def _distinct(rows: Rows | NDArray[np.int32], size: int) -> Rows:
    """The rows, each once, ascending."""
    there = np.zeros(size, dtype=bool)
    there[rows] = True
    return np.flatnonzero(there)


def _best(items: CandidateItems, rows: Rows, values: Floats, count: int, by_popularity: bool = False) -> Rows:
    """Places of the `count` largest values; ties by popularity if `by_popularity`, then by id."""
    if len(rows) <= count:
        return np.arange(len(rows))

    def ties(places: Rows) -> list[NDArray[Any]]:
        popularity = [-items.popularity[rows[places]]] if by_popularity else []
        return [*popularity, items.order[rows[places]]]

    return top_k(values, count, ties)
