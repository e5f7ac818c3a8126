"""User state: what the serving cache holds of one user, read once for each version of the user."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from graphstore.arrays import Floats, Rows
from graphstore.feedback import ABOVE, low_ratings
from graphstore.ranking.blend import Blend
from graphstore.ranking.candidates import NO_VECTOR
from graphstore.ranking.history import History, Recent, search_weights
from graphstore.ranking.item_vectors import Vectors
from graphstore.ranking.request import RecommendOptions

SEARCH_DAYS = 14.0  # half-life of a kind of search that is not known any more


@dataclass
class UserState:
    """One user at one version. Items are rows of the catalogue.

    history: their latest events, without vectors.  recent: their latest items with weights.  seen: all their items.
    interests: names with weights, below 0 for dislikes.  attributes: as "kind=value".
    corrections: names with "pin", "weaken" or "delete", the latest first.
    followed: user ids.  similar: user ids with scores.  stored_vector: `User.embedding`, for users without events.
    latest: time of the last event.
    searches: the latest ones, newest first: what was searched, the items found, and how well each fits times the weight
    of the search.  against: items that a text of theirs speaks against.
    first_hops: by item the user and their latest event on it, as a path shows them; filled when a path is read.
    """

    version: int
    history: History
    recent: Recent
    seen: Rows
    interests: list[tuple[str, float]]
    corrections: list[tuple[str, str]]
    attributes: list[str]
    followed: list[str]
    similar: list[tuple[str, float]]
    stored_vector: list[float]
    latest: datetime | None
    searches: list[tuple[str, Rows, Floats]] = field(default_factory=list)
    against: frozenset[int] = frozenset()
    first_hops: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    _vector: tuple[Vectors, Blend, Floats] | None = None

    def rated_low(self) -> Rows:
        """The items whose latest event is a low rating or one that expresses dislike."""
        latest = dict(zip(reversed(self.history.item_ids), reversed(self.history.negative.tolist()), strict=True))
        return np.array([row for row, low in latest.items() if low], dtype=np.int64)

    def events(self, vectors: Vectors) -> History:
        """The history with the vectors of its items."""
        return replace(self.history, vectors=vectors.matrix(np.array(self.history.item_ids, dtype=np.int64)))

    def vector(self, vectors: Vectors, blend: Blend) -> Floats:
        """(D,) the user's vector: the readout of the blend over their events, else the stored one; empty for none."""
        held = self._vector
        if held is not None and held[0] is vectors and held[1] is blend:
            return held[2]
        found = NO_VECTOR
        if blend.readout:
            found = blend.readout.vector(self.events(vectors))
        if not len(found) and len(self.stored_vector) == vectors.width:
            found = np.asarray(self.stored_vector, dtype=float)
        self._vector = (vectors, blend, found)
        return found


def make_user_state(
    version: int,
    context: Mapping[str, Any],
    rows_by_id: Callable[[list[str]], Mapping[str, int]],
    options: RecommendOptions,
    unwanted: list[str],
    half_lives: Mapping[str, float],
) -> UserState:
    """The state of a user from their context as `recommend/read_state` returns it.

    rows_by_id: gives catalogue rows of item ids.  unwanted: types of behaviour that express dislike.
    half_lives: of behaviour in days, by type.
    """
    found = (item_id for search in context["searches"] for item_id in search["item_ids"])
    index = rows_by_id([*context["item_ids"], *context["seen"], *found])
    keep = [n for n, item_id in enumerate(context["item_ids"]) if item_id in index]
    types = context["types"]
    history = History.of(
        [index[context["item_ids"][n]] for n in keep],
        [types[n] for n in keep],
        [context["millis"][n] for n in keep],
        [context["values"][n] for n in keep],
        (),
        unwanted,
    )
    return UserState(
        version,
        history,
        history.recent(options.recent, options.negative_weight, unwanted),
        np.array(sorted({index[item_id] for item_id in context["seen"] if item_id in index}), dtype=np.int64),
        list(zip(context["interests"], context["weights"], strict=True)),
        [(name, how) for name, how in context["corrections"]],
        context["attributes"],
        context["followed"],
        list(zip(context["alike"], context["scores"], strict=True)),
        context["own"],
        context["latest"].to_native() if context["latest"] is not None else None,
        _searches(context["searches"], context["millis"], index, half_lives),
        frozenset(index[item_id] for item_id in context["against"] if item_id in index),
    )


def _searches(
    found: Sequence[Mapping[str, Any]],
    event_millis: Sequence[float],
    index: Mapping[str, int],
    half_lives: Mapping[str, float],
) -> list[tuple[str, Rows, Floats]]:
    """Searches as `UserState.searches` has them; those that find nothing count for the rank of the others.

    event_millis: times of the user's latest events, newest first.
    """
    if not found:
        return []
    latest = float(event_millis[0]) if len(event_millis) else float("nan")
    days = np.array([half_lives.get(search["type"], SEARCH_DAYS) for search in found])
    weights = search_weights(np.array([search["millis"] for search in found], dtype=float), latest, days)
    searches = []
    for search, weight in zip(found, weights.tolist(), strict=True):
        pairs = zip(search["item_ids"], search["scores"], strict=True)
        fit = {index[item_id]: weight * score for item_id, score in pairs if item_id in index}
        if fit:
            searches.append((search["text"], np.array(list(fit), dtype=np.int64), np.array(list(fit.values()))))
    return searches


@dataclass(frozen=True)
class NeighbourState:
    """Recent items (rows of the catalogue) of a followed or similar user, none that they disliked.

    version, change: `User.version` and `User.changed_seq` when they were read.  middling: those of the items that they
    rated at ABOVE of the highest rating or lower: of these it is not said that they chose them.
    """

    version: int
    change: int
    rows: Rows
    middling: frozenset[int]


def liked_items(row: Mapping[str, Any], unwanted: list[str], highest: float | None) -> tuple[list[str], frozenset[str]]:
    """The items of a user's latest events, each once, newest first, without those on which any event expresses dislike;
    and which items were rated at ABOVE of the highest rating or lower.

    row: of `recommend/read_people`.  unwanted: types of behaviour that express dislike.  highest: rating of the graph.
    """
    types, values = np.asarray(row["types"], dtype=object), np.asarray(row["values"], dtype=float)
    bad = low_ratings(row["types"], row["values"]) | np.isin(types, unwanted)
    disliked = {item_id for item_id, low in zip(row["item_ids"], bad.tolist(), strict=True) if low} | set(
        row["against"]
    )
    with np.errstate(invalid="ignore"):
        middling = (types == "RATED") & (values <= ABOVE * highest) if highest else np.zeros(len(types), dtype=bool)
    rated = frozenset(item_id for item_id, low in zip(row["item_ids"], middling.tolist(), strict=True) if low)
    return [item_id for item_id in dict.fromkeys(row["item_ids"]) if item_id not in disliked], rated
