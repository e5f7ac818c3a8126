"""Progress and messages of long work, without a stage knowing how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")
Message = Callable[[str], None]


class Progress(Protocol):
    """Shows how far a piece of work is: called with what it is, how much is done, and how much there is (or None)."""

    def __call__(self, description: str, done: int, total: int | None) -> None: ...


def silent(description: str, done: int, total: int | None) -> None:
    """The progress that shows nothing."""


def quiet(text: str) -> None:
    """The message that says nothing."""


def track(items: Iterable[T], description: str, total: int | None, progress: Progress) -> Iterator[T]:
    """Yield the items, telling `progress` after each."""
    progress(description, 0, total)
    for done, item in enumerate(items, 1):
        yield item
        progress(description, done, total)
