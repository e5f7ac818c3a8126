"""Choosers: who chose an item and when, for the numbers of people that reasons state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from graphstore.arrays import Floats
from graphstore.database.client import Client
from graphstore.ranking.request import Request
from graphstore.recommend.snapshot import RequestContext

MOST = 2_000  # events of an item; of one with more, people are not counted
NO_LIMIT = 2**31


@dataclass(frozen=True)
class Choosers:
    """The people who chose an item, N of them.

    last: (N,) when each of them last did, ms since 1970; -inf where no time is known.
    """

    last: Floats

    @classmethod
    def of(cls, users: Sequence[str], millis: Sequence[float]) -> Choosers:
        """From columns of events. millis: NaN where unknown."""
        number = {user_id: place for place, user_id in enumerate(dict.fromkeys(users))}
        last = np.full(len(number), -np.inf)
        np.fmax.at(last, [number[user_id] for user_id in users], np.asarray(millis, dtype=float))
        return cls(last)

    def __len__(self) -> int:
        return len(self.last)

    def count_between(self, since: datetime, until: datetime) -> int:
        """How many of these last chose it after the one moment and not after the other."""
        return int(((self.last > 1000 * since.timestamp()) & (self.last <= 1000 * until.timestamp())).sum())


def read_choosers(
    client: Client, context: RequestContext, rows: Iterable[int], request: Request
) -> Mapping[int, Choosers | int]:
    """Who chose these items (rows of the catalogue), from memory while an item is at the same version; how many
    events an item has with more than MOST. As of a moment: who chose it up to then, however many, read anew."""
    items = context.catalogue
    found: dict[int, Choosers | int] = {}
    for row in set(rows):
        held = context.personal.choosers(row) if context.at is None else None
        if held is not None and held[0] == items.version[row]:
            found[row] = held[1]
    missing = [row for row in set(rows) if row not in found]
    if missing:
        most = MOST if context.at is None else NO_LIMIT
        read = client.read_once(
            "recommend/reasons/read_choosers",
            item_ids=[items.ids[row] for row in missing],
            unwanted=request.unwanted,
            most=most + 1,
            at=context.at,
        )
        columns = {one["item_id"]: one for one in read}
        for row in missing:
            one = columns.get(items.ids[row], {"users": [], "millis": [], "times": 0})
            few = len(one["users"]) <= most
            found[row] = Choosers.of(one["users"], one["millis"]) if few else one["times"]
            if context.at is None:
                context.personal.keep_choosers(row, int(items.version[row]), found[row])
    return found


def window(context: RequestContext) -> tuple[datetime | None, int]:
    """The end and the length in days of the time in which a choice is recent: a half-life of popularity, up to the
    moment that was asked for or else the latest event that is known."""
    return context.at or context.latest, max(1, round(context.snapshot.half_life))


def count_people(
    client: Client, context: RequestContext, rows: Sequence[int], request: Request
) -> dict[int, dict[str, int]]:
    """For each of these items (rows of the catalogue) how many people chose it: ever and recent (in the `window`); of
    an item with too many to count: times (its events)."""
    until, days = window(context)
    since = until - timedelta(days=days) if until else None
    counts: dict[int, dict[str, int]] = {}
    for row, found in (read_choosers(client, context, rows, request) if rows else {}).items():
        if isinstance(found, int):
            counts[row] = {"times": found}
        else:
            recent = found.count_between(since, until) if since and until else 0
            counts[row] = {"ever": len(found), "recent": recent}
    return counts
