"""update --follow, the neighbourhoods' lane: what goes together, and the vectors of items, follow the events.

take      users that the events' lane brought up to date: their histories go into a mirror of behaviour
weigh     by how much does that change what is known of each item: its evidence
derive    the items whose evidence moved most: their column of similar items, what follows them, whom users are like
embed     items whose neighbours moved: the inductive forward pass; users of those that went far are marked for later
write     edges that moved, vectors that moved, and the feed's next number, in short transactions

One worker does this at a time, as it holds a mirror of behaviour; another takes over when it is gone. It remembers in
the graph up to when everything was done, and starts from there, or from the last build: the mirror is read anew, and
what was touched since is derived anew.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gnn.encoders import by_name
from gnn.encoders.cache import CachedEncoder
from gnn.encoders.encoder import Encoder
from gnn.extract.stage import extract_some
from gnn.update.item_vectors import ItemEmbedder
from gnn.update.pending import Pending, stalest, touched_shares
from graphstore.batches import batched
from graphstore.build.pull import pull_interactions
from graphstore.build.tuned import tuned_settings
from graphstore.database.client import Client
from graphstore.database.runs import last_run
from graphstore.durations import DAY_MILLIS
from graphstore.errors import InputError
from graphstore.extract import content_index
from graphstore.extract.interests import touched_users
from graphstore.feedback import feedback_weights
from graphstore.incremental.derivation import IncrementalDerivation
from graphstore.incremental.neighbour_store import (
    NeighbourUpdates,
    StoredNeighbours,
    rows_with_column,
    sources_of,
    write_neighbourhoods,
)
from graphstore.settings import Settings
from graphstore.update import following, sampling, work_queue
from graphstore.update.work_queue import QueueState

log = logging.getLogger("interestgraph.follow")
BUSY, IDLE = 0.05, 0.005  # share of what is known of an item that has to be other for it to be derived anew
ITEMS_AT_ONCE, USERS_AT_ONCE = 1, 2  # few, as nobody rests in a step
CHANGED_AT_ONCE, HISTORIES_AT_ONCE, DESCRIPTIONS_AT_ONCE = 1_000, 50, 200
MOVED = 0.01  # in one number of a vector of length 1
FAR = 0.1  # the length of the way of a vector of length 1 since its users were marked
DEPENDENTS = 100
LEAD_MILLIS = 15_000
LEAD_SECONDS = 5.0
MARGIN = timedelta(seconds=5)
LATER_MILLIS = 20_000  # until users of moved items are looked at, once for all that moves by then
GROWN = 0.25  # share by which the penalties of regressions have to be other to be taken anew
SHARE, BUSY_SHARE = 1 / 3, 1 / 8  # of the time, while there is always something to do; the latter while events wait
LONGEST_REST = 5.0  # seconds


class NeighbourhoodWorker:
    """The one worker of this lane. `step` does a bounded part of what there is to do, or nothing."""

    def __init__(
        self,
        client: Client,
        settings: Settings,
        encoder: Encoder | None = None,
    ) -> None:
        self._client, self._settings = client, settings
        self._given, self._encoder = encoder, by_name.encoder(None, settings.models)
        self._lease = uuid.uuid4().hex
        self._leads_until = 0.0
        self._build: str | None = None
        self._seen = QueueState(False, False, False, 0, -1, -1, None, None)
        self._mirror: IncrementalDerivation | None = None
        self._negative_weight = 0.5
        self._done: int | None = None
        self._used: tuple[str, tuple[float, float]] | None = None  # the build and the penalties of who led before
        self._described = -1  # the number of the feed up to which new descriptions were read
        self.pending = Pending()
        self._similar = StoredNeighbours(client, "similar")
        self._following = StoredNeighbours(client, "following")
        self._forward = ItemEmbedder(client, settings)

    @property
    def share(self) -> float:
        """Of the time that this worker takes at most, by what others had to do at its last step."""
        return BUSY_SHARE if self._seen.users or self._seen.items else SHARE

    def step(self) -> bool:
        """Do a part of what there is to do; whether there was something."""
        if not self._lead():
            return False
        clock = following.database_clock(self._client)
        now = work_queue.read_queue_state(self._client)
        self._take_over(now)
        if self._mirror is None:
            return False
        self._forward.follow(now)
        taken = self._take_changes(now)
        read = self._read_descriptions(now)
        self._seen = now
        worked = self._derive(IDLE if not (taken or now.users) else BUSY)
        if not (taken or read or worked):
            self._note_done(clock)
        return taken or read or worked

    def drain(self) -> None:
        """Work until nothing is left that is worth it."""
        while self.step():
            pass

    def leave(self) -> None:
        """Let another take over at once."""
        following.leave(self._client, self._lease)

    def _lead(self) -> bool:
        if time.monotonic() < self._leads_until:
            return True
        row = following.lead(self._client, self._lease, LEAD_MILLIS)
        if not row["leads"]:
            self._mirror = None
            return False
        if self._mirror is None:
            self._done = row["done"]
            self._used = (row["build"], tuple(row["penalties"])) if row["penalties"] else None
        self._leads_until = time.monotonic() + LEAD_SECONDS
        return True

    def _take_over(self, now: QueueState) -> None:
        """Begin, or begin anew after a build; drop what was erased."""
        if self._mirror is None or now.generation != self._seen.generation:
            self._described = -1
            built = last_run(self._client, "build")
            if built is None:
                return
            if self._mirror is None or built["run_id"] != self._build:
                self._load(built, now)
                return
            self._similar.forget()
            self._following.forget()
        if now.epoch != self._seen.epoch:
            self._drop_erased()

    def _load(self, built: Mapping[str, Any], now: QueueState) -> None:
        """Read all behaviour; what was touched since it was last all done, or built, is stale."""
        options = tuned_settings(self._client).build
        self._negative_weight = options.negative_weight
        as_of, fixed = built["counts"].get("as_of"), built["counts"].get("penalties")
        if self._used and self._used[0] == built["run_id"]:
            fixed = self._used[1]
        events = pull_interactions(self._client, options.negative_weight)
        self._mirror = IncrementalDerivation(
            events,
            options,
            reference=None if as_of is None else as_of / DAY_MILLIS,
            penalties=tuple(fixed) if fixed else None,
        )
        self._build = built["run_id"]
        self._seen = now
        self.pending = Pending()
        self._similar.forget()
        self._following.forget()
        since = max(built["started_at"], datetime.fromtimestamp((self._done or 0) / 1000, UTC)) - MARGIN
        touched = set(touched_users(self._client, since))
        for item_id, share in touched_shares(events, touched).items():
            self.pending.targets[item_id] = self.pending.sources[item_id] = share
        self.pending.users.update(dict.fromkeys(touched & set(events.user_ids), 1.0))
        self._follow_growth()
        log.info("neighbourhoods follow", extra={"fields": {"events": len(events.user), "stale_users": len(touched)}})

    def _drop_erased(self) -> None:
        """Users and items that are gone from the graph are gone from memory."""
        assert self._mirror is not None
        users = self._mirror.user_ids - set(sampling.user_ids(self._client))
        items = self._mirror.item_ids - set(sampling.item_ids(self._client))
        for user_id in users:
            self.pending.add(user_id, self._mirror.remove_user(user_id), 1)
        for item_id in items:
            self.pending.add("", self._mirror.remove_item(item_id), 1)
        self.pending.forget(items, {*users, ""})
        self._forward.forget(items)
        self._similar.forget()
        self._following.forget()

    def _take_changes(self, now: QueueState) -> bool:
        """Histories of users that changed, into the mirror."""
        assert self._mirror is not None
        found = following.changed_users(self._client, self._seen.seq, now.seq, CHANGED_AT_ONCE)
        for batch in batched(found, HISTORIES_AT_ONCE):
            histories = following.read_histories(self._client, batch)
            for row in histories:
                weight, _ = feedback_weights(row["types"], row["values"], self._client.kinds, self._negative_weight)
                change = self._mirror.replace_user(row["user_id"], row["item_ids"], row["days"], weight.tolist())
                self.pending.add(row["user_id"], change, len(row["item_ids"]))
            for user_id in set(batch) - {row["user_id"] for row in histories}:
                self.pending.add(user_id, self._mirror.remove_user(user_id), 1)
                self.pending.forget((), [user_id])
        if found:
            self._follow_growth()
        return bool(found)

    def _follow_growth(self) -> None:
        """The more there is to learn from, the larger the penalties: when they are taken anew, all items are stale."""
        assert self._mirror is not None
        self.pending.add("", self._mirror.renew_penalties(GROWN), 1)

    def _read_descriptions(self, now: QueueState) -> bool:
        """Items that were described anew: what they are about, their vectors, and those who chose them."""
        if now.seq <= self._described:
            return False
        unread = following.unread_items(self._client, self._described)
        items = unread[:DESCRIPTIONS_AT_ONCE]
        if len(items) == len(unread):
            self._described = now.seq
        if not items:
            return False
        encoder = self._given or self._encoder_now()
        try:
            changed = extract_some(self._client, CachedEncoder(encoder, self._settings.cache), items, self._settings)
        except InputError as error:  # all are about to be read anew
            log.warning("new descriptions are not read: %s", error)
            self._described = now.seq
            return False
        self._forward.forget(items)
        vectors = self._forward.changed(self._forward.embed(self._similar.rows_of(items)), 0.0)
        write_neighbourhoods(self._client, NeighbourUpdates(), NeighbourUpdates(), {}, vectors, self._forward.version)
        work_queue.mark_users_of(self._client, changed, DEPENDENTS, LATER_MILLIS)
        return True

    def _encoder_now(self) -> Encoder:
        """The encoder that the items of the graph were read by."""
        name = content_index.encoder_of(self._client)
        if name not in (None, self._encoder.name):
            self._encoder = by_name.encoder(name, self._settings.models)
        return self._encoder

    def _derive(self, least: float) -> bool:
        """Derive the stalest rows anew, and write what moved."""
        assert self._mirror is not None
        targets = stalest(self.pending.targets, ITEMS_AT_ONCE, least)
        sources = stalest(self.pending.sources, ITEMS_AT_ONCE, least)
        users = stalest(self.pending.users, USERS_AT_ONCE, least)
        if not (targets or sources or users):
            return False
        similar = self._columns(targets)
        followed = NeighbourUpdates()
        for source, before in self._following.rows_of(sources).items():
            followed.change(source, before, self._mirror.transitions(source))
        alike = {user_id: self._mirror.similar_users(user_id) for user_id in users}
        vectors = self._forward.changed(self._forward.embed(similar.after), MOVED)
        if similar.after or followed.after or alike or vectors:
            write_neighbourhoods(self._client, similar, followed, alike, vectors, self._forward.version)
            for stored, edges in ((self._similar, similar), (self._following, followed)):
                for source, row in edges.after.items():
                    stored.put(source, row)
        if far := self._forward.moved_beyond(vectors, FAR):
            work_queue.mark_users_of(self._client, far, DEPENDENTS, LATER_MILLIS)
        return True

    def _columns(self, targets: list[str]) -> NeighbourUpdates:
        """What becomes of the rows in which some items stand."""
        assert self._mirror is not None
        edges = NeighbourUpdates()
        if not targets:
            return edges
        columns = {target: self._mirror.similar_items(target) for target in targets}
        having = sources_of(self._client, targets)
        rows = {target: self._similar.rows_of({*having.get(target, ()), *column}) for target, column in columns.items()}
        before = {source: row for found in rows.values() for source, row in found.items()}
        after = dict(before)
        for target, column in columns.items():
            own = {source: after[source] for source in rows[target]}
            after |= rows_with_column(own, target, column, self._mirror.options.similar_items)
        for source, row in after.items():
            edges.change(source, before[source], row)
        return edges

    def _note_done(self, clock: int) -> None:
        """Everything that was touched before this moment has been looked at, once in a while."""
        if self._done is None or clock - self._done > LEAD_MILLIS:
            assert self._mirror is not None
            following.note_done(self._client, self._lease, clock, self._build, self._mirror.penalties)
            self._done = clock


def run_neighbourhoods(lane: NeighbourhoodWorker, stop: threading.Event, pause: float) -> None:
    """Work until told to stop, at most the lane's share of the time."""
    while not stop.is_set():
        began = time.perf_counter()
        busy = lane.step()
        rest = min((1 / lane.share - 1) * (time.perf_counter() - began), LONGEST_REST)
        stop.wait(max(pause, rest) if busy else 10 * pause)
    lane.leave()
