"""Links: through which relationships of the graph a part of a score flows from the user to the item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphstore.arrays import Rows
from graphstore.ranking.candidates import UserFeatures
from graphstore.recommend.reasons.parts import Part
from graphstore.recommend.reasons.tags import Common, Tag
from graphstore.recommend.snapshot import RequestContext

TYPES = ("SIMILAR_TO", "FOLLOWED_BY")
BY_TYPE = ("similar", "transitions")  # channels


@dataclass(frozen=True)
class Link:
    """A path from the user to an item.

    source: an item of the user's (a row of the catalogue) that it leads through.  type: of the relationship from there
    to the item.  tag: what lies between: what the source, or the user where there is none, has in common with the item.
    person: the user in between, and FOLLOWS or SIMILAR_TO.  search: the text of the query in between.
    """

    source: int | None = None
    type: str | None = None
    tag: Tag | None = None
    person: tuple[str, str] | None = None
    search: str | None = None


def link_of(context: RequestContext, row: int, part: Part, common: Common, shown: int) -> Link | None:
    """The path of a named part; None where no relationship leads to the item.

    row, shown: the item, a row of the catalogue and a place in `common`.
    """
    if part.origin == "event":
        return _through_item(context, row, part, common, shown)
    if part.origin == "interest" and part.liked and part.channel == "interests":
        return Link(tag=("interest", str(part.key)))
    if part.origin in ("interest", "attribute") and part.items:
        return Link(part.items[0], tag=(part.origin, str(part.key)))
    if part.origin in ("interest", "attribute"):
        return Link(tag=(part.origin, str(part.key)))
    if part.origin == "search":
        return Link(search=part.key)
    if part.origin in ("person", "people"):
        return _through_person(context, row, part)
    return None


def _through_item(context: RequestContext, row: int, part: Part, common: Common, shown: int) -> Link | None:
    """By the relationship of the part's channel from the one item to the other, the strongest for other channels; where
    there is none, by what both have in common."""
    edges, features, source = context.features.edges, context.features, part.items[0]
    edge = _edges_between(features, source, row)
    if len(edge):
        preferred = edges.follows[edge] == (part.channel == "transitions") if part.channel in BY_TYPE else 0
        strongest = edge[np.lexsort((edges.score[edge] + edges.recent_score[edge], preferred * np.ones(len(edge))))[-1]]
        return Link(source, TYPES[int(edges.follows[strongest])])
    own = int(np.flatnonzero(common.rows == source)[0])
    shared = np.flatnonzero(common.own[own] & common.shown[shown])
    if not len(shared):
        return None
    weight = common.own_weight[own, shared] * common.shown_weight[shown, shared]
    return Link(source, tag=common.tags[shared[int(weight.argmax())]])


def _edges_between(features: UserFeatures, source: int, row: int) -> Rows:
    """Which of the edges from the recent items lead from this one to that item."""
    place = np.flatnonzero(features.recent == source)[:1]
    first, last = np.searchsorted(features.edges.place, [place, place + 1]).ravel().tolist() if len(place) else (0, 0)
    return first + np.flatnonzero(features.edges.target[first:last] == row)


def _through_person(context: RequestContext, row: int, part: Part) -> Link | None:
    """By the named user, or by the most similar one that has the item among their latest."""
    if part.origin == "person":
        return Link(person=(str(part.key), "FOLLOWS"))
    having = [n for n in context.features.neighbours_with(row).tolist() if not context.features.neighbours[n][1]]
    most = max(having, key=lambda n: context.features.neighbours[n][2], default=None)
    return Link(person=(context.people[most], "SIMILAR_TO")) if most is not None else None
