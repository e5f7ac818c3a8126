"""Recovery of planted interests by extract: precision, recall and F1 of topics.

    python benchmarks/recovery.py [--users N] [--items N] [--events N] [--seed S] [--encoder NAME]
        [--worlds titles|paraphrases...] [--json]

A planted world (`planted.py`) goes through collect and extract in a scratch server, without a generative model, twice:
with titles only, which hold one word of each of an item's topics and never a topic's name, and with the topics' names
as attributes as well. What is found is scored against what was planted:

- An interest belongs to the topics whose name it is or whose words (`topics.py`) it holds; no user's answers say so.
- A topic's strength is the sum of the weights of the interests that belong to it. One is found where its strength is at
  least LEAST (short: SHORT_LEAST) of the strongest of that user (of that item, for items); chosen on seed 1.
- long: a user's open long likes against the topics that they care for at the end of the world, of which they left
  LONG_TRACE events or more. Users with at least LONG_EVENTS events since they last changed count; `all` counts the
  topics that left fewer traces too.
- short: open short likes against the topics, lasting or of an episode, that the user was after SHORT_TRACE times or
  more in the SHORT_DAYS days before their last event. Users with at least SHORT_EVENTS events in these days count,
  if they end in the last OPEN_DAYS days of the world: short interests of others have lapsed, as they should.
  `episodes` is the recall of those of them that are of an episode alone.
- items: `ABOUT` against the item's topics.

Counts are micro: over all pairs of user (or item) and topic.

In another world (`paraphrases.py`) texts say their topic in other words than its name, and no two alike: a few items
have the names as attributes, and nothing can be mined. Each world is also read by `Control`, random vectors in place of
the encoder's. In the first world these reach more F1, as the words of the titles are mined, and the
encoder's regression refuses some that name little alone ("hive"); in the second they find nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.load.scratch_server import scratch_server
from benchmarks.measures import tables
from benchmarks.measures.text_encoders import RandomEncoder
from benchmarks.worlds import generator, paraphrases, planted
from benchmarks.worlds.planted_world import LONG, NONE, Plan, World
from benchmarks.worlds.topics import TOPICS
from gnn.encoders.by_name import encoder
from gnn.encoders.encoder import Encoder
from gnn.extract.cosine_scale import DEFAULT_SCALE
from gnn.extract.stage import extract
from graphstore.collect.stage import collect
from graphstore.database.client import Client
from graphstore.durations import DAY_SECONDS
from graphstore.settings import Settings

CYPHER = Path(__file__).parent / "cypher"
LEAST, SHORT_LEAST = 0.4, 0.5
LONG_EVENTS, LONG_TRACE = 50, 5
SHORT_EVENTS, SHORT_TRACE, SHORT_DAYS, OPEN_DAYS = 10, 3, 14, 28
Found = dict[str, set[str]]
Row = dict[str, Any]
TOPICS_OF_WORDS = {word: name for name, words in TOPICS.items() for word in words}


class Control(RandomEncoder):
    """The control: random vectors, compared by the thresholds of the default encoder."""

    scale = DEFAULT_SCALE


def topics_of(interest: str) -> set[str]:
    """The topics that an interest belongs to."""
    named = {topic for topic in TOPICS if topic.casefold() == interest}
    return named | {TOPICS_OF_WORDS[word] for word in interest.split() if word in TOPICS_OF_WORDS}


def found_topics(rows: Iterable[Mapping[str, Any]], key: str, least: float = LEAST) -> Found:
    """The topics found for each user or item; rows: of `key`, name and weight."""
    strength: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for topic in topics_of(row["name"]):
            strength[row[key]][topic] += row["weight"]
    return {
        one: {topic for topic, value in counts.items() if value >= least * max(counts.values())}
        for one, counts in strength.items()
    }


def long_truth(world: World, trace: int = LONG_TRACE) -> Found:
    """What each user with enough events since they last changed cares for at the end, and left so many traces of."""
    users, events = world.users, world.events
    since = [changed if changed < world.plan.end else 0 for changed in users.changed.tolist()]
    counts: Counter[int] = Counter()
    traces: Counter[tuple[int, int]] = Counter()
    columns = (events.user, events.at, events.topic)
    for user, at, topic in zip(*(column.tolist() for column in columns), strict=True):
        if at >= since[user]:
            counts[user] += 1
            traces[user, topic] += 1
    return {
        generator.user_id(user): _names(t for t in users.later[user].tolist() if traces[user, t] >= trace)
        for user in range(world.plan.users)
        if counts[user] >= LONG_EVENTS
    }


def short_truth(world: World) -> tuple[Found, Found]:
    """What each user with enough events lately was after lately; and of these the topics of episodes alone."""
    events = world.events
    last = dict(zip(events.user.tolist(), events.at.tolist(), strict=True))
    lately: Counter[int] = Counter()
    traces: dict[int, Counter[int]] = defaultdict(Counter)
    lasting: set[tuple[int, int]] = set()
    columns = (events.user, events.at, events.topic, events.cause)
    for user, at, topic, cause in zip(*(column.tolist() for column in columns), strict=True):
        if at > last[user] - SHORT_DAYS * DAY_SECONDS:
            lately[user] += 1
            traces[user][topic] += 1
            if cause == LONG:
                lasting.add((user, topic))
    held, alone = {}, {}
    open_since = events.at[-1] - OPEN_DAYS * DAY_SECONDS
    for user in (user for user, count in lately.items() if count >= SHORT_EVENTS and last[user] > open_since):
        topics = [topic for topic, count in traces[user].items() if count >= SHORT_TRACE]
        held[generator.user_id(user)] = _names(topics)
        alone[generator.user_id(user)] = _names(topic for topic in topics if (user, topic) not in lasting)
    return held, alone


def _names(topics: Iterable[int]) -> set[str]:
    return {generator.NAMES[topic] for topic in topics if topic != NONE}


def score(found: Found, truth: Found) -> dict[str, Any]:
    """Micro precision, recall and F1 over those that the truth names."""
    hits = sum(len(found.get(one, set()) & topics) for one, topics in truth.items())
    said, planted_ = sum(len(found.get(one, set())) for one in truth), sum(map(len, truth.values()))
    precision, recall = hits / max(said, 1), hits / max(planted_, 1)
    return {
        "scored": len(truth),
        "precision": precision,
        "recall": recall,
        "F1": 2 * precision * recall / max(precision + recall, 1e-9),
    }


def item_rows(world: World, attributes: bool) -> Iterator[dict[str, Any]]:
    """The world's items, with the names of their topics as attributes or without any."""
    for row in generator.item_rows(world):
        yield row if attributes else {name: value for name, value in row.items() if name != "attributes"}


def read(client: Client, items: Iterable[Row], events: Iterable[Row], chosen: Encoder, folder: Path) -> None:
    """Collect and extract in an empty graph."""
    files: dict[str, Any] = {}
    for what, rows in (("items", items), ("events", events)):
        files[what] = folder / f"{what}.jsonl"
        files[what].write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    collect(client, **files)
    extract(client, Settings(home=folder), encoder=chosen)


def measure(client: Client, world: World, chosen: Encoder, attributes: bool, folder: Path) -> list[Row]:
    """Read and score a world of titles: a row for each horizon, and one for items."""
    read(client, item_rows(world, attributes), generator.event_rows(world), chosen, folder)
    interests = client.run_text((CYPHER / "open_interests.cypher").read_text(encoding="utf-8"))
    about = client.run_text((CYPHER / "items_about.cypher").read_text(encoding="utf-8"))
    horizons = {
        horizon: found_topics((row for row in interests if row["horizon"] == horizon), "user_id", least)
        for horizon, least in (("long", LEAST), ("short", SHORT_LEAST))
    }
    held, alone = short_truth(world)
    truth = {generator.item_id(n): _names(topics) for n, topics in enumerate(world.items.topics.tolist())}
    shown = {"items": "titles and attributes" if attributes else "titles only", "read by": chosen.name}
    return [
        {**shown, "what": "users, long", **score(horizons["long"], long_truth(world))},
        {**shown, "what": "users, long, all", **score(horizons["long"], long_truth(world, 0))},
        {**shown, "what": "users, short", **score(horizons["short"], held)},
        {**shown, "what": "users, short, episodes", **score(horizons["short"], alone), "precision": "", "F1": ""},
        {**shown, "what": "items", **score(found_topics(about, "item_id"), truth)},
    ]


def measure_paraphrases(client: Client, users: int, seed: int, chosen: Encoder, folder: Path) -> list[Row]:
    """Read and score the world of paraphrases: a row for users, and one for items."""
    events, tastes = paraphrases.event_rows(users, seed)
    read(client, paraphrases.item_rows(), events, chosen, folder)
    interests = client.run_text((CYPHER / "open_interests.cypher").read_text(encoding="utf-8"))
    about = client.run_text((CYPHER / "items_about.cypher").read_text(encoding="utf-8"))
    named = {name.casefold(): name for name in paraphrases.WORDINGS}
    strength: dict[str, Counter[str]] = defaultdict(Counter)
    for row in interests:
        if row["horizon"] == "long" and row["name"] in named:
            strength[row["user_id"]][named[row["name"]]] += row["weight"]
    held = {user: {t for t, w in found.items() if w >= LEAST * max(found.values())} for user, found in strength.items()}
    items: Found = defaultdict(set)
    for row in about:
        if row["name"] in named:
            items[row["item_id"]].add(named[row["name"]])
    shown = {"items": "paraphrases", "read by": chosen.name}
    truth = {item: {topic} for item, topic in paraphrases.topic_of().items()}
    return [
        {**shown, "what": "users, long", **score(held, tastes)},
        {**shown, "what": "items", **score(items, truth)},
    ]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = tables.parser(__doc__)
    for name, size in (("users", 500), ("items", 2_000), ("events", 40_000), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=size, help="(default %(default)s)")
    worlds = ("titles", "paraphrases")
    parser.add_argument("--worlds", nargs="+", choices=worlds, default=worlds, help="which worlds (default: both)")
    parser.add_argument("--encoder", help="the encoder (default: the product's)")
    return parser.parse_args()


def main() -> None:
    """Draw the worlds, measure each by the encoder and the control, and print."""
    options = arguments()
    world = planted.draw(Plan(users=options.users, items=options.items, events=options.events, seed=options.seed))
    chosen: Encoder = encoder(options.encoder, Settings.from_environment(os.environ).models)
    rows: list[Row] = []
    for arm in (chosen, Control()):
        for attributes in (False, True) if "titles" in options.worlds else ():
            with tempfile.TemporaryDirectory() as folder, scratch_server() as client:
                rows += measure(client, world, arm, attributes, Path(folder))
        if "paraphrases" in options.worlds:
            with tempfile.TemporaryDirectory() as folder, scratch_server() as client:
                rows += measure_paraphrases(client, options.users, options.seed, arm, Path(folder))
    title = "Planted interests that extract finds (target: F1 at least 0.8, by titles only and of paraphrases)"
    tables.show(title, rows, options.json)


if __name__ == "__main__":
    main()
