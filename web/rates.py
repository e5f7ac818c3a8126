"""Rate limits of this process: requests per key and endpoint, wrong keys per address."""

from __future__ import annotations

import time

from flask import Response, g, request
from limits import RateLimitItem, parse, parse_many
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from graphstore.errors import InputError
from web.rate_counters import Counters


class Rates:
    """Fixed-window limits.

    rate: per key and endpoint.  failures: wrong keys per address.
    Both in the notation of the `limits` package, e.g. "400 per second; 12000 per minute".

    Raises:
        InputError: a limit that can't be read.
    """

    def __init__(self, rate: str, failures: str) -> None:
        try:
            self._rates = sorted(parse_many(rate))
            self._failures = parse(failures)
        except ValueError as error:
            raise InputError(f"The rate limit {rate!r} is none: expected for instance '400 per second'.") from error
        self._windows = FixedWindowRateLimiter(Counters())

    def count(self, key: str) -> None:
        """Count a request with a key to the current endpoint.

        Raises:
            TooManyRequests: over the limit.
        """
        scope = (key, request.endpoint or "")
        for limit in self._rates:
            if not self._windows.hit(limit, *scope):
                self._note(limit, scope)
                raise TooManyRequests(str(limit), retry_after=self._seconds_left(limit, scope))
        self._note(self._rates[0], scope)

    def count_failure(self, address: str) -> None:
        """Count a failed log-in of a client's address.

        Raises:
            TooManyRequests: over the limit.
        """
        if not self._windows.hit(self._failures, "failures", address):
            raise TooManyRequests(f"{self._failures} for wrong keys", retry_after=self._failures.get_expiry())

    def add_headers(self, response: Response) -> Response:
        """Add the headers X-RateLimit-Limit, -Remaining and -Reset where a request was counted."""
        if counted := g.get("rate"):
            limit, scope = counted
            reset_at, left = self._windows.get_window_stats(limit, *scope)
            response.headers["X-RateLimit-Limit"] = str(limit.amount)
            response.headers["X-RateLimit-Remaining"] = str(left)
            response.headers["X-RateLimit-Reset"] = str(int(reset_at))
        return response

    def _note(self, limit: RateLimitItem, scope: tuple[str, str]) -> None:
        g.rate = (limit, scope)

    def _seconds_left(self, limit: RateLimitItem, scope: tuple[str, str]) -> int:
        return max(1, round(self._windows.get_window_stats(limit, *scope).reset_time - time.time()))
