"""Refresh: the snapshot is loaded once, then kept in step with the graph by one statement in every request.

The statement (`recommend/read_state`) lists what changed since the last poll:

    another version of the user       their state is read again (in the same statement)
    items changed or touched          these items are read again
    users changed or touched          their recent items are dropped
    an item has other neighbours      its edges are dropped
    another epoch of the feed         a user or an item was erased: all personal caches are dropped
    another generation or model       a new snapshot is loaded in the background and then replaces this one
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from graphstore.build.derive import BuildOptions
from graphstore.database.client import Client
from graphstore.errors import InterestGraphError
from graphstore.feedback import ABOVE, unwanted_types
from graphstore.ranking.history import DIMENSION
from graphstore.ranking.request import RecommendOptions
from graphstore.recommend.catalogue import load_catalogue
from graphstore.recommend.feed_position import OVERLAP_MILLIS, FeedPosition, State
from graphstore.recommend.snapshot import PersonalCaches, Snapshot, read_blend

TRIES = 5
SURPLUS_SECONDS = 1.0  # how long the graph may have more items than the catalogue before all ids are compared
log = logging.getLogger("interestgraph.recommend")


class SnapshotRefresher:
    """The current snapshot of one graph, shared by the threads of a process.

    page_size: changes of each list that one poll reads.
    """

    def __init__(self, client: Client, options: RecommendOptions, page_size: int) -> None:
        self._client = client
        self._options = options
        self._page_size = page_size
        self._snapshot: Snapshot | None = None
        self._loading = threading.Lock()  # held while a snapshot is loaded
        self._number = 0

    @property
    def number(self) -> int:
        """The number of the current snapshot; 0 before the first one."""
        return self._snapshot.number if self._snapshot is not None else 0

    @property
    def loading(self) -> bool:
        """Whether a snapshot is being loaded."""
        return self._loading.locked()

    def current(self) -> Snapshot:
        """The current snapshot; the first call loads it."""
        snapshot = self._snapshot
        if snapshot is None:
            with self._loading:
                snapshot = self._snapshot = self._snapshot or self._load()
        return snapshot

    def poll(self, snapshot: Snapshot, personal: PersonalCaches, user_id: str, version: int) -> State | None:
        """Read what changed and apply it. version: of the user's cached state, -1 for none.

        Returns:
            The row of `recommend/read_state`, with the user's context where their version is another; None where the
            snapshot can't be used any more: take the current one and poll again.
        """
        size = len(snapshot.catalogue.index)
        since = snapshot.position.next_since()
        state = self._read_state(snapshot.position.seq, since, snapshot.model, snapshot.position.page, user_id, version)
        if not self._usable(snapshot, state):
            return None
        self._apply_changes(snapshot, personal, state)
        snapshot.position.advance(state, since)
        self._check_count(snapshot, state["count"], size)
        return state

    def _read_state(
        self, seq: int, since: int, model: str | None, page: int, user_id: str = "", version: int = -1
    ) -> State:
        return self._client.read_once(
            "recommend/read_state",
            user_id=user_id,
            held=version,
            seq=seq,
            since=since,
            most=page,
            model=model,
            events=self._options.events,
            people=self._options.fan_out,
            unwanted=unwanted_types(self._client.kinds),
            above=ABOVE,
        )[0]

    def _load(self) -> Snapshot:
        """Load a snapshot: everything of one model and one generation."""
        for _ in range(TRIES):
            state = self._read_state(-1, 0, None, 0)
            model = state["model_version"]
            blend = read_blend(self._client, model)
            width = len(blend.readout.matrices[0]) if blend.readout else DIMENSION
            counts = self._client.read("recommend/read_build")
            build = json.loads(counts[0]["counts"] or "{}") if counts else {}
            catalogue = load_catalogue(self._client, model, width)
            if _identity(self._read_state(-1, 0, None, 0)) == _identity(state):
                break
        self._number += 1
        seq = state["seq"] or 0
        since = state["now"] - OVERLAP_MILLIS
        return Snapshot(
            self._number,
            catalogue,
            model,
            state["blend_hash"],
            blend,
            state["generation"],
            state["epoch"],
            build.get("popularity_half_life") or BuildOptions().popularity_half_life,
            build.get("as_of"),
            FeedPosition(max(seq - 1, 0), since, (seq, time.monotonic()), first_page=self._page_size),
        )

    def _load_in_background(self) -> None:
        if not self._loading.acquire(blocking=False):
            return  # another thread is loading one

        def work() -> None:
            try:
                self._snapshot = self._load()
            except InterestGraphError as error:
                log.warning("the catalogue could not be read again: %s", error)
            except Exception as error:  # the next request starts another thread
                log.error("the catalogue could not be read again", exc_info=error)
            finally:
                self._loading.release()

        try:
            threading.Thread(target=work, name="catalogue", daemon=True).start()
        except BaseException:
            self._loading.release()
            raise

    def _usable(self, snapshot: Snapshot, state: State) -> bool:
        """Whether the snapshot may answer; starts loading another one where it is out of date."""
        went_back = (state["seq"] or 0) < snapshot.position.seen[0] or (state["generation"] or 0) < (
            snapshot.generation or 0
        )
        loaded = snapshot.generation, snapshot.epoch, snapshot.model
        if went_back or (loaded != _identity(state) and not snapshot.catalogue.ids):
            with self._loading:
                if self._snapshot is snapshot:
                    self._snapshot = self._load()
            return False
        if state["epoch"] != snapshot.epoch:
            self._forget_erased(snapshot, state["epoch"])
            return False
        if (state["generation"], state["model_version"]) != (snapshot.generation, snapshot.model):
            self._load_in_background()
        elif state["blend_hash"] != snapshot.blend_hash:
            snapshot.blend = read_blend(self._client, snapshot.model)
            snapshot.blend_hash = state["blend_hash"]
        return True

    def _forget_erased(self, snapshot: Snapshot, epoch: int | None) -> None:
        """Drop all personal caches, and the items that are gone."""
        with snapshot.lock:
            if snapshot.epoch == epoch:
                return
            snapshot.compare_items(self._client)
            snapshot.personal = PersonalCaches()
            snapshot.epoch = epoch

    def _check_count(self, snapshot: Snapshot, count: int, size: int) -> None:
        """Detect items added or deleted without a feed entry, by their count.

        count: items in the graph.  size: items in the catalogue before the poll. A missing item is looked for at once.
        An additional one may be in a transaction that the next poll lists, so all ids are compared only after
        SURPLUS_SECONDS.
        """
        now = time.monotonic()
        if count <= size:
            snapshot.surplus_since = now
        if count < size or now - snapshot.surplus_since > SURPLUS_SECONDS:
            snapshot.surplus_since = now
            with snapshot.lock:
                unknown = snapshot.compare_items(self._client)
            for first in range(0, len(unknown), self._page_size):
                snapshot.read_items(self._client, unknown[first : first + self._page_size])

    def _apply_changes(self, snapshot: Snapshot, personal: PersonalCaches, state: State) -> None:
        """Read changed items again; drop edges, hops and neighbours that changed."""
        if changed := [*state["items"], *state["touched_items"]]:
            self._apply_item_changes(snapshot, personal, changed)
        if changed := [*state["users"], *state["touched_users"]]:
            personal.drop_changed_neighbours(changed)

    def _apply_item_changes(self, snapshot: Snapshot, personal: PersonalCaches, changed: Iterable[list[Any]]) -> None:
        """changed: rows of item id, version, linked_seq, position in the list."""
        catalogue = snapshot.catalogue
        outdated: list[str] = []
        drop: set[int] = set()
        linked: dict[int, int] = {}
        for item_id, version, change, _ in changed:
            row = catalogue.index.get(item_id)
            if row is None or catalogue.version[row] != version:
                outdated.append(item_id)
            if row is not None:
                drop |= {row} if catalogue.version[row] != version else set()
                linked |= {row: change} if catalogue.change[row] < change else {}
        if outdated:
            snapshot.read_items(self._client, outdated)
        if linked:
            rows = np.array(list(linked), dtype=np.int64)
            with snapshot.lock:
                now = snapshot.catalogue.change[rows]
                snapshot.catalogue = snapshot.catalogue.with_links(rows, np.maximum(now, list(linked.values())))
            snapshot.catalogue.edges.forget(rows)
        personal.drop_hops(drop | linked.keys())


def _identity(state: State) -> tuple[Any, ...]:
    """Generation, epoch and model: a snapshot is of one of each."""
    return state["generation"], state["epoch"], state["model_version"]
