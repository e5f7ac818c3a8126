"""Deferred Ctrl-C: the first one waits until the running statement or transaction ends, the second ends the program.

Two places must not be interrupted. A Bolt exchange that is cut half-way leaves its connection out of step, and closing
that connection may then block. An exception in a finaliser (`__del__`) is swallowed, so the Ctrl-C would be lost. While
the program is in one of them, a timer looks again every LOOK_SECONDS. Neo4j rolls back what was not committed.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LOOK_SECONDS, NOTICE_SECONDS = 0.001, 1.0  # the first is shorter than the pause between two transactions
WAITING = "Stopping when the statement that runs is done (Ctrl-C again: at once) …\n"


@contextmanager
def gentle_interrupts() -> Iterator[None]:
    """A context in which Ctrl-C raises KeyboardInterrupt only outside Bolt exchanges and finalisers."""
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    asked, noticed = 0.0, False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal asked, noticed
        if number == signal.SIGINT and asked:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.raise_signal(signal.SIGINT)
        asked = asked or time.monotonic()
        if not unsafe(frame):
            raise KeyboardInterrupt
        if not noticed and time.monotonic() - asked > NOTICE_SECONDS:
            noticed = True
            sys.stderr.write(WAITING)
        signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS)

    before = signal.signal(signal.SIGALRM, end)
    signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if signal.getsignal(signal.SIGINT) is end:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def unsafe(frame: FrameType | None) -> bool:
    """Whether a frame is in the Neo4j driver, in what the driver calls, or in a finaliser."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module == "neo4j" or module.startswith("neo4j.") or frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False
