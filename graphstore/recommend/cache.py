"""What a process remembers of the graph between answers, and how it stays as fresh as the graph.

Every answer begins with one statement (`recommend/read_state`) that tells what changed since. From that

    the user's version is another          their card is read again (in the same statement)
    items or users changed or were touched those items are read again, people's latest items forgotten
    items are linked otherwise             their edges are forgotten
    another epoch of the feed              somebody or something was erased: nothing of any user stays in memory
    another generation, another model      all is read again in the background, and then served from one moment on
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import numpy as np

from graphstore.arrays import Floats, Rows, ranges
from graphstore.build.derive import BuildOptions
from graphstore.database.client import Client
from graphstore.durations import DAY_MILLIS
from graphstore.errors import InterestGraphError
from graphstore.feedback import unwanted_types
from graphstore.popularity import popularity_now
from graphstore.ranking.candidates import UserFeatures
from graphstore.ranking.history import DIMENSION
from graphstore.ranking.neighbour_table import NeighbourEdges
from graphstore.ranking.request import DEFAULT_OPTIONS, RecommendOptions
from graphstore.recommend.catalogue import load_catalogue
from graphstore.recommend.snapshot import (
    MOST_CHANGES,
    CacheValidator,
    PersonalCaches,
    RequestContext,
    Snapshot,
    read_blend,
)
from graphstore.recommend.user_state import NeighbourState, UserState, liked_items, make_user_state

OVERLAP_MILLIS = 5_000  # a transaction that touched something may end so long after: looked for once in WIDE_SECONDS
SHORT_OVERLAP_MILLIS, WIDE_SECONDS = 300, 1.0  # most end within the former
SEQ_SECONDS = 1.0  # at least so long what was seen is asked for again, lest half of its transaction was seen
MORE_SECONDS = 1.0  # until items that nobody told of are looked for
TRIES = 5
AT_ONCE = 2  # one waits for Neo4j, the other computes
log = logging.getLogger("interestgraph.memory")

State = Mapping[str, Any]


class ServingCache:
    """The memory of one process for one graph, shared by its threads.

    turns: to be held while answering. More threads at once only take the interpreter from each other, which numpy lets
    go of at every operation: four of them answer less in a second than one does.
    """

    def __init__(self, client: Client, options: RecommendOptions = DEFAULT_OPTIONS) -> None:
        self.client = client
        self.options = options
        self.unwanted = unwanted_types(client.kinds)
        self.turns = threading.Semaphore(AT_ONCE)
        self._edition: Snapshot | None = None
        self._loading = threading.Lock()  # held by whoever reads everything
        self._numbers = 0

    @property
    def number(self) -> int:
        """Of the edition that is served; rises with every other one."""
        return self._edition.number if self._edition is not None else 0

    def warm(self) -> None:
        """Read all that does not depend on who asks, unless it is there."""
        self._current()

    def stamp(self, user_id: str) -> CacheValidator | None:
        """What an answer for this user would rest on now, in short; None where there is no such user."""
        found = self.client.read_once("recommend/check_user", user_id=user_id)
        return _stamp(found[0], self.number) if found else None

    def know(self, user_id: str, at: datetime | None = None) -> RequestContext | None:
        """What an answer for this user rests on, as the graph is now; None where there is no such user.

        at: the user as of this moment; items are as they are now.
        """
        for _ in range(TRIES):
            edition = self._current()
            personal = edition.personal
            held = personal.users.get(user_id)
            size = len(edition.catalogue.index)
            state = self._look(edition, user_id, held.version if held else -1)
            if not self._still_good(edition, state):
                continue
            self._take_over(edition, personal, state)
            self._count(edition, state["count"], size)
            if state["version"] is None:
                return None
            card = held
            if state["context"]:
                card = self._card(edition, state)
                personal.users.put(user_id, card)
            if card is not None:
                card = card if at is None else self._card_at(edition, user_id, card.version, at)
                return self._known(edition, personal, user_id, card, state, at)
        raise InterestGraphError("The graph changes faster than it can be read; try again.")

    def discard(self, known: RequestContext, rows: Rows) -> None:
        """Never show these items again: they are no longer in the graph."""
        with known.edition.lock:
            known.edition.catalogue = known.edition.catalogue.without(rows)

    # Reading everything

    def _current(self) -> Snapshot:
        edition = self._edition
        if edition is None:
            with self._loading:
                edition = self._edition = self._edition or self._read_edition()
        return edition

    def _read_edition(self) -> Snapshot:
        """Everything of one model and one generation."""
        for _ in range(TRIES):
            state = self._state(-1, 0, None, 0)
            model = state["model_version"]
            blend = read_blend(self.client, model)
            width = len(blend.readout.matrices[0]) if blend.readout else DIMENSION
            counts = self.client.read("recommend/read_build")
            built = json.loads(counts[0]["counts"] or "{}") if counts else {}
            catalogue = load_catalogue(self.client, model, width)
            after = self._state(-1, 0, None, 0)
            if _identity(after) == _identity(state):
                break
        self._numbers += 1
        return Snapshot(
            self._numbers,
            catalogue,
            model,
            state["blend_hash"],
            blend,
            state["generation"],
            state["epoch"],
            built.get("popularity_half_life") or BuildOptions().popularity_half_life,
            built.get("as_of"),
            max((state["seq"] or 0) - 1, 0),
            state["now"] - OVERLAP_MILLIS,
            (state["seq"] or 0, time.monotonic()),
        )

    def _reload(self) -> None:
        if not self._loading.acquire(blocking=False):
            return  # somebody does it already

        def work() -> None:
            try:
                self._edition = self._read_edition()
            except InterestGraphError as error:
                log.warning("the catalogue could not be read again: %s", error)
            finally:
                self._loading.release()

        try:
            threading.Thread(target=work, name="catalogue", daemon=True).start()
        except BaseException:
            self._loading.release()
            raise

    # Keeping up

    def _look(self, edition: Snapshot, user_id: str, held: int) -> State:
        since, now = edition.since, time.monotonic()
        if now - edition.wide < WIDE_SECONDS:
            since = max(since, edition.looked - SHORT_OVERLAP_MILLIS)
        else:
            edition.wide = now
        return {**self._state(edition.seq, since, edition.model, edition.most, user_id, held), "asked": since}

    def _state(self, seq: int, since: int, model: str | None, most: int, user_id: str = "", held: int = -1) -> State:
        return self.client.read_once(
            "recommend/read_state",
            user_id=user_id,
            held=held,
            seq=seq,
            since=since,
            most=most,
            model=model,
            events=self.options.events,
            people=self.options.people,
        )[0]

    def _still_good(self, edition: Snapshot, state: State) -> bool:
        """Whether the edition may answer. Sees to it that another one comes where it should not for long."""
        went_back = (state["seq"] or 0) < edition.seen[0] or (state["generation"] or 0) < (edition.generation or 0)
        if went_back or (_identity(edition) != _identity(state) and not edition.catalogue.ids):
            with self._loading:
                if self._edition is edition:
                    self._edition = self._read_edition()
            return False
        if state["epoch"] != edition.epoch:
            self._purge(edition, state["epoch"])
            return False
        if (state["generation"], state["model_version"]) != (edition.generation, edition.model):
            self._reload()
        elif state["blend_hash"] != edition.blend_hash:
            edition.blend = read_blend(self.client, edition.model)
            edition.blend_hash = state["blend_hash"]
        return True

    def _count(self, edition: Snapshot, count: int, size: int) -> None:
        """See whether items went or came and nobody told. size: how many were known before the look.

        One that went is not shown again; one that came may only be on its way, and is waited for before all are listed.
        """
        now = time.monotonic()
        if count <= size:
            edition.more_since = now
        if count < size or now - edition.more_since > MORE_SECONDS:
            edition.more_since = now
            with edition.lock:
                unknown = self._list(edition)
            for first in range(0, len(unknown), MOST_CHANGES):
                self._read_items(edition, unknown[first : first + MOST_CHANGES])

    def _list(self, edition: Snapshot) -> list[str]:
        """Let go of items that are no longer in the graph; returns those that are there and not known."""
        there = set(self.client.read("recommend/list_item_ids")[0]["item_ids"])
        index = edition.catalogue.index
        gone = np.array([row for item_id, row in index.items() if item_id not in there], dtype=np.int64)
        if len(gone):
            edition.catalogue = edition.catalogue.without(gone)
        return list(there - index.keys())

    def _purge(self, edition: Snapshot, epoch: int | None) -> None:
        """Forget everything of users, and the items that are gone."""
        with edition.lock:
            if edition.epoch == epoch:
                return
            self._list(edition)
            edition.personal = PersonalCaches()
            edition.epoch = epoch

    def _take_over(self, edition: Snapshot, personal: PersonalCaches, state: State) -> None:
        """Read again what changed, and ask from a later point the next time."""
        if changed := [*state["items"], *state["touched_items"]]:
            self._refresh_items(edition, personal, changed)
        for user_id, version, change, _ in [*state["users"], *state["touched_users"]]:
            fellow = personal.people.get(user_id)
            if fellow is not None and (fellow.version, fellow.change) != (version, change):
                personal.people.drop([user_id])
        now = time.monotonic()
        last = max((row[3] for rows in (state["items"], state["users"]) for row in rows), default=edition.seen[0])
        full = [rows[-1][3] - 1 for rows in (state["items"], state["users"]) if len(rows) >= edition.most]
        touched = [
            rows[-1][3] for rows in (state["touched_items"], state["touched_users"]) if len(rows) >= edition.most
        ]
        stuck = (full and min(full) <= edition.seq) or (touched and min(touched) <= state["asked"])
        edition.most = 4 * edition.most if stuck else MOST_CHANGES
        if full:  # a backlog: on from where the first of these ends
            edition.seq = max(edition.seq, min(full))
        elif now - edition.seen[1] > SEQ_SECONDS:
            edition.seq, edition.seen = max(edition.seq, edition.seen[0]), (last, now)
        edition.looked = max(edition.looked, min(touched) if touched else state["now"])
        if state["asked"] <= edition.since:
            edition.since = max(edition.since, min(touched) if touched else state["now"] - OVERLAP_MILLIS)

    def _refresh_items(self, edition: Snapshot, personal: PersonalCaches, changed: Iterable[list[Any]]) -> None:
        catalogue = edition.catalogue
        wanted: list[str] = []
        other: set[int] = set()
        linked: dict[int, int] = {}
        for item_id, version, change, _ in changed:
            row = catalogue.index.get(item_id)
            if row is None or catalogue.version[row] != version:
                wanted.append(item_id)
            if row is not None:
                other |= {row} if catalogue.version[row] != version else set()
                linked |= {row: change} if catalogue.change[row] < change else {}
        if wanted:
            self._read_items(edition, wanted)
        if linked:
            rows = np.array(list(linked), dtype=np.int64)
            with edition.lock:
                now = edition.catalogue.change[rows]
                edition.catalogue = edition.catalogue.with_links(rows, np.maximum(now, list(linked.values())))
            edition.catalogue.edges.forget(rows)
        personal.paths.drop(other | linked.keys())

    def _read_items(self, edition: Snapshot, item_ids: list[str]) -> None:
        found = self.client.read_once(
            "recommend/read_catalogue", item_ids=list(dict.fromkeys(item_ids)), model=edition.model
        )
        if found[0]["item_ids"]:
            with edition.lock:
                before, now = edition.catalogue, edition.catalogue.with_items(found[0])
                rows = before.rows(found[0]["item_ids"])
                edition.catalogue = now
            now.edges.forget(rows[now.change[rows] != before.change[rows]])

    # One user

    def _index(self, edition: Snapshot, item_ids: Iterable[str]) -> Mapping[str, int]:
        """The rows of items by id; those of these that are not known yet are read before."""
        index = edition.catalogue.index
        if missing := [item_id for item_id in set(item_ids) if item_id not in index]:
            self._read_items(edition, missing)
        return edition.catalogue.index

    def _card(self, edition: Snapshot, state: State) -> UserState:
        return make_user_state(
            state["version"],
            state["context"][0],
            lambda item_ids: self._index(edition, item_ids),
            self.options,
            self.unwanted,
        )

    def _card_at(self, edition: Snapshot, user_id: str, version: int, at: datetime) -> UserState:
        context = self.client.read_once(
            "recommend/read_moment", user_id=user_id, at=at, events=self.options.events, people=self.options.people
        )
        return make_user_state(
            version, context[0], lambda item_ids: self._index(edition, item_ids), self.options, self.unwanted
        )

    def _known(
        self,
        edition: Snapshot,
        personal: PersonalCaches,
        user_id: str,
        card: UserState,
        state: State,
        at: datetime | None,
    ) -> RequestContext:
        recent = np.array(card.recent.items, dtype=np.int64)
        edges = self._edges(edition, recent)
        people = self._people(edition, personal, card, at)
        catalogue, blend = edition.catalogue, edition.blend
        seen = np.concatenate([card.seen, catalogue.gone]) if len(catalogue.gone) else card.seen
        person = UserFeatures(
            seen,
            recent,
            card.recent.weights,
            edges,
            card.vector(catalogue.vectors, blend),
            [(catalogue.interests[name], weight) for name, weight in card.interests if name in catalogue.interests],
            [catalogue.attributes[name] for name in card.attributes if name in catalogue.attributes],
            people,
        )
        millis = [value for value in (edition.built, state["latest"]) if value is not None]
        times = [datetime.fromtimestamp(value / 1000, UTC) for value in millis]
        times += [card.latest] if card.latest is not None else []
        latest = max(times, default=None)
        day = np.nan if latest is None else 1000 * latest.timestamp() / DAY_MILLIS
        return RequestContext(
            user_id,
            edition,
            personal,
            catalogue,
            card,
            person,
            blend,
            popularity_now(day, edition.half_life),
            state["pending"],
            latest if at is None else card.latest,
            _stamp(state, edition.number),
            at,
        )

    def _edges(self, edition: Snapshot, rows: Rows) -> NeighbourEdges:
        """What leads from these items: what is similar to each, and what follows it."""
        for _ in range(TRIES):
            found = edition.catalogue.edges.of_sources(rows)
            if found.complete:
                break
            missing = edition.catalogue.edges.missing(rows)
            if len(missing):  # or else another thread has just read them
                self._read_edges(edition, missing)
        return found

    def _read_edges(self, edition: Snapshot, missing: Rows) -> None:
        catalogue = edition.catalogue
        found = self.client.read_once(
            "recommend/read_neighbours", item_ids=[catalogue.ids[row] for row in missing.tolist()]
        )
        place, similar, targets, scores, recent_scores = zip(*found[0]["items"], strict=True)
        names = list(chain(*targets))
        index = self._index(edition, names)
        target = np.array([index.get(name, -1) for name in names], dtype=np.int64)
        count = np.array([len(own) for own in targets])
        source, number = ranges(np.zeros(len(count), dtype=np.int64), count)
        columns = (target, number >= np.array(similar)[source], *map(_joined, (scores, recent_scores)))
        there = target >= 0  # one may have been erased since
        kept = np.bincount(source[there], minlength=len(count))
        edition.catalogue.edges.add(missing[list(place)], kept, *(column[there] for column in columns))
        moved = missing[edition.catalogue.change[missing] != catalogue.change[missing]]  # while it was being read
        edition.catalogue.edges.forget(moved)

    def _people(
        self, edition: Snapshot, personal: PersonalCaches, card: UserState, at: datetime | None
    ) -> list[tuple[Rows, float, float]]:
        """What those whom the user follows, and those like them, liked lately, or had liked at a moment."""
        told = [(user_id, 1.0, 0.0) for user_id in card.followed] + [(user_id, 0.0, s) for user_id, s in card.alike]
        ids = [user_id for user_id, _, _ in told]
        held = personal.people.get_all(ids) if at is None else dict.fromkeys(ids)
        if missing := [user_id for user_id, fellow in held.items() if fellow is None]:
            found = self.client.read_once(
                "recommend/read_people", user_ids=missing, events=self.options.people_items, at=at
            )
            liked = {row["user_id"]: liked_items(row, self.unwanted) for row in found}
            index = self._index(edition, (item_id for items in liked.values() for item_id in items))
            for row in found:
                rows = np.array([index[i] for i in liked[row["user_id"]] if i in index], dtype=np.int64)
                held[row["user_id"]] = NeighbourState(row["version"], row["change"], rows)
                if at is None:
                    personal.people.put(row["user_id"], held[row["user_id"]])  # type: ignore[arg-type]
        return [(fellow.rows, *how) for user_id, *how in told if (fellow := held[user_id]) is not None]  # type: ignore[misc]


def _joined(lists: Sequence[list[float]]) -> Floats:
    return np.array(list(chain(*lists)), dtype=float)


def _stamp(state: State, edition: int) -> CacheValidator:
    names = ("version", "pending", "epoch", "generation", "model_version", "blend_hash")
    return (edition, *(state[name] for name in names))


def _identity(state: Any) -> tuple[Any, ...]:
    """What an edition is of."""
    if isinstance(state, Snapshot):
        return state.generation, state.epoch, state.model
    return state["generation"], state["epoch"], state["model_version"]
