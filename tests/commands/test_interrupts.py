"""Ctrl-C waits for what must not be cut, and no longer."""

import signal
import subprocess
import sys
import time
import types

import pytest

from commands.interrupts import gentle_interrupts, unsafe

DRIVER = types.ModuleType("neo4j.pretended")
exec("def call(work):\n    return work()", DRIVER.__dict__)
WAITS = """
import signal, time, types
from commands.interrupts import gentle_interrupts
driver = types.ModuleType("neo4j.pretended")
exec("def call(work):\\n    return work()", driver.__dict__)
with gentle_interrupts():
    driver.call(lambda: (print("ready", flush=True), time.sleep(60)))
"""


def interrupt():
    signal.raise_signal(signal.SIGINT)


def test_an_interrupt_comes_at_once_outside_of_the_driver_and_the_usual_handler_comes_back():
    with pytest.raises(KeyboardInterrupt), gentle_interrupts():
        interrupt()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_an_interrupt_waits_until_the_driver_is_done():
    done = []

    def work():
        interrupt()
        time.sleep(0.1)
        done.append(1)

    with pytest.raises(KeyboardInterrupt), gentle_interrupts():
        DRIVER.call(work)
        time.sleep(5)
    assert done == [1]


def test_an_interrupt_is_not_lost_in_a_finaliser():
    class Thing:
        def __del__(self):
            interrupt()

    with pytest.raises(KeyboardInterrupt), gentle_interrupts():
        thing = Thing()
        del thing
        time.sleep(5)


def test_a_second_ctrl_c_ends_the_program_at_once():
    with subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        time.sleep(1.5)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=10)
    assert process.returncode == -signal.SIGINT and b"Ctrl-C again" in error


def test_a_program_that_ignores_ctrl_c_goes_on_ignoring_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with gentle_interrupts():
            interrupt()
    finally:
        signal.signal(signal.SIGINT, before)
    assert not unsafe(None)
