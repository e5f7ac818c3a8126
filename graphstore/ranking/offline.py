"""Offline signals: candidates and signals computed from an earlier part of the behaviour, by the code that serves.

The weights of the blend are learned on held-out events, which the graph already holds. So the arrays that the channels
read (`graphstore.ranking.candidates`) are made here from the earlier part alone. A test compares them with serving.

Names: U users, I items, N candidates, F signals, D width of embeddings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from graphstore.arrays import Floats, Rows
from graphstore.build.derive import Derived, TwoScoreNeighbours
from graphstore.build.similarity import Neighbours
from graphstore.interactions import Interactions
from graphstore.interests import DISLIKES, LEAST_WEIGHT, LIKES, RECENT_EVENTS, SHORT_DAYS
from graphstore.ranking.candidates import CandidateItems, UserFeatures, find_candidates
from graphstore.ranking.history import Recent
from graphstore.ranking.item_vectors import Vectors
from graphstore.ranking.neighbour_table import NeighbourTable
from graphstore.ranking.request import RecommendOptions


@dataclass(frozen=True)
class SideInformation:
    """The graph beside behaviour; empty matrices where there is nothing.

    about: (I, V) weight of ABOUT.  members: (A, U) 1 where a user has an attribute.  favours: (A, I) score of FAVOURS.
    follows: (U, U) nonzero where a user follows another.
    """

    about: sp.csr_matrix
    members: sp.csr_matrix
    favours: sp.csr_matrix
    follows: sp.csr_matrix


@dataclass
class Signals:
    """Candidates and signals of users, from an earlier part of the behaviour.

    events: the earlier part.  derived: what `build` derives from it.  vectors: (I, D) of length 1 or 0.
    popularity_now: as `graphstore.popularity.popularity_now` returns it for the latest of the events.
    """

    events: Interactions
    derived: Derived
    side: SideInformation
    vectors: np.ndarray
    popularity_now: Floats
    options: RecommendOptions = field(default_factory=RecommendOptions)
    _tables: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        size, users = len(self.events.item_ids), len(self.events.user_ids)
        self._index = {item_id: index for index, item_id in enumerate(self.events.item_ids)}
        self._starts = np.searchsorted(self.events.user, np.arange(users + 1))
        self._items = CandidateItems(
            np.arange(size),
            self.derived.popularity,
            self.derived.ever_popular,
            self.derived.windows,
            Vectors.of(self.vectors),
            self.side.about.tocsc(),
            self.side.favours.tocsr(),
        )
        self._tables = {
            "edges": _table(self.derived.similar_items, self.derived.transitions, size),
            "similar_users": _square(self.derived.similar_users, users),
            "latest": self._latest_items(),
        }
        self._members = self.side.members.tocsc()
        self._interest_count = np.asarray((self.side.about > 0).sum(axis=0)).ravel()

    def candidates(self, user: int, recent: Recent, vector: np.ndarray) -> tuple[Rows, Floats]:
        """Item rows (N,) and signals (N, F) of the candidates of one user (a row number).

        recent: as `graphstore.ranking.history.History.recent` gives it.  vector: (D,) or empty.
        """
        rows = np.array([self._index[str(item)] for item in recent.items], dtype=np.int64)
        features = UserFeatures(
            np.unique(self.events.item[self._starts[user] : self._starts[user + 1]]),
            rows,
            recent.weights,
            self._tables["edges"].of_sources(rows),
            vector,
            self._interests(user),
            self._members.indices[self._members.indptr[user] : self._members.indptr[user + 1]].tolist(),
            self._neighbours(user),
        )
        return find_candidates(self._items, features, self.options.candidates, self.popularity_now)

    def _interests(self, user: int) -> list[tuple[int, float]]:
        """The user's interests (columns of `about`) with weights, as `extract` would find them."""
        about = self.side.about
        if not about.shape[1]:
            return []
        own = slice(self._starts[user], min(self._starts[user + 1], self._starts[user] + RECENT_EVENTS))
        own_strength = np.ones(own.stop - own.start) if self.events.strength is None else self.events.strength[own]
        dated = self.events.day[own][~np.isnan(self.events.day[own])]
        latest = dated.max() if len(dated) else np.nan
        age = latest - self.events.day[own]
        last = self.events.ages_from[own][~np.isnan(self.events.day[own])].max(initial=-np.inf)
        half_lives = np.inf if self.events.half_life is None else self.events.half_life[own]
        profile = np.zeros(about.shape[1])
        evidence = about[self.events.item[own]].multiply(np.log(1 + about.shape[0] / (1 + self._interest_count)))
        on = sp.csr_matrix(evidence > 0)
        said = (own_strength < 0) & (self.events.weight[own] == 0)  # a dislike, and not a low rating
        for half_life, counted in (
            (half_lives, np.ones(len(age), dtype=bool)),
            (SHORT_DAYS, (age <= 4 * SHORT_DAYS) & (self.events.now - last < 4 * SHORT_DAYS)),
        ):
            strength = own_strength * np.where(np.isnan(age), 1.0, np.exp2(-np.nan_to_num(age) / half_life)) * counted
            total = np.asarray(sp.csr_matrix(evidence).T @ strength).ravel()
            against = on.T @ ((strength < 0) * np.where(said, 2, 1))
            total[(total < 0) & (against < 2)] = 0.0
            strongest = np.abs(total).max(initial=0.0)
            if strongest > 1e-9:
                kept = _kept(total, LIKES, DISLIKES) / strongest
                profile += np.where(np.abs(kept) >= LEAST_WEIGHT, kept, 0.0)
        order = np.argsort(-np.abs(profile), kind="stable")[: self.options.fan_out]
        return [(int(n), float(profile[n])) for n in order if profile[n]]

    def _neighbours(self, user: int) -> list[tuple[Rows, float, float]]:
        """For each followed or similar user the rows of their recent items, 1 if followed, and the similarity."""
        latest = self._tables["latest"]
        similar = _top_of_row(self._tables["similar_users"][[user]], self.options.fan_out)
        follows = _top_of_row(self.side.follows[[user]], self.options.fan_out)
        ties = [(int(v), 1.0, 0.0) for v in follows.indices]
        ties += [(int(v), 0.0, float(score)) for v, score in zip(similar.indices, similar.data, strict=True)]
        return [(latest.indices[latest.indptr[v] : latest.indptr[v + 1]], *weights) for v, *weights in ties]

    def _latest_items(self) -> sp.csr_matrix:
        """(U, I) 1 for the items of a user's `neighbour_items` latest events none of which expresses dislike."""
        latest = np.arange(len(self.events.user)) - self._starts[self.events.user] < self.options.neighbour_items
        liked = self.events.weight > 0
        if self.events.strength is not None:
            liked &= self.events.strength > 0
        shape = (len(self.events.user_ids), len(self.events.item_ids))
        events, disliked = (
            sp.csr_matrix((np.ones(keep.sum()), (self.events.user[keep], self.events.item[keep])), shape=shape) > 0
            for keep in (latest, latest & ~liked)
        )
        return sp.csr_matrix(events > disliked, dtype=float)


def _table(similar: TwoScoreNeighbours, transitions: TwoScoreNeighbours, size: int) -> NeighbourTable:
    source = np.concatenate([similar.source, transitions.source])
    order = np.argsort(source, kind="stable")
    columns = (
        np.concatenate([similar.target, transitions.target]),
        np.arange(len(source)) >= len(similar.source),
        np.concatenate([similar.score, transitions.score]),
        np.concatenate([similar.recent_score, transitions.recent_score]),
    )
    table = NeighbourTable(size, most=max(len(source), 1))
    table.add(np.arange(size), np.bincount(source, minlength=size), *(column[order] for column in columns))
    return table


def _square(found: Neighbours, size: int) -> sp.csr_matrix:
    return sp.csr_matrix((found.score, (found.source, found.target)), shape=(size, size))


def _kept(total: np.ndarray, likes: int, dislikes: int) -> np.ndarray:
    """The largest `likes` positive and `dislikes` negative values; 0 elsewhere."""
    order = np.argsort(-np.abs(total), kind="stable")
    positive, negative = order[total[order] > 1e-9][:likes], order[total[order] < -1e-9][:dislikes]
    kept = np.zeros_like(total)
    kept[positive], kept[negative] = total[positive], total[negative]
    return kept


def _top_of_row(row: sp.csr_matrix, count: int) -> sp.csr_matrix:
    if row.nnz <= count:
        return row
    order = np.argsort(-row.data, kind="stable")[:count]
    return sp.csr_matrix((row.data[order], row.indices[order], [0, count]), shape=row.shape)
