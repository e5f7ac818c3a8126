"""The circuit breaker of an endpoint: after failures in a row no request is sent for a while.

Closed, requests are sent. Open, none is. After `reset_seconds` it is half-open: the next outcome closes or opens it.

Reference: Nygard, "Release It!", 2007.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class CircuitBreaker:
    """Counts failures in a row. For one thread.

    failures: in a row, that open it.  reset_seconds: how long it stays open.  timer: its clock, in seconds; nobody can
    put it back, as one can the clock of the machine.
    """

    def __init__(self, failures: int, reset_seconds: float, timer: Callable[[], float] = time.monotonic) -> None:
        self._most, self._reset, self._timer = failures, reset_seconds, timer
        self._failures = 0
        self._opened_at: float | None = None

    @property
    def open_reason(self) -> str | None:
        """Why no request may be sent at present; None where one may."""
        left = 0.0 if self._opened_at is None else self._opened_at + self._reset - self._timer()
        if left <= 0:
            return None
        until = (datetime.now(UTC) + timedelta(seconds=left)).isoformat(timespec="seconds")
        return f"circuit breaker: the endpoint failed {self._most} times in a row and is not asked before {until}"

    @property
    def half_open(self) -> bool:
        """Whether the next request tests if the endpoint works again."""
        return self._opened_at is not None and self.open_reason is None

    def record(self, failed: bool) -> None:
        """Count the outcome of a request. One that ends while the breaker is open changes nothing."""
        if self.open_reason:
            return
        self._failures = self._failures + 1 if failed else 0
        if not failed:
            self._opened_at = None
        elif self.half_open or self._failures >= self._most:
            self._opened_at = self._timer()
