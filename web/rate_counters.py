"""Counters of requests for the rate limits.

The in-memory storage of `limits` starts a thread every few milliseconds to throw away what has expired, which takes
longer than many an answer; this one throws it away when it has become much.
"""

from __future__ import annotations

import threading
import time

from limits.storage import Storage

MOST_COUNTERS = 10_000


class Counters(Storage):
    """Counts by key, each until it expires."""

    STORAGE_SCHEME = None

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions, **options)
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """None are raised."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a count, which expires `expiry` seconds after it began; returns it."""
        now = time.time()
        with self._lock:
            count, ends = self._counts.get(key, (0, 0.0))
            count, ends = (amount, now + expiry) if ends <= now else (count + amount, ends)
            self._counts[key] = count, ends
            if len(self._counts) > MOST_COUNTERS:
                self._counts = {name: known for name, known in self._counts.items() if known[1] > now}
        return count

    def get(self, key: str) -> int:
        """A count; 0 if it has expired."""
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When a count expires, in seconds since 1970."""
        return self._counts.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        """It always works."""
        return True

    def reset(self) -> int | None:
        """Forget all counts; returns how many there were."""
        with self._lock:
            size, self._counts = len(self._counts), {}
        return size

    def clear(self, key: str) -> None:
        """Forget one count."""
        with self._lock:
            self._counts.pop(key, None)
