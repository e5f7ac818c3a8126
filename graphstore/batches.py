"""Batches of rows for `UNWIND`, their usual sizes, and reading ahead in a thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")
END = object()
ITEM_ROWS, VECTOR_ROWS, USER_ROWS = 500, 1_000, 100


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`; the last may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def read_ahead(iterator: Iterator[T], ahead: int = 2) -> Generator[T, None, None]:
    """The items of an iterator that a thread advances up to `ahead` items before the caller needs them."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        waiting: deque[Future[Any]] = deque(thread.submit(next, iterator, END) for _ in range(ahead))
        while (item := waiting.popleft().result()) is not END:
            waiting.append(thread.submit(next, iterator, END))
            yield item
