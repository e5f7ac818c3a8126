"""Prepare INTERESTGRAPH_HOMEs for other benchmarks: a data set through collect, extract, build and update --full.

    python benchmarks/load/prepare.py living-10k living-100k living-1m --homes FOLDER [--epochs N] [--data FOLDER]
    [--json]

`timelines.py` names the data sets. Each gets a home of its name in the folder, with its managed Neo4j, which is stopped
afterwards. A home that was prepared to the end is left as it is; one that was cut off goes on with the stage that it
was in, whose seconds are then those of the rest. What happens after the history is kept beside the graph in
later.jsonl, for the benchmarks that go on from there. The table shows the seconds of each step of each stage, and the
most memory that this process had taken by then (Neo4j's is its own).

--epochs limits the training of `update --full`: the product trains up to 6 epochs on what came before its held-out
events, then as many as were best on all; --epochs 1 takes one of each. Embeddings are worse then, and all the rest is
the same: use it where only speed is measured.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.load.prepared_graphs import LATER, STAGES, STATE, Prepared, graph_of, settings_of
from benchmarks.measures import tables
from benchmarks.measures.shared_scripts import shared_folder
from benchmarks.measures.splits import write_rows
from benchmarks.measures.timelines import NAMES, DatasetTimeline, timeline
from graphstore import Client
from graphstore.build.stage import build
from graphstore.collect.stage import collect_dataset
from graphstore.errors import InputError
from graphstore.progress import Progress

KIBIBYTE = 1024
SAY_SECONDS = 30.0
Stages = Mapping[str, Callable[[Client, Progress], Mapping[str, Any]]]


class Steps:
    """A progress that notes how long each step of a stage took: from its first word to that of the next."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._began = self._said = time.perf_counter()
        self._stage = self._step = ""

    def begin(self, stage: str, step: str = "") -> None:
        """A step begins; an empty stage ends the last."""
        now = time.perf_counter()
        if self._stage:
            row = {"stage": self._stage, "step": self._step, "seconds": round(now - self._began, 2)}
            self.rows.append(row | {"peak MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIBIBYTE})
        self._stage, self._step, self._began = stage, step, now

    def __call__(self, description: str, done: int, total: int | None) -> None:
        if description != self._step:
            self.begin(self._stage, description)
        now = time.perf_counter()
        if now - self._said > SAY_SECONDS:
            self._said = now
            of = f" of {total:,}" if total else ""
            print(f"{self._stage}: {description} {done:,}{of}", file=sys.stderr, flush=True)


def prepare(home: Path, dataset: DatasetTimeline, *, epochs: int | None = None, seed: int = 0) -> Prepared:
    """Run the stages on a history in a home of its own, or those that have not run in it yet.

    Raises:
        InputError: the home holds something else.
    """
    made = _begun(home, dataset, epochs)
    if set(made.done) == set(STAGES):
        return made
    with graph_of(home) as client:
        for stage, work in stages(home, dataset, epochs, seed).items():
            if stage in made.done:
                continue
            steps = Steps()
            steps.begin(stage)
            found = work(client, steps)
            steps.begin("")
            if stage == "collect":
                made.counts |= {what: row["created"] + row["duplicate"] for what, row in found.items()}
            made.steps += steps.rows
            made.done.append(stage)
            made.write(home)
    return made


def _begun(home: Path, dataset: DatasetTimeline, epochs: int | None) -> Prepared:
    if (home / STATE).is_file():
        known = Prepared.read(home)
        if (known.name, known.epochs) != (dataset.name, epochs):
            raise InputError(f"{home} holds {known.name} with --epochs {known.epochs}: choose another, or delete it.")
        return known
    home.mkdir(parents=True, exist_ok=True)
    with write_rows(home / LATER, dataset.later()).open(encoding="utf-8") as lines:
        made = Prepared(dataset.name, epochs, counts={"later": sum(1 for _ in lines)})
    made.write(home)
    return made


def stages(home: Path, dataset: DatasetTimeline, epochs: int | None, seed: int) -> Stages:
    """What to run, in order."""
    from gnn.extract.stage import extract
    from gnn.update.stage import update

    settings = settings_of(home)
    limit: dict[str, Any] = {} if epochs is None else {"epochs": epochs}
    return {
        "collect": lambda client, steps: collect_dataset(client, dataset.history, progress=steps),
        "extract": lambda client, steps: extract(client, settings, progress=steps),
        "build": lambda client, steps: build(client, progress=steps),
        "update": lambda client, steps: update(client, settings, full=True, seed=seed, progress=steps, **limit),
    }


def main() -> None:
    """Prepare every data set named, and show how long it took."""
    parser = tables.parser(__doc__)
    parser.add_argument("datasets", nargs="+", metavar="DATASET", choices=NAMES, help=", ".join(NAMES))
    parser.add_argument("--homes", type=Path, required=True, help="the folder to make the homes in")
    parser.add_argument("--epochs", type=int, help="a limit of the training (default: the product's)")
    parser.add_argument("--data", type=Path, help="the folder with the data sets by name (default: the shared one's)")
    parser.add_argument("--seed", type=int, default=0, help="of what is generated and of the training")
    options = parser.parse_args()
    shared = shared_folder()
    data = options.data or (shared / "data" if shared else None)
    rows = []
    try:
        for name in options.datasets:
            dataset = timeline(name, data, seed=options.seed)
            made = prepare(options.homes / name, dataset, epochs=options.epochs, seed=options.seed)
            rows += [{"data set": name, **row} for row in (*made.steps, *totals(made.steps))]
    except InputError as error:
        raise SystemExit(str(error)) from error
    tables.show(f"Prepared in {options.homes}", rows, options.json)


def totals(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each stage, and one for all."""
    found: dict[str, dict[str, Any]] = {}
    for row in steps:
        for name in (row["stage"], "all stages"):
            total = found.setdefault(name, {"stage": name, "step": "in all", "seconds": 0.0, "peak MiB": 0})
            total["seconds"] = round(total["seconds"] + row["seconds"], 2)
            total["peak MiB"] = max(total["peak MiB"], row["peak MiB"])
    return sorted(found.values(), key=lambda row: row["stage"] == "all stages")


if __name__ == "__main__":
    main()
