"""Ctrl-C at a moment when it does no harm.

An exchange with Neo4j that is cut half-way leaves its connection out of step: closing it may then wait for ever, and an
interrupt within a finaliser is lost. So the first Ctrl-C waits until the statement or transaction that runs is done;
the second ends the program at once, and Neo4j takes back what was not committed.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LOOK_SECONDS, TELL_SECONDS = 0.001, 1.0  # the former shorter than what lies between two transactions
WAITING = "Stopping when the statement that runs is done (Ctrl-C again: at once) …\n"


@contextmanager
def gentle_interrupts() -> Iterator[None]:
    """While this lasts, Ctrl-C raises KeyboardInterrupt outside of exchanges with Neo4j and of finalisers only."""
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    asked, told = 0.0, False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal asked, told
        if number == signal.SIGINT and asked:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.raise_signal(signal.SIGINT)
        asked = asked or time.monotonic()
        if not unsafe(frame):
            raise KeyboardInterrupt
        if not told and time.monotonic() - asked > TELL_SECONDS:
            told = True
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
    """Whether the program is in the driver, in what the driver calls, or in a finaliser."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module == "neo4j" or module.startswith("neo4j.") or frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False
