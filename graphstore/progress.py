"""Progress and messages of long work, as callbacks; the caller decides how they are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Message = Callable[[str], None]


class Progress(Protocol):
    """Shows the progress of one piece of work: its description, units done, and units in all (None if unknown)."""

    def __call__(self, description: str, done: int, total: int | None) -> None: ...


def silent(description: str, done: int, total: int | None) -> None:
    """A `Progress` that shows nothing."""


def quiet(text: str) -> None:
    """A `Message` that shows nothing."""
