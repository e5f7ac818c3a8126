"""collect against the raw batched MERGE loop, on one scratch server in the same run.

Both get ML-100K's 100,000 events: collect as a JSONL file that it reads, checks and reports on, the raw loop as rows
that are in memory already. They take turns, each on an empty graph, and the medians are compared.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.load.scratch_server import clear, scratch_server
from benchmarks.measures import tables
from graphstore.collect.stage import collect
from graphstore.database.client import Client
from graphstore.datasets.movielens import demo_dataset, read_ml_100k

RAW = Path(__file__).parent / "cypher" / "raw_merge.cypher"
BATCH_ROWS = 5_000


def events(folder: Path | None, cache: Path) -> list[dict[str, Any]]:
    """ML-100K from the published folder, or from where the demo gets it."""
    dataset = read_ml_100k(folder) if folder else demo_dataset(cache, print)
    return [{"event_id": f"e{n}", **row} for n, row in enumerate(dataset.events())]


def raw(client: Client, rows: list[dict[str, Any]]) -> None:
    """The loop to compare with."""
    text = RAW.read_text(encoding="utf-8")
    prepared = [{**row, "at": row["timestamp"] * 1000} for row in rows]
    for start in range(0, len(prepared), BATCH_ROWS):
        client.run_text(text, {"rows": prepared[start : start + BATCH_ROWS]})


def seconds(work: Callable[[], Any]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("--folder", type=Path, help="ML-100K as published (u.data); default: where the demo gets it")
    parser.add_argument("--rounds", type=int, default=5, help="turns each, after one to warm up (default 5)")
    options = parser.parse_args()
    times: dict[str, list[float]] = {"collect": [], "raw MERGE loop": [], "collect, all known": []}
    with tempfile.TemporaryDirectory() as temporary, scratch_server() as client:
        rows = events(options.folder, Path(temporary))
        file = Path(temporary) / "events.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        for turn in range(options.rounds + 1):
            clear(client)
            raw_seconds = seconds(lambda: raw(client, rows))
            clear(client)
            first = seconds(lambda: collect(client, events=file))
            again = seconds(lambda: collect(client, events=file))
            if turn:
                for name, value in zip(times, (first, raw_seconds, again), strict=True):
                    times[name].append(value)
    base = statistics.median(times["raw MERGE loop"])
    result = [
        {
            "path": name,
            "median s": statistics.median(taken),
            "slowest s": max(taken),
            "events/s": len(rows) / statistics.median(taken),
            "of raw": base / statistics.median(taken),
        }
        for name, taken in times.items()
    ]
    tables.show(
        f"{len(rows):,} events, {options.rounds} rounds (target: collect at least 0.5 of raw)", result, options.json
    )


if __name__ == "__main__":
    main()
