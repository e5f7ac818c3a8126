"""Lists of interests for blind judges: those that most users of a data set hold, shuffled together with decoys.

    python benchmarks/measures/interest_lists.py DATASET... --output FOLDER [--data FOLDER] [--most N] [--items N]
        [--seed S] [--encoder NAME] [--json]

DATASET: as in quality.py, such as ml-100k-overviews@item, uci-online-retail, mars-elearning-en, or NAME=FOLDER.
All events and items (of a larger catalogue `--items`, drawn at random, and their events) go through collect and extract
in a scratch server. FOLDER gets for each data set NAME.txt, a name a line in lower case and in random order, and
NAME.key.json: of each name whether it is an "interest" or a "decoy", and how many users hold it. Decoys are a fifth of
the list: word sequences of the items' texts, in LEAST_ITEMS of them or more, that the vocabulary refused. A judge who
does not see the key says of each line whether one can care about it; what is said of decoys tells how strict they are.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.load.scratch_server import scratch_server
from benchmarks.measures import tables
from benchmarks.measures.shared_scripts import shared_folder
from benchmarks.measures.splits import SplitFiles, add_places, make_split, read_events
from gnn.encoders.by_name import encoder
from gnn.extract.stage import extract
from gnn.extract.vocabulary import Term, forms_of, phrases
from graphstore.collect.files import open_rows
from graphstore.collect.stage import collect
from graphstore.database.client import Client
from graphstore.errors import InputError
from graphstore.extract import items as graph_items
from graphstore.extract.interests import read_interests
from graphstore.settings import Settings

HELD = Path(__file__).parents[1] / "cypher" / "held_interests.cypher"
DECOYS, LEAST_ITEMS = 0.2, 3
Row = dict[str, Any]


def read(client: Client, split: SplitFiles, options: argparse.Namespace, folder: Path) -> None:
    """Collect and extract all events, and all items or some."""
    rows: list[Row] = []
    if split.items:
        with open_rows(split.items) as source:
            rows = [line.row for line in source.lines if line.row is not None]
    if len(rows) > options.items:
        chosen = np.random.default_rng(options.seed).choice(len(rows), options.items, replace=False)
        rows = [rows[number] for number in sorted(chosen.tolist())]
    wanted = {row["item_id"] for row in rows}
    events = [e for part in ("history", "test") for e in read_events(split.events(part)) if e["item_id"] in wanted]
    files: dict[str, Any] = {}
    for name, lines in (("items", rows), ("events", events)):
        files[name] = folder / f"read-{name}.jsonl"
        files[name].write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    collect(client, **files)
    settings = Settings.from_environment(os.environ)
    extract(client, Settings(home=folder), encoder=encoder(options.encoder, settings.models))


def decoys(client: Client, count: int, seed: int) -> list[str]:
    """Word sequences of the items' texts that are no form of an interest, drawn evenly."""
    terms = [Term(row["name"], row["label"], "phrase", tuple(row["forms"])) for row in read_interests(client)]
    known = forms_of(terms)
    found: Counter[str] = Counter()
    for item in graph_items.read_items(client):
        found.update({*phrases(f"{item.title}. {item.description}")} - known.keys())
    refused = sorted(name for name, items in found.items() if items >= LEAST_ITEMS)
    return [str(name) for name in np.random.default_rng(seed).permutation(refused)[:count]]


def write_list(client: Client, name: str, options: argparse.Namespace) -> Row:
    """Write the list and its key; returns what is in it."""
    held = client.run_text(HELD.read_text(encoding="utf-8"), {"most": options.most})
    others = decoys(client, round(len(held) * DECOYS / (1 - DECOYS)), options.seed)
    key = {row["name"]: {"is": "interest", "origin": row["origin"], "users": row["users"]} for row in held}
    key |= {decoy: {"is": "decoy"} for decoy in others}
    order = np.random.default_rng(options.seed).permutation(sorted(key)).tolist()
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / f"{name}.txt").write_text("".join(f"{line}\n" for line in order), encoding="utf-8")
    text = json.dumps({line: key[line] for line in order}, ensure_ascii=False, indent=1)
    (options.output / f"{name}.key.json").write_text(text + "\n", encoding="utf-8")
    vocabulary = len(read_interests(client))
    return {"data set": name, "vocabulary": vocabulary, "interests listed": len(held), "decoys": len(others)}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = tables.parser(__doc__)
    parser.add_argument("datasets", nargs="+", metavar="DATASET")
    add_places(parser)
    parser.add_argument("--output", type=Path, required=True, help="the folder for lists and keys")
    for name, size in (("most", 200), ("items", 20_000), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=size, help="(default %(default)s)")
    parser.add_argument("--encoder", help="what items are read by (default: the product's default)")
    options = parser.parse_args()
    options.shared = shared_folder(options.shared)
    return options


def main() -> None:
    """Write a list for each data set."""
    options = arguments()
    rows = []
    for name in options.datasets:
        with tempfile.TemporaryDirectory() as place, scratch_server() as client:
            folder = Path(place)
            try:
                split = make_split(name, folder / "split", data=options.data, shared=options.shared)
            except InputError as error:
                raise SystemExit(f"{name}: {error}") from error
            read(client, split, options, folder)
            rows.append(write_list(client, name.partition("=")[0].partition("@")[0], options))
    tables.show(f"Interests that most users hold, with decoys, in {options.output}", rows, options.json)


if __name__ == "__main__":
    main()
