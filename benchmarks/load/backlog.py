"""The backlog: nodes that wait for the follower, which are those with a mark, `due`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from graphstore.database.client import Client

COUNT_MARKS, READ_MARK = (
    (Path(__file__).parents[1] / "cypher" / f"{name}.cypher").read_text(encoding="utf-8")
    for name in ("count_marks", "read_mark")
)
SAMPLE_SECONDS, POLL_SECONDS = 0.5, 0.05
NEVER = float("inf")


@contextmanager
def sampled(count: Callable[[], int], samples: list[tuple[float, int]]) -> Iterator[None]:
    """Add (seconds, count) to `samples` again and again while the block runs."""
    stop, start = threading.Event(), time.perf_counter()

    def sample() -> None:
        while not stop.is_set():
            samples.append((time.perf_counter() - start, count()))
            stop.wait(SAMPLE_SECONDS)

    with ThreadPoolExecutor(1) as thread:
        sampling = thread.submit(sample)
        try:
            yield
        finally:
            stop.set()
        sampling.result()


def marks(client: Client) -> int:
    """How many nodes wait for the follower."""
    return int(client.run_text(COUNT_MARKS)[0]["marks"])


def has_mark(client: Client, user_id: str) -> bool:
    """Whether a user waits for the follower."""
    return any(row["pending"] for row in client.run_text(READ_MARK, {"user_id": user_id}))


def drained(client: Client, seconds: float) -> float:
    """Seconds until no mark is left; NEVER if that takes longer than `seconds`."""
    began = time.perf_counter()
    while (now := time.perf_counter() - began) < seconds:
        if marks(client) == 0:
            return now
        time.sleep(POLL_SECONDS)
    return NEVER


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """How much a quantity rises in a second: the least squares line through (seconds, quantity); 0 for one alone."""
    if len(samples) < 2:
        return 0.0
    seconds, quantity = np.array(samples, dtype=float).T
    away = seconds - seconds.mean()
    return float(away @ quantity / (away @ away)) if away.any() else 0.0
