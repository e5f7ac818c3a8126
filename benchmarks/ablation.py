"""What each part is worth: a full update without it, scored as served, beside the whole.

    python benchmarks/ablation.py DATASET [--only channels|model|language] [--part valid|test] [--data FOLDER]

channels: each channel of the blend off, with the others' weights learned anew.  model: each part of the vectors and of
the loss off.  language: without the extracted interests, without content features, and without both, for all users and
by length of history. One scratch server; collect, extract and build run once.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tables
from scratch_server import scratch_server
from shared import shared_folder
from splits import add_places, make_split, read_events

from gnn.evaluation import SERVED, score_served
from gnn.extraction import extract
from gnn.update import update
from graphstore.blend import CHANNELS
from graphstore.build import build
from graphstore.client import Client
from graphstore.collect import collect
from graphstore.settings import Settings

Hyper = dict[str, Any]
CHANNEL_VARIANTS: dict[str, Hyper] = {f"without {channel}": {"without": (channel,)} for channel in CHANNELS}
MODEL_VARIANTS: dict[str, Hyper] = {
    "without content": {"content": False},
    "without attributes of items": {"attributes": False},
    "without neighbours (no propagation)": {"neighbours": False},
    "without residuals (content only)": {"residual": False},
    "residuals from noise": {"spectral": False},
    "kinds of behaviour as one task": {"tasks": False},
    "only the next item as target": {"targets": 1},
    "all times alike in the loss": {"recency": None},
}
LANGUAGE_VARIANTS: dict[str, Hyper] = {
    "without interests": {"without": ("interests",)},
    "without content features": {"content": False},
    "without both": {"without": ("interests",), "content": False},
}
GROUPS = {"channels": CHANNEL_VARIANTS, "model": MODEL_VARIANTS, "language": LANGUAGE_VARIANTS}


def measure(name: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for the whole and one for each variant."""
    chosen = {k: v for group in (options.only or list(GROUPS)) for k, v in GROUPS[group].items()}
    with tempfile.TemporaryDirectory(prefix="interestgraph-ablation-") as folder, scratch_server() as client:
        split = make_split(name, Path(folder) / "split", data=options.data, shared=options.shared)
        train, test = split.known_and_later(options.part)
        settings = Settings(home=Path(folder) / "home")
        collect(client, events=train, items=split.items, users=split.users, ties=split.ties)
        extract(client, settings)
        build(client)
        rows = []
        for label, hyper in {"everything": {}, **chosen}.items():
            update(client, settings, full=True, **hyper)
            rows.append({"variant": label, **scored(client, read_events(train), read_events(test))})
            print(" | ".join(rows[-1].values()), file=sys.stderr, flush=True)
        return rows


def scored(client: Client, train: list[dict[str, Any]], test: list[dict[str, Any]]) -> dict[str, str]:
    """The served lists' figures as text."""
    report = score_served(client, train, test, baselines=())["systems"][SERVED]
    row = {metric: text(report["all"], metric) for metric in ("ndcg@10", "recall@20")}
    history: Mapping[str, Any] = report.get("history", {})
    row |= {f"ndcg@10, {label}": text(view, "ndcg@10") for label, view in history.items()}
    return row | {"coverage@10": f"{report['coverage@10']:.3f}"}


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
