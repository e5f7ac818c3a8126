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
from functools import partial

import numpy as np

from graphstore.arrays import Floats
from graphstore.database.client import Client
from graphstore.ranking.attribution import Attribution, attribute, with_corrections
from graphstore.ranking.blend import weights_for
from graphstore.ranking.history import History
from graphstore.ranking.leave_one_out import drops
from graphstore.ranking.pool import Pool, with_factors
from graphstore.ranking.request import Request
from graphstore.recommend.rank import Ranking
from graphstore.recommend.reasons.groups import Groups
from graphstore.recommend.reasons.liked import liked_items
from graphstore.recommend.reasons.links import Link, link_of
from graphstore.recommend.reasons.naming import Naming
from graphstore.recommend.reasons.parts import Part
from graphstore.recommend.reasons.tags import Common, read_common
from graphstore.recommend.snapshot import RequestContext

LEAST = 0.03  # of what speaks for an item; smaller parts are not named
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
    common = read_common(client, context, ranking.rows, np.array(sorted(fine), dtype=np.int64))
    history = context.user.events(context.catalogue.vectors)
    reasons = _named(context, history, ranking, request, common, range(len(ranking.rows)))
    silent = [
        place
        for place, reason in enumerate(reasons)
        if not reason.named and not any(part.part > 0 for part in reason.rest)
    ]
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
    found = attribute(items, user, history, context.blend.readout, rows, ranking.pools, ranking.pool_of)
    if user.corrected:
        found = with_corrections(found, items, items.by_item, user.corrected, rows, ranking.parts)
    for n, (sort, key) in enumerate(found.origins):
        if sort == "person" and context.middling[key]:
            found.spoken[n, [row in context.middling[key] for row in rows.tolist()]] = 0.0
    groups = Groups.of(context, found, common)
    naming = Naming(found, groups, common.shown[list(shown)])
    alone = _needed_items(context, history, found, naming, request)
    if alone:
        places, origins = (np.array(column) for column in zip(*alone, strict=True))
        naming.name_alone(places, origins, [items.ids[row] for row in groups.rows[origins].tolist()])
    naming.name_largest()
    return [
        _reason(context, common, row, place, naming.named[n], rest)
        for n, (row, place, rest) in enumerate(zip(rows.tolist(), shown, naming.rest(), strict=True))
    ]


def _needed_items(
    context: RequestContext, history: History, found: Attribution, naming: Naming, request: Request
) -> list[tuple[int, int]]:
    """Items of the answer with the item of the user (an origin) that has the largest part, where it may be named and
    the score would fall most without it."""
    rows = naming.groups.rows
    largest, rivals = naming.largest_items(context.catalogue.order[rows[naming.groups.events]])
    needed = []
    for shown, places in zip(found.shown, found.places, strict=True):
        own = np.flatnonzero(largest[places] >= 0)
        if len(own):
            of = set(rows[rivals[places[own]]].ravel().tolist())
            readout, options = context.blend.readout, request.options
            weights_of = partial(_weights_of, context, request, shown.pool)
            names, fall = drops(context.features, history, readout, shown.take(own), options, of, weights_of)
            pairs = zip(places[own].tolist(), most_needed(names, fall), strict=True)
            needed += [(place, int(largest[place])) for place, item in pairs if item == rows[largest[place]]]
    return needed


def _weights_of(context: RequestContext, request: Request, pool: Pool, events: int) -> Floats:
    """(F,) of the signals of a pool for a history of so many events. Pools that no blend weighs have their own."""
    weights = context.blend.weights_of(events)
    if not pool.always or weights is context.blend.weights_of(len(context.user.history.item_ids)):
        return pool.weights
    return with_factors(weights_for(weights, pool.signals, request.wanted), request.channels)


def most_needed(names: Sequence[int], fall: Floats) -> list[int | None]:
    """For each of K items the one of the user without which the score would fall most; None where another one comes
    close.

    names, fall: as `drops` returns them.
    """
    if not len(names):
        return [None] * fall.shape[1]
    order = np.argsort(-fall, axis=0, kind="stable")
    most = np.take_along_axis(fall, order[:1], axis=0)[0]
    second = np.take_along_axis(fall, order[1:2], axis=0)[0] if len(names) > 1 else 0.0
    clear = (most > 0) & (second <= (1 - MARGIN) * most)
    return [names[n] if told else None for n, told in zip(order[0].tolist(), clear.tolist(), strict=True)]


def _reason(
    context: RequestContext, common: Common, row: int, shown: int, named: list[Part], rest: list[Part]
) -> Reason:
    """Of an item, with shares; named parts below LEAST go to the rest.  shown: its place in `common`."""
    parts = [*named, *rest]
    total = sum(max(part.part, 0.0) for part in parts) or 1.0
    for part in parts:
        part.share = max(part.part, 0.0) / total
    told = tuple(sorted((one for one in named if one.share >= LEAST), key=lambda one: -one.share))
    links = (link_of(context, row, part, common, shown) for part in told)
    left = tuple(part for part in named if part.share < LEAST) + tuple(rest)
    return Reason(row, told, left, next((link for link in links if link), None))
