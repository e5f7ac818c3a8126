"""What serving holds of one user: read once for each version of the user, kept among the latest asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from graphstore.arrays import Floats, Rows
from graphstore.feedback import low_ratings
from graphstore.ranking.blend import Blend
from graphstore.ranking.candidates import NO_VECTOR
from graphstore.ranking.history import History, Recent
from graphstore.ranking.item_vectors import Vectors
from graphstore.ranking.request import RecommendOptions


@dataclass
class UserState:
    """One user at one version.

    history: their latest events, items by row, without vectors.  recent: their latest items, by row, with weights.
    seen: rows of all items they have.  interests: by name, below 0 for dislikes.  attributes: as "kind=value".
    followed: ids.  alike: ids with scores.  own: `User.embedding`, for users without events.  latest: time of the last
    event.  did: by row of an item, the user and their latest event on it as a path shows them.
    """

    version: int
    history: History
    recent: Recent
    seen: Rows
    interests: list[tuple[str, float]]
    attributes: list[str]
    followed: list[str]
    alike: list[tuple[str, float]]
    own: list[float]
    latest: datetime | None
    did: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    _vector: tuple[Any, Any, Floats] | None = None

    def vector(self, vectors: Vectors, blend: Blend) -> Floats:
        """(D,) the user's vector: made of their events by the readout of the blend, or their own; empty for none."""
        known = self._vector
        if known is not None and known[0] is vectors and known[1] is blend:
            return known[2]
        found = NO_VECTOR
        if blend.readout:
            history = replace(self.history, vectors=vectors.rows(self.history.item_ids))
            found = blend.readout.vector(history)
        if not len(found) and len(self.own) == vectors.width:
            found = np.asarray(self.own, dtype=float)
        self._vector = (vectors, blend, found)
        return found


def make_user_state(
    version: int,
    context: Mapping[str, Any],
    rows: Callable[[list[str]], Mapping[str, int]],
    options: RecommendOptions,
    unwanted: list[str],
) -> UserState:
    """Of a user's context as `recommend/read_state` gives it. rows: gives those of items by id."""
    index = rows([*context["item_ids"], *context["seen"]])
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
        context["attributes"],
        context["followed"],
        list(zip(context["alike"], context["scores"], strict=True)),
        context["own"],
        context["latest"].to_native() if context["latest"] is not None else None,
    )


@dataclass(frozen=True)
class NeighbourState:
    """What somebody else did lately and liked: rows of items; of one version and `changed_seq` of theirs."""

    version: int
    change: int
    rows: Rows


def liked_items(row: Mapping[str, Any], unwanted: list[str]) -> list[str]:
    """The items of latest events (as `recommend/read_people` gives them) that do not tell dislike, each once."""
    disliked = low_ratings(row["types"], row["values"])
    pairs = zip(row["item_ids"], row["types"], disliked.tolist(), strict=True)
    return list(dict.fromkeys(item_id for item_id, kind, low in pairs if not low and kind not in unwanted))
