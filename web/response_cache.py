"""Response cache: an answer is reused while its validator is unchanged, for at most LONGEST_SECONDS."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass

from cachetools import LRUCache

from graphstore.recommend.snapshot import CacheValidator

MOST_BYTES = 64 * 1024 * 1024
ENTRY_BYTES = 500  # of a key and a CachedResponse without its body
LONGEST_SECONDS = 60.0  # events of other users change an answer without changing its validator


@dataclass(frozen=True)
class CachedResponse:
    """The body of an answer and its entity tag; valid under `validator` until `ends` (monotonic seconds)."""

    body: bytes
    etag: str
    validator: CacheValidator
    ends: float


class ResponseCache:
    """The least-recently-used answers of a process, shared by its threads.

    most_bytes: of all answers together.  seconds: how long an answer is valid at most.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, seconds: float = LONGEST_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._held: LRUCache[Hashable, CachedResponse] = LRUCache(
            most_bytes, getsizeof=lambda response: len(response.body) + ENTRY_BYTES
        )

    def __len__(self) -> int:
        return len(self._held)

    def find(self, key: Hashable, validator: CacheValidator) -> CachedResponse | None:
        """The answer to a request, if it is cached and still valid."""
        with self._lock:
            held = self._held.get(key)
        return held if held is not None and held.validator == validator and time.monotonic() < held.ends else None

    def keep(self, key: Hashable, body: bytes, validator: CacheValidator) -> CachedResponse:
        """Cache the body of an answer; one larger than the whole cache is only returned."""
        ends = time.monotonic() + self._seconds
        response = CachedResponse(body, hashlib.sha256(body).hexdigest()[:32], validator, ends)
        with self._lock:
            self._held.pop(key, None)
            with suppress(ValueError):  # too large
                self._held[key] = response
        return response
