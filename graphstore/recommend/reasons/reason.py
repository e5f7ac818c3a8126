"""Reasons: the largest parts of an item's score, up to NAMED of them, and the path through which the first one flows.

An item of the user is named alone only where it is both the largest part that an item of theirs has in the score, and
the one without which the score would fall most, by a MARGIN. What is left of their items is grouped by what these have
in common with the recommended one: each counts for one interest or attribute, chosen so that few names say most.
Neither alone nor in a group does anything count that the user did not like (`graphstore.recommend.reasons.liked`), nor
what adds only by lowering the score less than elsewhere.

Names: K items of the answer, C channels, O origins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from graphstore.arrays import Floats, Rows
from graphstore.database.client import Client
from graphstore.ranking.attribution import Attribution, attribute, with_corrections
from graphstore.ranking.blend import CHANNELS
from graphstore.ranking.history import History
from graphstore.ranking.leave_one_out import drops
from graphstore.ranking.request import Request
from graphstore.recommend.rank import Ranking
from graphstore.recommend.reasons.groups import Groups
from graphstore.recommend.reasons.liked import liked_items
from graphstore.recommend.reasons.links import Link, link_of
from graphstore.recommend.reasons.parts import Part
from graphstore.recommend.reasons.tags import Common, read_common
from graphstore.recommend.snapshot import RequestContext

NAMED = 3
LEAST = 0.03  # of what speaks for an item; smaller parts are not named
RIVALS = 8
MARGIN = 0.4  # of the fall without an item, by which it must exceed those without any other


@dataclass(frozen=True)
class Reason:
    """Why an item (a row of the catalogue) is recommended.

    named: the largest parts.  rest: the others, by kind. Together they are the score.  link: the path of the first part
    that has one.
    """

    row: int
    named: tuple[Part, ...] = ()
    rest: tuple[Part, ...] = ()
    link: Link | None = None

    @property
    def channel(self) -> str | None:
        """The channel of the leading part."""
        return self.named[0].channel if self.named else None


def find_reasons(client: Client, context: RequestContext, ranking: Ranking, request: Request) -> list[Reason]:
    """The reason of each item of a ranking.

    Where no part speaks for an item, as where it is below the mean of the candidates or the only one, what is said of
    it is counted from 0 and has no share.
    """
    if not len(ranking.rows):
        return []
    fine = liked_items(context.user.history, context.highest_rating) - context.user.against
    liked = np.array(sorted(fine), dtype=np.int64)
    common = read_common(client, context, ranking.rows, liked)
    history = context.user.events(context.catalogue.vectors)
    reasons = _named(context, history, ranking, request, common, range(len(ranking.rows)))
    silent = [place for place, reason in enumerate(reasons) if not reason.named]
    if silent:
        from_zero = replace(ranking, pools=tuple(pool.from_zero() for pool in ranking.pools)).take(silent)
        for place, reason in zip(silent, _named(context, history, from_zero, request, common, silent), strict=True):
            named = tuple(replace(part, part=0.0, share=0.0) for part in reason.named)
            reasons[place] = replace(reason, named=named, rest=reasons[place].rest)
    return reasons


def _named(
    context: RequestContext,
    history: History,
    ranking: Ranking,
    request: Request,
    common: Common,
    shown: Sequence[int],
) -> list[Reason]:
    """history: of the user, with vectors.  shown: (K,) the places of the items among those of `common`."""
    user, items, rows = context.features, context.catalogue, ranking.rows
    readout = context.blend.readout
    found = attribute(items, user, history, readout, rows, ranking.pools, ranking.pool_of)
    if user.corrected:
        found = with_corrections(found, items, items.by_item, user.corrected, rows, ranking.parts)
    groups = Groups.of(context, found, common)
    namers = [_Namer(context, found, groups, row, place, shown[place]) for place, row in enumerate(rows.tolist())]
    needed: dict[int, int | None] = {}
    for number, pool in enumerate(ranking.pools):
        own = np.array([n for n in np.flatnonzero(ranking.pool_of == number).tolist() if namers[n].nameable], dtype=int)
        if len(own):
            rivals = {row for n in own.tolist() for row in namers[n].rivals()}
            names, falls = drops(items, user, history, readout, rows[own], pool, request.options, rivals)
            needed |= {place: _needed(names, falls[:, n]) for n, place in enumerate(own.tolist())}
    return [namer.reason(needed.get(place)) for place, namer in enumerate(namers)]


def _needed(names: Sequence[int], fall: Floats) -> int | None:
    """The item of the user without which the score would fall most; None where another one comes close."""
    if not len(names):
        return None
    order = np.argsort(-fall, kind="stable")
    most, next_one = float(fall[order[0]]), float(fall[order[1]]) if len(order) > 1 else 0.0
    return names[order[0]] if most > 0 and next_one <= (1 - MARGIN) * most else None


class _Namer:
    """Names the parts of one item.

    parts: (O,) of the score, what is not named yet.  said: (O,) what may be said to come from each origin: its part, as
    far as it comes from what raises scores.  groups: (G, O) the origins that are named together, for this item.
    """

    def __init__(
        self, context: RequestContext, found: Attribution, groups: Groups, row: int, place: int, shown: int
    ) -> None:
        self.context, self.common, self.row, self.shown = context, groups.common, row, shown
        self.origins, self.names = found.origins, groups.names
        self.events, self.liked = groups.events, groups.liked
        self.sorts, self.sort_of = groups.sorts, groups.sort_of
        self.by_channel = found.parts[:, place]
        self.parts = self.by_channel.sum(axis=1)
        self.said = np.minimum(self.parts, np.maximum(found.spoken[:, place], 0.0))
        self.groups = groups.of_item(shown)
        self.largest = self._largest()
        # Whether the item of the user with the largest part may be named, if the score falls most without it.
        self.nameable = self.largest is not None and self.said[self.largest] > 0 and bool(self.liked[self.largest])

    def rivals(self) -> list[int]:
        """The user's items with the largest parts, RIVALS at most: without others the score falls less."""
        best = self.events[np.argsort(-self.parts[self.events], kind="stable")[:RIVALS]]
        return [self.origins[n][1] for n in best.tolist()]

    def reason(self, needed: int | None) -> Reason:
        """needed: the item of the user that the score would fall most without."""
        named: list[Part] = []
        if self.nameable and self.largest is not None and self.origins[self.largest][1] == needed:
            named.append(
                self._part("event", self.context.catalogue.ids[self.origins[self.largest][1]], np.array([self.largest]))
            )
        while len(named) < NAMED:
            sums = self.groups @ self.said
            best = int(sums.argmax())
            if sums[best] <= 1e-9:
                break
            named.append(self._part(*self.names[best], np.flatnonzero(self.groups[best])))
        parts = [*named, *self._rest()]
        total = sum(max(part.part, 0.0) for part in parts) or 1.0
        for part in parts:
            part.share = max(part.part, 0.0) / total
        told = tuple(sorted((one for one in parts[: len(named)] if one.share >= LEAST), key=lambda one: -one.share))
        links = (link_of(self.context, self.row, part, self.common, self.shown) for part in told)
        return Reason(
            self.row,
            told,
            tuple(part for part in parts if part not in told),
            next((link for link in links if link), None),
        )

    def _largest(self) -> int | None:
        """The item of the user with the largest part; of equals the first by id."""
        if not len(self.events):
            return None
        parts, order = self.parts[self.events], self.context.catalogue.order
        equal = self.events[parts >= parts.max()].tolist()
        return min(equal, key=lambda n: order[self.origins[n][1]])

    def _part(self, sort: str, key: str | None, numbers: Rows) -> Part:
        """A named part, without its share; its origins are used up."""
        said = self.said[numbers]
        channel = CHANNELS[int(self.by_channel[numbers].sum(axis=0).argmax())]
        own = [(self.origins[n], part) for n, part in zip(numbers.tolist(), said.tolist(), strict=True)]
        liked = any(origin[0] == "interest" and part > 0 for origin, part in own)
        rows = [origin[1] for origin, _ in sorted(own, key=lambda one: -one[1]) if origin[0] == "event"]
        self.parts[numbers] -= said
        self.groups[:, numbers] = False
        return Part(sort, key, float(said.sum()), 0.0, channel, tuple(rows), liked)

    def _rest(self) -> list[Part]:
        """What is not named, by kind, without shares."""
        sums = np.bincount(self.sort_of, self.parts, len(self.sorts)).tolist()
        return [Part(sort, None, part, 0.0) for sort, part in zip(self.sorts, sums, strict=True) if abs(part) > 1e-12]
