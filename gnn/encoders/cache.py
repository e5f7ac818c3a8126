"""An on-disk cache of embeddings, keyed by encoder and content."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gnn.encoders.encoder import Encoder, Vectors
from graphstore.batches import batched
from graphstore.progress import Progress, silent

LOOKUP = 500
CHUNK = 256


class VectorCache:
    """Vectors by keys of bytes, in `embeddings.sqlite` of a folder; processes may share it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "embeddings.sqlite"
        with closing(self._connect()) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS embeddings (key BLOB PRIMARY KEY, vector BLOB NOT NULL)")

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        """The vectors, (D,) float32 each, of the keys that have one."""
        known: dict[bytes, Vectors] = {}
        with closing(self._connect()) as database:
            for part in batched(keys, LOOKUP):
                marks = ",".join("?" * len(part))
                rows = database.execute(f"SELECT key, vector FROM embeddings WHERE key IN ({marks})", part)
                known.update((key, np.frombuffer(vector, dtype=np.float32)) for key, vector in rows)
        return known

    def keep(self, rows: Iterable[tuple[bytes, Vectors]]) -> None:
        """Store vectors, (D,) each, by their keys."""
        with closing(self._connect()) as database, database:
            database.executemany(
                "INSERT OR REPLACE INTO embeddings VALUES (?, ?)", [(key, row.tobytes()) for key, row in rows]
            )

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=60)


def content_key(encoder: str, content: str) -> bytes:
    """The key of the vector of some content. encoder: its name.  content: a text, or the SHA-256 of other content."""
    return hashlib.sha256(f"{encoder}\0{content}".encode("utf-8", "replace")).digest()


class CachedEncoder:
    """An encoder behind a cache. Only unknown texts reach the model; vectors are stored as they are computed.

    computed: texts that the model embedded.  found: texts that were in the cache.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder, self._folder = encoder, folder
        self.vectors = VectorCache(folder)
        self.computed = 0
        self.found = 0

    @property
    def uncached(self) -> Encoder:
        """The encoder without the cache: what users write is not kept, not even as vectors."""
        return self._encoder

    @property
    def name(self) -> str:
        """The encoder's name."""
        return self._encoder.name

    @property
    def dimension(self) -> int:
        """The encoder's width D."""
        return self._encoder.dimension

    @cached_property
    def base(self) -> CachedEncoder:
        """The encoder that this one was adapted from, else itself. It places names and texts of one meaning close."""
        base = getattr(self._encoder, "base", None)
        return self if base is None else CachedEncoder(base, self._folder)

    @property
    def scale(self) -> Any:
        """The scale of cosines that the encoder states, or None (see `gnn.extract.cosine_scale`)."""
        return getattr(self._encoder, "scale", None)

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> Vectors:
        """Embed N texts: float32, shape (N, D); those in the cache are read from there."""
        keys = [content_key(self.name, text) for text in texts]
        unique = dict(zip(keys, texts, strict=True))
        vectors = self.vectors.known(list(unique))
        # Texts of similar length go together, as the model pads a batch to the longest.
        missing = sorted((key for key in unique if key not in vectors), key=lambda key: len(unique[key]))
        self.found += len(unique) - len(missing)
        if missing:  # the first of them loads the model
            progress("embedding", 0, len(missing))
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            computed = self._encoder.encode([unique[key] for key in chunk])
            rows = list(zip(chunk, np.asarray(computed, dtype=np.float32), strict=True))
            vectors.update(rows)
            self.vectors.keep(rows)
            self.computed += len(chunk)
            progress("embedding", start + len(chunk), len(missing))
        if not keys:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([vectors[key] for key in keys])
