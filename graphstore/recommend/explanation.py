"""Explanations: the path from a user to a recommended item as JSON, and the sentence that words it.

Every number in a sentence was counted for the moment of the answer. A path shows users whom the user follows with what
they did; of a similar user it shows neither who they are nor when or how they did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from neo4j.time import Date, DateTime

from graphstore.recommend.reasons.reason import Reason

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
EVIDENCE = 20  # events that an interest keeps at most, see extract/interests/write_user_interests
TITLE_LENGTH = 80
FEW = 5  # people; of fewer, or of less than a tenth of all, those of all time say more


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
class Chosen:
    """How the item was chosen by all.

    until, days: the end and the length of the time in which a choice is recent.  new: the item takes a place for
    exploration.
    """

    until: datetime | None
    days: int
    new: bool = False


def explained(
    reason: Reason, nodes: list[Map] | None, hops: list[Map] | None, counts: Map, end: Map, chosen: Chosen
) -> Map:
    """because, reason and path of a recommendation.

    nodes, hops: of the path without the item at its end, as `plain` made them; None where no relationship leads to it.
    counts: as `recommend/explain_items` returns them.  end: the item as a node.

    reason holds channel (None where none speaks for the item) and what the sentence states: people and of (so many of
    these people), events (of the user), similarity (of vectors), times; days and until (of recent choices).
    """
    if counts.get("people") == 0:  # the relationship rests on choices that were not made yet, or are gone
        nodes = hops = None
    path = path_of(reason, nodes, hops, end)
    channel = reason.channel or None
    if not path and channel != "embedding":
        channel = "popular" if channel else None
    sentence, stated = _worded(reason, channel, path, counts, chosen)
    if chosen.new:
        sentence = f"New here{_chosen_by(counts.get('ever'))}: {sentence[0].lower()}{sentence[1:]}"
    return {"because": sentence, "reason": {"channel": channel, **stated}, "path": path}


def path_of(reason: Reason, nodes: list[Map] | None, hops: list[Map] | None, end: Map) -> list[Map]:
    """Nodes and relationships alternating, from the user to the item; empty where no relationship leads to it."""
    if not nodes or not hops or len(nodes) != len(hops):
        return []
    (start, middle), (first, second) = nodes, hops
    if reason.person is not None:
        followed = first["type"] == "FOLLOWS"
        shown = ("value",) if followed else ()
        second = {"type": second["type"], "properties": {k: v for k, v in second["properties"].items() if k in shown}}
        if not followed:
            middle = {"label": "User", "key": None, "title": None}
            first = {"type": first["type"], "properties": {}}
    return [start, first, middle, second, end]


def _worded(reason: Reason, channel: str | None, path: list[Map], counts: Map, chosen: Chosen) -> tuple[str, Map]:
    if channel == "embedding":
        return _near(reason, path, counts)
    if not path:
        return _popular(channel, counts, chosen)
    if channel == "interests":
        return _interest(path, counts)
    if channel == "attributes":
        return _shared(path, counts)
    if channel == "social":
        return _social(reason, path)
    sentence, stated = _also(path, counts)
    return sentence + ".", stated


def _also(path: list[Map], counts: Map) -> tuple[str, Map]:
    """What the user did with the item in between, and how many of those who chose it chose this; without full stop."""
    did = f"Because you {verb_phrase(path[1], display_name(path[2]))}"
    if "people" not in counts:
        return f"{did}: people who chose or rated it did so with this too, too many to count", {}
    people, of, later = counts["people"], counts["of"], counts["later"]
    next_one = path[3]["type"] == "FOLLOWED_BY" and later > 0
    number = later if next_one else people
    when = "after it" if next_one else "too"
    who = f"{number:,} of the {of:,} other people" if of > 1 else "the one other person"
    return f"{did}: {who} who chose or rated it did so with this {when}", {"people": number, "of": of}


def _near(reason: Reason, path: list[Map], counts: Map) -> tuple[str, Map]:
    close = "close to what you have been choosing"
    stated: Map = {}
    if reason.similarity is not None:
        close += f" (similarity {reason.similarity:.2f} of 1)"
        stated = {"similarity": round(reason.similarity, 4)}
    if not path:
        return f"This is {close}.", stated
    sentence, also = _also(path, counts)
    return f"{sentence}; it is {close}.", also | stated


def _interest(path: list[Map], counts: Map) -> tuple[str, Map]:
    first, name, events = path[1], display_name(path[2]), counts.get("events") or 0
    if first.get("properties", {}).get("extracted_by") == "user":
        return f"You pinned {name}, and this is about it.", {"events": 0}
    least = "at least " if events >= EVIDENCE else ""
    evidence = f" ({least}{events} of your events)" if events else ""
    return f"You like {name}{evidence}, and this is about it.", {"events": events}


def _shared(path: list[Map], counts: Map) -> tuple[str, Map]:
    kind = path[2]["key"].partition("=")[0].replace("_", " ")
    whose = f"who share your {kind} ({display_name(path[2])})"
    if "people" not in counts:
        return f"People {whose} chose or rated this, too many to count.", {}
    people, of = counts["people"], counts["of"]
    return f"{people:,} of the {of:,} other people {whose} chose or rated this.", {"people": people, "of": of}


def _social(reason: Reason, path: list[Map]) -> tuple[str, Map]:
    stated = {"people": reason.people, "of": reason.of}
    people = f"{reason.people} of the {reason.of} people" if reason.of != 1 else "The one person"
    have, latest = ("has" if reason.people == 1 else "have"), "their latest choices"
    if path[1]["type"] == "FOLLOWS":
        more = f" ({people} you follow {have} it among {latest})" if reason.of != 1 else ""
        return f"{display_name(path[2])}, whom you follow, {verb_phrase(path[3], 'this')}{more}.", stated
    choose = "choose" if reason.of != 1 else "chooses"
    return f"{people} who {choose} most like you {have} this among {latest}.", stated


def _popular(channel: str | None, counts: Map, chosen: Chosen) -> tuple[str, Map]:
    """How many people chose an item to which nothing of the user's own leads: those of late, where they are some."""
    begin = "" if channel else "Nothing of your own leads here: "
    recent, ever, until = counts.get("recent", 0), counts.get("ever", 0), chosen.until
    if until and recent >= max(FEW, ever / 10):
        when = f"in the {chosen.days} days up to {until.date().isoformat()}"
        stated = {"people": recent, "days": chosen.days, "until": plain_time(until)}
        sentence = f"{begin}{_people(recent)} chose or rated this {when}."
    elif ever:
        sentence, stated = f"{begin}{_people(ever)} chose or rated this so far.", {"people": ever}
    elif times := counts.get("times"):
        sentence, stated = f"{begin}chosen or rated {times:,} times so far.", {"times": times}
    else:
        sentence, stated = f"{begin}nobody has chosen this yet.", {"people": 0}
    return sentence[0].upper() + sentence[1:], stated


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
