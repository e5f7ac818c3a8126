"""Workers of `update --follow` end with their supervisor."""

import os
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
    stop_with_parent(stop)
    assert stop.wait(5)


def test_a_worker_goes_on_while_its_supervisor_lives(monkeypatch):
    monkeypatch.setenv(SUPERVISOR, str(os.getppid()))
    stop = threading.Event()
    stop_with_parent(stop)
    assert not stop.wait(0.5)
    stop.set()
