"""The programs that benchmarks measure, as processes of their own: `serve`, and `update --follow` if there is one."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil

from graphstore import Settings

START_SECONDS, STOP_SECONDS = 60, 30
KEY_NAME = "benchmark"
NO_FOLLOWER = "this version has no follower (update --follow): nothing that it does is measured"


@dataclass(frozen=True)
class Program:
    """A process that was started. port: where it listens, 0 if it doesn't."""

    pid: int
    port: int = 0


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def interestgraph(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a command and return its standard output."""
    command = [sys.executable, "-m", "interestgraph", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment).stdout


@contextlib.contextmanager
def api_key(environment: Mapping[str, str], scopes: str) -> Iterator[str]:
    """An API key that is revoked afterwards. A run that was killed leaves its own, which must not stop the next."""
    name = f"{KEY_NAME}-{secrets.token_hex(3)}"
    said = interestgraph("keys", "create", name, "--scopes", scopes, "--json", environment=environment)
    try:
        yield json.loads(said)["key"]
    finally:
        interestgraph("keys", "revoke", name, "--yes", "--json", environment=environment)


@contextlib.contextmanager
def served(environment: Mapping[str, str]) -> Iterator[Program]:
    """The web application without a rate limit that matters, once it answers."""
    port = free_port()
    arguments = ["serve", "--host", "127.0.0.1", "--port", str(port)]
    with _started(arguments, {**environment, "INTERESTGRAPH_RATE_LIMIT": "1000000 per minute"}) as process:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("interestgraph serve did not come up: serve.log in its home says why.")
            time.sleep(0.2)
        yield Program(process.pid, port)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    return False


def has_follower() -> bool:
    """Whether this version of the program can follow the graph."""
    return "--follow" in interestgraph("update", "--help")


@contextlib.contextmanager
def following(environment: Mapping[str, str], workers: int) -> Iterator[Program]:
    """`update --follow`, which begins to work some seconds later."""
    with _started(["update", "--follow", "--workers", str(workers)], environment) as process:
        yield Program(process.pid)


@contextlib.contextmanager
def _started(arguments: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose log is kept in its home: serve.log or update.log."""
    command = [sys.executable, "-m", "interestgraph", *arguments]
    path = Settings.from_environment(environment).home / f"{arguments[0]}.log"
    with path.open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and of those that it started, as far as they still run."""
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(one.cpu_times()[:2])
    return total
