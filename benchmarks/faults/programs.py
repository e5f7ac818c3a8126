"""The program on a scratch home: whatever is killed of it is started again, as a supervisor of services would do it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from benchmarks.load.asking import Asker
from benchmarks.load.processes import free_port, interestgraph
from graphstore.database.client import Client
from graphstore.errors import InterestGraphError
from graphstore.server.managed import ManagedServer

WEB, NEO4J, SUPERVISOR, WORKER = "web", "Neo4j", "supervisor", "worker"
RATE_LIMIT = "1000000 per minute"


def environment_of(home: Path) -> dict[str, str]:
    """The environment of programs on a home with a managed server."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")}
    return {**clean, "INTERESTGRAPH_HOME": str(home), "INTERESTGRAPH_RATE_LIMIT": RATE_LIMIT}


class Programs:
    """`serve` and, if wanted, `update --follow` with two workers. A context manager; its end stops them.

    home: of the managed server, which runs.  more: environment variables of `serve` alone.
    """

    def __init__(self, home: Path, *, follow: bool = False, more: Mapping[str, str] | None = None) -> None:
        self.server = ManagedServer(home / "neo4j")
        self.port = free_port()
        self._environment = environment_of(home)
        made = interestgraph(
            "keys", "create", f"faults-{self.port}", "--scopes", "read,write,admin", "--json",
            environment=self._environment,
        )  # fmt: skip
        self.key: str = json.loads(made)["key"]
        web = {**self._environment, **(more or {})}
        self._commands = {WEB: (["serve", "--host", "127.0.0.1", "--port", str(self.port)], web)}
        if follow:
            self._commands[SUPERVISOR] = (["update", "--follow", "--workers", "2"], self._environment)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.kills: Counter[str] = Counter()
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep)

    def __enter__(self) -> Programs:
        self._keeper.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._keeper.join()
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()

    def _keep(self) -> None:
        while not self._ended.wait(0.2):
            for name, (arguments, environment) in self._commands.items():
                process = self.processes.get(name)
                if process is None or process.poll() is not None:
                    command = [sys.executable, "-m", "interestgraph", *arguments]
                    self.processes[name] = subprocess.Popen(
                        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                    )  # fmt: skip

    def kill(self, what: str) -> None:
        """Send SIGKILL to one of the programs, if it runs now."""
        for pid in self._pids(what):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills[what] += 1
                return

    def _pids(self, what: str) -> Iterator[int]:
        if what == NEO4J:
            with contextlib.suppress(InterestGraphError):
                yield self.server.address().pid
        elif what == WORKER:
            with contextlib.suppress(KeyError, psutil.NoSuchProcess):
                children = psutil.Process(self.processes[SUPERVISOR].pid).children(recursive=True)
                yield from (child.pid for child in children)
        elif what in self.processes:
            yield self.processes[what].pid

    def asker(self) -> Asker:
        """A connection to the web application."""
        return Asker(self.port, self.key)

    def client(self) -> Client:
        """A client of the graph, past every proxy. Neo4j is started if it was killed."""
        address = self.server.start()
        return Client(address.bolt_uri, address.username, address.password)

    def web_memory(self) -> int:
        """Resident bytes of the web application; 0 where it does not run."""
        with contextlib.suppress(KeyError, psutil.NoSuchProcess):
            return int(psutil.Process(self.processes[WEB].pid).memory_info().rss)
        return 0
