"""Ranking quality of the embeddings alone: items ranked by the cosine with the user.

    python benchmarks/measures/model_alone.py DATASET... [--part valid|test] [--data FOLDER] [--json]

For data sets so large that asking for every user's list takes hours. Every stage runs in a scratch server, the
embeddings are read from the graph, and all items that a user does not have are ranked.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measures import tables
from benchmarks.measures.shared_scripts import shared_folder
from benchmarks.measures.splits import add_places, make_split, read_events
from gnn.evaluation.metrics import Scorer
from gnn.evaluation.splits import by_user, event, interactions
from gnn.evaluation.top_items import Lists, ranked
from gnn.scratch_graph import StageOptions, scratch_graph
from graphstore.database.client import Client
from graphstore.errors import InputError
from graphstore.interactions import Interactions

READ = Path(__file__).parents[1] / "cypher" / "read_embeddings.cypher"
K = 20
METRICS = ("ndcg@10", "ndcg@20", "recall@20")


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """A row of the table."""
    with tempfile.TemporaryDirectory(prefix="interestgraph-model-") as folder:
        split = make_split(name, Path(folder), data=options.data, shared=options.shared)
        known, later = split.known_and_later(options.part)
        start = time.perf_counter()
        files: dict[str, Any] = {"users_file": split.users, "ties_file": split.ties}
        how = StageOptions(media=split.media)
        with scratch_graph(known, split.items, **files, options=how, progress=said) as (client, stages):
            seconds = time.perf_counter() - start
            train, test = (list(map(event, read_events(path))) for path in (known, later))
            events = interactions(train)
            lists = nearest(events, *read_embeddings(client))
    catalogue = {row["item_id"] for row in (*train, *test)} | set(events.item_ids)
    scored = Scorer(by_user(train), by_user(test), sorted(catalogue)).score(lists)[0]["all"]
    row = {"data set": split.name, "part": options.part, "users": scored["users"]}
    row |= {metric: f"{scored[metric]:.4f} ±{scored[metric + '_ci']:.4f}" for metric in METRICS}
    return row | {"epochs": stages["update"]["metrics"].get("epoch"), "stages, s": round(seconds)}


def read_embeddings(client: Client) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Those of users and those of items."""
    found: dict[str, dict[str, list[float]]] = {"user": {}, "item": {}}
    for row in client.run_text(READ.read_text(encoding="utf-8")):
        found[row["kind"]][row["id"]] = row["embedding"]
    return found["user"], found["item"]


def nearest(events: Interactions, users: Mapping[str, list[float]], items: Mapping[str, list[float]]) -> Lists:
    """The K items nearest to each user that they have no event with."""
    width = len(next(iter(items.values())))
    blank = [0.0] * width
    ours = np.array([users.get(user_id, blank) for user_id in events.user_ids], dtype=np.float32)
    theirs = np.array([items.get(item_id, blank) for item_id in events.item_ids], dtype=np.float32)
    return ranked(events, K, lambda rows: ours[rows] @ theirs.T, least=-np.inf)


def said(description: str, done: int, total: int | None) -> None:
    """How far it is, now and then, on standard error."""
    if total and done in (0, total):
        print(f"{time.strftime('%H:%M:%S')} {description} {done:,} of {total:,}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure every data set named and print one table."""
    parser = tables.parser(__doc__)
    parser.add_argument("datasets", nargs="+", metavar="DATASET")
    add_places(parser)
    parser.add_argument("--part", choices=["valid", "test"], default="test")
    options = parser.parse_args()
    options.shared = shared_folder(options.shared)
    try:
        rows = [measure(name, options) for name in options.datasets]
    except InputError as error:
        raise SystemExit(str(error)) from error
    tables.show("Embeddings alone", rows, options.json)


if __name__ == "__main__":
    main()
