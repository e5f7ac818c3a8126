"""Vectors of items' images and sounds, brought up to date: new or changed content is embedded once, by its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gnn.encoders.cache import VectorCache, content_key
from gnn.encoders.encoder import Vectors
from gnn.media.encoder import MediaEncoder, Unreadable
from gnn.media.files import MediaFiles
from gnn.media.images import image_encoder
from gnn.media.sounds import Aisfx
from graphstore.database.client import Client
from graphstore.errors import NotReady
from graphstore.extract import media as graph
from graphstore.extract.media import MODALITIES, Reference
from graphstore.progress import Progress, silent

CHUNK = 32
EXAMPLES = 5


@dataclass
class Found:
    """Result of a reading. changed: ids of items whose vectors changed, by modality.  counts: for the run.

    A modality that no item has is not counted.
    """

    changed: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)

    @property
    def items(self) -> list[str]:
        """The ids of all items with a changed vector."""
        return sorted({item_id for changed in self.changed.values() for item_id in changed})


class MediaReader:
    """Reads the images and sounds that items refer to.

    files: reads the content; as in the last extraction if None.  encoders: by modality; those not given are the ones
    of the last extraction, or else the defaults.
    """

    def __init__(
        self,
        client: Client,
        cache: Path,
        files: MediaFiles | None = None,
        encoders: Mapping[str, MediaEncoder] | None = None,
    ) -> None:
        last = graph.last_reading(client)
        self._client = client
        self._cache = VectorCache(cache)
        self._files = files or MediaFiles(
            Path(last.get("media_folder", ".")), bool(last.get("media_fetched")), bool(last.get("media_private"))
        )
        self._given = dict(encoders or {})
        self.encoders: dict[str, MediaEncoder] = {
            "image": self._given.get("image") or image_encoder(last.get("image_encoder")),
            "audio": self._given.get("audio") or Aisfx(),
        }

    def read(self, item_ids: Sequence[str] | None = None, full: bool = False, progress: Progress = silent) -> Found:
        """Read the media of some items, or of all, and write vectors that changed.

        full: request addresses again, too.

        Raises:
            InputError: an encoder named by the user can't be loaded.
        """
        found = Found()
        for modality, references in graph.read_references(self._client, item_ids).items():
            if modality in self._given:
                found.counts[f"{modality}_encoder"] = self.encoders[modality].name
            if references:
                _Modality(self._client, self._cache, self._files, modality, self.encoders[modality]).read(
                    references, full, found, progress
                )
        if found.counts:
            found.counts |= {
                "media_folder": str(self._files.folder.resolve()),
                "media_fetched": self._files.fetch,
                "media_private": self._files.private,
            }
        return found


class _Modality:
    """One reading of the items' content of one modality."""

    def __init__(
        self, client: Client, cache: VectorCache, files: MediaFiles, modality: str, encoder: MediaEncoder
    ) -> None:
        self._client, self._cache, self._files = client, cache, files
        self._modality, self._encoder = modality, encoder
        self._problems: list[str] = []
        self._unreadable = self._embedded = self._from_cache = 0
        self._broken: dict[bytes, str] = {}  # reason by key
        self._missing: str | None = None  # reason why there is no model
        self._gone: list[str] = []  # items that lose their vector

    def read(self, references: Sequence[Reference], full: bool, found: Found, progress: Progress) -> None:
        """Read what is new or changed, and add the result to `found`."""
        pending = []
        for one in references:
            if one.reference is None:
                self._gone.append(one.item_id)
                continue
            key = self._key(one.reference)
            try:
                stamp = self._files.stamp(one.reference)
            except Unreadable as problem:
                self._cannot(one, str(problem), stale=not (one.read or "").startswith(key))
                continue
            if (full and stamp == "address") or not (one.read or "").startswith(f"{key} {stamp} "):
                pending.append((one, key, stamp))
        changed: list[str] = []
        for start in range(0, len(pending), CHUNK):
            changed += self._chunk(pending[start : start + CHUNK])
            progress(MODALITIES[self._modality], min(start + CHUNK, len(pending)), len(pending))
        graph.remove_vectors(self._client, self._modality, self._gone)
        many = MODALITIES[self._modality]
        found.changed[self._modality] = changed + self._gone
        found.counts |= {
            f"{self._modality}_encoder": self._encoder.name,
            many: sum(one.reference is not None for one in references),
            f"{many}_embedded": self._embedded,
            f"{many}_from_cache": self._from_cache,
            f"{many}_unreadable": self._unreadable,
            f"{many}_removed": len(self._gone),
        }
        if self._problems:
            found.counts["media_problems"] = [*found.counts.get("media_problems", []), *self._problems]

    def _key(self, reference: str) -> str:
        return hashlib.sha256(f"{self._encoder.name}\0{reference}".encode("utf-8", "replace")).hexdigest()[:32]

    def _cannot(self, one: Reference, why: str, stale: bool) -> None:
        """Count an item that can't be read. stale: whether its stored vector is of content it no longer refers to."""
        self._unreadable += 1
        if stale and one.read is not None:
            self._gone.append(one.item_id)
        if len(self._problems) < EXAMPLES:
            self._problems.append(f"{self._modality} of item {one.item_id!r}, {str(one.reference)[:120]!r}: {why}")

    def _chunk(self, pending: Sequence[tuple[Reference, str, str]]) -> list[str]:
        """Read, embed and write CHUNK items at most; the ids of those whose content changed."""
        contents: dict[str, tuple[Reference, bytes, bytes, str]] = {}
        same = []
        for one, key, stamp in pending:
            try:
                content = self._files.read(str(one.reference))
            except Unreadable as problem:
                self._cannot(one, str(problem), stale=not (one.read or "").startswith(key))
                continue
            digest = hashlib.sha256(content).hexdigest()
            read = f"{key} {stamp} {digest[:32]}"
            before = (one.read or "").split(" ")
            if before[0] == key and before[-1] == digest[:32]:
                same.append({"item_id": one.item_id, "read": read})
            else:
                contents[one.item_id] = one, content, content_key(self._encoder.name, digest), read
        vectors = self._vectors({key: content for _, content, key, _ in contents.values()})
        rows = []
        for one, _, cached, read in contents.values():
            if cached in vectors:
                rows.append({"item_id": one.item_id, "embedding": vectors[cached].tolist(), "read": read})
            else:
                self._cannot(one, self._broken.get(cached) or self._missing or "", stale=True)
        graph.write_vectors(self._client, self._modality, rows)
        graph.note_looked_at(self._client, self._modality, same)
        return [str(row["item_id"]) for row in rows]

    def _vectors(self, contents: Mapping[bytes, bytes]) -> dict[bytes, Vectors]:
        """Vectors by key, from the cache or the model; none for content that can't be decoded, or without a model."""
        vectors = self._cache.known(list(contents))
        self._from_cache += len(vectors)
        missing = [key for key in contents if key not in vectors]
        if not missing or self._missing:
            return vectors
        try:
            self._encoder.load()
        except NotReady as error:
            self._missing = str(error)
            return vectors
        decoded = {}
        for key in missing:
            try:
                decoded[key] = self._encoder.decode(contents[key])
            except Unreadable as problem:
                self._broken[key] = str(problem)
        if decoded:
            computed = np.asarray(self._encoder.encode(list(decoded.values())), dtype=np.float32)
            rows = list(zip(decoded, computed, strict=True))
            self._cache.keep(rows)
            self._embedded += len(rows)
            vectors |= dict(rows)
        return vectors
