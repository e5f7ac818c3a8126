"""The paths behind recommended items: which to show is told by what is in memory, what stands on it by the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphstore.database.client import Client
from graphstore.ranking.request import Request
from graphstore.recommend.explanation import plain
from graphstore.recommend.snapshot import RequestContext

Map = dict[str, Any]
ASKED_FOR = ("interests", "social", "attributes")
TYPES = ("SIMILAR_TO", "FOLLOWED_BY")
TYPES_OF = {"similar": (True, False), "transitions": (False, True), "embedding": (True, True)}


def read_paths(
    client: Client, known: RequestContext, rows: Sequence[int], channels: Sequence[str], request: Request
) -> list[Map | None]:
    """Title, nodes and hops of items (rows of the catalogue), None for one that is no longer in the graph.

    channels: by which each is to be explained, empty for not at all. What an earlier answer read of a relationship is
    taken from memory, which lets it go when the item or the user changes; without anything new nothing is asked.
    """
    items = known.catalogue
    sources = _sources(known, rows, channels)
    held = [_held(known, row, source) for row, source in zip(rows, sources, strict=True)]
    asked = {}
    for place, (row, channel, source) in enumerate(zip(rows, channels, sources, strict=True)):
        if channel in ASKED_FOR or (source and held[place] is None):
            via = {"source": items.ids[source[0]], "type": source[1]} if source else {}
            asked[place] = {"item_id": items.ids[row], "channel": channel, **via}
    answers: list[Map | None] = [None] * len(rows)
    for place in range(len(rows)):
        if place not in asked:
            answers[place] = _answer(known, rows[place], items.titles[rows[place]], *held[place] or (None, None))
    places = list(asked)
    for number, title, nodes, hops in _ask(client, known, list(asked.values()), request) if asked else ():
        place, (nodes, hops) = places[number], plain((nodes, hops))
        source = sources[place]
        if source and nodes:
            known.card.did[source[0]] = (nodes[0], hops[0])
            _paths(known, source[0])[_key(known, rows[place], source)] = (nodes[1], hops[1])
        answers[place] = _answer(known, rows[place], title, nodes, hops)
    return answers


def _ask(client: Client, known: RequestContext, rows: list[Map], request: Request) -> Any:
    found = client.read_once(
        "recommend/explain_items",
        user_id=known.user_id,
        rows=rows,
        unwanted=request.unwanted,
        people=request.options.people,
        at=known.at,
    )
    return found[0]["items"]


def _answer(known: RequestContext, row: int, title: str | None, nodes: list[Map] | None, hops: list[Map] | None) -> Map:
    end = {"label": "Item", "key": known.catalogue.ids[row], "title": title}
    return {"title": title, "nodes": [*nodes, end] if nodes else None, "hops": hops}


def _sources(known: RequestContext, rows: Sequence[int], channels: Sequence[str]) -> list[tuple[int, str] | None]:
    """For each item from which of the user's items, and by which type of relationship, the strongest edge leads to it.

    An item nearest by vector is shown by the similarity or transition that leads to it, if one does.
    """
    edges, recent = known.person.edges, known.person.recent
    asked = np.full(len(known.catalogue), -1)
    asked[list(rows)] = np.arange(len(rows))
    wanted = np.array([TYPES_OF.get(channel, (False, False)) for channel in channels], dtype=bool).reshape(-1, 2)
    mine = np.flatnonzero(asked[edges.target] >= 0)
    item, follows = asked[edges.target[mine]], edges.follows[mine].astype(int)
    told = wanted[item, follows]
    mine, item, follows = mine[told], item[told], follows[told]
    values = known.person.weights.sum(axis=1)[edges.place[mine]] * (edges.score[mine] + edges.recent_score[mine])
    source = recent[edges.place[mine]]
    best: list[tuple[int, str] | None] = [None] * len(rows)
    order = np.lexsort((follows, known.catalogue.order[source], -values, item))
    for n in order[np.unique(item[order], return_index=True)[1]].tolist():
        best[item[n]] = int(source[n]), TYPES[follows[n]]
    return best


def _held(known: RequestContext, row: int, source: tuple[int, str] | None) -> tuple[list[Map], list[Map]] | None:
    """Nodes and hops of a path that earlier answers read, without the item at its end."""
    did = known.card.did.get(source[0]) if source else None
    last = _paths(known, source[0]).get(_key(known, row, source)) if source and did else None
    if did is None or last is None:
        return None
    return [did[0], last[0]], [did[1], last[1]]


def _key(known: RequestContext, row: int, source: tuple[int, str]) -> tuple[Any, ...]:
    """Of a hop as it is read while its source is as it is now."""
    items = known.catalogue
    return row, source[1], int(items.version[source[0]]), int(items.change[source[0]])


def _paths(known: RequestContext, source: int) -> dict[Any, Any]:
    held = known.personal.paths.get(source)
    if held is None:
        held = {}
        known.personal.paths.put(source, held)
    return held
