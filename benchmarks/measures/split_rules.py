"""The rules by which events become train, valid and test.

time    all events by time, then ids as text: 80, 10 and 10 %.
user    each user's events by time (the same second: by a hash, so that no order of ids can be learned); of 5 or more
        the last tenth, at least one, is test and as many before them are valid.
random  shuffled with a fixed seed: 80, 10 and 10 %.
item    items in the order of a hash: all events of the last tenth are test, those of the tenth before valid, so that
        every item that is asked for is new.
given   the published test list; a tenth of each user's training items is valid, drawn with a fixed seed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphstore.collect.fields import parse_time
from graphstore.errors import InputError

Events = list[dict[str, Any]]
Parts = tuple[Events, Events, Events]
SEED = 2026
LEAST_EVENTS = 5


def cut_by_time(events: Events) -> Parts:
    """80, 10 and 10 % in the order of time; ties by ids as text."""
    ordered = sorted(events, key=lambda e: (_seconds(e), e["user_id"], e["item_id"], e["kind"], str(e.get("value"))))
    return _tenths(ordered)


def cut_by_user(events: Events) -> Parts:
    """Each user's last tenth is test and the tenth before it valid; ties in time by a hash."""
    users: dict[str, Events] = {}
    for event in sorted(events, key=lambda e: (e["user_id"], _seconds(e), _hash(e))):
        users.setdefault(event["user_id"], []).append(event)
    parts: Parts = ([], [], [])
    for own in users.values():
        size = _tenth(own)
        ends = (len(own) - 2 * size, len(own) - size, len(own))
        for part, start, end in zip(parts, (0, *ends), ends, strict=False):
            part.extend(own[start:end])
    return parts


def cut_at_random(events: Events) -> Parts:
    """80, 10 and 10 % of the events in an order that the seed decides."""
    ordered = sorted(events, key=lambda e: (e["user_id"], e["item_id"]))
    random.Random(SEED).shuffle(ordered)
    return _tenths(ordered)


def cut_by_item(events: Events) -> Parts:
    """All events of a tenth of the items are test and those of another tenth valid; a hash says which."""
    items = sorted({event["item_id"] for event in events}, key=_digest)
    size = _tenth(items)
    ends = (len(items) - 2 * size, len(items) - size)
    part = {item_id: sum(place >= end for end in ends) for place, item_id in enumerate(items)}
    parts: Parts = ([], [], [])
    for event in events:
        parts[part[event["item_id"]]].append(event)
    return parts


def draw_valid(published: Events) -> tuple[Events, Events]:
    """(train, valid) of the published training list: a tenth of each user's items, users in the file's order."""
    generator = random.Random(SEED)
    users: dict[str, Events] = {}
    for event in published:
        users.setdefault(event["user_id"], []).append(event)
    train: Events = []
    valid: Events = []
    for own in users.values():
        drawn = set(generator.sample(range(len(own)), _tenth(own)))
        for position, event in enumerate(own):
            (valid if position in drawn else train).append(event)
    return train, valid


RULES: dict[str, Callable[[Events], Parts]] = {
    "time": cut_by_time,
    "user": cut_by_user,
    "random": cut_at_random,
    "item": cut_by_item,
}


def _tenths(ordered: Events) -> Parts:
    first, second = int(0.8 * len(ordered)), int(0.9 * len(ordered))
    return ordered[:first], ordered[first:second], ordered[second:]


def _tenth(own: Sequence[Any]) -> int:
    return max(1, len(own) // 10) if len(own) >= LEAST_EVENTS else 0


def _seconds(event: Mapping[str, Any]) -> float:
    value = event.get("timestamp")
    if value in (None, ""):
        raise InputError(f"An event of user {event['user_id']} has no time: split the data set @random.")
    return parse_time(value).timestamp()


def _hash(event: Mapping[str, Any]) -> str:
    return _digest(f"{event['user_id']}|{event['item_id']}")


def _digest(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
