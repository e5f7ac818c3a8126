"""Reasons: the largest parts of an item's score, up to NAMED of them, and the path through which the first one flows.

An item of the user is named alone only where it is both the largest part that an item of theirs has in the score, and
the one without which the score would fall most, by a MARGIN. What is left of their items is grouped by what these have
in common with the recommended one: each counts for one interest or attribute, chosen so that few names say most.
Neither alone nor in a group does anything count that the user did not like (`graphstore.recommend.reasons.liked`), nor
what adds only by lowering the score less than elsewhere.

Names: K items of the answer, C channels, O origins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from graphstore.arrays import Floats
from graphstore.database.client import Client
from graphstore.ranking.attribution import Attribution, attribute, with_corrections
from graphstore.ranking.blend import CHANNELS
from graphstore.ranking.leave_one_out import drops
from graphstore.ranking.request import Request
from graphstore.recommend.rank import Ranking
from graphstore.recommend.reasons.liked import liked_items
from graphstore.recommend.reasons.links import Link, link_of
from graphstore.recommend.reasons.parts import Part
from graphstore.recommend.reasons.tags import Tag, Tags, read_tags
from graphstore.recommend.snapshot import RequestContext

NAMED = 3
UNTAGGED: Tag = ("event", "")  # items of the user that have nothing in common with the item but their vectors
LEAST = 0.03  # of what speaks for an item; smaller parts are not named
MARGIN = 0.15  # of the fall without an item, by which it must exceed those without any other


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
    rows = ranking.rows.tolist()
    liked = liked_items(context.user.history, context.highest_rating)
    tags = read_tags(client, context, [*rows, *sorted(liked)]) if rows else {}
    reasons = _named(context, ranking, request, liked, tags)
    silent = [place for place, reason in enumerate(reasons) if not reason.named]
    if silent:
        from_zero = replace(ranking, pools=tuple(pool.from_zero() for pool in ranking.pools)).take(silent)
        for place, reason in zip(silent, _named(context, from_zero, request, liked, tags), strict=True):
            parts = reasons[place].rest
            named = tuple(replace(part, part=0.0, share=0.0) for part in reason.named)
            reasons[place] = replace(reason, named=named, rest=parts)
    return reasons


def _named(
    context: RequestContext, ranking: Ranking, request: Request, liked: frozenset[int], tags: Mapping[int, Tags]
) -> list[Reason]:
    user, items, rows = context.features, context.catalogue, ranking.rows
    history, readout = context.user.events(items.vectors), context.blend.readout
    found = attribute(items, user, history, readout, rows, ranking.pools, ranking.pool_of)
    if user.corrected:
        found = with_corrections(found, items, items.by_item, user.corrected, rows, ranking.parts)
    needed: dict[int, int | None] = {}
    for number, pool in enumerate(ranking.pools):
        own = np.flatnonzero(ranking.pool_of == number)
        names, falls = drops(items, user, history, readout, rows[own], pool, request.options)
        needed |= {place: _needed(names, falls[:, n]) for n, place in enumerate(own.tolist())}
    return [
        _Namer(context, found, place, row, liked, tags).reason(needed[place]) for place, row in enumerate(rows.tolist())
    ]


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
    far as it comes from what raises scores.  open: (O,) which may still be named.  groups: the origins that are named
    together: items of the user, and an interest itself, by what they share with the item.
    """

    def __init__(
        self,
        context: RequestContext,
        found: Attribution,
        place: int,
        row: int,
        liked: frozenset[int],
        tags: Mapping[int, Tags],
    ) -> None:
        self.context, self.row, self.tags = context, row, tags
        self.origins, self.by_channel = found.origins, found.parts[:, place]
        self.parts = self.by_channel.sum(axis=1)
        self.said = np.minimum(self.parts, np.maximum(found.spoken[:, place], 0.0))
        self.open = np.zeros(len(self.origins), dtype=bool)
        self.groups: dict[Tag, list[int]] = {}
        shared, wanted = tags[row].keys(), _liked_interests(context)
        attributes = list(context.catalogue.attributes)
        for number, (sort, key) in enumerate(self.origins):
            if sort == "event":
                own = (tags[key].keys() & shared or {UNTAGGED}) if key in liked else ()
            elif sort == "interest":
                own = {("interest", wanted[key])} & shared if key in wanted else ()
            else:
                own = {(sort, self._key(sort, key, attributes))}
            self.open[number] = bool(own)
            for tag in own:
                self.groups.setdefault(tag, []).append(number)

    def reason(self, needed: int | None) -> Reason:
        """needed: the item of the user that the score would fall most without."""
        named: list[Part] = []
        largest = self._largest()
        if largest is not None and self.origins[largest][1] == needed and self.open[largest] and self.said[largest] > 0:
            named.append(self._part("event", self.context.catalogue.ids[self.origins[largest][1]], [largest]))
        while len(named) < NAMED and (best := self._best()) is not None:
            named.append(self._part(*best))
        parts = [*named, *self._rest()]
        total = sum(max(part.part, 0.0) for part in parts) or 1.0
        parts = [replace(part, share=max(part.part, 0.0) / total) for part in parts]
        told = tuple(part for part in parts[: len(named)] if part.share >= LEAST)
        rest = tuple(part for part in parts if part not in told)
        link = next((link for part in told if (link := link_of(self.context, self.row, part, self.tags))), None)
        return Reason(self.row, told, rest, link)

    def _largest(self) -> int | None:
        """The item of the user with the largest part; of equals the first by id."""
        order = self.context.catalogue.order
        events = [n for n, (sort, _) in enumerate(self.origins) if sort == "event"]
        return max(events, key=lambda n: (self.parts[n], -order[self.origins[n][1]]), default=None)

    def _best(self) -> tuple[str, str | None, list[int]] | None:
        """The group with the largest part: kind, key and origins that may still be named."""
        best, most = None, 1e-9
        for (sort, key), numbers in sorted(self.groups.items()):
            left = [n for n in numbers if self.open[n]]
            part = float(self.said[left].sum())
            if part > most:
                best, most = (sort, key or None, left), part
        return best

    def _part(self, sort: str, key: str | None, numbers: list[int]) -> Part:
        """A named part, without its share; its origins are used up."""
        ordered = sorted(numbers, key=lambda n: -self.said[n])
        said = float(self.said[numbers].sum())
        channel = CHANNELS[int(self.by_channel[numbers].sum(axis=0).argmax())]
        liked = any(self.origins[n][0] == "interest" and self.said[n] > 0 for n in numbers)
        rows = tuple(self.origins[n][1] for n in ordered if self.origins[n][0] == "event")
        self.parts[numbers] -= self.said[numbers]
        self.open[numbers] = False
        return Part(sort, key, said, 0.0, channel, rows, liked)

    def _rest(self) -> list[Part]:
        """What is not named, by kind, without shares."""
        kinds: dict[str, float] = {}
        for (sort, _), part in zip(self.origins, self.parts.tolist(), strict=True):
            kinds[sort] = kinds.get(sort, 0.0) + part
        return [Part(sort, None, part, 0.0) for sort, part in kinds.items() if abs(part) > 1e-12]

    def _key(self, sort: str, key: int, attributes: Sequence[str]) -> str:
        if sort == "attribute":
            return attributes[key]
        if sort == "search":
            return self.context.user.searches[key][0]
        return self.context.people[key] if sort == "person" else ""


def _liked_interests(context: RequestContext) -> dict[int, str]:
    """The interests that the user likes or pinned, by column of `about`."""
    names, user = list(context.catalogue.interests), context.features
    columns = [column for column, weight in user.interests if weight > 0]
    columns += [column for column, how in user.corrected if how == "pin"]
    return {column: names[column] for column in columns}
