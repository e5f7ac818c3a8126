"""Snapshot: catalogue, model and per-user caches of one generation of the graph; and the context of one request."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from cachetools import LRUCache

from graphstore.arrays import Floats, Rows
from graphstore.database.client import Client
from graphstore.ranking.blend import Blend
from graphstore.ranking.candidates import UserFeatures
from graphstore.recommend.catalogue import Catalogue
from graphstore.recommend.feed_position import FeedPosition, State
from graphstore.recommend.user_state import NeighbourState, UserState

USERS_KEPT, NEIGHBOURS_KEPT, SOURCES_KEPT = 4_000, 20_000, 20_000
ITEMS_KEPT, LABELS_KEPT = 200_000, 20_000
CHOOSERS_KEPT = 4_000_000  # people, 8 bytes each
CacheValidator = tuple[Any, ...]
Hops = dict[Any, Any]


class PersonalCaches:
    """Least-recently-used caches of personal data, shared by threads.

    Erasing a user replaces the whole object. A request that began before keeps the old one, and what it adds there is
    never read again.

    users: state by user id.  neighbours: recent items of followed and similar users, by user id.
    hops: the last hop of paths as read from the graph, by the row of the item that the hop starts from.
    choosers: the version of an item and who chose it then (of an item with many events, how many), by row; at most
    CHOOSERS_KEPT people in all.  attributes: the version of an item and its attributes then, by row.  labels: how
    interests are called, by name.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: LRUCache[str, UserState] = LRUCache(USERS_KEPT)
        self._neighbours: LRUCache[str, NeighbourState] = LRUCache(NEIGHBOURS_KEPT)
        self._hops: LRUCache[int, Hops] = LRUCache(SOURCES_KEPT)
        self._choosers: LRUCache[int, tuple[int, Any]] = LRUCache(
            CHOOSERS_KEPT, lambda held: 1 + (len(held[1]) if isinstance(held[1], Sized) else 0)
        )
        self._attributes: LRUCache[int, tuple[int, Any]] = LRUCache(ITEMS_KEPT)
        self._labels: LRUCache[str, str] = LRUCache(LABELS_KEPT)

    def user(self, user_id: str) -> UserState | None:
        """The cached state of a user."""
        with self._lock:
            return self._users.get(user_id)

    def keep_user(self, user_id: str, state: UserState) -> None:
        """Cache the state of a user."""
        with self._lock:
            self._users[user_id] = state

    def neighbours(self, user_ids: Sequence[str]) -> dict[str, NeighbourState | None]:
        """The cached recent items of users; None for a user who is not cached."""
        with self._lock:
            return {user_id: self._neighbours.get(user_id) for user_id in user_ids}

    def keep_neighbour(self, user_id: str, state: NeighbourState) -> None:
        """Cache the recent items of a user."""
        with self._lock:
            self._neighbours[user_id] = state

    def drop_changed_neighbours(self, changes: Iterable[Sequence[Any]]) -> None:
        """Drop users of another version or `changed_seq`. changes: rows of user id, version, changed_seq, position."""
        with self._lock:
            for user_id, version, change, _ in changes:
                held = self._neighbours.get(user_id)
                if held is not None and (held.version, held.change) != (version, change):
                    del self._neighbours[user_id]

    def choosers(self, row: int) -> tuple[int, Any] | None:
        """The cached version and choosers of an item."""
        with self._lock:
            return self._choosers.get(row)

    def keep_choosers(self, row: int, version: int, choosers: Any) -> None:
        """Cache who chose an item."""
        with self._lock:
            self._choosers[row] = (version, choosers)

    def attributes(self, rows: Iterable[int]) -> dict[int, tuple[int, Any]]:
        """The cached version and attributes of those of these items that are cached."""
        with self._lock:
            return {row: held for row in rows if (held := self._attributes.get(row)) is not None}

    def keep_attributes(self, row: int, version: int, attributes: Any) -> None:
        """Cache the attributes of an item."""
        with self._lock:
            self._attributes[row] = (version, attributes)

    def label(self, name: str) -> str | None:
        """The cached label of an interest."""
        with self._lock:
            return self._labels.get(name)

    def keep_label(self, name: str, label: str) -> None:
        """Cache the label of an interest."""
        with self._lock:
            self._labels[name] = label

    def hops(self, source: int) -> Hops:
        """The cached hops from an item (a row of the catalogue); the caller adds to it."""
        with self._lock:
            held = self._hops.get(source)
            if held is None:
                held = self._hops[source] = {}
            return held

    def drop_hops(self, sources: Iterable[int]) -> None:
        """Drop the hops from these items."""
        with self._lock:
            for source in sources:
                self._hops.pop(source, None)


@dataclass
class Snapshot:
    """Everything that answers read of one generation of the graph and one model. A newer one replaces it as a whole.

    number: rises with each snapshot of a process.  catalogue: replaced, under `lock`, when items change.
    model, blend: version and blend of the model whose vectors the catalogue holds.
    generation, epoch: of the feed when this was loaded; a stage that ends raises the former, an erasure the latter.
    half_life: of popularity, in days.  build_millis: time of the latest event of the last build, ms since 1970.
    position: up to where later changes of the graph have been applied.
    surplus_since: monotonic seconds since when the graph has had more items than the catalogue.
    """

    number: int
    catalogue: Catalogue
    model: str | None
    blend_hash: str | None
    blend: Blend
    generation: int | None
    epoch: int | None
    half_life: float
    build_millis: int | None
    position: FeedPosition
    surplus_since: float = field(default_factory=time.monotonic)
    personal: PersonalCaches = field(default_factory=PersonalCaches)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def rows_by_id(self, client: Client, item_ids: Iterable[str]) -> Mapping[str, int]:
        """Catalogue rows by item id; items of `item_ids` that the catalogue lacks are read from the graph first."""
        index = self.catalogue.index
        if missing := [item_id for item_id in set(item_ids) if item_id not in index]:
            self.read_items(client, missing)
        return self.catalogue.index

    def read_items(self, client: Client, item_ids: Iterable[str]) -> None:
        """Read items from the graph into the catalogue, again or for the first time."""
        found = client.read_once("recommend/read_catalogue", item_ids=list(dict.fromkeys(item_ids)), model=self.model)[
            0
        ]
        if found["item_ids"]:
            with self.lock:
                before, now = self.catalogue, self.catalogue.with_items(found)
                rows = before.rows(found["item_ids"])
                self.catalogue = now
            now.edges.forget(rows[now.change[rows] != before.change[rows]])

    def remove_items(self, rows: Rows) -> None:
        """Never recommend these items again: they are no longer in the graph."""
        with self.lock:
            self.catalogue = self.catalogue.without(rows)

    def compare_items(self, client: Client) -> list[str]:
        """Remove items that the graph no longer has; returns the ids that it has and the catalogue lacks.

        The caller holds `lock`.
        """
        present = set(client.read("recommend/list_item_ids")[0]["item_ids"])
        index = self.catalogue.index
        gone = np.array([row for item_id, row in index.items() if item_id not in present], dtype=np.int64)
        if len(gone):
            self.catalogue = self.catalogue.without(gone)
        return list(present - index.keys())


@dataclass(frozen=True)
class RequestContext:
    """Everything that one recommendation is computed from: one user at one version, and the items as they are.

    user: their state in the cache.  features: the same as candidate generation reads it.
    popularity_now: logarithms of what an event of now counts (`graphstore.popularity.popularity_now`).
    pending: whether the user waits for a follower (`User.due`).  followers: event workers that are alive.
    latest: time of the latest event that is known.
    validator: an answer may be given again while `ServingCache.validator` returns the same.
    at: the moment as of which the user's events, interests and ties are taken; None for now.
    people: ids of the users of `features.neighbours`.  known: whether the user is in the graph.
    highest_rating: that of the last build, None where there was none.
    middling: for each of `people` the items that they rated in the middle of the scale (see NeighbourState).
    """

    user_id: str
    snapshot: Snapshot
    personal: PersonalCaches
    catalogue: Catalogue
    user: UserState
    features: UserFeatures
    blend: Blend
    popularity_now: Floats
    pending: bool
    followers: int
    latest: datetime | None
    validator: CacheValidator
    at: datetime | None = None
    people: Sequence[str] = ()
    known: bool = True
    highest_rating: float | None = None
    middling: Sequence[frozenset[int]] = ()


def make_validator(state: State, number: int) -> CacheValidator:
    """The validator of answers for one user. number: of the snapshot."""
    names = ("version", "pending", "followers", "epoch", "generation", "model_version", "blend_hash")
    return (number, *(state[name] for name in names))


def read_blend(client: Client, version: str | None) -> Blend:
    """The blend stored with a model; the default one without a model, or where none is stored."""
    rows = client.read("recommend/read_blend", version=version) if version else []
    return Blend.from_json(rows[0]["blend"] if rows else None)
