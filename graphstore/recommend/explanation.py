"""Explanations: the path from a user to a recommended item as JSON, and the sentence that words it.

A share in a sentence is the part of the score over all that speaks for the item: the sum of its positive parts. Every
number of people was counted for the moment of the answer. A path shows users whom the user follows with what
they did; of a similar user it shows neither who they are nor when or how they did it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from graphstore.recommend.paths import Path
from graphstore.recommend.reasons.parts import Part
from graphstore.recommend.reasons.reason import Reason
from graphstore.recommend.snapshot import RequestContext

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
    "REVIEWED": "reviewed",
    "COMMENTED": "commented on",
    "TAGGED": "tagged",
}
ALL = 100  # the value of what was completed as a whole, in per cent
LIKES = {"RATED", "LIKED"}  # after a low rating nothing is said
PLAIN = {"VIEWED", "SAVED", "SHARED", "PURCHASED"}  # types whose verb can have any number of items after it
TITLE_LENGTH = 80
FEW = 5  # people; of fewer, or of less than a tenth of all, those of all time say more


@dataclass(frozen=True)
class Known:
    """What the words of an answer need beside its reasons.

    until, days: the end and the length of the time in which a choice is recent.  counts: by item, how many people chose
    it, as `graphstore.recommend.reasons.choosers.count_people` returns them.  labels: of interests, by name.
    new: the items that take a place for exploration.
    """

    until: datetime | None
    days: int
    counts: Mapping[int, Mapping[str, int]]
    labels: Mapping[str, str]
    new: Collection[int] = ()


def explained(context: RequestContext, reason: Reason, path: Path, known: Known, title: str | None) -> Map:
    """because, reason and path of a recommendation.

    reason: channel (of the leading part; null where none is named), what the sentence says of the leading part (people,
    of, times, days, until), and parts: all that the score is made of, those that the sentence names first.
    title: of the item.
    """
    end = {"label": "Item", "key": context.catalogue.ids[reason.row], "title": title}
    shown = path_of(path, end)
    named = [_Words(context, reason, shown, known, part) for part in reason.named]
    sentence = "; ".join(one.text + (f" ({one.part.share:.0%})" if one.part.share else "") for one in named) + "."
    stated = named[0].stated if named else {}
    if named and (named[0].part.alone or named[0].part.origin == "person"):
        sentence = f"because {sentence}"
    if not named:
        said, stated = _chosen(reason.row, known)
        own = any(part.origin == "event" and part.part > 0 for part in reason.rest)
        sentence = f"Nothing {'that you liked' if own else 'of your own'} leads here: {said}."
    if reason.row in known.new:
        chosen = _chosen_by(known.counts[reason.row].get("ever"))
        sentence = f"New here{chosen}: {sentence[0].lower()}{sentence[1:]}" if named else f"New here{chosen}."
    else:
        sentence = sentence[0].upper() + sentence[1:]
    parts = [one.document for one in named] + [_document(part) for part in reason.rest]
    return {"because": sentence, "reason": {"channel": reason.channel, **stated, "parts": parts}, "path": shown}


def path_of(path: Path, end: Map) -> list[Map]:
    """Nodes and relationships alternating, from the user to the item; empty where no relationship leads to it.

    end: the item.
    """
    if not path.nodes or len(path.nodes) != len(path.hops):
        return []
    nodes, hops = [dict(node) for node in path.nodes], list(path.hops)
    if len(nodes) == 2 and nodes[1]["label"] == "User":
        followed = hops[0]["type"] == "FOLLOWS"
        kept = {k: v for k, v in hops[1]["properties"].items() if followed and k == "value"}
        hops[1] = {"type": hops[1]["type"], "properties": kept}
        if not followed:
            nodes[1] = {"label": "User", "key": None, "title": None}
            hops[0] = {"type": hops[0]["type"], "properties": {}}
    return [element for pair in zip(nodes, hops, strict=True) for element in pair] + [end]


class _Words:
    """A named part as a clause of the sentence (`text`), the numbers in it (`stated`) and as JSON (`document`)."""

    def __init__(self, context: RequestContext, reason: Reason, path: list[Map], known: Known, part: Part) -> None:
        self.context, self.reason, self.path, self.known, self.part = context, reason, path, known, part
        self.other = "other " if not part.alone and any(one.alone for one in reason.named) else ""
        self.stated: Map = {}
        self.title: str | None = None
        self.text = getattr(self, f"_{part.origin}")()
        self.document = _document(part) | {"title": self.title} | self.stated
        if part.items:
            self.document["items"] = [context.catalogue.ids[row] for row in part.items]

    def _event(self) -> str:
        if self.part.key is None:
            return f"{self._liked_items()} close to this in what people choose"
        items, (row,), history = self.context.catalogue, self.part.items, self.context.user.history
        self.title = items.titles[row]
        newest = history.item_ids.index(row)
        value = history.values[newest]
        event = {"type": history.types[newest], "properties": {} if np.isnan(value) else {"value": float(value)}}
        name = display_name({"label": "Item", "key": items.ids[row], "title": self.title})
        return f"you {verb_phrase(event, name)}"

    def _interest(self) -> str:
        self.title = self.known.labels.get(str(self.part.key), str(self.part.key))
        name = display_name({"label": "Interest", "key": self.part.key, "title": self.title})
        if not self.part.liked:
            return f"{self._liked_items()} about {name}"
        both = f"this and {self._items()} you {self._did()} are" if self.part.items else "this is"
        pinned = (self.context.catalogue.interests[str(self.part.key)], "pin") in self.context.features.corrected
        return f"you {'pinned' if pinned else 'like'} {name}, which {both} about"

    def _attribute(self) -> str:
        kind, _, value = str(self.part.key).partition("=")
        self.title = value
        kind, name = kind.replace("_", " "), display_name({"label": "Attribute", "key": value})
        if self.part.items:
            return f"{self._liked_items()} with the same {kind}, {name}"
        return f"people who share your {kind}, {name}, choose this more often than others do"

    def _liked_items(self) -> str:
        return f"you {self._did()} {self._items()}"

    def _items(self) -> str:
        count = len(self.part.items)
        return f"{count} {self.other}item{'s' if count != 1 else ''}"

    def _did(self) -> str:
        """What the user did with the items of the part: liked them if they rated or liked all, one verb where they did
        the same with all."""
        latest = self.context.user.history.latest_types
        kinds = {latest[row] for row in self.part.items}
        if kinds <= LIKES:
            return "liked"
        (kind, *more) = kinds
        return VERBS[kind] if not more and kind in PLAIN else "chose"

    def _person(self) -> str:
        self.title = str(self.part.key)
        own = len(self.path) == 5 and self.path[2]["key"] == self.part.key
        did = verb_phrase(self.path[3], "this") if own else "chose this"
        return f"you follow {display_name({'label': 'User', 'key': self.part.key})}, who {did}"

    def _people(self) -> str:
        features = self.context.features
        alike = [not followed for _, followed, _ in features.neighbours]
        people, of = sum(alike[n] for n in features.neighbours_with(self.reason.row).tolist()), sum(alike)
        self.stated = {"people": people, "of": of}
        have = "has" if people == 1 else "have"
        return f"{people} of the {of} people who choose most like you {have} this among their latest choices"

    def _popularity(self) -> str:
        text, self.stated = _chosen(self.reason.row, self.known)
        return text

    def _search(self) -> str:
        self.title = str(self.part.key)
        typed = (
            self.path[1]["properties"].get("text") if len(self.path) > 2 and self.path[2]["key"] == self.title else None
        )
        return f"you searched for {display_name({'label': 'Query', 'key': self.title, 'title': typed})}"

    def _vector(self) -> str:
        if not self.context.user.history.item_ids:
            return "this is close to what the model expects of people with your attributes"
        return "this is close to your taste as the model knows it"


def _document(part: Part) -> Map:
    return {"origin": part.origin, "key": part.key, "part": part.part, "share": part.share}


def _chosen(row: int, known: Known) -> tuple[str, Map]:
    """How many people chose an item: those of late, where they are some."""
    counts, until = known.counts[row], known.until
    recent, ever = counts.get("recent", 0), counts.get("ever", 0)
    if until and recent >= max(FEW, ever / 10):
        stated = {"people": recent, "days": known.days, "until": plain_time(until)}
        when = f"in the {known.days} days up to {until.date().isoformat()}"
        return f"{_people(recent)} chose or rated this {when}", stated
    if ever:
        return f"{_people(ever)} chose or rated this so far", {"people": ever}
    if times := counts.get("times"):
        return f"this was chosen or rated {times:,} times so far", {"times": times}
    return "nobody has chosen this yet", {"people": 0}


def _people(number: int) -> str:
    return f"{number:,} people" if number != 1 else "1 person"


def _chosen_by(people: int | None) -> str:
    """How many chose a new item; empty where they were not counted."""
    if people is None:
        return ""
    return f", chosen or rated by {_people(people)} so far" if people else ", chosen by nobody so far"


def plain_time(moment: datetime) -> str:
    """A time as ISO 8601 text."""
    return moment.isoformat().replace("+00:00", "Z")


def verb_phrase(event: Map, what: str) -> str:
    """An event as a verb phrase, e.g. `rated “Alien (1979)” 5`. event: the hop of a path."""
    value = event.get("properties", {}).get("value")
    if event["type"] == "RATED":
        return f"rated {what}" if value is None else f"rated {what} {value:g}"
    if event["type"] == "COMPLETED" and value is not None and 0 <= value < ALL:
        return f"completed {value:g}% of {what}"
    return f"{VERBS.get(event['type'], event['type'].lower().replace('_', ' '))} {what}"


def display_name(node: Map) -> str:
    """A node's title or key, at most TITLE_LENGTH characters; an item and a search in quotation marks."""
    text = str(node.get("title") or node["key"])
    text = text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1] + "…"
    return f"“{text}”" if node["label"] in ("Item", "Query") else text
