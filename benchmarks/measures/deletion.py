"""Deletion: what a user would be recommended if they had never done anything with one of their items.

The context of the request is made of the user's events as the graph holds them, without those on that item; a test
compares the answer with that of a graph from which the relationships were deleted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from neo4j.time import DateTime

from graphstore.database.client import Client
from graphstore.feedback import ABOVE, unwanted_types
from graphstore.ranking.request import Request
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.rank import best_candidates
from graphstore.recommend.snapshot import RequestContext
from graphstore.recommend.user_context import UserContextReader

SPARE = 100  # events beyond those that serving reads, which take the place of deleted ones
BY_EVENT = ("item_ids", "types", "millis", "values")


class Deletions:
    """One user, and the requests of that user without one item each."""

    def __init__(self, client: Client, cache: ServingCache, context: RequestContext) -> None:
        self._context, self._options = context, cache.options
        self._reader = UserContextReader(client, cache.options)
        snapshot = context.snapshot
        self._state = client.read_once(
            "recommend/read_state",
            user_id=context.user_id,
            held=-1,
            seq=snapshot.position.seq,
            since=2**52,
            most=0,
            model=snapshot.model,
            events=cache.options.events + SPARE,
            people=cache.options.fan_out,
            unwanted=unwanted_types(client.kinds),
            above=ABOVE,
        )[0]
        self._columns = self._state["context"][0]

    def without(self, item_id: str | None) -> RequestContext:
        """The context without the events on an item."""
        kept = [n for n, other in enumerate(self._columns["item_ids"]) if other != item_id]
        columns: dict[str, Any] = {name: [self._columns[name][n] for n in kept] for name in BY_EVENT}
        times = [millis for millis in columns["millis"] if not np.isnan(millis)]
        latest = DateTime.from_native(datetime.fromtimestamp(max(times) / 1000, UTC)) if times else None
        columns = {name: column[: self._options.events] for name, column in columns.items()}
        seen = [other for other in self._columns["seen"] if other != item_id]
        snapshot, version = self._context.snapshot, self._context.user.version
        state = self._reader.user_state(snapshot, version, {**self._columns, **columns, "seen": seen, "latest": latest})
        return self._reader.request_context(
            snapshot, self._context.personal, self._context.user_id, state, self._state, None
        )

    def scores(self, item_id: str | None, request: Request, k: int) -> dict[int, float]:
        """The score of each candidate (a row of the catalogue) without the events on an item."""
        ranking = best_candidates(self.without(item_id), request, k, 2**31)
        return dict(zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True))
