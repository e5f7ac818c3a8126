"""Candidate generation: the best unseen items of each channel for one user, and all signals of each of them.

The one implementation, for serving (arrays from `graphstore.recommend`) and for learning the weights of the blend
(arrays from `graphstore.ranking.offline`).

    channel       its candidates
    similar       similar to recent items of the user
    transitions   often chosen after these
    embedding     nearest to the user's vector
    interests     about one of the user's interests
    social        recent items of followed and similar users
    attributes    favoured by users with the same attributes
    popular       chosen most of late, these days, or ever
    searches      found by what the user searched of late

Names: I items, N candidates, F signals, E edges, R recent items, V interests, A attributes, D width.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows, ranges, top_k
from graphstore.popularity import WINDOW_SIGNALS, WINDOWS, popularity_signal
from graphstore.ranking.blend import CHANNEL_PLACES, CHANNELS, CONTRASTS, NAMES, PLACE
from graphstore.ranking.item_vectors import Vectors
from graphstore.ranking.neighbour_table import NO_EDGES, NeighbourEdges

NEWEST = WINDOWS.index(3.0)  # the half-life by which what is popular these days is found
WINDOW_PLACES = [PLACE[name] for name in WINDOW_SIGNALS]
BY_POPULARITY = ("social", "interests")
Found = tuple[Rows, Floats]  # n rows of items, ascending, and (F, n) values of theirs
NO_ROWS = np.zeros(0, dtype=np.int64)
NO_VECTOR = np.zeros(0)


@dataclass(frozen=True)
class CandidateItems:
    """I items as the channels read them.

    order: (I,) place by item id, which breaks ties.
    popularity, ever_popular: (I,) logarithms of recent counts and of all, -inf without events.
    windows: (I, W) logarithms of counts by `graphstore.popularity.WINDOWS`.
    about: (I, V) weight of ABOUT.  favours: (A, I) score of FAVOURS.
    """

    order: Rows
    popularity: Floats
    ever_popular: Floats
    windows: Floats
    vectors: Vectors
    about: sp.csc_matrix
    favours: sp.csr_matrix

    def __len__(self) -> int:
        return len(self.order)


@dataclass(frozen=True)
class UserFeatures:
    """One user as the channels read them. Items are rows of `CandidateItems`.

    seen: items not to recommend.  recent: (R,) latest items.  weights: (R, 3) of these, as
    `graphstore.ranking.history.History.recent` returns them.  edges: from these.  vector: (D,) or empty.
    interests: columns of `CandidateItems.about` with weights, below 0 for dislikes.
    attributes: rows of `CandidateItems.favours`.
    neighbours: for each followed or similar user the recent items, 1 if followed (else 0), and the similarity.
    corrected: columns of `CandidateItems.about` with the user's corrections, the latest first; see
    `graphstore.ranking.corrections`.
    searches: for each of the user's latest searches the items that it finds, and (n,) how well each fits times the
    weight of the search (`graphstore.ranking.history.search_weights`).
    """

    seen: Rows
    recent: Rows
    weights: Floats
    edges: NeighbourEdges = NO_EDGES
    vector: Floats = field(default_factory=lambda: NO_VECTOR)
    interests: Sequence[tuple[int, float]] = ()
    attributes: Sequence[int] = ()
    neighbours: Sequence[tuple[Rows, float, float]] = ()
    corrected: Sequence[tuple[int, str]] = ()
    searches: Sequence[tuple[Rows, Floats]] = ()

    def neighbours_with(self, row: int) -> Rows:
        """Which of the neighbours have an item among their recent ones, each once."""
        held = self._neighbour_items
        return np.unique(held[1][held[0] == row]) if held is not None else NO_ROWS

    @cached_property
    def _neighbour_items(self) -> tuple[Rows, Rows] | None:
        """The recent items of all neighbours, and whose each is."""
        if not self.neighbours:
            return None
        rows = [rows for rows, _, _ in self.neighbours]
        return np.concatenate(rows), np.arange(len(rows)).repeat([len(own) for own in rows])


def find_candidates(
    items: CandidateItems,
    user: UserFeatures,
    count: int,
    now: Floats,
    channels: Collection[str] = CHANNELS,
    wanted: Rows = NO_ROWS,
) -> tuple[Rows, Floats]:
    """Rows (N,) of the candidates in the order of their ids, and their signals (N, F) in the order of NAMES.

    count: kept per channel.  now: as `graphstore.popularity.popularity_now` returns it.  channels: those that may find
    candidates.  wanted: unseen items that are candidates in any case. The signals embedding and popular are computed
    for every candidate.
    """
    size = len(items)
    columns: dict[str, Found] = {}
    for follows, channel in enumerate(("similar", "transitions")):
        if channel in channels:
            columns[channel] = _item_neighbours(user, user.edges.follows == bool(follows), size)
    if "interests" in channels and user.interests:
        columns["interests"] = interest_scores(items, user.interests)
    if "social" in channels and user.neighbours:
        columns["social"] = _social(user.neighbours, size)
    if "attributes" in channels and user.attributes:
        columns["attributes"] = _favoured(items, user.attributes)
    if "searches" in channels and user.searches:
        rows, fit = (np.concatenate(parts) for parts in zip(*user.searches, strict=True))
        columns["searches"] = _sums(rows, [fit], size)
    unseen = np.ones(size, dtype=bool)
    unseen[user.seen] = False
    chosen = {}
    for channel, (rows, values) in columns.items():
        total = values.sum(axis=0)
        fit = np.flatnonzero((total > 0) & unseen[rows])
        chosen[channel] = fit[_best(items, rows[fit], total[fit], count, channel in BY_POPULARITY)]
    parts = [columns[channel][0][places] for channel, places in chosen.items()]
    cosine = items.vectors.cosines(user.vector) if len(user.vector) else None
    if "embedding" in channels and cosine is not None:
        rows = np.flatnonzero((cosine > 0) & unseen)
        parts.append(rows[_best(items, rows, cosine[rows], count)])
    if "popular" in channels:
        parts += _popular(items, np.flatnonzero((items.popularity > -np.inf) & unseen), count)
    found = _distinct(np.concatenate([wanted, *parts]), size)
    signals = np.zeros((len(found), len(NAMES)))
    for channel, places in chosen.items():
        rows, values = columns[channel]
        own = CHANNEL_PLACES[channel][: len(values)]
        signals[np.searchsorted(found, rows[places])[:, None], own] = values[:, places].T
    if cosine is not None:
        signals[:, PLACE["embedding"]] = cosine[found]
    _add_signals_of_all(items, found, signals, now)
    by_id = np.argsort(items.order[found], kind="stable")
    return found[by_id], signals[by_id]


def _add_signals_of_all(items: CandidateItems, found: Rows, signals: Floats, now: Floats) -> None:
    """Add those signals (N, F) that every candidate has: popularity, and differences of other signals."""
    signals[:, PLACE["popular_recent"]] = popularity_signal(items.popularity[found], now[0])
    signals[:, PLACE["popular_ever"]] = popularity_signal(items.ever_popular[found], 0.0)
    signals[:, WINDOW_PLACES] = popularity_signal(items.windows[found], now[1:])
    for name, (more, less) in CONTRASTS.items():
        signals[:, PLACE[name]] = signals[:, PLACE[more]] - signals[:, PLACE[less]]


def _item_neighbours(user: UserFeatures, edge: NDArray[np.bool_], size: int) -> Found:
    """For each target of the edges the sums of weight times score: by three kinds of decay, and with the recent score.

    edge: (E,) which edges count.
    """
    edges = user.edges
    weight, score = user.weights[edges.place[edge]], edges.score[edge]
    parts = [weight[:, 0] * score, weight[:, 1] * score, weight[:, 2] * score, weight[:, 1] * edges.recent_score[edge]]
    return _sums(edges.target[edge], parts, size)


def _popular(items: CandidateItems, rows: Rows, count: int) -> list[Rows]:
    """Those of these items that are popular of late, ever, and these days."""
    found = []
    for popularity in (items.popularity, items.ever_popular, items.windows[:, NEWEST]):
        known = rows[popularity[rows] > -np.inf]
        found.append(known[_best(items, known, popularity[known], count)])
    return found


def interest_scores(items: CandidateItems, interests: Sequence[tuple[int, float]]) -> Found:
    """For each item about an interest of the user the sum of the interest's weight times the weight of ABOUT."""
    columns = np.array([column for column, _ in interests], dtype=np.int64)
    start = items.about.indptr[columns]
    place, index = ranges(start, items.about.indptr[columns + 1] - start)
    weights = np.array([weight for _, weight in interests])[place] * items.about.data[index]
    return _sums(items.about.indices[index], [weights], len(items))


def _favoured(items: CandidateItems, attributes: Sequence[int]) -> Found:
    """For each item the sum of the scores of FAVOURS from the user's attributes."""
    rows = np.asarray(attributes, dtype=np.int64)
    start = items.favours.indptr[rows]
    _, index = ranges(start, items.favours.indptr[rows + 1] - start)
    return _sums(items.favours.indices[index], [items.favours.data[index]], len(items))


def _social(neighbours: Sequence[tuple[Rows, float, float]], size: int) -> Found:
    """For each recent item of the neighbours how many of the followed chose it, and the sum of similarities."""
    rows = np.concatenate([rows for rows, _, _ in neighbours])
    count = np.array([len(rows) for rows, _, _ in neighbours])
    weight = np.array([(followed, similarity) for _, followed, similarity in neighbours]).repeat(count, axis=0)
    return _sums(rows, [weight[:, 0], weight[:, 1]], size)


def _sums(rows: Rows | NDArray[np.int32], parts: Sequence[Floats], size: int) -> Found:
    """The distinct rows, and for each part (E,) its sum by row. size: I."""
    found = _distinct(rows, size)
    place = np.empty(size, dtype=np.int64)
    place[found] = np.arange(len(found))
    places = place[rows]
    return found, np.array([np.bincount(places, part, minlength=len(found)) for part in parts], dtype=np.float64)


def _distinct(rows: Rows | NDArray[np.int32], size: int) -> Rows:
    """The distinct rows, ascending; linear in I."""
    present = np.zeros(size, dtype=bool)
    present[rows] = True
    return np.flatnonzero(present)


def _best(items: CandidateItems, rows: Rows, values: Floats, count: int, by_popularity: bool = False) -> Rows:
    """Places of the `count` largest values; ties by popularity if `by_popularity`, then by id."""
    if len(rows) <= count:
        return np.arange(len(rows))

    def ties(places: Rows) -> list[NDArray[Any]]:
        popularity = [-items.popularity[rows[places]]] if by_popularity else []
        return [*popularity, items.order[rows[places]]]

    return top_k(values, count, ties)
