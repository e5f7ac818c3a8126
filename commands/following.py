"""`update --follow`: worker processes that bring up to date what events touch, and their supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from types import FrameType

from commands.console import Terminal

RESTART_SECONDS = (1.0, 30.0)
POLL_SECONDS = 0.2
LANES = ("events", "neighbourhoods")
SLOWER = 5  # niceness of the neighbourhood worker: answers do not wait for it
STOP_SECONDS = 20.0
STEADY_SECONDS = 60.0
SUPERVISOR = "INTERESTGRAPH_SUPERVISOR"  # for workers and tasks: the process id of their supervisor


class PeriodicTask:
    """An `interestgraph update` with one option, run every so often in a low-priority process of its own.

    option: of `interestgraph update`.  seconds: the time between two runs; 0 turns the task off.
    """

    def __init__(self, option: str, seconds: float) -> None:
        self._option = option
        self._seconds = seconds
        self._next = time.monotonic() + self._seconds
        self._process: subprocess.Popen[bytes] | None = None

    def start_if_due(self, terminal: Terminal) -> None:
        """Start the process when it is due, unless it still runs."""
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
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=supervised()
            )

    def stop(self) -> None:
        """End the process. The update that it runs may be stopped at any moment."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


def supervised() -> dict[str, str]:
    """The environment of a child: its supervisor, and one thread for numerical libraries, as on busy cores several
    threads wait for each other."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **threads, SUPERVISOR: str(os.getpid())}


class Worker:
    """The process of one worker, started again when it ends by itself, after a growing delay if it keeps ending."""

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
                command, stdin=subprocess.DEVNULL, start_new_session=True, env=supervised()
            )
            self._started = now

    def stop(self, deadline: float) -> None:
        """Wait for the process after `ask_to_end`; kill it past the deadline."""
        if self._process is not None:
            try:
                self._process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def ask_to_end(self) -> None:
        """Ask the process to finish its batch and end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()


def supervise(terminal: Terminal, names: list[str], tasks: list[PeriodicTask]) -> None:
    """Keep a worker of each name running until Ctrl-C or SIGTERM, then let them finish their batches."""
    stop = stopping()
    workers = [Worker(name) for name in names]
    terminal.message(f"Following the graph with {len(workers)} workers (stop with Ctrl-C).")
    try:
        while not stop.is_set():
            for worker in workers:
                worker.keep_alive(terminal)
            for task in tasks:
                task.start_if_due(terminal)
            stop.wait(POLL_SECONDS)
    finally:
        for task in tasks:
            task.stop()
        for worker in workers:
            worker.ask_to_end()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in workers:
            worker.stop(deadline)


def stopping() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    return stop


def stop_with_parent(stop: threading.Event, end: Callable[[int], None] = os._exit) -> None:
    """Set the event when the supervisor is gone, and end the process after STOP_SECONDS: a worker does not outlive its
    supervisor, whatever it waits for. What it was about to write is written wholly or not at all.
    """

    def stop_then_end() -> None:
        stop.set()
        time.sleep(STOP_SECONDS)
        end(1)

    _when_supervisor_is_gone(stop_then_end)


def end_with_supervisor() -> None:
    """Have a periodic task end when its supervisor is gone; other processes have none."""
    if os.environ.get(SUPERVISOR):
        _when_supervisor_is_gone(lambda: os.kill(os.getpid(), signal.SIGTERM))


def _when_supervisor_is_gone(act: Callable[[], None]) -> None:
    """The supervisor passes its process id on, since it may be gone before its worker first looks."""
    parent = int(os.environ.get(SUPERVISOR) or os.getppid())

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_SECONDS)
        act()

    threading.Thread(target=watch, daemon=True, name="parent").start()


def follow(terminal: Terminal, lane: str | None, workers: int, train_minutes: float, anew_hours: float) -> None:
    """Follow the graph: as the supervisor, or with `lane` as one worker ("events" or "neighbourhoods")."""
    if lane is None:
        if find_spec("torch") is None:  # said at once; the supervisor itself does without
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        from graphstore.database.leases import present

        tasks = [PeriodicTask("--continue", 60 * train_minutes), PeriodicTask("--anew", 3_600 * anew_hours)]
        with terminal.client() as client, present(client, "follow supervisor"):  # before the workers have loaded torch
            supervise(terminal, [*["events"] * workers, "neighbourhoods"], tasks)
        return
    stop = stopping()
    stop_with_parent(stop)  # before torch is loaded, which takes seconds
    from gnn.update.follow_events import follow as work
    from graphstore.logs import log_to_stderr

    log_to_stderr()
    if lane == "neighbourhoods":
        os.nice(SLOWER)
    work(lane, terminal.settings, stop)
