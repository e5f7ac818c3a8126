"""Faithfulness of reasons: whether what is named as a reason made the score, and whether the user liked it.

    python benchmarks/faithfulness.py DATASET... [--users N] [--data FOLDER] [--json]

DATASET: as for quality.py. Every stage runs in a scratch server on the training and validation parts. Of a sample of
users each answer is asked for, and once more without each of their items (`measures/deletion.py`). By the number of
items that a user chose:

name an item                   answers whose reason names an item of the user alone
it is the largest part         of these, where no other item of theirs has a larger part in the score
score falls most without it    of these, where the score falls more without it than without any other
without another                the same of an item drawn at random in its place, which must be rare
share named, median            of the parts that the sentence names
reasons rated low              items in a reason that the user disliked, or rated at or below .6 of the highest rating
                               or below their own mean; must be 0
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measures import tables
from benchmarks.measures.reasons import measure
from benchmarks.measures.shared_scripts import shared_folder
from benchmarks.measures.splits import add_places, make_split
from gnn.scratch_graph import StageOptions, scratch_graph
from graphstore.errors import InputError

K = 10


def rows(name: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of the table of one data set."""
    with tempfile.TemporaryDirectory(prefix="interestgraph-faithfulness-") as folder:
        split = make_split(name, Path(folder), data=options.data, shared=options.shared)
        files: dict[str, Any] = {"users_file": split.users, "ties_file": split.ties}
        how = StageOptions(media=split.media)
        with scratch_graph(split.known_and_later("test")[0], split.items, **files, options=how) as (client, _):
            found = measure(client, options.users, K, options.seed)
    return [{"data set": split.name, **row} for row in found.rows()]


def main() -> None:
    """Measure every data set named, and print one table."""
    parser = tables.parser(__doc__)
    parser.add_argument("datasets", nargs="+", metavar="DATASET")
    add_places(parser)
    parser.add_argument("--users", type=int, default=100, help="of each data set (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    options = parser.parse_args()
    options.shared = shared_folder(options.shared)
    found: list[dict[str, Any]] = []
    for name in options.datasets:
        try:
            found += rows(name, options)
        except InputError as error:
            raise SystemExit(f"{name}: {error}") from error
    tables.show("Faithfulness of reasons", found, options.json)


if __name__ == "__main__":
    main()
