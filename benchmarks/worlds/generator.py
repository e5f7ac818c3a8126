"""A synthetic living data set with planted interests and drift, as files of this program's formats.

    python benchmarks/worlds/generator.py --output FOLDER [--users N] [--items N] [--events N] [--seed S] [--json]

Writes items.jsonl, users.jsonl, ties.jsonl, events.jsonl (in the order of time) and truth.jsonl: who cared for which
topic, how much and when. `planted.py` describes what is drawn. The table shows how long it took, and the lift: how much
more often what a user chose was about something they cared for then than if events had swapped their items.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measures import tables
from benchmarks.worlds import planted
from benchmarks.worlds.planted_world import KINDS, NONE, Ints, Plan, World
from benchmarks.worlds.topics import ADJECTIVES, AGE_GROUPS, FORMATS, NOUNS, REGIONS, TOPICS
from graphstore.datasets.dataset import Dataset

Row = dict[str, Any]
ROWS_AT_ONCE = 50_000
NAMES = tuple(TOPICS)
KIND = "post"


def generated(plan: Plan) -> tuple[Dataset, World]:
    """The data set of a plan, and the world that it tells of."""
    world = planted.draw(plan)
    return dataset_of(world), world


def dataset_of(world: World, events: slice = slice(None)) -> Dataset:
    """Rows of a world, with some of its events: the first so many, or those that follow."""
    return Dataset(
        "generated",
        lambda: item_rows(world),
        lambda: user_rows(world),
        lambda: event_rows(world, events),
        lambda: tie_rows(world),
    )


def item_rows(world: World) -> Iterator[Row]:
    """Items, with the words of their topics in the title and the topics' names as attributes."""
    items = world.items
    for number, (topics, born) in enumerate(zip(items.topics.tolist(), items.born.tolist(), strict=True)):
        about = [NAMES[topic] for topic in topics if topic != NONE]
        yield {
            "item_id": item_id(number),
            "title": _title(number, about),
            "kind": KIND,
            "attributes": {"topic": about, "format": [FORMATS[number % len(FORMATS)]]},
            "published_at": datetime.fromtimestamp(born, UTC).isoformat(),
        }


def _title(number: int, about: list[str]) -> str:
    adjective = ADJECTIVES[number % len(ADJECTIVES)]
    noun = NOUNS[number // len(ADJECTIVES) % len(NOUNS)]
    words = [TOPICS[name][(number // 7 + place) % len(TOPICS[name])] for place, name in enumerate(about)]
    return f"The {adjective} {' and '.join(words)} {noun}"


def user_rows(world: World) -> Iterator[Row]:
    """Users, with an age group and a region where they tell."""
    for number, (age, region) in enumerate(zip(world.users.age.tolist(), world.users.region.tolist(), strict=True)):
        said = {} if age == NONE else {"age group": [AGE_GROUPS[age]], "region": [REGIONS[region]]}
        yield {"user_id": user_id(number), "attributes": said}


def event_rows(world: World, part: slice = slice(None)) -> Iterator[Row]:
    """Events in the order of time; their ids rise with it."""
    size = len(world.events.at)
    for start, stop in _blocks(*part.indices(size)[:2]):
        block = slice(start, stop)
        events = world.events
        columns = (events.user, events.item, events.kind, events.at, events.session, events.value)
        rows = zip(*(column[block].tolist() for column in columns), strict=True)
        for number, (user, item, kind, at, session, value) in enumerate(rows, start):
            row = {
                "event_id": f"e{number:08}",
                "user_id": user_id(user),
                "item_id": item_id(item),
                "kind": KINDS[kind],
                "timestamp": at,
                "session_id": f"s{session}",
            }
            yield row if math.isnan(value) else row | {"value": value}


def _blocks(start: int, stop: int) -> Iterator[tuple[int, int]]:
    return ((first, min(first + ROWS_AT_ONCE, stop)) for first in range(start, stop, ROWS_AT_ONCE))


def tie_rows(world: World) -> Iterator[Row]:
    """Who follows whom."""
    ties = world.ties
    for user, follows, at in zip(ties.user.tolist(), ties.follows.tolist(), ties.at.tolist(), strict=True):
        yield {"user_id": user_id(user), "follows": user_id(follows), "timestamp": at}


def truth_rows(world: World) -> Iterator[Row]:
    """Who cared for what: user_id, topic, horizon, weight (of all that is not noise), from and to in Unix seconds."""
    users, plan = world.users, world.plan
    for number in range(plan.users):
        joined, changed = int(users.joined[number]), int(users.changed[number])
        for held, since, until in ((users.topics, joined, changed), (users.later, changed, plan.end)):
            for topic, weight in zip(held[number].tolist(), users.shares[number].tolist(), strict=True):
                if topic != NONE and since < until:
                    yield _truth(number, topic, "long", weight, since, until)
    spells = world.episodes
    columns = (spells.user, spells.topic, spells.start, spells.end)
    for user, topic, start, end in zip(*(column.tolist() for column in columns), strict=True):
        yield _truth(user, topic, "short", planted.EPISODE_SHARE, start, end)


def _truth(user: int, topic: int, horizon: str, weight: float, since: int, until: int) -> Row:
    return {
        "user_id": user_id(user),
        "topic": NAMES[topic],
        "horizon": horizon,
        "weight": weight,
        "from": since,
        "to": until,
    }


def user_id(number: int) -> str:
    """The id of a user."""
    return f"u{number:06}"


def item_id(number: int) -> str:
    """The id of an item."""
    return f"i{number:06}"


def lift(world: World) -> float:
    """How much more often chosen items are about a topic that the user cared for then than the same items, shuffled."""
    wanted = cared_for(world, world.events.user, world.events.at)
    about = _bits(world.items.topics)
    chosen = world.events.item
    shuffled = np.random.default_rng(world.plan.seed).permutation(chosen)
    hits, chance = (((wanted & about[items]) != 0).mean() for items in (chosen, shuffled))
    return float(hits / chance)


def cared_for(world: World, user: Ints, at: Ints) -> Ints:
    """(N,) the topics that each user cared for at a time, as bits: 1 << the topic's number."""
    users = world.users
    held = np.where(at < users.changed[user], _bits(users.topics)[user], _bits(users.later)[user])
    return held | _bits(planted.episode_at(world.plan, world.episodes, user, at)[:, None])


def _bits(topics: Ints) -> Ints:
    """(N,) of topics (N, any)."""
    bits = np.where(topics == NONE, 0, np.left_shift(1, np.maximum(topics, 0)))
    return np.bitwise_or.reduce(bits, axis=1)


def write(world: World, folder: Path) -> dict[str, int]:
    """Write the files; returns how many rows each has."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {
        "items": item_rows(world),
        "users": user_rows(world),
        "ties": tie_rows(world),
        "events": event_rows(world),
        "truth": truth_rows(world),
    }
    return {name: _write(folder / f"{name}.jsonl", rows) for name, rows in parts.items()}


def _write(path: Path, rows: Iterator[Row]) -> int:
    with path.open("w", encoding="utf-8") as stream:
        return sum(stream.write(json.dumps(row) + "\n") > 0 for row in rows)


def main() -> None:
    """Draw, write and show."""
    parser = tables.parser(__doc__)
    plan = Plan()
    parser.add_argument("--output", type=Path, required=True, help="the folder to write to")
    for name in ("users", "items", "events", "days", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(plan, name), help="(default %(default)s)")
    for name in ("drifting", "noise", "following"):
        parser.add_argument(f"--{name}", type=float, default=getattr(plan, name), help="a share (default %(default)s)")
    options = vars(parser.parse_args())
    output, as_json = options.pop("output"), options.pop("json")
    start = time.perf_counter()
    try:
        world = planted.draw(Plan(**options))
    except ValueError as error:
        raise SystemExit(str(error)) from error
    drawn = time.perf_counter()
    counts = write(world, output)
    row = {"folder": str(output), **counts, "lift": lift(world), "drawn, s": drawn - start}
    tables.show("A generated data set", [row | {"written, s": time.perf_counter() - drawn}], as_json)


if __name__ == "__main__":
    main()
