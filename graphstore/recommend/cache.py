"""The serving cache: items and users held in memory, and how each request brings them up to date.

snapshot.py       what is held: the catalogue, the model, the caches of personal data
refresh.py        keeps it in step with the graph
user_context.py   assembles the context of one user's request
"""

from __future__ import annotations

import threading
import time
from datetime import datetime

from graphstore.arrays import Rows
from graphstore.database.client import Client
from graphstore.errors import ChangesTooFast
from graphstore.ranking.request import DEFAULT_OPTIONS, RecommendOptions
from graphstore.recommend.feed_position import PAGE_SIZE
from graphstore.recommend.refresh import SnapshotRefresher
from graphstore.recommend.snapshot import CacheValidator, RequestContext, make_validator
from graphstore.recommend.user_context import UserContextReader

TRIES = 8
PAUSE_SECONDS = 0.01  # before the second try; before each next one as much more
AT_ONCE = 2  # one waits for Neo4j while the other computes


class ServingCache:
    """The cache of one process for one graph, shared by its threads.

    turns: limits rankings to AT_ONCE at a time; more contend for the GIL and lower throughput.
    page_size: changes of the graph that one poll reads of each list.
    """

    def __init__(self, client: Client, options: RecommendOptions = DEFAULT_OPTIONS, page_size: int = PAGE_SIZE) -> None:
        self.client = client
        self.options = options
        self.turns = threading.Semaphore(AT_ONCE)
        self._refresher = SnapshotRefresher(client, options, page_size)
        self._reader = UserContextReader(client, options)

    @property
    def number(self) -> int:
        """The number of the current snapshot; it rises with every reload."""
        return self._refresher.number

    @property
    def loading(self) -> bool:
        """Whether a snapshot is being loaded."""
        return self._refresher.loading

    def warm(self) -> None:
        """Load the snapshot unless it is loaded."""
        self._refresher.current()

    def validator(self, user_id: str) -> CacheValidator | None:
        """The validator of an answer for this user computed now; None where there is no such user. One statement."""
        found = self.client.read_once("recommend/check_user", user_id=user_id)
        return make_validator(found[0], self.number) if found else None

    def context(self, user_id: str, at: datetime | None = None, newcomers: bool = False) -> RequestContext | None:
        """The context of a request for this user, with the graph as it is now; None where there is no such user.

        at: take the user's events, interests and ties as of this moment. Items, their neighbours, vectors and
        popularity are those of now.  newcomers: a user who is not in the graph is one without anything.

        Raises:
            ChangesTooFast: the graph changed in each of TRIES attempts.
        """
        for number in range(TRIES):
            time.sleep(number * PAUSE_SECONDS)
            snapshot = self._refresher.current()
            personal = snapshot.personal
            user = personal.user(user_id)
            state = self._refresher.poll(snapshot, personal, user_id, user.version if user else -1)
            if state is None:
                continue
            if state["version"] is None:
                return self._reader.newcomer(snapshot, personal, user_id, state, at) if newcomers else None
            if state["context"]:
                user = self._reader.user_state(snapshot, state["version"], state["context"][0])
                personal.keep_user(user_id, user)
            if user is not None:
                if at is not None:
                    user = self._reader.user_state_at(snapshot, user_id, user.version, at)
                return self._reader.request_context(snapshot, personal, user_id, user, state, at)
        raise ChangesTooFast("The graph changes faster than it can be read; try again.")

    def discard(self, context: RequestContext, rows: Rows) -> None:
        """Never recommend these items again: they are no longer in the graph. rows: of the context's catalogue."""
        context.snapshot.remove_items(rows)
