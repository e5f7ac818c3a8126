"""What a generative model adds to the encoder: the same product with both, and what the answers cost.

    python benchmarks/generative_value.py --llm URL --llm-model NAME [DATASET...] [--data FOLDER] [--users N]
        [--newcomers N] [--run-tokens N] [--context N] [--concurrency N] [--timeout SECONDS] [--json]

URL: of any OpenAI-compatible endpoint; INTERESTGRAPH_LLM_KEY is its key. The tables are those of language/value.py, for
the arms `encoder` and `encoder and NAME`; then the model's answers: asked, invalid, failed, tokens, seconds. --users
keeps the events of so many users, drawn by a hash, so that a small or costly model can be tried; the encoder reads the
same ones.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.language.value import DEFAULT, is_newcomer, measure, show
from benchmarks.measures import tables
from benchmarks.measures.shared_scripts import shared_folder
from benchmarks.measures.splits import SplitFiles, add_places, make_split, read_events, write_rows
from gnn.llm.language_model import LanguageModel, Limits

Row = dict[str, Any]
PARTS = ("train", "valid", "test", "history")


def sampled(split: SplitFiles, users: int, folder: Path) -> SplitFiles:
    """The split with the events of `users` users, and the items that these events are on."""
    events = {part: read_events(split.events(part)) for part in PARTS}
    ids = {row["user_id"] for row in events["history"] if not is_newcomer(row["user_id"])}
    kept = set(sorted(ids, key=lambda user: hashlib.sha256(user.encode("utf-8", "replace")).digest())[:users])
    chosen = set()
    folder.mkdir(parents=True, exist_ok=True)
    for part, rows in events.items():
        own = [row for row in rows if row["user_id"] in kept or is_newcomer(row["user_id"])]
        chosen |= {row["item_id"] for row in own if row["user_id"] in kept}
        write_rows(folder / f"{part}.jsonl", own)
    items = None
    if split.items is not None:
        lines = split.items.read_text(encoding="utf-8").splitlines()
        rows = [row for row in map(json.loads, lines) if row["item_id"] in chosen]
        items = write_rows(folder / "items.jsonl", rows)
    return replace(split, folder=folder, items=items)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = tables.parser(__doc__)
    parser.add_argument("datasets", nargs="*", default=DEFAULT, metavar="DATASET")
    parser.add_argument("--llm", required=True, metavar="URL")
    parser.add_argument("--llm-model", required=True, metavar="NAME")
    parser.add_argument("--users", type=int, default=200, metavar="N", help="whose events are kept (default 200)")
    parser.add_argument("--newcomers", type=int, default=100, metavar="N", help="at most (default 100)")
    parser.add_argument("--run-tokens", type=int, metavar="N", help="at most so many tokens a run of extract")
    parser.add_argument("--context", type=int, default=8_192, metavar="N", help="of the model (default 8192)")
    parser.add_argument("--concurrency", type=int, default=4, metavar="N", help="questions at once (default 4)")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS", help="for an answer (default 120)")
    add_places(parser)
    options = parser.parse_args()
    options.shared = shared_folder(options.shared)
    return options


def main() -> None:
    """Measure and print."""
    options = arguments()
    found: dict[str, list[Row]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for dataset in options.datasets:
            whole = make_split(dataset, folder / dataset, data=options.data, shared=options.shared)
            split = sampled(whole, options.users, folder / f"{dataset} sampled")
            limits = Limits(options.concurrency, options.timeout, run_tokens=options.run_tokens)
            key = os.environ.get("INTERESTGRAPH_LLM_KEY")
            model = LanguageModel(options.llm, options.llm_model, folder / "answers", key=key, limits=limits)
            for reader in (None, model):
                began = time.perf_counter()
                for title, rows in measure(split, "encoder", options.newcomers, reader, options.context).items():
                    found[title] += rows
                if reader is not None:
                    seconds = round(time.perf_counter() - began)
                    found["answers"].append({"data set": dataset} | _answers(reader) | {"seconds, all": seconds})
    show(found, options.json)


def _answers(model: LanguageModel) -> Row:
    counts = model.report.counts()
    return {name: counts[name] for name in ("asked", "from_cache", "invalid", "failed", "tokens_in", "tokens_out")}


if __name__ == "__main__":
    main()
