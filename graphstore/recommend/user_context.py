"""User context: the state of one user, the edges and neighbours around them, and the RequestContext made of these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import numpy as np

from graphstore.arrays import Floats, Rows, ranges
from graphstore.clock import GraphClock
from graphstore.database.client import Client
from graphstore.durations import DAY_SECONDS
from graphstore.feedback import ABOVE, unwanted_types
from graphstore.popularity import popularity_now
from graphstore.ranking.candidates import UserFeatures
from graphstore.ranking.neighbour_table import NeighbourEdges
from graphstore.ranking.request import RecommendOptions
from graphstore.recommend.feed_position import State
from graphstore.recommend.snapshot import PersonalCaches, RequestContext, Snapshot, make_validator
from graphstore.recommend.user_state import NeighbourState, UserState, liked_items, make_user_state

TRIES = 5
COLUMNS = (
    *("item_ids", "types", "millis", "values", "seen", "interests", "weights", "corrections"),
    *("attributes", "followed", "alike", "scores", "own", "searches", "against"),
)


class UserContextReader:
    """Reads what a recommendation needs of one user; holds nothing between requests."""

    def __init__(self, client: Client, options: RecommendOptions) -> None:
        self._client = client
        self._options = options
        self._unwanted = unwanted_types(client.kinds)
        self._half_lives = {kind.type: kind.half_life_days for kind in client.kinds.values()}

    def user_state(self, snapshot: Snapshot, version: int, context: Mapping[str, object]) -> UserState:
        """The state of a user. context: as `recommend/read_state` or `recommend/read_moment` returns it."""
        return make_user_state(
            version,
            context,
            lambda item_ids: snapshot.rows_by_id(self._client, item_ids),
            self._options,
            self._unwanted,
            self._half_lives,
        )

    def user_state_at(self, snapshot: Snapshot, user_id: str, version: int, at: datetime) -> UserState:
        """The state of a user from their events, interests and ties up to a moment.

        Attributes and similar users are those of now: their past is not stored.
        """
        context = self._client.read_once(
            "recommend/read_moment",
            user_id=user_id,
            at=at,
            events=self._options.events,
            people=self._options.fan_out,
            unwanted=self._unwanted,
            above=ABOVE,
        )
        return self.user_state(snapshot, version, context[0])

    def newcomer(
        self, snapshot: Snapshot, personal: PersonalCaches, user_id: str, state: State, at: datetime | None
    ) -> RequestContext:
        """The context of a user who is not in the graph."""
        nothing: dict[str, Any] = {name: [] for name in COLUMNS}
        user = self.user_state(snapshot, 0, nothing | {"latest": None})
        return replace(self.request_context(snapshot, personal, user_id, user, state, at), known=False)

    def request_context(
        self,
        snapshot: Snapshot,
        personal: PersonalCaches,
        user_id: str,
        user: UserState,
        state: State,
        at: datetime | None,
    ) -> RequestContext:
        """Everything that one recommendation is computed from. state: of the poll that this request made."""
        recent = np.array(user.recent.items, dtype=np.int64)
        edges = self._edges(snapshot, recent)
        people = self._neighbours(snapshot, personal, user, at, state["highest_rating"])
        catalogue, blend = snapshot.catalogue, snapshot.blend
        features = UserFeatures(
            np.concatenate([user.seen, catalogue.gone]) if len(catalogue.gone) else user.seen,
            recent,
            user.recent.weights,
            edges,
            user.vector(catalogue.vectors, blend),
            [(catalogue.interests[name], weight) for name, weight in user.interests if name in catalogue.interests],
            [catalogue.attributes[name] for name in user.attributes if name in catalogue.attributes],
            [neighbour for _, neighbour, _ in people],
            [(catalogue.interests[name], how) for name, how in user.corrections if name in catalogue.interests],
            [(rows, fit) for _, rows, fit in user.searches],
        )
        latest = _latest(snapshot.build_millis, state["latest"], user.latest)
        return RequestContext(
            user_id,
            snapshot,
            personal,
            catalogue,
            user,
            features,
            blend,
            popularity_now(_now(state, user.latest, latest), snapshot.half_life),
            bool(state["pending"]),
            state["followers"],
            latest if at is None else user.latest,
            make_validator(state, snapshot.number),
            at,
            [user_id for user_id, _, _ in people],
            highest_rating=state["highest_rating"],
            middling=[rows for _, _, rows in people],
        )

    def _edges(self, snapshot: Snapshot, rows: Rows) -> NeighbourEdges:
        """The edges SIMILAR_TO and FOLLOWED_BY from these items (rows of the catalogue)."""
        for _ in range(TRIES):
            found = snapshot.catalogue.edges.of_sources(rows)
            if found.complete:
                break
            missing = snapshot.catalogue.edges.missing(rows)
            if len(missing):  # none are missing if another thread has just read them
                self._read_edges(snapshot, missing)
        return found

    def _read_edges(self, snapshot: Snapshot, missing: Rows) -> None:
        catalogue = snapshot.catalogue
        found = self._client.read_once(
            "recommend/read_neighbours", item_ids=[catalogue.ids[row] for row in missing.tolist()]
        )
        place, similar, targets, scores, recent_scores = zip(*found[0]["items"], strict=True)
        names = list(chain(*targets))
        index = snapshot.rows_by_id(self._client, names)
        target = np.array([index.get(name, -1) for name in names], dtype=np.int64)
        count = np.array([len(own) for own in targets])
        source, number = ranges(np.zeros(len(count), dtype=np.int64), count)
        columns = (target, number >= np.array(similar)[source], *map(_joined, (scores, recent_scores)))
        present = target >= 0  # a target may have been erased since
        kept = np.bincount(source[present], minlength=len(count))
        snapshot.catalogue.edges.add(missing[list(place)], kept, *(column[present] for column in columns))
        changed = missing[snapshot.catalogue.change[missing] != catalogue.change[missing]]  # while they were read
        snapshot.catalogue.edges.forget(changed)

    def _neighbours(
        self, snapshot: Snapshot, personal: PersonalCaches, user: UserState, at: datetime | None, highest: float | None
    ) -> list[tuple[str, tuple[Rows, float, float], frozenset[int]]]:
        """Each followed or similar user with the rows of recent items they liked, 1 if followed, the similarity, and
        which of these they rated in the middle of the scale.

        at: only events up to this moment, not cached.  highest: rating of the graph.
        """
        ties = [(user_id, 1.0, 0.0) for user_id in user.followed] + [(user_id, 0.0, s) for user_id, s in user.similar]
        ids = [user_id for user_id, _, _ in ties]
        held = personal.neighbours(ids) if at is None else dict.fromkeys(ids)
        if missing := [user_id for user_id, state in held.items() if state is None]:
            read = self._read_neighbours(snapshot, missing, at, highest)
            held |= read
            if at is None:
                for user_id, neighbour in read.items():
                    personal.keep_neighbour(user_id, neighbour)
        return [
            (user_id, (state.rows, follows, similarity), state.middling)
            for user_id, follows, similarity in ties
            if (state := held[user_id]) is not None
        ]

    def _read_neighbours(
        self, snapshot: Snapshot, user_ids: Iterable[str], at: datetime | None, highest: float | None
    ) -> dict[str, NeighbourState]:
        found = self._client.read_once(
            "recommend/read_people", user_ids=user_ids, events=self._options.neighbour_items, at=at
        )
        liked = {row["user_id"]: liked_items(row, self._unwanted, highest) for row in found}
        index = snapshot.rows_by_id(self._client, chain.from_iterable(items for items, _ in liked.values()))
        states = {}
        for row in found:
            rows, middling = ([index[i] for i in items if i in index] for items in liked[row["user_id"]])
            states[row["user_id"]] = NeighbourState(
                row["version"], row["change"], np.array(rows, dtype=np.int64), frozenset(middling)
            )
        return states


def _latest(build_millis: int | None, feed_millis: int | None, latest_event: datetime | None) -> datetime | None:
    """The latest time of an event: known to the last build, to the feed (set by the follower), of the user."""
    times = [datetime.fromtimestamp(value / 1000, UTC) for value in (build_millis, feed_millis) if value is not None]
    times += [latest_event] if latest_event is not None else []
    return max(times, default=None)


def _now(state: State, own: datetime | None, latest: datetime | None) -> float:
    """The graph's time, in days since 1970, NaN without times: by its clock, which the user's latest event may move; by
    the latest event before the first build."""
    clock = GraphClock.stored(state["clock"]) if state["clock"] else None
    if clock is None:
        return np.nan if latest is None else latest.timestamp() / DAY_SECONDS
    return clock.now if own is None else clock.advanced(own.timestamp() / DAY_SECONDS).now


def _joined(lists: Sequence[list[float]]) -> Floats:
    return np.array(list(chain(*lists)), dtype=float)
