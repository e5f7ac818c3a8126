"""Reasons: which channel explains a recommended item, by what is in memory.

A channel explains an item only where something of the user's own leads to it: an item that they did not rate low, an
interest, a person, an attribute, their vector. So nothing that speaks against an item is given as its reason.

Names: N items of the answer, C channels, D width.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from graphstore.arrays import Floats
from graphstore.ranking.blend import CHANNELS
from graphstore.ranking.corrections import INTERESTS, MAIN, shares
from graphstore.recommend.snapshot import RequestContext

Source = tuple[int, str]  # the user's item (a row of the catalogue) and the type of the relationship from it
POPULAR = CHANNELS.index("popular")
TYPES = ("SIMILAR_TO", "FOLLOWED_BY")
BY_RELATIONSHIP = ("similar", "transitions", "interests", "social", "attributes")
TYPES_OF = {"similar": TYPES[:1], "transitions": TYPES[1:], "embedding": TYPES}


@dataclass(frozen=True)
class Reason:
    """What explains an item (a row of the catalogue).

    channel: empty where none does.  source: what a path by SIMILAR_TO or FOLLOWED_BY leads through.
    similarity: the cosine of the vectors of user and item, for the channel embedding.
    person: for the channel social the user in between, and FOLLOWS or SIMILAR_TO.  people, of: how many of the users
    with such a tie have the item among their latest, and how many such users were looked at.
    pinned: for the channel interests, whether the item is about one that the user pinned.
    """

    row: int
    channel: str = ""
    source: Source | None = None
    similarity: float | None = None
    person: tuple[str, str] | None = None
    people: int | None = None
    of: int | None = None
    pinned: bool = False


def find_reasons(
    context: RequestContext, rows: Sequence[int], parts: Floats, channels: Collection[str]
) -> list[Reason]:
    """The reason of each item: the channel that adds most to its score, of those that can explain it.

    parts: (N, C) contributions of the channels.  channels: those that are on. One that adds less than to other
    candidates explains an item only if a relationship leads there, and no other does better. Of an item about a pinned
    interest, that interest is the reason before how popular it is, and before all where the item would not be listed
    without.
    """
    sources, pinned = _sources(context, rows), _pinned(context)
    totals = parts.sum(axis=1)
    found = []
    for place, row in enumerate(rows):
        order = np.argsort(-parts[place], kind="stable").tolist()
        if row in pinned:
            by_pin = totals[place] - parts[place, INTERESTS] < totals.min()
            best = 0 if by_pin else min(order.index(INTERESTS), order.index(POPULAR))
            order.remove(INTERESTS)
            order.insert(best, INTERESTS)
        on = [(CHANNELS[c], parts[place, c] >= 0) for c in order if CHANNELS[c] in channels]
        speaking = [channel for channel, adds in on if adds or channel in BY_RELATIONSHIP]
        spoken = (_reason(context, row, channel, sources[place]) for channel in speaking)
        reason = next((reason for reason in spoken if reason is not None), Reason(row))
        found.append(replace(reason, pinned=row in pinned and reason.channel == "interests"))
    return found


def _pinned(context: RequestContext) -> set[int]:
    """The items about an interest that the user pinned."""
    items, corrected = context.catalogue, context.features.corrected
    about = [shares(items.about, items.by_item, column) >= MAIN for column, how in corrected if how == "pin"]
    return set(np.flatnonzero(np.any(about, axis=0)).tolist()) if about else set()


def _reason(context: RequestContext, row: int, channel: str, sources: dict[str, tuple[float, int]]) -> Reason | None:
    user, items = context.features, context.catalogue
    if channel in TYPES_OF:
        edges = [(sources[sort], sort) for sort in TYPES_OF[channel] if sort in sources]
        best = max(edges, key=lambda edge: edge[0][0], default=None)  # of equals SIMILAR_TO
        source = (best[0][1], best[1]) if best else None
        if channel == "embedding":
            similarity = _cosine(context, row)
            return Reason(row, channel, source, similarity=similarity) if similarity and similarity > 0 else None
        return Reason(row, channel, source) if source else None
    if channel == "social":
        return _social(context, row)
    if channel == "interests":
        liked = [column for column, weight in user.interests if weight > 0]
        about = items.by_item.indices[items.by_item.indptr[row] : items.by_item.indptr[row + 1]]
        return Reason(row, channel) if np.isin(liked, about).any() else None
    if channel == "attributes":
        favoured = (items.favours.indices[slice(*items.favours.indptr[a : a + 2])] for a in user.attributes)
        return Reason(row, channel) if any((rows == row).any() for rows in favoured) else None
    return Reason(row, channel) if items.ever_popular[row] > -np.inf else None


def _cosine(context: RequestContext, row: int) -> float | None:
    vector, (item,) = context.features.vector, context.catalogue.vectors.rows([row])
    length = float(np.linalg.norm(vector) * np.linalg.norm(item))
    return float(vector @ item) / length if len(item) == len(vector) and length else None


def _social(context: RequestContext, row: int) -> Reason | None:
    """The followed user with the item among their latest; if none has it, the most similar user."""
    ties = list(zip(context.people, context.features.neighbours, strict=True))
    for sort, followed in (("FOLLOWS", 1.0), ("SIMILAR_TO", 0.0)):
        looked_at = [(user_id, rows, similarity) for user_id, (rows, tie, similarity) in ties if tie == followed]
        having = [(user_id, similarity) for user_id, rows, similarity in looked_at if (rows == row).any()]
        if having:
            person = max(having, key=lambda one: one[1])[0]  # of equals the first, as they are ordered
            return Reason(row, "social", person=(person, sort), people=len(having), of=len(looked_at))
    return None


def _sources(context: RequestContext, rows: Sequence[int]) -> list[dict[str, tuple[float, int]]]:
    """For each item, by type of relationship, the strongest edge from one of the user's recent items: strength, item.

    The strength is the one of the edge times the weight of the recent item. Items that the user rated low are no
    reason, though what is near them was a candidate.
    """
    edges, recent = context.features.edges, context.features.recent
    place_of = np.full(len(context.catalogue), -1)
    place_of[list(rows)] = np.arange(len(rows))
    fine = ~np.isin(recent, context.user.rated_low())
    edge = np.flatnonzero((place_of[edges.target] >= 0) & fine[edges.place])
    item, follows = place_of[edges.target[edge]], edges.follows[edge].astype(int)
    strength = context.features.weights.sum(axis=1)[edges.place[edge]] * (edges.score[edge] + edges.recent_score[edge])
    source = recent[edges.place[edge]]
    best: list[dict[str, tuple[float, int]]] = [{} for _ in rows]
    for n in np.lexsort((context.catalogue.order[source], -strength)).tolist():
        best[item[n]].setdefault(TYPES[follows[n]], (float(strength[n]), int(source[n])))
    return best
