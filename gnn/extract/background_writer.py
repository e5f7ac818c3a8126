"""Work that goes on in a thread of its own beside what hands it over: Neo4j writes while the encoder computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
MOST_WAITING = 4


class BackgroundWriter:
    """Does pieces of work in order, one at a time; who hands over a fifth waits until the first is done.

    A context manager: at its end all is done. What a piece raises is raised where the next is handed over, or at the
    end, and what waits then is left undone; so it is where the block is left by an exception.
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
        """Have this done after all that was handed over before."""
        while len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft().result()
        future = self._thread.submit(work)
        self._waiting.append(future)
        return future
