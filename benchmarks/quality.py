"""Ranking quality of what is served, beside popularity and item-kNN, on chronological splits.

    python benchmarks/quality.py DATASET... [--data FOLDER] [--part valid|test] [--no-learning]

DATASET: ml-100k (global cut 80/10/10 in time) or ml-100k@user (the last tenth of each user's own events); the same for
ml-latest-small. FOLDER holds the data sets by name; without it ml-100k is fetched as the demo does.
Training is 80 % and scored on valid, or 90 % and scored on test. Every stage runs in a scratch server.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tables
from platformdirs import user_data_path

from gnn.evaluation import evaluate
from graphstore.adapters import Dataset, demo_dataset, open_dataset

Events = list[dict[str, Any]]
ADAPTERS = {"ml-100k": "ml-100k", "ml-latest-small": "ml-latest"}
LEAST_EVENTS = 5


def cut_by_time(events: Events) -> tuple[Events, Events, Events]:
    """80, 10 and 10 % in the order of time, ties by ids as text."""
    ordered = sorted(events, key=lambda e: (e["timestamp"], e["user_id"], e["item_id"]))
    first, second = int(0.8 * len(ordered)), int(0.9 * len(ordered))
    return ordered[:first], ordered[first:second], ordered[second:]


def cut_by_user(events: Events) -> tuple[Events, Events, Events]:
    """Each user's last tenth is test and the tenth before it valid; ties in time by a hash."""
    users: dict[str, Events] = {}
    for event in sorted(events, key=lambda e: (e["user_id"], e["timestamp"], _tie(e))):
        users.setdefault(event["user_id"], []).append(event)
    parts: tuple[Events, Events, Events] = ([], [], [])
    for own in users.values():
        size = max(1, len(own) // 10) if len(own) >= LEAST_EVENTS else 0
        ends = (len(own) - 2 * size, len(own) - size, len(own))
        for part, start, end in zip(parts, (0, *ends), ends, strict=False):
            part.extend(own[start:end])
    return parts


def _tie(event: Mapping[str, Any]) -> str:
    return hashlib.md5(f"{event['user_id']}|{event['item_id']}".encode()).hexdigest()


def read(name: str, data: Path | None) -> Dataset:
    """A data set from its folder, or the demo's."""
    if data is None and name == "ml-100k":
        return demo_dataset(user_data_path("interestgraph", appauthor=False) / "cache")
    if data is None or name not in ADAPTERS:
        raise SystemExit(f"{name}: give --data, and one of {', '.join(ADAPTERS)} (with @user for the split by user).")
    folder = data / name
    return open_dataset(ADAPTERS[name], folder / name if (folder / name).is_dir() else folder)


def measure(name: str, data: Path | None, part: str, learn: bool) -> list[dict[str, Any]]:
    """A row for each system on one split."""
    base, _, by_user = name.partition("@")
    dataset = read(base, data)
    train, valid, test = (cut_by_user if by_user else cut_by_time)(list(dataset.events()))
    known, later = (train, valid) if part == "valid" else (train + valid, test)
    with tempfile.TemporaryDirectory(prefix="interestgraph-quality-") as folder:
        names = {"train": known, "test": later, "items": dataset.items(), "users": dataset.users()}
        files = {what: _write(Path(folder) / f"{what}.jsonl", rows) for what, rows in names.items()}
        users_file = files["users"] if files["users"].stat().st_size else None
        report = evaluate(files["train"], files["test"], files["items"], users_file=users_file, learn=learn)
    rows = []
    for system, found in report["systems"].items():
        row: dict[str, Any] = {"split": name, "part": part, "system": system, "users": found["all"]["users"]}
        for metric in ("ndcg@10", "recall@20", "hitrate@10"):
            row[metric] = f"{found['all'][metric]:.4f} ±{found['all'][metric + '_ci']:.4f}"
        row["coverage@10"] = f"{found['coverage@10']:.3f}"
        rows.append(row)
    return rows


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return path


def main() -> None:
    """Measure every split named and print one table."""
    parser = tables.parser(__doc__)
    parser.add_argument("datasets", nargs="+", metavar="DATASET")
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--part", choices=["valid", "test"], default="test")
    parser.add_argument("--no-learning", action="store_true", help="without extract and update")
    arguments = parser.parse_args()
    rows = [
        row
        for name in arguments.datasets
        for row in measure(name, arguments.data, arguments.part, not arguments.no_learning)
    ]
    tables.show("Served lists beside baselines: full ranking, seen items excluded, ± 1.96 s.e.", rows, arguments.json)


if __name__ == "__main__":
    main()
