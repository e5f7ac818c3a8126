"""Lanes: pools of threads that run calls in the order in which they came."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class Lane(Executor):
    """So many threads, which a program does not wait for when it ends: one of them may wait for a graph that hangs.

    `concurrent.futures.ThreadPoolExecutor` is waited for.
    """

    def __init__(self, threads: int, name: str) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._threads = threads
        for number in range(threads):
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True).start()

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Run a function in the next free thread."""
        future: Future[Any] = Future()
        self._calls.put((future, lambda: function(*arguments, **named)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads as soon as they are free; nothing is waited for."""
        for _ in range(self._threads):
            self._calls.put(None)

    def _work(self) -> None:
        while call := self._calls.get():
            future, function = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = function()
            except BaseException as error:  # whatever it is, it ends the call and not the thread
                future.set_exception(error)
            else:
                future.set_result(result)
            del future, function, call  # neither the request nor its answer is kept until the next one
