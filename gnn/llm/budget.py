"""Budgets for a language model: tokens and cost of a run and of a UTC day, reserved before they are spent."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from graphstore.errors import InputError

MILLION = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Limits of the requests to a model. Prices are of a million tokens; costs are in the currency of the prices.

    concurrency: questions under way at once.  timeout_seconds: of one request, from sending it to its last byte.
    tries: requests of a question while the endpoint fails.  run_tokens, run_cost, day_tokens, day_cost: budgets, in and
    out together; None is no limit.  failures: questions that failed in a row, after which the circuit breaker opens for
    reset_seconds.

    Raises:
        InputError: a limit that allows nothing, or a negative price or budget.
    """

    concurrency: int = 4
    timeout_seconds: float = 120.0
    tries: int = 4
    run_tokens: int | None = None
    day_tokens: int | None = None
    run_cost: float | None = None
    day_cost: float | None = None
    price_in: float = 0.0
    price_out: float = 0.0
    failures: int = 5
    reset_seconds: float = 60.0

    def __post_init__(self) -> None:
        for name in ("concurrency", "tries", "failures"):
            if getattr(self, name) < 1:
                raise InputError(f"The limit {name} is {getattr(self, name)}; expected 1 or more.")
        if not self.timeout_seconds > 0:
            raise InputError(f"The limit timeout_seconds is {self.timeout_seconds}; expected more than 0.")
        budgets = ("run_tokens", "day_tokens", "run_cost", "day_cost")
        for name in (*budgets, "price_in", "price_out", "reset_seconds"):
            if not (getattr(self, name) or 0) >= 0:
                raise InputError(f"The limit {name} is {getattr(self, name)}; expected 0 or more.")

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """The cost of some tokens."""
        return (tokens_in * self.price_in + tokens_out * self.price_out) / MILLION


@dataclass(frozen=True)
class Reservation:
    """The part of the budget reserved for one request. day: when, ISO 8601."""

    day: str
    tokens_in: int
    tokens_out: int


class Budget:
    """The spending of one run, and of all processes that share `path` (an sqlite file) on the same UTC day.

    Reservations of a process that was killed stay counted as spent, as its requests may have been answered.
    """

    def __init__(self, limits: Limits, path: Path) -> None:
        self._limits = limits
        self._path = path
        self._lock = threading.Lock()
        self._tokens = 0
        self._cost = 0.0

    @staticmethod
    def prepare(database: sqlite3.Connection) -> None:
        """Create the table of the spending of each day."""
        database.execute(
            "CREATE TABLE IF NOT EXISTS spent (day TEXT PRIMARY KEY, tokens INTEGER NOT NULL, cost REAL NOT NULL)"
        )

    def reserve(self, tokens_in: int, tokens_out: int) -> Reservation | str:
        """Reserve a request of at most so many tokens; or a text that says which budget would be exceeded."""
        taken = Reservation(today(), tokens_in, tokens_out)
        return self._change(taken.day, 0, 0, tokens_in, tokens_out, bounded=True) or taken

    def renew(self, reservation: Reservation, tokens_in: int, tokens_out: int) -> Reservation | None:
        """Book what a request used, and reserve the same again for the next one; None if a budget would be exceeded."""
        self.settle(reservation, tokens_in, tokens_out)
        taken = self.reserve(reservation.tokens_in, reservation.tokens_out)
        return taken if isinstance(taken, Reservation) else None

    def settle(self, reservation: Reservation, tokens_in: int, tokens_out: int) -> None:
        """Book what a request used, and free the rest of its reservation."""
        self._change(reservation.day, reservation.tokens_in, reservation.tokens_out, tokens_in, tokens_out)

    def _change(
        self, day: str, freed_in: int, freed_out: int, used_in: int, used_out: int, bounded: bool = False
    ) -> str | None:
        limits = self._limits
        tokens = used_in + used_out - freed_in - freed_out
        cost = limits.cost(used_in, used_out) - limits.cost(freed_in, freed_out)
        with self._lock, closing(sqlite3.connect(self._path, timeout=60, isolation_level=None)) as database:
            # Locked before it is read, so that no other process spends between the two.
            database.execute("BEGIN IMMEDIATE")
            row = database.execute("SELECT tokens, cost FROM spent WHERE day = ?", (day,)).fetchone()
            day_tokens, day_cost = row or (0, 0.0)
            for name, spent, limit, more in (
                ("tokens of a run", self._tokens, limits.run_tokens, tokens),
                ("cost of a run", self._cost, limits.run_cost, cost),
                ("tokens of a day", day_tokens, limits.day_tokens, tokens),
                ("cost of a day", day_cost, limits.day_cost, cost),
            ):
                if bounded and limit is not None and spent + more > limit:
                    database.execute("ROLLBACK")
                    return f"budget: the {name} ({limit:,}) would not cover another question"
            self._tokens += tokens
            self._cost += cost
            database.execute(
                "INSERT OR REPLACE INTO spent VALUES (?, ?, ?)",
                (day, max(0, day_tokens + tokens), max(0.0, day_cost + cost)),
            )
            database.execute("COMMIT")
        return None


def today() -> str:
    """The current day in UTC, ISO 8601."""
    return datetime.now(UTC).date().isoformat()
