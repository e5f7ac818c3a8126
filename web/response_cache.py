"""Answers that were given, to be given again while nothing that they rest on is another."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Hashable
from dataclasses import dataclass

from graphstore.recommend.lru import Latest
from graphstore.recommend.snapshot import CacheValidator

MOST_BYTES = 64 * 1024 * 1024
LONGEST_SECONDS = 60.0  # what others do drifts, and no version of this user tells


@dataclass(frozen=True)
class CachedResponse:
    """The body of an answer, its entity tag, and the stamp under which it holds until `ends` (monotonic seconds)."""

    body: bytes
    etag: str
    stamp: CacheValidator
    ends: float


class ResponseCache:
    """The latest answers of a process, shared by its threads."""

    def __init__(self, most_bytes: int = MOST_BYTES, seconds: float = LONGEST_SECONDS) -> None:
        self._seconds = seconds
        self._kept: Latest[Hashable, CachedResponse] = Latest(most_bytes, lambda answer: len(answer.body) + 500)

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Hashable, stamp: CacheValidator) -> CachedResponse | None:
        """The answer kept under a key, if it still holds."""
        kept = self._kept.get(key)
        return kept if kept is not None and kept.stamp == stamp and time.monotonic() < kept.ends else None

    def keep(self, key: Hashable, body: bytes, stamp: CacheValidator) -> CachedResponse:
        """Keep the body of an answer."""
        made = CachedResponse(body, hashlib.sha256(body).hexdigest()[:32], stamp, time.monotonic() + self._seconds)
        self._kept.put(key, made)
        return made
