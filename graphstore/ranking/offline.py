"""Candidates and signals from an earlier part of the behaviour, by the code that serves.

The weights of the blend are learned on events that are held out, and the graph knows these already. So what the
channels read (`graphstore.ranking.candidates`) is made here as it would be if the graph held only the earlier part.
A test compares both.

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
from graphstore.interests import DISLIKES, LIKES, RECENT_EVENTS, SHORT_DAYS
from graphstore.ranking.candidates import CandidateItems, UserFeatures, find_candidates
from graphstore.ranking.history import Recent
from graphstore.ranking.item_vectors import Vectors
from graphstore.ranking.neighbour_table import NeighbourTable
from graphstore.ranking.request import RecommendOptions


@dataclass(frozen=True)
class SideInformation:
    """What the graph holds beside behaviour; empty matrices where there is nothing.

    about: (I, V) how much an item is about an interest.  members: (A, U) who has an attribute.  favours: (A, I).
    follows: (U, U) who follows whom.
    """

    about: sp.csr_matrix
    members: sp.csr_matrix
    favours: sp.csr_matrix
    follows: sp.csr_matrix


@dataclass
class Signals:
    """Candidates and signals of users of an earlier part of behaviour.

    vectors: (I, D) of length 1 or 0.
    """

    events: Interactions
    derived: Derived
    surroundings: SideInformation
    vectors: np.ndarray
    popularity_now: float
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
            Vectors.of(self.vectors),
            self.surroundings.about.tocsc(),
            self.surroundings.favours.tocsr(),
        )
        self._tables = {
            "edges": _table(self.derived.similar_items, self.derived.transitions, size),
            "alike": _square(self.derived.similar_users, users),
            "latest": self._latest_items(),
        }
        self._members = self.surroundings.members.tocsc()
        self._interest_count = np.asarray((self.surroundings.about > 0).sum(axis=0)).ravel()

    def candidates(self, user: int, recent: Recent, vector: np.ndarray) -> tuple[Rows, Floats]:
        """Item rows (N,) and signals (N, F) of the candidates of one user (a row number).

        recent: as `graphstore.ranking.history.History.recent` gives it.  vector: (D,) or empty.
        """
        rows = np.array([self._index[str(item)] for item in recent.items], dtype=np.int64)
        person = UserFeatures(
            np.unique(self.events.item[self._starts[user] : self._starts[user + 1]]),
            rows,
            recent.weights,
            self._tables["edges"].of_sources(rows),
            vector,
            self._interests(user),
            self._members.indices[self._members.indptr[user] : self._members.indptr[user + 1]].tolist(),
            self._people(user),
        )
        return find_candidates(self._items, person, self.options.candidates, self.popularity_now)

    def _interests(self, user: int) -> list[tuple[int, float]]:
        """What the user is interested in and how much, as `extract` would find it."""
        about = self.surroundings.about
        if not about.shape[1]:
            return []
        own = slice(self._starts[user], min(self._starts[user + 1], self._starts[user] + RECENT_EVENTS))
        own_strength = np.ones(own.stop - own.start) if self.events.strength is None else self.events.strength[own]
        dated = self.events.day[own][~np.isnan(self.events.day[own])]
        latest = dated.max() if len(dated) else np.nan
        age = latest - self.events.day[own]
        half_lives = np.inf if self.events.half_life is None else self.events.half_life[own]
        profile = np.zeros(about.shape[1])
        telling = about[self.events.item[own]].multiply(np.log(1 + about.shape[0] / (1 + self._interest_count)))
        for half_life, known in (
            (half_lives, np.ones(len(age), dtype=bool)),
            (SHORT_DAYS, (age <= 4 * SHORT_DAYS) & (self.events.latest_day - latest < 4 * SHORT_DAYS)),
        ):
            strength = own_strength * np.where(np.isnan(age), 1.0, np.exp2(-np.nan_to_num(age) / half_life)) * known
            total = np.asarray(sp.csr_matrix(telling).T @ strength).ravel()
            strongest = np.abs(total).max(initial=0.0)
            if strongest > 1e-9:
                profile += _kept(total, LIKES, DISLIKES) / strongest
        order = np.argsort(-np.abs(profile), kind="stable")[: self.options.people]
        return [(int(n), float(profile[n])) for n in order if profile[n]]

    def _people(self, user: int) -> list[tuple[Rows, float, float]]:
        """Recent items of the followed, and of users alike by how much."""
        latest = self._tables["latest"]
        alike = _top_of_row(self._tables["alike"][[user]], self.options.people)
        follows = _top_of_row(self.surroundings.follows[[user]], self.options.people)
        pairs = [(int(v), 1.0, 0.0) for v in follows.indices]
        pairs += [(int(v), 0.0, float(score)) for v, score in zip(alike.indices, alike.data, strict=True)]
        return [(latest.indices[latest.indptr[v] : latest.indptr[v + 1]], *told) for v, *told in pairs]

    def _latest_items(self) -> sp.csr_matrix:
        """(U, I) 1 for what is among a user's `people_items` latest events and no dislike."""
        place = np.arange(len(self.events.user)) - self._starts[self.events.user]
        keep = (place < self.options.people_items) & (self.events.weight > 0)
        if self.events.strength is not None:
            keep &= self.events.strength > 0
        shape = (len(self.events.user_ids), len(self.events.item_ids))
        matrix = sp.csr_matrix((np.ones(keep.sum()), (self.events.user[keep], self.events.item[keep])), shape=shape)
        matrix.data[:] = 1.0
        return matrix


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
