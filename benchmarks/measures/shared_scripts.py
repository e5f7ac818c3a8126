"""The evaluation scripts that several projects share, where they stand beside the checkout: splits.py and score.py.

They are asked for first, so that figures are comparable; without them the same rules in `splits.py` here are used.
"""

from __future__ import annotations

import csv
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Events = list[dict[str, Any]]
Users = dict[str, set[str]]
Report = dict[str, Any]
SHARED_KINDS = {  # what they call a kind: (what we call it, whether the value is ours too)
    "rating": ("rate", True),
    "purchase": ("purchase", True),
    "listen": ("like", True),
    "visit": ("like", False),
    "view": ("view", False),
    "watch": ("complete", True),
}
PARTS = ("train", "valid", "test")


def shared_folder(given: Path | None = None) -> Path | None:
    """The folder with evaluation/ and data/: as given, by INTERESTGRAPH_SHARED, or `shared` beside the checkout."""
    named = given or os.environ.get("INTERESTGRAPH_SHARED")
    folder = Path(named) if named else Path(__file__).parents[3] / "shared"
    return folder if folder.is_dir() else None


def shared_split(folder: Path, name: str, data: Path, events: Events) -> tuple[dict[str, Events], list[str]] | None:
    """The shared script's split of a data set in our rows: (train, valid and test, the catalogue's item ids).

    events: all events as our adapter reads them, each of which stands in exactly one part afterwards.
    Returns None where there is no script, or it doesn't know the data set or find its files in `data`.

    Raises:
        ValueError: its rows and ours are not the same events, or it failed.
    """
    script = folder / "evaluation" / "splits.py"
    if not script.is_file():
        return None
    with tempfile.TemporaryDirectory(prefix="interestgraph-splits-") as cache:
        command = [sys.executable, str(script), "--data", str(data), "--out", cache, name]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            if last.startswith(("FileNotFoundError", "KeyError")):
                return None
            raise ValueError(f"{script} failed: {last}")
        waiting = _by_key(events)
        parts = {part: [_ours(row, waiting) for row in _rows(Path(cache) / name / f"{part}.csv")] for part in PARTS}
        catalogue = [row["item_id"] for row in _rows(Path(cache) / name / "items.csv")]
    left = sum(map(len, waiting.values()))
    if left:
        raise ValueError(f"{name}: the shared split lacks {left:,} events that the adapter reads")
    return parts, catalogue


def _rows(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def _by_key(events: Events) -> dict[tuple[Any, ...], Events]:
    waiting: dict[tuple[Any, ...], Events] = defaultdict(list)
    for event in events:
        key = (event["user_id"], event["item_id"], event.get("timestamp"), event["kind"], event.get("value"))
        waiting[key].append(event)
    return waiting


def _ours(row: Mapping[str, str], waiting: Mapping[tuple[Any, ...], Events]) -> dict[str, Any]:
    kind, has_value = SHARED_KINDS[row["kind"]]
    seconds = int(row["timestamp"]) if row["timestamp"] else None
    value = float(row["value"]) if has_value else None
    same = waiting.get((row["user_id"], row["item_id"], seconds, kind, value))
    if not same:
        raise ValueError(f"the shared split has an event that the adapter doesn't read: {dict(row)}")
    return same.pop(0)


def score_again(folder: Path | None, recs: Path, train: Users, test: Users, catalogue: set[str]) -> Report | None:
    """What the shared scorer says of a file of lists; None where there is no scorer.

    train, test: each user's items.
    """
    path = folder / "evaluation" / "score.py" if folder else None
    if path is None or not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location("shared_score", path)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return dict(script.evaluate(train, test, script.read_recs(str(recs)), catalogue)[0])


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any], path: str = "") -> list[str]:
    """Where our report of a system says something else than theirs, in what both of them have."""
    found = []
    for key in theirs.keys() & ours.keys():
        place, mine, other = f"{path}{key}", ours[key], theirs[key]
        if isinstance(other, Mapping) and isinstance(mine, Mapping):
            found += differences(mine, other, f"{place}.")
        elif isinstance(other, int | float) and abs(mine - other) > 1e-9:
            found.append(f"{place}: {mine} here, {other} there")
    return sorted(found)
