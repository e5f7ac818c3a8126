"""update --follow: worker processes that keep the graph fresh, and their supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

from commands.console import Terminal

RESTART_SECONDS = (1.0, 30.0)
POLL_SECONDS = 0.2
LANES = ("events", "neighbourhoods")
SLOWER = 5  # how much nicer to others the lane is that nobody waits for
STOP_SECONDS = 20.0
STEADY_SECONDS = 60.0


class Chore:
    """Something to be done from time to time, in a process of its own that yields to all others.

    option: of `interestgraph update`.  seconds: how often, 0 for never.
    """

    def __init__(self, option: str, seconds: float) -> None:
        self._option = option
        self._seconds = seconds
        self._next = time.monotonic() + self._seconds
        self._process: subprocess.Popen[bytes] | None = None

    def keep_going(self, terminal: Terminal) -> None:
        """Start it when it is time, unless it still runs."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            self._process = None
            self._next = time.monotonic() + self._seconds
            if code:
                terminal.message(f"update {self._option} ended with code {code}; tried again when it is time.")
        if self._seconds and time.monotonic() >= self._next:
            command = ["nice", "-n", "15", sys.executable, "-m", "interestgraph", "update", self._option, "--json"]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=one_thread()
            )

    def stop(self) -> None:
        """End it: it can be stopped at any moment."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


def one_thread() -> dict[str, str]:
    """The environment in which numerical libraries use one thread: on busy cores more wait for each other."""
    return {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")}


class Worker:
    """A process of its own for one lane; started again when it ends by itself, ever later if it keeps ending."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._wait = RESTART_SECONDS[0]
        self._next = 0.0

    def keep_alive(self, terminal: Terminal) -> None:
        """Start the process unless it runs."""
        now = time.monotonic()
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            self._process = None
            self._wait = RESTART_SECONDS[0] if now - self._started > STEADY_SECONDS else self._wait
            self._next = now + self._wait
            self._wait = min(2 * self._wait, RESTART_SECONDS[1])
            terminal.message(f"The {self.name} worker ended with code {code}; started again in a moment.")
        if now >= self._next:
            command = [sys.executable, "-m", "interestgraph", "update", "--follow", "--lane", self.name]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, start_new_session=True, env=one_thread()
            )
            self._started = now

    def stop(self, deadline: float) -> None:
        """Wait for the process, which was told to end; kill it past the deadline."""
        if self._process is not None:
            try:
                self._process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def tell_to_end(self) -> None:
        """Ask the process to finish what it does."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()


def supervise(terminal: Terminal, lanes: list[str], chores: list[Chore]) -> None:
    """Keep a worker for each lane until Ctrl-C or SIGTERM, then let them finish their batches."""
    stop = stopping()
    workers = [Worker(lane) for lane in lanes]
    terminal.message(f"Following the graph with {len(workers)} workers (stop with Ctrl-C).")
    try:
        while not stop.is_set():
            for worker in workers:
                worker.keep_alive(terminal)
            for chore in chores:
                chore.keep_going(terminal)
            stop.wait(POLL_SECONDS)
    finally:
        for chore in chores:
            chore.stop()
        for worker in workers:
            worker.tell_to_end()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in workers:
            worker.stop(deadline)


def stopping() -> threading.Event:
    """An event that is set by Ctrl-C and SIGTERM."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    return stop


def stop_with_parent(stop: threading.Event) -> None:
    """Set the event when the process that started this one is gone: a worker does not outlive its supervisor."""
    parent = os.getppid()

    def watch() -> None:
        while not stop.wait(POLL_SECONDS):
            if os.getppid() != parent:
                stop.set()

    threading.Thread(target=watch, daemon=True, name="parent").start()


def follow(terminal: Terminal, lane: str | None, workers: int, train_minutes: float, anew_hours: float) -> None:
    """Follow the graph: as the supervisor, or, with a lane, as the worker for it."""
    from gnn.update.follow_events import follow as work
    from graphstore.logs import log_to_stderr

    if lane is None:
        with terminal.client():  # a graph that can't be reached is said at once, and the schema is brought up to date
            pass
        chores = [Chore("--continue", 60 * train_minutes), Chore("--anew", 3_600 * anew_hours)]
        supervise(terminal, [*["events"] * workers, "neighbourhoods"], chores)
        return
    log_to_stderr()
    stop = stopping()
    stop_with_parent(stop)
    if lane == "neighbourhoods":
        os.nice(SLOWER)
    work(lane, terminal.settings, stop)
