"""The circuit breaker before an endpoint: after some failures in a row nobody is sent there for a while."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pybreaker


class Circuit:
    """Counts how requests end. pybreaker holds a lock as long as what it calls takes: it is told outcomes, not called.

    failures: in a row, that open it.  reset_seconds: from then on until one question is let through on trial.
    """

    def __init__(self, failures: int, reset_seconds: float) -> None:
        self._failures = failures
        self._reset = timedelta(seconds=reset_seconds)
        self._state = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self._breaker = pybreaker.CircuitBreaker(failures, reset_seconds, state_storage=self._state)

    @property
    def open(self) -> str | None:
        """Why nothing should be asked at present, or None."""
        opened_at = self._state.opened_at
        if self._breaker.current_state != pybreaker.STATE_OPEN or opened_at is None:
            return None
        if datetime.now(UTC) >= opened_at + self._reset:
            return None
        again_at = (opened_at + self._reset).isoformat(timespec="seconds")
        return (
            f"circuit breaker: the endpoint failed {self._failures} times in a row and is not asked before {again_at}"
        )

    @property
    def on_trial(self) -> bool:
        """Whether the next question is to show that the endpoint is well again."""
        return self._breaker.current_state != pybreaker.STATE_CLOSED and self.open is None

    def tell(self, failed: bool) -> None:
        """Say how a question ended."""

        def ended() -> None:
            if failed:
                raise ConnectionError

        with suppress(pybreaker.CircuitBreakerError, ConnectionError):
            self._breaker.call(ended)
