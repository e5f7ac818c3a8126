"""Explanations: the path from a user to a recommended item as JSON, and the sentence that words it."""

from __future__ import annotations

from typing import Any

from neo4j.time import Date, DateTime

Map = dict[str, Any]
VERBS = {
    "VIEWED": "viewed",
    "CLICKED": "clicked on",
    "LIKED": "liked",
    "SAVED": "saved",
    "SHARED": "shared",
    "PURCHASED": "bought",
    "ENROLLED": "enrolled in",
    "COMPLETED": "completed",
    "POSTED": "posted",
}
VIRTUAL = {"embedding": "NEAREST_TO", "popular": "POPULAR_WITH"}
TITLE_LENGTH = 80


def plain(value: Any) -> Any:
    """A Neo4j value with JSON types only: times as ISO 8601 text."""
    if isinstance(value, DateTime | Date):
        return value.to_native().isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return value


def path_of(user_id: str, item: Map, channel: str, nodes: list[Map] | None, hops: list[Map] | None) -> list[Map]:
    """Nodes and relationships alternating, from the user to the item, as `plain` made them.

    Where no relationship leads to the item (nearest by vector, popular with all), the path is one hop with
    `virtual: true`.
    """
    if nodes and hops and len(nodes) == len(hops) + 1:
        path = [nodes[0]]
        for hop, node in zip(hops, nodes[1:], strict=True):
            path += [hop, node]
        return path
    start = {"label": "User", "key": user_id, "title": None}
    end = {"label": "Item", "key": item["item_id"], "title": item["title"]}
    return [start, {"type": VIRTUAL.get(channel, channel.upper()), "properties": {}, "virtual": True}, end]


def because(channel: str, path: list[Map], new: bool = False) -> str:
    """One sentence that words the path. new: the item takes a place for exploration."""
    sentence = _because(channel, path)
    return f"New here, and few have chosen it yet: {sentence[0].lower()}{sentence[1:]}" if new else sentence


def _because(channel: str, path: list[Map]) -> str:
    if channel == "popular" or (len(path) == 3 and channel != "embedding"):
        return "Many people chose this recently."
    if len(path) == 3:
        return "This is close to what you have been choosing."
    first, middle, second = path[1], path[2], path[3]
    if channel == "interests":
        return f"You like {display_name(middle)}{_evidence(first)}, and this is about it."
    if channel == "attributes":
        kind = middle["key"].partition("=")[0].replace("_", " ")
        return f"People who share your {kind} ({display_name(middle)}) choose this more than others do."
    if channel == "social":
        who = (
            f"{display_name(middle)}, whom you follow,"
            if first["type"] == "FOLLOWS"
            else "Somebody who chooses much as you do"
        )
        return f"{who} {verb_phrase(second, 'this')}."
    went_on = "often chose this next" if second["type"] == "FOLLOWED_BY" else "also chose this"
    sentence = f"Because you {verb_phrase(first, display_name(middle))}, and people who chose it {went_on}"
    return sentence + ("; it is close to what you have been choosing." if channel == "embedding" else ".")


def verb_phrase(event: Map, what: str) -> str:
    """An event as a verb phrase, e.g. `rated “Alien (1979)” 5`. event: the hop of a path."""
    properties = event.get("properties", {})
    if event["type"] == "RATED":
        value = properties.get("value")
        return f"rated {what}" if value is None else f"rated {what} {value:g}"
    return f"{VERBS.get(event['type'], event['type'].lower().replace('_', ' '))} {what}"


def display_name(node: Map) -> str:
    """A node's title or key, at most TITLE_LENGTH characters; an item in quotation marks."""
    text = str(node.get("title") or node["key"])
    text = text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1] + "…"
    return f"“{text}”" if node["label"] == "Item" else text


def _evidence(interest: Map) -> str:
    count = len(interest.get("properties", {}).get("evidence") or [])
    return f" ({count} of your events)" if count > 1 else " (1 of your events)" if count else ""
