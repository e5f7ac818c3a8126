"""Explanation paths: nodes and relationships from a user to each recommended item.

What is in memory decides what a path shows (`graphstore.recommend.reasons.links`); its titles and properties are read
from the graph and cached where it leads through an item of the user's: the first hop, from the user to that item, with
the user's state, the others in `PersonalCaches.hops`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from neo4j.time import Date, DateTime

from graphstore.database.client import Client
from graphstore.ranking.request import Request
from graphstore.recommend.reasons.links import Link
from graphstore.recommend.reasons.reason import Reason
from graphstore.recommend.snapshot import RequestContext

Map = dict[str, Any]


def plain(value: Any) -> Any:
    """A Neo4j value with JSON types only: times as ISO 8601 text."""
    if isinstance(value, DateTime | Date):
        return value.to_native().isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return value


@dataclass(frozen=True)
class Path:
    """A path to an item. nodes: without the item at its end.  hops: as many."""

    nodes: list[Map]
    hops: list[Map]


NO_PATH = Path([], [])


def read_paths(
    client: Client, context: RequestContext, reasons: Sequence[Reason], request: Request
) -> list[Path | None]:
    """The path of each reason, NO_PATH where no relationship leads to the item; None for an item that is no longer in
    the graph.

    Cached hops are used while neither the user nor the items changed; without any other, no statement is run.
    """
    paths: list[Path | None] = [NO_PATH] * len(reasons)
    wanted = []
    for place, reason in enumerate(reasons):
        if reason.link is not None:
            paths[place] = _cached(context, reason.row, reason.link)
            if paths[place] is None:
                wanted.append((place, reason.row, reason.link))
    for number, nodes, hops in _read(client, context, [(row, link) for _, row, link in wanted], request):
        place, row, link = wanted[number]
        path = Path(plain(nodes), plain(hops)) if nodes else NO_PATH
        paths[place] = path
        if link.source is not None and path.nodes:
            context.user.first_hops[link.source] = (path.nodes[0], path.hops[0])
            context.personal.hops(link.source)[_key(context, row, link)] = (path.nodes[1:], path.hops[1:])
    return paths


def _read(client: Client, context: RequestContext, wanted: Sequence[tuple[int, Link]], request: Request) -> Any:
    if not wanted:
        return []
    found = client.read_once(
        "recommend/explain_items",
        user_id=context.user_id,
        rows=[_row(context, row, link) for row, link in wanted],
        unwanted=request.unwanted,
        at=context.at,
    )
    return found[0]["items"]


def _row(context: RequestContext, row: int, link: Link) -> Map:
    ids = context.catalogue.ids
    asked: Map = {"item_id": ids[row]}
    if link.source is not None:
        asked["source"] = ids[link.source]
    if link.type is not None:
        asked["type"] = link.type
    if link.tag is not None:
        sort, name = link.tag
        kind, _, value = name.partition("=")
        asked |= {"interest": name} if sort == "interest" else {"kind": kind, "value": value}
    if link.search is not None:
        asked["query"] = link.search
    if link.person is not None:
        asked |= {"person": link.person[0], "tie": link.person[1]}
    return asked


def _cached(context: RequestContext, row: int, link: Link) -> Path | None:
    """A cached path by an item of the user's; None unless all hops are cached."""
    if link.source is None:
        return None
    first = context.user.first_hops.get(link.source)
    rest = context.personal.hops(link.source).get(_key(context, row, link)) if first else None
    return Path([first[0], *rest[0]], [first[1], *rest[1]]) if first and rest else None


def _key(context: RequestContext, row: int, link: Link) -> tuple[Any, ...]:
    """The cache key of the hops after the first: it changes with the versions of both items and with the edges of the
    one that they start from."""
    items, source = context.catalogue, link.source
    return row, link.type, link.tag, int(items.version[source]), int(items.change[source]), int(items.version[row])
