"""Ablation: ranking quality as served without each part, beside the whole.

    python benchmarks/ablation.py DATASET [--only channels|model|language] [--part valid|test] [--data FOLDER]

channels: each channel of the blend off, with the others' weights learned anew.  model: each part of the vectors and of
the loss off, with a training of its own.  language: without the extracted interests, without content features, and
without both, for all users, by length of history, for users without any, and for items without an event among
themselves. One scratch server; collect, extract and build run once.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.load.scratch_server import scratch_server
from benchmarks.measures import tables
from benchmarks.measures.shared_scripts import shared_folder
from benchmarks.measures.splits import SplitFiles, add_places, make_split, read_events
from gnn.evaluate import SERVED, score_served
from gnn.extract.stage import extract
from gnn.training.blend_weights import Example, learn_weights
from gnn.training.holdout import hold_out
from gnn.training.hyperparameters import Hyperparameters
from gnn.update.prepare import prepared_training
from gnn.update.stage import update
from graphstore.build.derive import DEFAULT_OPTIONS
from graphstore.build.pull import pull_interactions
from graphstore.build.stage import build
from graphstore.collect.stage import collect
from graphstore.database.client import Client
from graphstore.progress import silent
from graphstore.ranking.blend import CHANNELS
from graphstore.recommend.snapshot import read_blend
from graphstore.settings import Settings
from graphstore.update import models as graph

SEED = 0


@dataclass(frozen=True)
class Variant:
    """without: channels that count nothing.  training: fields of `Hyperparameters` in which the training differs."""

    without: tuple[str, ...] = ()
    training: Mapping[str, Any] = field(default_factory=dict)


EVERYTHING = {"everything": Variant()}
GROUPS: dict[str, dict[str, Variant]] = {
    "channels": {f"without {channel}": Variant((channel,)) for channel in CHANNELS},
    "model": {
        "without content": Variant(training={"content": False}),
        "without attributes of items": Variant(training={"attributes": False}),
        "without neighbours (no propagation)": Variant(training={"neighbours": False}),
        "without residuals (content only)": Variant(training={"residual": False}),
        "residuals from noise": Variant(training={"spectral": False}),
        "kinds of behaviour as one task": Variant(training={"tasks": False}),
        "only the next item as target": Variant(training={"targets": 1}),
        "all times alike in the loss": Variant(training={"recency": None}),
    },
    "language": {
        "without interests": Variant(("interests",)),
        "without content features": Variant(training={"content": False}),
        "without both": Variant(("interests",), {"content": False}),
    },
}


def measure(name: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for the whole and one for each variant."""
    chosen = EVERYTHING | {k: v for group in (options.only or list(GROUPS)) for k, v in GROUPS[group].items()}
    with tempfile.TemporaryDirectory(prefix="interestgraph-ablation-") as folder, scratch_server() as client:
        split = make_split(name, Path(folder) / "split", data=options.data, shared=options.shared)
        settings = Settings(home=Path(folder) / "home")
        collect(
            client, events=known_and_later(split, options)[0], items=split.items, users=split.users, ties=split.ties
        )
        extract(client, settings)
        build(client)
        train, test = map(read_events, known_and_later(split, options))
        rows = []
        for label in served(client, settings, chosen):
            rows.append({"variant": label, **scored(client, train, test, chosen[label].without)})
            print(" | ".join(rows[-1].values()), file=sys.stderr, flush=True)
        return rows


def known_and_later(split: SplitFiles, options: argparse.Namespace) -> tuple[Path, Path]:
    """The files of the events that the graph holds and of those to score."""
    return split.known_and_later(options.part)


def served(client: Client, settings: Settings, variants: Mapping[str, Variant]) -> Iterator[str]:
    """The labels of the variants, each when the graph serves it; those that share a training come together."""
    trainings: list[Mapping[str, Any]] = []
    for variant in variants.values():
        if variant.training not in trainings:
            trainings.append(variant.training)
    for training in trainings:
        version = update(client, settings, full=True, seed=SEED, **training)["version"]
        found: list[Example] = []
        for label, variant in variants.items():
            if variant.training != training:
                continue
            if variant.without:
                found = found or rehearsed(client, training)
                serve_without(client, version, found, variant.without)
            yield label


def rehearsed(client: Client, training: Mapping[str, Any]) -> list[Example]:
    """What the weights of the blend are learned on in a full update with this training."""
    prepared = prepared_training(client, Hyperparameters(**training), DEFAULT_OPTIONS, SEED, silent)
    events = pull_interactions(client, DEFAULT_OPTIONS.negative_weight)
    return prepared.train_held_out(events, hold_out(events)).examples


def serve_without(client: Client, version: str, found: list[Example], without: tuple[str, ...]) -> None:
    """Have the active model serve with weights learned without some channels."""
    model = graph.active_model(client)
    assert model is not None and model["version"] == version
    readout = read_blend(client, version).readout
    parts = {name: model[name] for name in ("family", "configuration", "metrics", "dimension")}
    graph.activate(client, version, **parts, blend=replace(learn_weights(found, without), readout=readout))


def scored(
    client: Client, train: list[dict[str, Any]], test: list[dict[str, Any]], without: tuple[str, ...] = ()
) -> dict[str, str]:
    """The served lists' figures as text.

    without: channels that rank no cold items either; for the other lists, the blend that is served leaves them out.
    """
    weights = {channel: 0.0 if channel in without else 1.0 for channel in CHANNELS}
    report = score_served(client, train, test, baselines=(), cold_alone=True, cold_weights=weights)
    found, cold = report["systems"][SERVED], report["cold_alone"]
    row = {metric: text(found["all"], metric) for metric in ("ndcg@10", "recall@20")}
    history: Mapping[str, Any] = found.get("history", {})
    row |= {f"ndcg@10, {label}": text(view, "ndcg@10") for label, view in history.items()}
    if "cold_users" in found:
        row["recall@20, cold users"] = text(found["cold_users"], "recall@20")
    if "recall@20" in cold:
        row["recall@20, cold items alone"] = text(cold, "recall@20")
    return row | {"coverage@10": f"{found['coverage@10']:.3f}"}


def text(view: Mapping[str, Any], metric: str) -> str:
    """A metric with its half-width."""
    return f"{view[metric]:.4f} ±{view[metric + '_ci']:.4f}"


def main() -> None:
    """Measure one data set and print one table."""
    parser = tables.parser(__doc__)
    parser.add_argument("dataset", metavar="DATASET")
    add_places(parser)
    parser.add_argument("--part", choices=["valid", "test"], default="valid")
    parser.add_argument("--only", action="append", choices=list(GROUPS))
    options = parser.parse_args()
    options.shared = shared_folder(options.shared)
    tables.show(f"{options.dataset}, {options.part}: served without …", measure(options.dataset, options), options.json)


if __name__ == "__main__":
    main()
