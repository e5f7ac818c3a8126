"""Fixed splits of published data sets, and of your own events, as files that `interestgraph evaluate` reads.

    python benchmarks/measures/splits.py DATASET... --output FOLDER [--data FOLDER] [--shared FOLDER] [--json]

DATASET: ml-100k, ml-latest-small, movietweetings-100k (cut in time), ml-100k@user, ml-latest-small@user (each user's
own last tenth), uci-online-retail, mars-elearning-en, amazon-gift-cards (cut in time), hetrec2011-lastfm-2k (random: it
has no times),
ml-100k@item, ml-100k-overviews@item (with texts), ml-100k-posters@item (texts and posters), ml-latest-small@item,
uci-online-retail@item, hetrec2011-lastfm-2k@item (a tenth of the items is new), lightgcn-gowalla, lightgcn-yelp2018
(the published lists), or NAME=FOLDER[@time|@user|@random|@item] with events.jsonl or events.csv in it (and items,
users, ties likewise).

The rules stand in split_rules.py; valid is a tenth before test, and history is train and valid together.
"""

from __future__ import annotations

import argparse
import csv
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from benchmarks.measures import shared_scripts as sharing
from benchmarks.measures import tables
from benchmarks.measures.split_rules import RULES, Events, Parts, draw_valid
from graphstore.collect.files import open_rows
from graphstore.datasets import open_dataset
from graphstore.datasets.dataset import Dataset
from graphstore.datasets.lightgcn import read_lists
from graphstore.datasets.movielens import demo_dataset
from graphstore.errors import InputError

OVERVIEWS = "ml-100k-multimodal/items_tmdb.csv"
POSTERS = "ml-100k-multimodal/posters_92x138.zip"
OWN_PARTS = ("events", "items", "users", "ties")
OWN_ENDINGS = (".jsonl", ".csv", ".jsonl.gz", ".csv.gz")


@dataclass(frozen=True)
class Published:
    """A published data set: its folder's name, adapter and rule.

    used: the catalogue is what has events at all.  overviews: a CSV file beside the folder with movie_id and overview,
    which become the descriptions of the items.  posters: a zip file beside the folder with ITEM_ID.jpg in it.
    own: whether it is split here even where the shared script knows it, which leaves out equal events.
    """

    folder: str
    adapter: str
    rule: str
    used: bool = False
    overviews: str | None = None
    posters: str | None = None
    own: bool = False


SETS: dict[str, Published] = {
    "ml-100k": Published("ml-100k", "ml-100k", "time"),
    "ml-100k@user": Published("ml-100k", "ml-100k", "user"),
    "ml-latest-small": Published("ml-latest-small", "ml-latest", "time"),
    "ml-latest-small@user": Published("ml-latest-small", "ml-latest", "user"),
    "movietweetings-100k": Published("movietweetings-100k", "movietweetings", "time"),
    "uci-online-retail": Published("uci-online-retail", "online-retail", "time"),
    "hetrec2011-lastfm-2k": Published("hetrec2011-lastfm-2k", "lastfm", "random"),
    "ml-100k@item": Published("ml-100k", "ml-100k", "item"),
    "ml-100k-overviews@item": Published("ml-100k", "ml-100k", "item", overviews=OVERVIEWS),
    "ml-100k-posters@item": Published("ml-100k", "ml-100k", "item", overviews=OVERVIEWS, posters=POSTERS),
    "ml-latest-small@item": Published("ml-latest-small", "ml-latest", "item"),
    "uci-online-retail@item": Published("uci-online-retail", "online-retail", "item"),
    "hetrec2011-lastfm-2k@item": Published("hetrec2011-lastfm-2k", "lastfm", "item"),
    "amazon-gift-cards": Published("amazon-gift-cards", "gift-cards", "time", own=True),
    "mars-elearning-en": Published("mars-elearning-en", "mars", "time", used=True),
    "lightgcn-gowalla": Published("lightgcn-gowalla", "lightgcn", "given"),
    "lightgcn-yelp2018": Published("lightgcn-yelp2018", "lightgcn", "given"),
}


@dataclass(frozen=True)
class SplitFiles:
    """A split in files. source: "shared" (the script beside the checkout) or "own" (the same rules here).

    media: the folder that the items' images are in.
    """

    name: str
    rule: str
    source: str
    folder: Path
    items: Path | None = None
    users: Path | None = None
    ties: Path | None = None
    media: Path | None = None

    def events(self, part: str) -> Path:
        """The file of "train", "valid", "test" or "history"."""
        return self.folder / f"{part}.jsonl"

    def known_and_later(self, part: str) -> tuple[Path, Path]:
        """The training file and the file to score for part "valid" or "test"."""
        return self.events("train" if part == "valid" else "history"), self.events(part)


def make_split(name: str, target: Path, *, data: Path | None = None, shared: Path | None = None) -> SplitFiles:
    """Split a data set and write its files into the folder `target`.

    name: one of `SETS`, or NAME=FOLDER[@RULE].  data: the folder that holds the published data sets by name, or the
    files of this one; None: those of the shared folder, and for ml-100k what the demo fetches.
    shared: the shared folder whose splits.py is asked first; None: never.

    Raises:
        InputError: there is no such data set, rule or file, or an event can't be split by the rule.
    """
    target.mkdir(parents=True, exist_ok=True)
    if "=" in name:
        return _own_split(name, target)
    if name not in SETS:
        rules = "|".join(f"@{rule}" for rule in RULES)
        raise InputError(f"There is no data set {name!r}; known: {', '.join(SETS)}, or NAME=FOLDER[{rules}].")
    published = SETS[name]
    folder, dataset = open_published(published, data or (shared / "data" if shared else None))
    events = list(dataset.events())
    if published.rule == "given" and folder is not None:
        events += read_lists(folder, "test.txt")
    found = None if published.own else _ask_shared(name, folder, shared, events)
    parts, catalogue = found or (_parts(published, dataset, events), None)
    if catalogue is None and published.used:
        catalogue = [event["item_id"] for event in events]
    write_parts(target, parts)
    wanted = None if catalogue is None else set(catalogue)
    texts = _overviews(folder, published.overviews) if published.overviews else {}
    posters = _posters(folder, published.posters, target / "media") if published.posters else {}
    items = (
        item | posters.get(item["item_id"], {}) | texts.get(item["item_id"], {})
        for item in dataset.items()
        if wanted is None or item["item_id"] in wanted
    )
    active = {event["user_id"] for event in events}
    return SplitFiles(
        name,
        published.rule,
        "shared" if found else "own",
        target,
        items=_write_some(target / "items.jsonl", items),
        users=_write_some(target / "users.jsonl", (row for row in dataset.users() if row["user_id"] in active)),
        ties=_write_some(target / "ties.jsonl", dataset.ties() if dataset.ties else ()),
        media=target / "media" if posters else None,
    )


def open_published(published: Published, data: Path | None) -> tuple[Path | None, Dataset]:
    """The folder of a published data set (None where ml-100k is fetched as the demo does), and its rows.

    Raises:
        InputError: the folder is not known, or lacks a file.
    """
    folder = None if data is None else data / published.folder
    if data is not None and folder is not None and not folder.is_dir():
        folder = data
    if published.adapter == "ml-100k" and (folder is None or not (folder / "u.data").is_file()):
        return None, demo_dataset(user_data_path("interestgraph", appauthor=False) / "cache")
    if folder is None:
        raise InputError(f"Where is {published.folder}? Name the folder that holds it with --data.")
    return folder, open_dataset(published.adapter, folder)


def _overviews(folder: Path | None, name: str) -> dict[str, dict[str, str]]:
    """item_id → its description, of items that have one."""
    if folder is None or not (folder.parent / name).is_file():
        raise InputError(f"Where is {name}? Name the folder that holds it, and the data set, with --data.")
    with (folder.parent / name).open(encoding="utf-8", newline="") as stream:
        return {row["movie_id"]: {"description": row["overview"]} for row in csv.DictReader(stream) if row["overview"]}


def _posters(folder: Path | None, name: str, target: Path) -> dict[str, dict[str, str]]:
    """item_id → its image, of items that have one; the zip file's images are unpacked into the folder `target`."""
    if folder is None or not (folder.parent / name).is_file():
        raise InputError(f"Where is {name}? Name the folder that holds it, and the data set, with --data.")
    found = {}
    with zipfile.ZipFile(folder.parent / name) as archive:
        for member in archive.infolist():
            path = Path(member.filename)
            if path.suffix == ".jpg":
                member.filename = path.name
                archive.extract(member, target)
                found[path.stem] = {"image": path.name}
    return found


def _ask_shared(
    name: str, folder: Path | None, shared: Path | None, events: Events
) -> tuple[Parts, list[str] | None] | None:
    found = sharing.shared_split(shared, name, folder.parent, events) if shared and folder else None
    if found is None:
        return None
    parts, catalogue = found
    return (parts["train"], parts["valid"], parts["test"]), catalogue


def _parts(published: Published, dataset: Dataset, events: Events) -> Parts:
    if published.rule != "given":
        return RULES[published.rule](events)
    train = list(dataset.events())
    return (*draw_valid(train), events[len(train) :])


def _own_split(name: str, target: Path) -> SplitFiles:
    """NAME=FOLDER[@RULE]: files of the user's own; items, users and ties are used where they are."""
    label, _, place = name.partition("=")
    folder, _, rule = place.rpartition("@") if place.rpartition("@")[2] in RULES else (place, "", "time")
    files = {what: own_file(Path(folder), what) for what in OWN_PARTS}
    if files["events"] is None:
        raise InputError(f"{folder}: there is no events.jsonl or events.csv in it.")
    events = read_events(files["events"])
    write_parts(target, RULES[rule](events))
    return SplitFiles(label, rule, "own", target, files["items"], files["users"], files["ties"])


def own_file(folder: Path, what: str) -> Path | None:
    """The file of events, items, or another part in a folder; None where there is none."""
    return next((path for ending in OWN_ENDINGS if (path := folder / f"{what}{ending}").is_file()), None)


def read_events(path: Path) -> Events:
    """The rows of an events file, complete.

    Raises:
        InputError: the file can't be read or a row lacks what an event needs.
    """
    events: Events = []
    with open_rows(path) as source:
        for line in source.lines:
            row = line.row or {}
            if line.problem or any(row.get(key) in (None, "") for key in ("user_id", "item_id", "kind")):
                why = line.problem or "an event needs user_id, item_id and kind"
                raise InputError(f"{path}, line {line.number}: {why}.")
            events.append({**row, "user_id": str(row["user_id"]), "item_id": str(row["item_id"])})
    return events


def write_parts(target: Path, parts: Parts) -> None:
    """train.jsonl, valid.jsonl, test.jsonl, and history.jsonl, which is the first two."""
    train, valid, test = parts
    for part, events in {"train": train, "valid": valid, "test": test, "history": train + valid}.items():
        write_rows(target / f"{part}.jsonl", events)


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Rows as JSON lines."""
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return path


def _write_some(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path | None:
    if write_rows(path, rows).stat().st_size:
        return path
    path.unlink()
    return None


def main() -> None:
    """Write every split named and print a row for each part."""
    parser = tables.parser(__doc__)
    parser.add_argument("datasets", nargs="+", metavar="DATASET")
    parser.add_argument("--output", type=Path, required=True, help="a folder; each data set gets one in it")
    add_places(parser)
    arguments = parser.parse_args()
    rows = []
    try:
        for name in arguments.datasets:
            target = arguments.output / name.partition("=")[0]
            split = make_split(name, target, data=arguments.data, shared=sharing.shared_folder(arguments.shared))
            for part in ("train", "valid", "test", "history"):
                events = read_events(split.events(part))
                users, items = ({event[key] for event in events} for key in ("user_id", "item_id"))
                counts = {"events": len(events), "users": len(users), "items": len(items)}
                rows.append({"data set": split.name, "rule": split.rule, "by": split.source, "part": part, **counts})
    except InputError as error:
        raise SystemExit(str(error)) from error
    tables.show(f"Splits in {arguments.output}", rows, arguments.json)


def add_places(parser: argparse.ArgumentParser) -> None:
    """The options that say where data sets and the shared scripts are."""
    parser.add_argument("--data", type=Path, help="the folder with the data sets by name (default: the shared one's)")
    parser.add_argument("--shared", type=Path, help="the folder with evaluation/splits.py (or INTERESTGRAPH_SHARED)")


if __name__ == "__main__":
    main()
