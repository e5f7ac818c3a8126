"""Explanation paths: nodes and relationships from a user to each recommended item.

What is in memory decides what a path shows (`graphstore.recommend.reasons.links`); the properties of its relationships
are read from the graph and cached where it leads through an item of the user's: the first hop, from the user to that
item, with the user's state, the others in `PersonalCaches.hops`, by the item that they start from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from neo4j.time import Date, DateTime

from graphstore.database.client import Client
from graphstore.ranking.request import Request
from graphstore.recommend.reasons.links import Link
from graphstore.recommend.reasons.reason import Reason
from graphstore.recommend.reasons.tags import Tag
from graphstore.recommend.snapshot import RequestContext

Map = dict[str, Any]
Edge = tuple[int, str, int]  # a row of the catalogue, a type, a row
Having = tuple[int, Tag]  # a row of the catalogue, and an interest or attribute of it
TIMES = ("at", "computed_at")  # which the statement gives as numbers


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
    wanted = _Wanted()
    asked = [reason.link is not None and wanted.add(context, reason.row, reason.link) for reason in reasons]
    found = _read(client, context, wanted, [r.row for r, new in zip(reasons, asked, strict=True) if new], request)
    others = iter(found.others)
    paths: list[Path | None] = []
    for reason, new in zip(reasons, asked, strict=True):
        if new and reason.row not in found.present:
            paths.append(None)
        elif reason.link is None:
            paths.append(NO_PATH)
        elif reason.link.source is None:
            paths.append(next(others))
        else:
            paths.append(_through_item(context, found, reason.row, reason.link, reason.link.source))
    return paths


@dataclass
class _Wanted:
    """What is to be read. sources: items of the user.  rows: paths that lead through none, as the statement takes
    them."""

    sources: set[int] = field(default_factory=set)
    edges: set[Edge] = field(default_factory=set)
    having: set[Having] = field(default_factory=set)
    rows: list[Map] = field(default_factory=list)

    def add(self, context: RequestContext, row: int, link: Link) -> bool:
        """Add what is not cached of the path to an item; whether that is anything."""
        if link.source is None:
            self.rows.append(_row(context, row, link))
            return True
        sources = {link.source} - context.user.first_hops.keys()
        edges = {(link.source, link.type, row)} if link.type is not None else set()
        having = {(item, link.tag) for item in (link.source, row)} if link.tag is not None else set()
        edges = {edge for edge in edges if _edge_key(context, edge) not in context.personal.hops(edge[0])}
        having = {one for one in having if _tag_key(context, one) not in context.personal.hops(one[0])}
        self.sources |= sources
        self.edges |= edges
        self.having |= having
        return bool(sources or edges or having)


@dataclass
class _Found:
    """What was read: hops from the user, from item to item, from item to tag with the tag as a node, and other
    paths. present: the items asked for that are in the graph."""

    present: set[int] = field(default_factory=set)
    events: dict[int, tuple[Map, Map]] = field(default_factory=dict)
    edges: dict[Edge, Map] = field(default_factory=dict)
    having: dict[Having, tuple[Map, Map]] = field(default_factory=dict)
    others: list[Path] = field(default_factory=list)


def _read(client: Client, context: RequestContext, wanted: _Wanted, rows: Sequence[int], request: Request) -> _Found:
    """rows: the items of the paths that something of is read."""
    if not rows:
        return _Found()
    ids, index = context.catalogue.ids, context.catalogue.index
    row = client.read_once(
        "recommend/explain_items",
        user_id=context.user_id,
        wanted={
            "item_ids": [ids[row] for row in rows],
            "sources": [ids[source] for source in wanted.sources],
            "edges": [[ids[source], kind, ids[target]] for source, kind, target in wanted.edges],
            "interests": [[ids[item], name] for item, (sort, name) in wanted.having if sort == "interest"],
            "attributes": [[ids[item], *_pair(name)] for item, (sort, name) in wanted.having if sort == "attribute"],
            "rows": wanted.rows,
        },
        unwanted=request.unwanted,
        at=context.at,
    )[0]
    found = _Found(
        {index[item_id] for item_id in row["present"] if item_id in index}, others=[NO_PATH] * len(wanted.rows)
    )
    for item_id, kind, properties in row["events"]:
        found.events[index[item_id]] = row["user"], _hop(kind, properties)
    for source, kind, target, properties in row["similar"]:
        found.edges[index[source], kind, index[target]] = _hop(kind, properties)
    for sort, label, kind, column in (
        ("interest", "Interest", "ABOUT", "about"),
        ("attribute", "Attribute", "HAS_ATTRIBUTE", "having"),
    ):
        for item_id, name, title, properties in row[column]:
            node = {"label": label, "key": name, "title": title}
            found.having[index[item_id], (sort, name)] = node, _hop(kind, properties)
    for number, nodes, hops in row["others"]:
        found.others[number] = Path(nodes, [_hop(hop["type"], hop["properties"]) for hop in hops])
    _keep(context, found)
    return found


def _keep(context: RequestContext, found: _Found) -> None:
    """Cache what was read."""
    context.user.first_hops.update(found.events)
    for edge, hop in found.edges.items():
        context.personal.hops(edge[0])[_edge_key(context, edge)] = hop
    for having, tag in found.having.items():
        context.personal.hops(having[0])[_tag_key(context, having)] = tag


def _through_item(context: RequestContext, found: _Found, row: int, link: Link, source: int) -> Path:
    """The path through an item of the user's, from what was read and what is cached."""
    items, personal = context.catalogue, context.personal
    first = context.user.first_hops.get(source)
    if first is None:
        return NO_PATH
    nodes = [first[0], {"label": "Item", "key": items.ids[source], "title": items.titles[source]}]
    if link.tag is None:
        edge = source, str(link.type), row
        hop = found.edges.get(edge) or personal.hops(source).get(_edge_key(context, edge))
        return Path(nodes, [first[1], hop]) if hop else NO_PATH
    own, other = (
        found.having.get((item, link.tag)) or personal.hops(item).get(_tag_key(context, (item, link.tag)))
        for item in (source, row)
    )
    return Path([*nodes, own[0]], [first[1], own[1], other[1]]) if own and other else NO_PATH


def _row(context: RequestContext, row: int, link: Link) -> Map:
    asked: Map = {"item_id": context.catalogue.ids[row]}
    if link.tag is not None:
        sort, name = link.tag
        asked |= {"interest": name} if sort == "interest" else dict(zip(("kind", "value"), _pair(name), strict=True))
    if link.search is not None:
        asked["query"] = link.search
    if link.person is not None:
        asked |= {"person": link.person[0], "tie": link.person[1]}
    return asked


def _pair(attribute: str) -> tuple[str, str]:
    """Kind and value of an attribute."""
    kind, _, value = attribute.partition("=")
    return kind, value


def _hop(kind: str, properties: Map) -> Map:
    """A relationship, with times as ISO 8601 text and without properties that it lacks."""
    kept = {}
    for name, value in properties.items():
        if name not in TIMES:
            kept[name] = plain(value)
        elif value[0] is not None:
            moment = datetime.fromtimestamp(value[0], UTC).replace(microsecond=value[1] // 1000)
            kept[name] = moment.isoformat().replace("+00:00", "Z")
    return {"type": kind, "properties": kept}


def _edge_key(context: RequestContext, edge: Edge) -> tuple[Any, ...]:
    """The cache key of a hop between items: it changes with the versions of both and with the edges of the first."""
    items, (source, kind, row) = context.catalogue, edge
    return row, kind, int(items.version[source]), int(items.change[source]), int(items.version[row])


def _tag_key(context: RequestContext, having: Having) -> tuple[Any, ...]:
    """The cache key of a hop from an item to what it has: it changes with the version of the item."""
    return having[1], int(context.catalogue.version[having[0]])
