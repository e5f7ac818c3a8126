"""Counters of the rate limits: a storage for the package `limits`.

The in-memory storage of `limits` starts a thread every few milliseconds to drop expired counters, which takes longer
than many answers; this one keeps the MOST_COUNTERS that began last. They expire by a monotonic clock, so that a clock
that is put back leaves nobody without requests for hours.
"""

from __future__ import annotations

import threading
import time

from limits.storage import Storage

MOST_COUNTERS = 10_000


class Counters(Storage):
    """Counters by key, each until it expires; shared by threads."""

    STORAGE_SCHEME = None

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions, **options)
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """Errors of the storage: there are none."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a counter, which expires `expiry` seconds after its first increment; returns it."""
        now = time.monotonic()
        with self._lock:
            count, ends = self._counts.get(key, (0, 0.0))
            if ends <= now:
                self._counts.pop(key, None)  # so that the new one stands last
                count, ends = 0, now + expiry
            count += amount
            self._counts[key] = count, ends
            if len(self._counts) > MOST_COUNTERS:
                del self._counts[next(iter(self._counts))]
        return count

    def get(self, key: str) -> int:
        """A counter; 0 if it has expired."""
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > time.monotonic() else 0

    def get_expiry(self, key: str) -> float:
        """When a counter expires, in seconds since 1970; now for an unknown one."""
        now = time.monotonic()
        return time.time() + self._counts.get(key, (0, now))[1] - now

    def check(self) -> bool:
        """Whether the storage works: always."""
        return True

    def reset(self) -> int | None:
        """Drop all counters; returns how many there were."""
        with self._lock:
            size, self._counts = len(self._counts), {}
        return size

    def clear(self, key: str) -> None:
        """Drop one counter."""
        with self._lock:
            self._counts.pop(key, None)
