"""Choosers: who chose an item and when, for the numbers of people that reasons state."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Floats
from graphstore.database.client import Client
from graphstore.ranking.request import Request
from graphstore.recommend.reasons.reason import Reason
from graphstore.recommend.snapshot import RequestContext

MOST = 2_000  # events of an item; of one with more, people are not counted
NO_LIMIT = 2**31


@dataclass(frozen=True)
class Choosers:
    """The people who chose an item, N of them.

    users: (N,) a hash of each one's id, ascending.  first, last: (N,) when they first and last did, ms since 1970; inf
    and -inf where no time is known.
    """

    users: NDArray[np.int64]
    first: Floats
    last: Floats

    @classmethod
    def of(cls, users: Sequence[str], millis: Sequence[float]) -> Choosers:
        """From columns of events. millis: NaN where unknown."""
        hashes, place = np.unique(np.fromiter(map(hash, users), np.int64, len(users)), return_inverse=True)
        first, last = np.full(len(hashes), np.inf), np.full(len(hashes), -np.inf)
        np.fmin.at(first, place, np.asarray(millis, dtype=float))
        np.fmax.at(last, place, np.asarray(millis, dtype=float))
        return cls(hashes, first, last)

    def __len__(self) -> int:
        return len(self.users)

    def count_others(self, user_id: str) -> int:
        """How many people other than this one."""
        return len(self) - int((self.users == hash(user_id)).any())

    def count_between(self, since: datetime, until: datetime) -> int:
        """How many of these last chose it after the one moment and not after the other."""
        return int(((self.last > 1000 * since.timestamp()) & (self.last <= 1000 * until.timestamp())).sum())

    def count_with(self, other: Choosers) -> tuple[int, int]:
        """How many of these people chose the other item as well, and how many of them did so after this one."""
        if not len(other):
            return 0, 0
        place = np.minimum(np.searchsorted(other.users, self.users), len(other) - 1)
        both = other.users[place] == self.users
        return int(both.sum()), int((self.first[both] < other.last[place[both]]).sum())


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
    client: Client, context: RequestContext, reasons: Sequence[Reason], request: Request, counted: Collection[int] = ()
) -> list[dict[str, int]]:
    """For each reason the numbers of people that it may state; empty where there are none, or too many to count.

    counted: rows of the catalogue whose people are counted whatever the reason.
    With a source: of (who else chose it), people (who of these chose the item), later (who of these did so after it).
    Where these are 0, for the channel popular or none, and for the rows of `counted`: ever and recent (who chose the
    item, and in the `window`). Of an item with too many: times (its events).
    """
    needed = [one for one in reasons if one.source is not None or one.channel in ("popular", "") or one.row in counted]
    rows = [row for reason in needed for row in (reason.row, *(reason.source or ())[:1]) if isinstance(row, int)]
    choosers = read_choosers(client, context, rows, request) if rows else {}
    until, days = window(context)
    counts: list[dict[str, int]] = []
    for reason in reasons:
        of_item = choosers.get(reason.row)
        found: dict[str, int] = {}
        if reason.source is not None and isinstance(of_item, Choosers):
            source = choosers[reason.source[0]]
            if isinstance(source, Choosers):
                people, later = source.count_with(of_item)
                found = {"of": source.count_others(context.user_id), "people": people, "later": later}
        if isinstance(of_item, int):
            found = {"times": of_item}
        elif of_item is not None and (
            reason.row in counted or (not found.get("people") and (reason.source is None or found))
        ):
            since = until - timedelta(days=days) if until else None
            recent = of_item.count_between(since, until) if since and until else 0
            found |= {"ever": len(of_item), "recent": recent}
        counts.append(found)
    return counts
