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
    """The reason of each item of a ranking."""
    if not len(ranking.rows):
        return []
    user, items = context.features, context.catalogue
    history, readout = context.user.events(items.vectors), context.blend.readout
    found = attribute(items, user, history, readout, ranking.rows, ranking.pools, ranking.pool_of)
    if user.corrected:
        found = with_corrections(found, items, items.by_item, user.corrected, ranking.rows, ranking.parts)
    liked = liked_items(history, context.highest_rating)
    fall: dict[int, Floats] = {}
    for number, pool in enumerate(ranking.pools):
        own = np.flatnonzero(ranking.pool_of == number)
        names, falls = drops(items, user, history, readout, ranking.rows[own], pool, request.options)
        fall |= {place: falls[:, n] for n, place in enumerate(own.tolist())}
    tags = read_tags(client, context, [*ranking.rows.tolist(), *sorted(liked)])
    return [
        _Namer(context, found, place, int(row), liked, tags).reason(_needed(names, fall[place]))
        for place, row in enumerate(ranking.rows.tolist())
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

    parts: (O,) of the score, what is not named yet.  said: (O,) what may be said to come from each origin: its part if
    that speaks against the item, or as far as it comes from what raises scores; 0 where nothing may be said.
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
        weights = dict(context.features.interests)
        pinned = {column for column, how in context.features.corrected if how == "pin"}
        self.open = np.zeros(len(self.origins), dtype=bool)  # which may still be named
        names = list(context.catalogue.interests), list(context.catalogue.attributes)
        self.groups: dict[Tag, list[int]] = {}
        for number, (sort, key) in enumerate(self.origins):
            if sort == "event" and key in liked:
                found_tags = self.tags[key].keys() & self.tags[row].keys()
            elif sort == "interest" and (weights.get(key, 0.0) > 0 or key in pinned):
                found_tags = {("interest", names[0][key])} & self.tags[row].keys()
            elif sort in ("event", "interest"):
                continue
            else:
                found_tags = {(sort, self._key(sort, key, names[1]))}
            self.open[number] = sort == "event" or bool(found_tags)
            for tag in found_tags:
                self.groups.setdefault(tag, []).append(number)

    def reason(self, needed: int | None) -> Reason:
        """needed: the item of the user that the score would fall most without."""
        named: list[Part] = []
        events = [n for n, (sort, _) in enumerate(self.origins) if sort == "event"]
        largest = max(events, key=lambda n: self.parts[n], default=None)
        if largest is not None and self.origins[largest][1] == needed and self.open[largest] and self.said[largest] > 0:
            named.append(self._part("event", self.context.catalogue.ids[needed], [largest]))
        while len(named) < NAMED and (best := self._best()) is not None:
            named.append(self._part(*best))
        rest = self._rest()
        total = sum(max(part.part, 0.0) for part in (*named, *rest)) or 1.0
        shared = [replace(part, share=max(part.part, 0.0) / total) for part in (*named, *rest)]
        told = tuple(part for part in shared[: len(named)] if part.share >= LEAST)
        link = next((link for part in told if (link := link_of(self.context, self.row, part, self.tags))), None)
        return Reason(
            self.row,
            told,
            tuple(shared[len(named) :]) + tuple(p for p in shared[: len(named)] if p.share < LEAST),
            link,
        )

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
