"""Explanation paths: nodes and relationships from a user to each recommended item.

The edges in memory decide which relationship a path shows; its titles and properties are read from the graph and
cached, the first hop (user to item) with the user's state, the last hop (item to item) in `PersonalCaches.hops`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphstore.database.client import Client
from graphstore.ranking.request import Request
from graphstore.recommend.explanation import plain
from graphstore.recommend.snapshot import RequestContext

Map = dict[str, Any]
Source = tuple[int, str]  # the user's item (a row of the catalogue) and the type of the relationship from it
NEVER_CACHED = ("interests", "social", "attributes")  # channels
TYPES = ("SIMILAR_TO", "FOLLOWED_BY")
TYPES_OF = {"similar": (True, False), "transitions": (False, True), "embedding": (True, True)}


def read_paths(
    client: Client, context: RequestContext, rows: Sequence[int], channels: Sequence[str], request: Request
) -> list[Map | None]:
    """For each item (a row of the catalogue) its title, nodes and hops; None for one that is no longer in the graph.

    channels: the channel that explains each item, empty for none. Cached hops are used while neither the user nor the
    item changed; without any other no statement is run.
    """
    items = context.catalogue
    sources = _sources(context, rows, channels)
    cached = [_cached(context, row, source) for row, source in zip(rows, sources, strict=True)]
    wanted = {}
    for place, (row, channel, source) in enumerate(zip(rows, channels, sources, strict=True)):
        if channel in NEVER_CACHED or (source and cached[place] is None):
            via = {"source": items.ids[source[0]], "type": source[1]} if source else {}
            wanted[place] = {"item_id": items.ids[row], "channel": channel, **via}
    paths: list[Map | None] = [None] * len(rows)
    for place in range(len(rows)):
        if place not in wanted:
            paths[place] = _path(context, rows[place], items.titles[rows[place]], *cached[place] or (None, None))
    places = list(wanted)
    for number, title, nodes, hops in _read(client, context, list(wanted.values()), request) if wanted else ():
        place, (nodes, hops) = places[number], plain((nodes, hops))
        source = sources[place]
        if source and nodes:
            context.user.first_hops[source[0]] = (nodes[0], hops[0])
            context.personal.hops(source[0])[_key(context, rows[place], source)] = (nodes[1], hops[1])
        paths[place] = _path(context, rows[place], title, nodes, hops)
    return paths


def _read(client: Client, context: RequestContext, rows: list[Map], request: Request) -> Any:
    found = client.read_once(
        "recommend/explain_items",
        user_id=context.user_id,
        rows=rows,
        unwanted=request.unwanted,
        people=request.options.fan_out,
        at=context.at,
    )
    return found[0]["items"]


def _path(context: RequestContext, row: int, title: str | None, nodes: list[Map] | None, hops: list[Map] | None) -> Map:
    end = {"label": "Item", "key": context.catalogue.ids[row], "title": title}
    return {"title": title, "nodes": [*nodes, end] if nodes else None, "hops": hops}


def _sources(context: RequestContext, rows: Sequence[int], channels: Sequence[str]) -> list[Source | None]:
    """For each item the strongest edge that leads to it from one of the user's recent items; None without one.

    The strength is the one of the edge times the weight of the recent item. An item found by its embedding takes
    either type of relationship.
    """
    edges, recent = context.features.edges, context.features.recent
    place_of = np.full(len(context.catalogue), -1)
    place_of[list(rows)] = np.arange(len(rows))
    wanted = np.array([TYPES_OF.get(channel, (False, False)) for channel in channels], dtype=bool).reshape(-1, 2)
    edge = np.flatnonzero(place_of[edges.target] >= 0)
    item, follows = place_of[edges.target[edge]], edges.follows[edge].astype(int)
    fits = wanted[item, follows]
    edge, item, follows = edge[fits], item[fits], follows[fits]
    strength = context.features.weights.sum(axis=1)[edges.place[edge]] * (edges.score[edge] + edges.recent_score[edge])
    source = recent[edges.place[edge]]
    best: list[Source | None] = [None] * len(rows)
    order = np.lexsort((follows, context.catalogue.order[source], -strength, item))
    for n in order[np.unique(item[order], return_index=True)[1]].tolist():
        best[item[n]] = int(source[n]), TYPES[follows[n]]
    return best


def _cached(context: RequestContext, row: int, source: Source | None) -> tuple[list[Map], list[Map]] | None:
    """Nodes and hops of a cached path without the item at its end; None unless both hops are cached."""
    first = context.user.first_hops.get(source[0]) if source else None
    last = context.personal.hops(source[0]).get(_key(context, row, source)) if source and first else None
    if first is None or last is None:
        return None
    return [first[0], last[0]], [first[1], last[1]]


def _key(context: RequestContext, row: int, source: Source) -> tuple[Any, ...]:
    """The cache key of a last hop: it changes with the version and the edges of the item that the hop starts from."""
    items = context.catalogue
    return row, source[1], int(items.version[source[0]]), int(items.change[source[0]])
