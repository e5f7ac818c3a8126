"""The signals of `recommend/find_candidates`, computed outside Neo4j from an earlier part of the behaviour.

The weights of the blend are learned on events that are held out, and the graph knows these already. So the candidates
of a user, and every signal that speaks for them, are computed here as the statement would find them if the graph held
only the earlier part. A test compares both.

Names: U users, I items, N candidates, F signals, D width of embeddings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from graphstore.blend import CHANNEL_PLACES, NAMES, PLACE, Floats, popularity_signal
from graphstore.derived import Derived, Judged
from graphstore.extract import DISLIKES, LIKES, RECENT_EVENTS, SHORT_DAYS
from graphstore.interactions import Interactions
from graphstore.ranking import RecommendOptions
from graphstore.similarity import Neighbours

BY_POPULARITY = ("social", "interests")


@dataclass(frozen=True)
class Surroundings:
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
    surroundings: Surroundings
    vectors: np.ndarray
    popularity_now: float
    options: RecommendOptions = field(default_factory=RecommendOptions)
    _tables: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        size, users = len(self.events.item_ids), len(self.events.user_ids)
        self._index = {item_id: index for index, item_id in enumerate(self.events.item_ids)}
        self._starts = np.searchsorted(self.events.user, np.arange(users + 1))
        self._names = np.array(self.events.item_ids, dtype=object)
        self._tables = {
            "similar": _judged(self.derived.similar_items, size),
            "transitions": _judged(self.derived.transitions, size),
            "alike": _square(self.derived.similar_users, users),
            "latest": self._latest_items(),
        }
        self._popular = np.column_stack(
            [
                popularity_signal(self.derived.popularity, self.popularity_now),
                popularity_signal(self.derived.ever_popular, 0.0),
            ]
        )
        self._interest_count = np.asarray((self.surroundings.about > 0).sum(axis=0)).ravel()

    def candidates(
        self, user: int, recent: Sequence[Mapping[str, Any]], vector: np.ndarray
    ) -> tuple[np.ndarray, Floats]:
        """Item rows (N,) and signals (N, F) of the candidates of one user (a row number).

        recent: as `graphstore.blend.History.recent` gives it.  vector: (D,) or empty.
        """
        seen = np.unique(self.events.item[self._starts[user] : self._starts[user + 1]])
        columns: dict[str, Floats] = {
            "similar": self._neighbours("similar", recent),
            "transitions": self._neighbours("transitions", recent),
            "interests": self._interests(user)[:, None],
            "social": self._social(user),
            "attributes": (self.surroundings.members[:, [user]].T @ self.surroundings.favours).toarray().T,
        }
        cosine = self.vectors @ vector if len(vector) else np.zeros(len(self._names))
        chosen: dict[str, np.ndarray] = {}
        for channel, values in columns.items():
            ties = self.derived.popularity if channel in BY_POPULARITY else None
            chosen[channel] = self._best(values.sum(axis=1), seen, 0.0, ties)
        chosen["embedding"] = self._best(cosine, seen, 0.0)
        chosen["popular"] = self._best(self.derived.popularity, seen, -np.inf)
        items = np.unique(np.concatenate(list(chosen.values())))
        signals = np.zeros((len(items), len(NAMES)))
        for channel, values in columns.items():
            rows = np.searchsorted(items, chosen[channel])
            signals[rows[:, None], CHANNEL_PLACES[channel]] = values[chosen[channel]]
        signals[:, PLACE["embedding"]] = cosine[items]
        signals[:, CHANNEL_PLACES["popular"]] = self._popular[items]
        return items, signals

    def _best(self, values: np.ndarray, seen: np.ndarray, least: float, ties: np.ndarray | None = None) -> np.ndarray:
        """The rows of the best unseen items above `least`; what is equal by `ties`, largest first, then by id."""
        values = values.copy()
        values[seen] = -np.inf
        found = np.flatnonzero(values > least)
        if len(found) > self.options.candidates:
            edge = np.partition(values[found], len(found) - self.options.candidates)[-self.options.candidates]
            found = found[values[found] >= edge]
            second = found if ties is None else -ties[found]
            found = found[np.lexsort((found, second, -values[found]))[: self.options.candidates]]
        return found

    def _neighbours(self, table: str, recent: Sequence[Mapping[str, Any]]) -> Floats:
        """(I, 4) what the neighbours of recent items add up to: by the three ways to forget, and lately."""
        ever, lately = self._tables[table]
        rows = [self._index[str(row["item_id"])] for row in recent]
        weights = np.array([[row["short"], row["long"], row["age"]] for row in recent]).reshape(-1, 3)
        found = ever[rows].T @ weights if rows else np.zeros((ever.shape[1], 3))
        late = lately[rows].T @ weights[:, [1]] if rows else np.zeros((ever.shape[1], 1))
        return np.hstack([found, late])

    def _interests(self, user: int) -> np.ndarray:
        """(I,) how much items are about what the user is interested in, as `extract` would find it."""
        about = self.surroundings.about
        if not about.shape[1]:
            return np.zeros(about.shape[0])
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
        return np.asarray(about @ _strongest(profile, self.options.people)).ravel()

    def _social(self, user: int) -> Floats:
        """(I, 2) recent items of the followed, and of users alike by how much."""
        latest = self._tables["latest"]
        alike = _top_of_row(self._tables["alike"][[user]], self.options.people)
        follows = _top_of_row(self.surroundings.follows[[user]], self.options.people)
        return sp.hstack([(follows @ latest).T, (alike @ latest).T]).toarray()

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


def _judged(found: Judged, size: int) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    place = (found.source, found.target)
    shape = (size, size)
    return sp.csr_matrix((found.score, place), shape=shape), sp.csr_matrix((found.recent_score, place), shape=shape)


def _square(found: Neighbours, size: int) -> sp.csr_matrix:
    return sp.csr_matrix((found.score, (found.source, found.target)), shape=(size, size))


def _kept(total: np.ndarray, likes: int, dislikes: int) -> np.ndarray:
    """The largest `likes` positive and `dislikes` negative values; 0 elsewhere."""
    order = np.argsort(-np.abs(total), kind="stable")
    positive, negative = order[total[order] > 1e-9][:likes], order[total[order] < -1e-9][:dislikes]
    kept = np.zeros_like(total)
    kept[positive], kept[negative] = total[positive], total[negative]
    return kept


def _strongest(profile: np.ndarray, count: int) -> np.ndarray:
    kept = np.zeros_like(profile)
    order = np.argsort(-np.abs(profile), kind="stable")[:count]
    kept[order] = profile[order]
    return kept


def _top_of_row(row: sp.csr_matrix, count: int) -> sp.csr_matrix:
    if row.nnz <= count:
        return row
    order = np.argsort(-row.data, kind="stable")[:count]
    return sp.csr_matrix((row.data[order], row.indices[order], [0, count]), shape=row.shape)
