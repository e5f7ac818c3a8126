"""Ranking quality of what is served, beside baselines, on fixed splits: every stage in a scratch server.

    python benchmarks/quality.py DATASET... [--data FOLDER] [--part valid|test] [--json] [--output FOLDER] [--seeds N]
        [--encoder NAME]

DATASET: ml-100k, ml-100k@user, ml-latest-small, ml-latest-small@user, movietweetings-100k, uci-online-retail,
hetrec2011-lastfm-2k, mars-elearning-en, ml-100k@item, ml-100k-overviews@item, ml-100k-posters@item,
ml-latest-small@item, hetrec2011-lastfm-2k@item, lightgcn-gowalla, lightgcn-yelp2018, or
NAME=FOLDER[@time|@user|@random|@item] (see splits.py).
FOLDER holds the data sets by name; without it ml-100k is fetched as the demo does. Valid is scored after train, test
after history (train and valid). --output keeps recs.jsonl, the lists of all systems, report.json and the split of each
data set. Where the shared score.py is at hand it scores the lists too, and must say the same.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from benchmarks.measures import quality_tables, tables
from benchmarks.measures.cold_items import cold_items
from benchmarks.measures.shared_scripts import Users, differences, score_again, shared_folder
from benchmarks.measures.splits import SplitFiles, add_places, make_split, read_events
from gnn.encoders.by_name import encoder
from gnn.evaluate import SERVED, StageOptions, evaluate
from gnn.evaluation.baselines import named, slug
from gnn.evaluation.splits import by_user
from graphstore.collect.files import open_rows
from graphstore.errors import InputError
from graphstore.settings import Settings

Report = dict[str, Any]


def measure(name: str, options: argparse.Namespace, folder: Path) -> Report:
    """Split, evaluate (once for each seed) and score one data set; what is kept goes to `folder`.

    Returns:
        split, part, report (of the first seed), seeds (the served lists' scores for each), cold, seconds (of the first:
        stages, with server and served lists; scoring, with the baselines), rescored (the systems that the shared
        scorer scored alike).
    Raises:
        AssertionError: the shared scorer says something else.
    """
    split = make_split(name, folder / "split", data=options.data, shared=options.shared)
    lists = folder / "lists"
    report = run(split, options, baselines=named(options.baselines), lists_folder=lists)
    taken = report["seconds"]
    seeds = [report["systems"][SERVED]]
    for seed in range(1, options.seeds):
        seeds.append(run(split, options, baselines=(), seed=seed)["systems"][SERVED])
    train, test = (read_events(path) for path in split.known_and_later(options.part))
    items = read_items(split)
    catalogue = {row["item_id"] for rows in (train, test, items) for row in rows}
    measured = {
        "split": {"name": split.name, "rule": split.rule, "source": split.source},
        "part": options.part,
        "report": report,
        "seeds": seeds,
        "cold": cold_items(train, test, items) if options.learning else {},
        "seconds": {"stages": taken["stages"] + taken["serving"], "scoring": taken["scoring"]},
        "rescored": check_scores(options.shared, lists, (by_user(train), by_user(test)), catalogue, report["systems"]),
    }
    shutil.copyfile(lists / f"{slug(SERVED)}.jsonl", folder / "recs.jsonl")
    (folder / "report.json").write_text(json.dumps(measured, indent=1, ensure_ascii=False, default=str) + "\n")
    return measured


def run(split: SplitFiles, options: argparse.Namespace, seed: int = 0, **more: Any) -> Report:
    """One evaluation."""
    train_file, test_file = split.known_and_later(options.part)
    files: dict[str, Any] = {"users_file": split.users, "ties_file": split.ties}
    settings = Settings.from_environment(os.environ)
    reader = encoder(options.encoder, settings.models) if options.encoder else None
    stages = StageOptions(learn=options.learning, media=split.media, seed=seed, encoder=reader)
    return evaluate(train_file, test_file, split.items, **files, options=stages, **more)


def read_items(split: SplitFiles) -> list[dict[str, Any]]:
    """The rows of the items file that can be read; none where there is no file."""
    if split.items is None:
        return []
    with open_rows(split.items) as source:
        return [line.row for line in source.lines if line.row is not None]


def check_scores(
    shared: Path | None, lists: Path, users: tuple[Users, Users], catalogue: set[str], ours: Mapping[str, Any]
) -> list[str]:
    """The systems that the shared scorer scores as we do, from the lists that were written; none where it is not there.

    users: the items of each user in training, and in the scored part.

    Raises:
        AssertionError: it says something else of one.
    """
    alike = []
    for system, found in ours.items():
        theirs = score_again(shared, lists / f"{slug(system)}.jsonl", *users, catalogue)
        if theirs is None:
            continue
        wrong = differences(found, theirs)
        if wrong:
            raise AssertionError(f"{system}: scored differently by the shared scorer: {'; '.join(wrong)}")
        alike.append(system)
    return alike


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = tables.parser(__doc__)
    parser.add_argument("datasets", nargs="+", metavar="DATASET")
    add_places(parser)
    parser.add_argument("--part", choices=["valid", "test"], default="test")
    parser.add_argument("--output", type=Path, help="a folder to keep lists, reports and splits in")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="evaluate with the seeds 0 … N-1")
    parser.add_argument("--baselines", default="all", help="all (the default), none, or names such as item-knn,ease")
    parser.add_argument("--no-learning", dest="learning", action="store_false", help="without extract and update")
    parser.add_argument("--encoder", help="what items are read by (default: the product's default)")
    options = parser.parse_args()
    options.shared = shared_folder(options.shared)
    return options


def main() -> None:
    """Measure every data set named; print a table for each, then one over all."""
    options = arguments()
    measured: dict[str, Report] = {}
    for name in options.datasets:
        label = name.partition("=")[0]
        place = tempfile.TemporaryDirectory(prefix="interestgraph-quality-")
        with place if options.output is None else nullcontext(options.output / label) as folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            try:
                measured[label] = measure(name, options, Path(folder))
            except InputError as error:
                raise SystemExit(f"{name}: {error}") from error
        if not options.json:
            quality_tables.show_systems(measured[label])
    quality_tables.show_summary(measured, options.json)


if __name__ == "__main__":
    main()
