"""A background writer thread: Neo4j writes while the encoder computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
MOST_WAITING = 4


class BackgroundWriter:
    """Runs tasks in order, one at a time; `do` blocks while MOST_WAITING tasks are not finished.

    A context manager: at its end all tasks are finished. An error of a task is raised by a later `do` or at the end;
    tasks that wait then are dropped, as they are if the block ends by an exception.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future[Any]] = deque()

    def __enter__(self) -> BackgroundWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            while self._waiting and kind is None:
                self._waiting.popleft().result()
        finally:
            self._thread.shutdown(wait=True, cancel_futures=True)

    def do(self, work: Callable[[], T]) -> Future[T]:
        """Run a task after all those given before."""
        while len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft().result()
        future = self._thread.submit(work)
        self._waiting.append(future)
        return future
