"""How long work shows how far it is: bars on a terminal, and a line every ten seconds in a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from graphstore.progress import Progress as ProgressCallback

LINE_SECONDS = 10.0


class Amount(ProgressColumn):
    """How much of a task is done: "120 of 400"."""

    def render(self, task: Task) -> Text:
        """The amount; nothing for a task that counts nothing."""
        return Text(amount(int(task.completed), None if task.total is None else int(task.total)))


def amount(done: int, total: int | None) -> str:
    """120 of 400; 120 where the total is not known; nothing before the first where it is not."""
    if total is None:
        return f"{done:,}" if done else ""
    return f"{done:,} of {total:,}"


@contextmanager
def shown(console: Console) -> Iterator[ProgressCallback]:
    """A callback whose progress is shown on a console, for as long as the context lasts."""
    with bars(console) if console.is_terminal else lines(console) as show:
        yield show


@contextmanager
def bars(console: Console) -> Iterator[ProgressCallback]:
    """A bar for each description; the first line has the time that all took."""
    columns = (TextColumn("{task.description}"), BarColumn(), Amount(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}
        present = ""
        progress.add_task("in all", total=None)

        def show(description: str, done: int, total: int | None) -> None:
            nonlocal present
            if description not in tasks:
                tasks[description] = progress.add_task(description, total=total)
            progress.update(tasks[description], completed=done, total=total, visible=True)
            if present not in ("", description) and not progress.tasks[tasks[present]].completed:
                progress.update(tasks[present], visible=False)  # what counts nothing is over when the next begins
            present = description

        yield show


@contextmanager
def lines(console: Console, seconds: float = LINE_SECONDS) -> Iterator[ProgressCallback]:
    """A line every so many seconds, whether anything was reported since or not: silence would look like a halt."""
    began, latest, over = time.monotonic(), "", threading.Event()

    def show(description: str, done: int, total: int | None) -> None:
        nonlocal latest
        latest = f"{description} {amount(done, total)}".strip()
        if total is not None and done >= total:
            latest = f"after {latest}"

    def say() -> None:
        while not over.wait(seconds):
            console.print(f"  {latest or 'at work'} ({time.monotonic() - began:.0f} s)", style="dim", markup=False)

    thread = threading.Thread(target=say, daemon=True, name="progress")
    thread.start()
    try:
        yield show
    finally:
        over.set()
        thread.join()
