"""Seconds that reading of users' texts takes, on a graph of its own."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.load.scratch_server import clear
from benchmarks.worlds.reviews import review_rows
from benchmarks.worlds.titles import item_rows
from gnn.encoders.cache import CachedEncoder
from gnn.encoders.encoder import Encoder, Vectors
from gnn.extract.stage import extract
from gnn.extract.writing.reading import Reader
from graphstore.collect.stage import collect
from graphstore.database.client import Client
from graphstore.extract import interests
from graphstore.settings import Settings

ITEMS = 5_000


class CountedEncoder:
    """An encoder that counts the texts it embedded: those of users never come from a cache."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder, self.texts = encoder, 0
        self.name, self.dimension = encoder.name, encoder.dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As the encoder's own."""
        self.texts += len(texts)
        return self._encoder.encode(texts)


def measure_reviews(client: Client, encoder: Encoder, count: int, seed: int) -> dict[str, Any]:
    """Collect items and reviews (not counted), read the texts, then the interests of all users."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        settings = Settings(home=folder)
        clear(client)
        items = list(item_rows(ITEMS, seed))
        reviews = list(review_rows(count, [row["item_id"] for row in items], seed))
        files = {"items": items, "events": reviews}
        for name, rows in files.items():
            (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        collect(client, items=folder / "items.jsonl")
        extract(client, settings, encoder=encoder)
        collect(client, events=folder / "events.jsonl")
        counted = CountedEncoder(encoder)
        cached = CachedEncoder(counted, settings.cache)
        began = time.perf_counter()
        Reader(client, cached).read_texts(interests.all_users(client))
        texts, embedded = time.perf_counter(), counted.texts
        counts = extract(client, settings, encoder=encoder)
        ended = time.perf_counter()
        return {
            "reviews": count,
            "words": round(sum(len(row["text"].split()) for row in reviews) / count),
            "users": counts["users"],
            "texts, s": texts - began,
            "sentences embedded": embedded,
            "interests, s": ended - texts,
            "together, s": ended - began,
        }
