"""What the language model is worth: the same product with the encoder, with keywords, and with random vectors.

    python benchmarks/language/value.py [DATASET...] [--data FOLDER] [--arms ARM...] [--newcomers N] [--json]

DATASET: of measures/splits.py (default: amazon-gift-cards, mars-elearning-en, ml-100k-overviews@item). For each arm all
stages run in a scratch server on the training part, without the newcomers. Then four tables:

short   the served lists of users with 1 to 5 events in training, on the test part
new     items without a training event, ranked among themselves
search  newcomers, of whom the graph knows nothing but one search; scored on all items that they chose, but the one that
        the search was made of: by words is the answer at once, read is the answer after the arm has read the search
review  newcomers, of whom the graph knows one event on an item, scored on all that they chose besides: without its
        text, with it at once, and with it after the arm has read it

A search is the text of the newcomer's first tag, where the data set has tags; else it is made of the title of the first
item that they chose. Reviews are those of the data set; where it has none there is no such row. `nothing` is the list
of what is popular. Arms: encoder (the default one), keywords (TF-IDF and singular vectors), random (a vector drawn for
each text: the control). A generative model beside them: generative_value.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measures import tables
from benchmarks.measures.shared_scripts import shared_folder
from benchmarks.measures.splits import SplitFiles, add_places, make_split, read_events, write_rows
from benchmarks.measures.text_encoders import KeywordEncoder, RandomEncoder
from gnn.encoders.encoder import Encoder
from gnn.encoders.sentence import SentenceEncoder
from gnn.evaluate import SERVED, score_served
from gnn.evaluation.list_metrics import user_metrics
from gnn.extract.generative import CONTEXT
from gnn.extract.stage import extract
from gnn.llm.language_model import LanguageModel
from gnn.scratch_graph import StageOptions, scratch_graph
from graphstore.collect.fields import parse_time
from graphstore.collect.files import open_rows
from graphstore.collect.store import collect_events
from graphstore.database.client import Client
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.stage import recommend
from graphstore.settings import Settings

DEFAULT = ("amazon-gift-cards", "mars-elearning-en", "ml-100k-overviews@item")
ARMS = ("encoder", "keywords", "random")
SHOWN = ("ndcg@10", "recall@20")
BATCH = 500
TITLES = {"short": "Short histories", "new": "New items", "newcomers": "Newcomers"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Newcomer:
    """A user whom the graph does not know: their first event, the words of a search, and what they chose besides."""

    user_id: str
    first: Row
    search: str
    chosen: frozenset[str]


def is_newcomer(user_id: str) -> bool:
    """Whether a user is one of the fifth that is kept out of the graph."""
    return hashlib.sha256(user_id.encode("utf-8", "replace")).digest()[0] % 5 == 0


def newcomers(events: Sequence[Row], titles: Mapping[str, str], most: int) -> list[Newcomer]:
    """Up to `most` newcomers with two items or more, by the hash of their ids. events: of all parts."""
    own: dict[str, list[Row]] = defaultdict(list)
    for event in events:
        if is_newcomer(event["user_id"]) and event.get("item_id"):
            own[event["user_id"]].append(event)
    found = []
    for user_id in sorted(own, key=lambda user: hashlib.sha256(user.encode("utf-8", "replace")).digest()):
        in_order = sorted(own[user_id], key=_seconds)
        first = next((event for event in in_order if event.get("text")), in_order[0])
        tag = next((event["text"] for event in in_order if event["kind"] == "tag"), "")
        chosen = frozenset(event["item_id"] for event in in_order if event["item_id"] != first["item_id"])
        search = tag or titles.get(first["item_id"], "")
        if chosen and search:
            found.append(Newcomer(user_id, first, search, chosen))
    return found[:most]


def _seconds(event: Row) -> float:
    time = event.get("timestamp")
    return 0.0 if time in (None, "") else parse_time(time).timestamp()


def post(client: Client, rows: Sequence[Row]) -> None:
    """Store events.

    Raises:
        AssertionError: one was rejected.
    """
    for start in range(0, len(rows), BATCH):
        counts = collect_events(client, list(rows[start : start + BATCH]))
        assert not counts.rejected, counts.rejected[0]


def score(client: Client, users: Sequence[tuple[str, Newcomer]]) -> Row:
    """Mean metrics of the lists of some users, without the item of the newcomer's first event."""
    cache = ServingCache(client)
    values = defaultdict(list)
    for user_id, newcomer in users:
        answer = recommend(client, user_id, k=21, explain=False, fallback="popular", cache=cache)
        items = [row["item_id"] for row in answer["recommendations"]]
        items = [item for item in items if item != newcomer.first["item_id"]][:20]
        for name, value in user_metrics(set(newcomer.chosen), items).items():
            values[name].append(value)
    return {name: _estimate(values[name]) for name in SHOWN}


def _estimate(values: Sequence[float]) -> str:
    half_width = 1.96 * float(np.std(values)) / max(len(values), 1) ** 0.5
    return f"{np.mean(values):.3f} ±{half_width:.3f}" if values else ""


def measure_newcomers(
    client: Client, settings: Settings, arm: Encoder, people: Sequence[Newcomer], model: LanguageModel | None = None
) -> list[Row]:
    """A row for each way to know something of a newcomer."""
    if not people:
        return []
    written = [one for one in people if one.first.get("text")]
    events = {
        "search": [{"kind": "search", "text": one.search[:1000]} for one in people],
        "event": [{k: v for k, v in one.first.items() if k not in ("text", "event_id")} for one in people],
        "text": [{k: v for k, v in one.first.items() if k != "event_id"} for one in written],
    }
    groups = {"search": people, "event": people, "text": written}
    users = {way: [(f"new {way} {one.user_id}", one) for one in group] for way, group in groups.items()}
    for way, rows in events.items():
        named = [row | {"user_id": user_id} for row, (user_id, _) in zip(rows, users[way], strict=True)]
        post(client, [_as_file_has_it(row) for row in named])
    found = [{"known": "nothing", "users": len(people)} | score(client, [("nobody", one) for one in people])]
    found.append({"known": "a search, by words", "users": len(people)} | score(client, users["search"]))
    at_once = score(client, users["text"]) if written else {}
    extract(client, settings, encoder=arm, model=model)
    found.append({"known": "a search, read", "users": len(people)} | score(client, users["search"]))
    found.append({"known": "an event", "users": len(people)} | score(client, users["event"]))
    if written:
        found.append({"known": "a review, at once", "users": len(written)} | at_once)
        found.append({"known": "a review, read", "users": len(written)} | score(client, users["text"]))
    return found


def _as_file_has_it(row: Row) -> Row:
    return {key: value for key, value in row.items() if value not in (None, "")}


def measure(
    split: SplitFiles, arm: str, most: int, model: LanguageModel | None = None, context: int = CONTEXT
) -> dict[str, list[Row]]:
    """The tables of one data set and arm.

    most: newcomers.  model: a generative model that reads items, users and what they write too; context: its tokens.
    """
    train, test = (read_events(path) for path in split.known_and_later("test"))
    items = list(read_rows(split.items)) if split.items else []
    titles = {row["item_id"]: row.get("title") or "" for row in items}
    encoder = encoder_of(arm, items)
    with tempfile.TemporaryDirectory() as folder:
        known = [row for row in train if not is_newcomer(row["user_id"])]
        events = write_rows(Path(folder) / "train.jsonl", known)
        options = StageOptions(encoder=encoder, model=model, context=context)
        with scratch_graph(events, split.items, users_file=split.users, options=options) as (client, _):
            had = {(row["user_id"], row["item_id"]) for row in known}
            later = [r for r in test if not is_newcomer(r["user_id"]) and (r["user_id"], r["item_id"]) not in had]
            report = score_served(client, known, later, baselines=(), cold_alone=True)
            people = newcomers([*train, *test], titles, most)
            new = measure_newcomers(client, Settings(home=Path(folder)), encoder, people, model)
    place = {"data set": split.name, "arm": f"{arm} and {model.name}" if model else arm}
    return {
        "short": [place | row for row in short_histories(report)],
        "new": [place | row for row in new_items(report)],
        "newcomers": [place | row for row in new],
    }


def short_histories(report: Row) -> Iterator[Row]:
    """Rows of the served lists by the number of training events."""
    for length, view in report["systems"][SERVED]["history"].items():
        if view["users"] and length in ("1", "2-5"):
            shown = {name: f"{view[name]:.3f} ±{view.get(f'{name}_ci', 0):.3f}" for name in SHOWN}
            yield {"events": length, "users": view["users"], **shown}


def new_items(report: Row) -> Iterator[Row]:
    """A row of the items without a training event, where somebody chose one."""
    cold = report["cold_alone"]
    if "recall@20" in cold:
        found = f"{cold['recall@20']:.3f} ±{cold['recall@20_ci']:.3f}"
        yield {"new items": cold["candidates"], "users": cold["users"], "recall@20": found, "chance": cold["random"]}


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file that can be read."""
    with open_rows(path) as source:
        yield from (line.row for line in source.lines if line.row is not None)


def encoder_of(arm: str, items: Sequence[Row]) -> Encoder:
    """The encoder of an arm."""
    if arm == "random":
        return RandomEncoder()
    if arm == "keywords":
        return KeywordEncoder([f"{row.get('title') or ''}. {row.get('description') or ''}" for row in items])
    return SentenceEncoder()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = tables.parser(__doc__)
    parser.add_argument("datasets", nargs="*", default=DEFAULT, metavar="DATASET")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--newcomers", type=int, default=300, metavar="N", help="at most (default 300)")
    add_places(parser)
    options = parser.parse_args()
    options.shared = shared_folder(options.shared)
    return options


def show(found: Mapping[str, Sequence[Row]], as_json: bool) -> None:
    """All tables, by what they are about, or one JSON document."""
    if as_json:
        print(json.dumps(found, indent=1))
        return
    for what, rows in found.items():
        tables.show(TITLES.get(what, what), rows, False)


def main() -> None:
    """Measure and print."""
    options = arguments()
    found: dict[str, list[Row]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for name in options.datasets:
            split = make_split(name, Path(folder) / name, data=options.data, shared=options.shared)
            for arm in options.arms:
                for title, rows in measure(split, arm, options.newcomers).items():
                    found[title] += rows
                    if not options.json and rows:
                        tables.show(title, rows, False)
    show(found, options.json)


if __name__ == "__main__":
    main()
