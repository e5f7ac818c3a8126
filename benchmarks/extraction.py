"""Seconds of extract over many titles, by encoder: the first run, unchanged, and with 1 % changed.

    python benchmarks/extraction.py [--items N] [--encoders NAME...] [--rounds N] [--seed S] [--json]
    python benchmarks/extraction.py --reviews N

With --reviews, users' texts in place of titles: N reviews of different words (`reviews.py`), 20 by each user, are read,
and then the interests of these users. Collecting and the items are not counted.

Titles are made of the planted world's words (`titles.py`), no two alike. For each round and encoder, on an empty graph
of one scratch server with a new cache: the raw loop that stores as many vectors under the index
(`vector_writes.cypher`), collect (not counted), extract three times, and what it is made of, each alone: embedding (the
encoder and its cache) and matching (vocabulary and what items are about). The fastest of the rounds is shown.
`in Neo4j` is how long statements ran; two threads run them while the encoder works, so it can be more than the stage
took.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.load.scratch_server import clear, scratch_server
from benchmarks.measures import tables
from benchmarks.measures.review_reading import measure_reviews
from benchmarks.worlds.titles import item_rows
from gnn.encoders.by_name import encoder
from gnn.encoders.cache import CachedEncoder
from gnn.encoders.encoder import DEFAULT_NAME, Encoder
from gnn.extract.matching import Matcher
from gnn.extract.stage import extract
from gnn.extract.vocabulary import document_frequencies, mined
from graphstore.batches import batched
from graphstore.collect.stage import collect
from graphstore.database.client import Client
from graphstore.database.leases import hold
from graphstore.extract import content_index
from graphstore.extract.items import ItemText
from graphstore.settings import Settings

RAW = Path(__file__).parent / "cypher" / "vector_writes.cypher"
RAW_ROWS = 1_000
CHANGED = 0.01
Row = dict[str, Any]


class Watch:
    """Notes how long the writes of a client took."""

    def __init__(self, client: Client) -> None:
        self.seconds = 0.0
        self._write, self._lock = client.write, threading.Lock()
        client.write = self._timed  # type: ignore[method-assign]

    def _timed(self, statement: Any, **parameters: Any) -> list[Row]:
        start = time.perf_counter()
        try:
            return self._write(statement, **parameters)
        finally:
            with self._lock:
                self.seconds += time.perf_counter() - start


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Wall time of a call, and what it returns."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def store(client: Client, count: int, seed: int, folder: Path, changed: int = 0) -> None:
    """Collect items; the first `changed` of them get another title."""
    file = folder / "items.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        for number, row in enumerate(item_rows(count, seed)):
            if number < changed:
                row["title"] += " again"
            if not changed or number < changed:
                lines.write(json.dumps(row) + "\n")
    collect(client, items=file)


def raw_writes(client: Client, count: int, width: int, seed: int) -> float:
    """Seconds of the raw loop over the items that are there."""
    with hold(client, "extract") as held:
        content_index.begin_anew(held, width)
    vectors = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    text = RAW.read_text(encoding="utf-8")

    def work() -> None:
        for numbers in batched(range(count), RAW_ROWS):
            rows = [{"item_id": f"i{number:06}", "embedding": vectors[number].tolist()} for number in numbers]
            client.run_text(text, {"rows": rows})

    return seconds(work)[0]


def alone(chosen: Encoder, count: int, seed: int, folder: Path) -> Row:
    """Embedding and matching without a graph."""
    items = [ItemText(row["item_id"], row["title"], "", (), None) for row in item_rows(count, seed)]
    cached = CachedEncoder(chosen, folder / "alone")
    embedding, vectors = seconds(lambda: cached.encode([item.text for item in items]))
    mining, terms = seconds(lambda: mined(items, encoder=cached))
    labels = cached.encode([term.label for term in terms])

    def match() -> None:
        Matcher(terms, labels, document_frequencies(items, terms), count).match(items, vectors, [True] * count)

    return {"embedding alone": embedding, "matching alone": mining + seconds(match)[0]}


def measure(client: Client, watch: Watch, chosen: Encoder, count: int, seed: int) -> list[Row]:
    """One round of one encoder: a row for each run of extract."""
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        chosen.encode(["loaded before anything is timed"])
        clear(client)
        store(client, count, seed, folder)
        floor = raw_writes(client, count, chosen.dimension, seed)
        clear(client)
        store(client, count, seed, folder)
        parts = alone(chosen, count, seed, folder)
        for run in ("first", "unchanged", f"{CHANGED:.0%} changed"):
            if run not in ("first", "unchanged"):
                store(client, count, seed, folder, changed=max(1, int(CHANGED * count)))
            watch.seconds = 0.0
            taken, counts = seconds(lambda: extract(client, Settings(home=folder), encoder=chosen))
            row = {"encoder": chosen.name, "run": run, "s": taken, "in Neo4j, s": watch.seconds}
            row |= {"embedded": counts["embedded"], "items": counts["items"], "about": counts.get("about", 0)}
            alike = parts | {"raw vector writes": floor}
            row |= alike if run == "first" else dict.fromkeys(alike, "")
            rows.append(row)
    return rows


def fastest(rounds: list[list[Row]]) -> list[Row]:
    """Of each run the round that was fastest."""
    return [min(runs, key=lambda row: row["s"]) for runs in zip(*rounds, strict=True)]


def main() -> None:
    """Measure and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("--items", type=int, default=100_000, help="how many (default %(default)s)")
    parser.add_argument("--encoders", nargs="+", default=[DEFAULT_NAME, "static"], help="(default: these two)")
    parser.add_argument("--rounds", type=int, default=2, help="turns each (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reviews", type=int, help="read so many reviews instead")
    options = parser.parse_args()
    models = Settings.from_environment(os.environ).models
    rows: list[Row] = []
    if options.reviews:
        with scratch_server() as client:
            rows = [measure_reviews(client, encoder(None, models), options.reviews, options.seed)]
        tables.show(f"reading of reviews; load average at the end {os.getloadavg()[0]:.1f}", rows, options.json)
        return
    with scratch_server() as client:
        watch = Watch(client)
        for name in options.encoders:
            chosen = encoder(name, models)
            rows += fastest(
                [measure(client, watch, chosen, options.items, options.seed) for _ in range(options.rounds)]
            )
    title = f"extract over {options.items:,} titles, seconds; load average at the end {os.getloadavg()[0]:.1f}"
    tables.show(title, rows, options.json)


if __name__ == "__main__":
    main()
