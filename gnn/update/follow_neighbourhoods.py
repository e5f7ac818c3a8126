"""update --follow, the neighbourhood worker: relationships derived from all behaviour, and item vectors, follow events.

take      users that an event worker brought up to date: their histories go into an incremental derivation
weigh     by how much each item's derived rows are stale now
derive    the stalest items: their column of similar items, the items that follow them, the users similar to a user
embed     items whose neighbours changed: the inductive forward pass; users of items that moved far are marked
write     changed edges, changed vectors and the feed's next number, in short transactions

One worker does this at a time, as it holds all behaviour in memory; another takes over when it is gone. It notes in the
graph up to when everything is derived. A worker that begins reads all behaviour, and derives what was touched since.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gnn.encoders import by_name
from gnn.encoders.cache import CachedEncoder
from gnn.encoders.encoder import Encoder
from gnn.extract.stage import extract_some
from gnn.update.item_vectors import ItemEmbedder
from gnn.update.leadership import Leadership
from gnn.update.neighbour_rows import NeighbourRows
from gnn.update.pending import Pending, stalest, touched_shares
from graphstore.batches import batched
from graphstore.build.pull import pull_interactions
from graphstore.build.tuned import tuned_settings
from graphstore.database.client import Client
from graphstore.database.leases import Lease
from graphstore.database.runs import last_run
from graphstore.durations import DAY_MILLIS
from graphstore.errors import InputError, LeaseLost, OthersAtWork
from graphstore.extract import content_index
from graphstore.extract.interests import touched_users
from graphstore.feedback import feedback_weights
from graphstore.incremental.derivation import IncrementalDerivation
from graphstore.settings import Settings
from graphstore.update import following, sampling, work_queue
from graphstore.update.work_queue import QueueState

log = logging.getLogger("interestgraph.follow")
BUSY, IDLE = 0.05, 0.005  # staleness from which on an item is derived anew, while events wait and else
ITEMS_AT_ONCE, USERS_AT_ONCE = 1, 2  # few, so that steps are short
CHANGED_AT_ONCE, HISTORIES_AT_ONCE, DESCRIPTIONS_AT_ONCE = 1_000, 50, 200
MARGIN = timedelta(seconds=5)
GROWN = 0.25  # share by which the penalties of regressions have to change to be used
SHARE, BUSY_SHARE = 1 / 3, 1 / 8  # of the time that this worker takes; the latter while events wait
LONGEST_REST, READ_SECONDS = 5.0, 5.0  # the latter until descriptions are looked at again, after others read some


class NeighbourhoodWorker:
    """The worker that derives neighbourhoods. `step` does a bounded part of the work, or nothing.

    pending: what is stale.  lease: by which the process shows that it is alive.
    """

    def __init__(
        self,
        client: Client,
        settings: Settings,
        encoder: Encoder | None = None,
        lease: Lease | None = None,
    ) -> None:
        self._client, self._settings = client, settings
        self._given, self._encoder = encoder, by_name.encoder(None, settings.models)
        self._leadership = Leadership(client, lease)
        self._build: str | None = None
        self._seen = QueueState(False, False, False, 0, -1, -1, None, None, None)
        self._derivation: IncrementalDerivation | None = None
        self._negative_weight = 0.5
        self._reads_at = 0.0
        self._described = -1  # number of the feed up to which new descriptions were read
        self.pending = Pending()
        self._embedder = ItemEmbedder(client, settings)
        self._rows = NeighbourRows(self._leadership.client, self._embedder)

    @property
    def share(self) -> float:
        """Share of the time that this worker takes at most, by the marks that were due at its last step."""
        return BUSY_SHARE if self._seen.users or self._seen.items else SHARE

    def step(self) -> bool:
        """Do a part of the work; whether there was any. While a build runs there is none; then all is read anew."""
        try:
            return self._step()
        except (LeaseLost, OthersAtWork) as error:
            log.info("neighbourhoods pause: %s", error)
            self._derivation = None
            self._leadership.pause()
            return False

    def _step(self) -> bool:
        if not self._lead():
            return False
        clock = following.database_clock(self._client)
        now = work_queue.read_queue_state(self._client)
        self._take_over(now)
        if self._derivation is None:
            return False
        self._embedder.follow(now)
        taken = self._take_changes(now)
        read = self._read_descriptions(now)
        self._seen = now
        worked = self._derive(IDLE if not (taken or now.users) else BUSY)
        if not (taken or read or worked):
            self._leadership.note_done(clock, self._build, self._derivation.penalties)
        return taken or read or worked

    def drain(self) -> None:
        """Work until nothing is stale enough."""
        while self.step():
            pass

    def leave(self) -> None:
        """Let another worker take over at once."""
        self._leadership.leave()

    def _lead(self) -> bool:
        if self._leadership.held(begins=self._derivation is None):
            return True
        self._derivation = None
        return False

    def _take_over(self, now: QueueState) -> None:
        """Load all behaviour at the start and after a build; drop users and items that were erased."""
        if self._derivation is None or now.generation != self._seen.generation:
            self._described = -1
            built = last_run(self._client, "build")
            if built is None:
                return
            if self._derivation is None or built["run_id"] != self._build:
                self._load(built, now)
                return
            self._rows.forget()
        if now.epoch != self._seen.epoch:
            self._drop_erased()

    def _load(self, built: Mapping[str, Any], now: QueueState) -> None:
        """Read all behaviour; what was touched since all was derived, or since the build, is stale."""
        options = tuned_settings(self._client).build
        self._negative_weight = options.negative_weight
        as_of, fixed = built["counts"].get("as_of"), built["counts"].get("penalties")
        used = self._leadership.penalties
        if used and used[0] == built["run_id"]:
            fixed = used[1]
        events = pull_interactions(self._client, options.negative_weight)
        self._derivation = IncrementalDerivation(
            events,
            options,
            reference=None if as_of is None else as_of / DAY_MILLIS,
            penalties=tuple(fixed) if fixed else None,
            clock=now.clock,
        )
        self._build = built["run_id"]
        self._seen = now
        self.pending = Pending()
        self._rows.forget()
        done = datetime.fromtimestamp((self._leadership.done or 0) / 1000, UTC)
        touched = set(touched_users(self._client, max(built["started_at"], done) - MARGIN))
        for item_id, share in touched_shares(events, touched).items():
            self.pending.targets[item_id] = self.pending.sources[item_id] = share
        self.pending.users.update(dict.fromkeys(touched & set(events.user_ids), 1.0))
        self._renew_penalties()
        log.info("neighbourhoods follow", extra={"fields": {"events": len(events.user), "stale_users": len(touched)}})

    def _drop_erased(self) -> None:
        """Drop users and items that are gone from the graph."""
        assert self._derivation is not None
        users = self._derivation.user_ids - set(sampling.user_ids(self._client))
        items = self._derivation.item_ids - set(sampling.item_ids(self._client))
        for user_id in users:
            self.pending.add(user_id, self._derivation.remove_user(user_id), 1)
        for item_id in items:
            self.pending.add("", self._derivation.remove_item(item_id), 1)
        self.pending.forget(items, {*users, ""})
        self._embedder.forget(items)
        self._rows.forget()

    def _take_changes(self, now: QueueState) -> bool:
        """Put the changed histories into the derivation; whether there were any."""
        assert self._derivation is not None
        if now.clock is not None:
            self._derivation.set_clock(now.clock)
        changed = following.changed_users(self._client, self._seen.seq, now.seq, CHANGED_AT_ONCE)
        for batch in batched(changed, HISTORIES_AT_ONCE):
            histories = following.read_histories(self._client, batch)
            for row in histories:
                weight, _ = feedback_weights(row["types"], row["values"], self._client.kinds, self._negative_weight)
                change = self._derivation.replace_user(row["user_id"], row["item_ids"], row["days"], weight.tolist())
                self.pending.add(row["user_id"], change, len(row["item_ids"]))
            for user_id in set(batch) - {row["user_id"] for row in histories}:
                self.pending.add(user_id, self._derivation.remove_user(user_id), 1)
                self.pending.forget((), [user_id])
        if changed:
            self._renew_penalties()
        return bool(changed)

    def _renew_penalties(self) -> None:
        """Penalties grow with behaviour; when new ones are used, all items are stale."""
        assert self._derivation is not None
        self.pending.add("", self._derivation.renew_penalties(GROWN), 1)

    def _read_descriptions(self, now: QueueState) -> bool:
        """Read items that were described anew: interests, content, vectors; whether there were any. Those that another
        program has read get their vectors."""
        if now.seq <= self._described or time.monotonic() < self._reads_at:
            return False
        before = self._described
        unread = following.unread_items(self._client, before)
        items = unread[:DESCRIPTIONS_AT_ONCE]
        missing: list[str] = []
        if len(items) == len(unread):
            self._described = now.seq
            missing = following.unembedded_items(self._client, before) if self._embedder.version else []
            if missing:
                self._rows.write_described(missing, [])
        if not items:
            return bool(missing)
        encoder = self._given or self._current_encoder()
        try:
            cached = CachedEncoder(encoder, self._settings.cache)
            changed = extract_some(self._leadership.reading, cached, items, self._settings)
        except OthersAtWork:  # they read all descriptions that are there now
            self._described, self._reads_at = before, time.monotonic() + READ_SECONDS
            return False
        except InputError as error:  # an extract by another encoder is about to read all of them
            log.warning("new descriptions are not read: %s", error)
            self._described = now.seq
            return False
        self._rows.write_described(items, changed)
        return True

    def _current_encoder(self) -> Encoder:
        """The encoder that the items of the graph were read by."""
        name = content_index.encoder_of(self._client)
        if name not in (None, self._encoder.name):
            self._encoder = by_name.encoder(name, self._settings.models)
        return self._encoder

    def _derive(self, least: float) -> bool:
        """Derive the stalest rows anew, of those with a staleness of `least` or more; whether there were any."""
        assert self._derivation is not None
        targets = stalest(self.pending.targets, ITEMS_AT_ONCE, least)
        sources = stalest(self.pending.sources, ITEMS_AT_ONCE, least)
        users = stalest(self.pending.users, USERS_AT_ONCE, least)
        if not (targets or sources or users):
            return False
        self._rows.derive(self._derivation, targets, sources, users)
        return True


def run_neighbourhoods(worker: NeighbourhoodWorker, stop: threading.Event, pause: float) -> None:
    """Work until `stop` is set, at most the worker's share of the time.

    pause: seconds between two steps, at least; ten times as long after a step without work.
    """
    while not stop.is_set():
        began = time.perf_counter()
        busy = worker.step()
        rest = min((1 / worker.share - 1) * (time.perf_counter() - began), LONGEST_REST)
        stop.wait(max(pause, rest) if busy else 10 * pause)
    worker.leave()
