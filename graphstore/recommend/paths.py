"""Explanation paths: nodes and relationships from a user to each recommended item.

What is in memory decides what a path shows (`graphstore.recommend.reasons.reason`); its titles and properties are read
from the graph and cached, the first hop (user to item) with the user's state, the last hop (item to item) in
`PersonalCaches.hops`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphstore.database.client import Client
from graphstore.ranking.request import Request
from graphstore.recommend.explanation import plain
from graphstore.recommend.reasons.choosers import MOST, NO_LIMIT
from graphstore.recommend.reasons.reason import Reason, Source
from graphstore.recommend.snapshot import RequestContext

Map = dict[str, Any]
NEVER_CACHED = ("interests", "social", "attributes")  # channels


@dataclass(frozen=True)
class Path:
    """The title of an item, the path to it (without both, where no relationship leads to it), and counts.

    nodes: of the path without the item at its end.  counts: as `recommend/explain_items` returns them.
    """

    title: str | None
    nodes: list[Map] | None = None
    hops: list[Map] | None = None
    counts: Map = field(default_factory=dict)


def read_paths(
    client: Client, context: RequestContext, reasons: Sequence[Reason], request: Request
) -> list[Path | None]:
    """The path of each reason; None for an item that is no longer in the graph.

    Cached hops are used while neither the user nor the items changed; without any other, no statement is run.
    """
    items = context.catalogue
    paths: list[Path | None] = [Path(items.titles[reason.row]) for reason in reasons]
    wanted = []
    for place, reason in enumerate(reasons):
        if reason.channel in NEVER_CACHED or reason.source is not None:
            paths[place] = _cached(context, reason)
            if paths[place] is None:
                wanted.append(place)
    for number, title, nodes, hops, counts in _read(client, context, [reasons[n] for n in wanted], request):
        path = Path(title, plain(nodes), plain(hops), counts)
        paths[wanted[number]] = path
        _keep(context, reasons[wanted[number]], path)
    return paths


def _read(client: Client, context: RequestContext, reasons: Sequence[Reason], request: Request) -> Any:
    if not reasons:
        return []
    found = client.read_once(
        "recommend/explain_items",
        user_id=context.user_id,
        rows=[_row(context, reason) for reason in reasons],
        unwanted=request.unwanted,
        most=MOST if context.at is None else NO_LIMIT,
        at=context.at,
    )
    return found[0]["items"]


def _row(context: RequestContext, reason: Reason) -> Map:
    row: Map = {"item_id": context.catalogue.ids[reason.row], "channel": reason.channel}
    if reason.pinned:
        row["pinned"] = True
    if reason.source is not None:
        row |= {"source": context.catalogue.ids[reason.source[0]], "type": reason.source[1]}
    if reason.person is not None:
        row |= {"person": reason.person[0], "tie": reason.person[1]}
    return row


def _cached(context: RequestContext, reason: Reason) -> Path | None:
    """A cached path by an item of the user's; None unless both hops are cached."""
    if reason.source is None:
        return None
    first = context.user.first_hops.get(reason.source[0])
    last = context.personal.hops(reason.source[0]).get(_key(context, reason.row, reason.source)) if first else None
    title = context.catalogue.titles[reason.row]
    return Path(title, [first[0], last[0]], [first[1], last[1]]) if first and last else None


def _keep(context: RequestContext, reason: Reason, path: Path) -> None:
    if reason.source is not None and path.nodes and path.hops:
        context.user.first_hops[reason.source[0]] = (path.nodes[0], path.hops[0])
        last = (path.nodes[1], path.hops[1])
        context.personal.hops(reason.source[0])[_key(context, reason.row, reason.source)] = last


def _key(context: RequestContext, row: int, source: Source) -> tuple[Any, ...]:
    """The cache key of a last hop: it changes with the version and the edges of the item that the hop starts from."""
    items = context.catalogue
    return row, source[1], int(items.version[source[0]]), int(items.change[source[0]])
