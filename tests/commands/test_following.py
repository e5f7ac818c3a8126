"""Workers and tasks of `update --follow` end with their supervisor, which loads no torch."""

import os
import signal
import subprocess
import sys
import threading

from commands.following import SUPERVISOR, stop_with_parent


def test_a_worker_whose_supervisor_is_gone_before_it_first_looks_ends_at_once(monkeypatch):
    """Its parent is another process by then, which is not its supervisor however long it lives."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    monkeypatch.setenv(SUPERVISOR, str(gone.pid))
    stop = threading.Event()
    stop_with_parent(stop, end=lambda code: None)
    assert stop.wait(5)


def test_a_worker_goes_on_while_its_supervisor_lives(monkeypatch):
    monkeypatch.setenv(SUPERVISOR, str(os.getppid()))
    stop = threading.Event()
    stop_with_parent(stop, end=lambda code: None)
    assert not stop.wait(0.5)


def ends(code):
    """The exit code of a process of a supervisor that is gone, which would go on for a minute."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    text = f"import threading, time\nfrom commands import following\n{code}\ntime.sleep(60)"
    environment = {**os.environ, SUPERVISOR: str(gone.pid)}
    return subprocess.run([sys.executable, "-c", text], env=environment, timeout=30).returncode


def test_a_worker_that_waits_for_something_ends_all_the_same():
    assert ends("following.STOP_SECONDS = 0.1\nfollowing.stop_with_parent(threading.Event())") == 1


def test_a_periodic_task_ends_at_once():
    assert ends("following.end_with_supervisor()") == -signal.SIGTERM


def test_the_supervisor_loads_no_torch():
    code = """
import contextlib, sys
from commands import console, following
from interestgraph import main
from graphstore.database import leases
console.Terminal.client = lambda self: contextlib.nullcontext()
leases.present = lambda *arguments: contextlib.nullcontext()
following.supervise = lambda *arguments: print("torch" in sys.modules)
main(["update", "--follow"], standalone_mode=False)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
