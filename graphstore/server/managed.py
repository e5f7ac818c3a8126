"""The managed local Neo4j: real Neo4j Community, started on demand, one server for each folder.

<folder>/data/                 the graph
<folder>/logs/                 neo4j.log, debug.log, console.log
<folder>/password              random, readable by its owner only
<folder>/server.json           process id, ports and version; ports are remembered between starts
<folder>/neo4j-settings.conf   optional: a person's own settings, which win
<folder>/transactions-<time>/  the transaction log as it was before `recover` mended it
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from pathlib import Path
from typing import Any

import psutil

from graphstore.database.disk import DiskSpace
from graphstore.errors import GraphError, NeedsRestart, Neo4jAuthFailed, Neo4jUnavailable, ServerError
from graphstore.progress import Message, quiet
from graphstore.server import configuration, recovery
from graphstore.server import files as graph_files
from graphstore.server import process as graph_process
from graphstore.server.address import ServerAddress, ServerStatus
from graphstore.server.configuration import HOST, MIB, USERNAME, MemorySettings
from graphstore.settings import DEFAULT_NEO4J_VERSION

__all__ = ["ManagedServer", "ServerAddress", "ServerStatus"]

START_SECONDS = 240.0
STOP_SECONDS = 60.0
PORT_TRIES = 3
NEEDED_FREE_BYTES = 256 * MIB  # less than writes need, so that reads go on after a restart
PORT_TAKEN = "Address already in use"


class ManagedServer:
    """Real Neo4j Community in a folder of its own.

    Args:
        folder: everything of this server; made if it is not there.
        version: of Neo4j, 5.26 or later.
        heap, page_cache: sizes such as "512m"; a modest share of the machine if None.
        bolt_port, http_port: fixed ports; remembered or free ones if None.
        jars: folder of the jar cache; the platform's cache folder if None.
        repository: address of a Maven repository; the public one if None.
    """

    def __init__(
        self,
        folder: Path,
        version: str = DEFAULT_NEO4J_VERSION,
        *,
        heap: str | None = None,
        page_cache: str | None = None,
        bolt_port: int | None = None,
        http_port: int | None = None,
        jars: Path | None = None,
        repository: str | None = None,
    ) -> None:
        fitting = configuration.fitting_memory()
        self.folder = folder.expanduser().resolve()
        self.version = version
        self.memory = MemorySettings(heap or fitting.heap, page_cache or fitting.page_cache)
        self._fixed_ports = (bolt_port, http_port)
        self._jars = jars
        self._repository = repository

    def start(self, progress: Message | None = None) -> ServerAddress:
        """Start the server, or find it running, and return when it answers queries. It outlives this program.

        Raises:
            ServerError: it can't be prepared or started; the message says why and what to do.
        """
        message = progress or quiet
        with contextlib.suppress(NeedsRestart):
            if self._running() is not None and self._answers():
                return self.address()
        with graph_process.folder_lock(self.folder, message):
            running = self._running()
            try:
                if running is not None and self._wait(running.pid):
                    return self.address()
            except NeedsRestart:
                message("Neo4j stopped its database after an error, such as a full disk: it is started anew.")
                self._end(0)
            return self._start(message, {})

    def recover(self, progress: Message | None = None) -> tuple[ServerAddress, str]:
        """Start a server whose transaction log has an unreadable end, which is cut off. The log is copied before.

        Returns:
            Where the server answers, and what was cut off.
        Raises:
            ServerError: the server runs and answers, there is no room for the copy, or it does not start even so.
        """
        message = progress or quiet
        with graph_process.folder_lock(self.folder, message):
            with contextlib.suppress(NeedsRestart):
                if self._running() is not None and self._answers():
                    raise ServerError(f"Neo4j in {self.folder} runs and answers: there is nothing to recover.")
            self._end(0)
            copy, began = recovery.keep_log(self.folder), time.time()
            address = self._start(message, recovery.CUT_SETTING)
            return address, recovery.outcome(self.folder, began, copy)

    def _start(self, message: Message, settings: dict[str, str]) -> ServerAddress:
        for attempt in range(PORT_TRIES):
            pid = self._launch(message, settings, ports_anew=attempt > 0)
            if self._wait(pid):
                address = self.address()
                message(f"Neo4j {self.version} answers at {address.bolt_uri}.")
                return address
            tail = graph_process.log_tail(self.folder)
            if PORT_TAKEN not in tail or all(self._fixed_ports):
                break
        raise ServerError(f"Neo4j {self.version} in {self.folder} stopped while starting. It wrote:\n{tail}")

    def stop(self, timeout: float = STOP_SECONDS) -> bool:
        """Stop the server cleanly and wait for it; past `timeout` seconds it is killed, and recovers at its next start.

        One that stopped its database after an error is killed at once: a clean stop would write what it failed to
        write, once more, behind the part of it that stands in the transaction log, and the log would be torn.

        Returns:
            Whether a server was running.
        """
        if not self.folder.is_dir():
            return False
        with graph_process.folder_lock(self.folder):
            return self._end(timeout)

    def _end(self, timeout: float) -> bool:
        process = self._running()
        if process is None:
            return False
        graph_process.end(process, 0 if timeout > 0 and self._needs_restart() else timeout)
        with contextlib.suppress(OSError):  # on a full disk the id stays, and is recognised as stale
            self._write_state(self._state() | {"pid": None})
        return True

    def kill(self) -> None:
        """End the server at once, without a clean stop: for scratch servers."""
        self.stop(timeout=0)

    def address(self) -> ServerAddress:
        """Where the running server answers.

        Raises:
            ServerError: it is not running.
        """
        process = self._running()
        if process is None:
            raise ServerError(f"No Neo4j is running in {self.folder}.")
        state = self._state()
        return ServerAddress(
            bolt_uri=f"bolt://{HOST}:{state['bolt_port']}",
            http_port=state["http_port"],
            password=configuration.ensure_password(self.folder),
            pid=process.pid,
        )

    def status(self) -> ServerStatus:
        """Whether it runs, where, since when, and how large it is on disk and in memory."""
        files = (path for path in self.folder.rglob("*") if path.is_file()) if self.folder.is_dir() else ()
        size = sum(path.stat().st_blocks * 512 for path in files)
        process = self._running()
        state = self._state()
        version = state.get("version") or self.version
        if process is None:
            return ServerStatus(False, str(self.folder), version, size)
        address = self.address()
        return ServerStatus(
            running=True,
            folder=str(self.folder),
            version=version,
            size_bytes=size,
            pid=process.pid,
            bolt_uri=address.bolt_uri,
            http_port=address.http_port,
            browser_url=address.browser_url,
            uptime_seconds=round(time.time() - process.create_time(), 1),
            memory_bytes=process.memory_info().rss,
        )

    def _state(self) -> dict[str, Any]:
        try:
            state = json.loads((self.folder / "server.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _write_state(self, state: dict[str, Any]) -> None:
        configuration.write_private(self.folder / "server.json", json.dumps(state) + "\n")

    def _running(self) -> psutil.Process | None:
        return graph_process.find(self._state().get("pid"), self.folder)

    @property
    def data(self) -> Path:
        """The folder of the graph, which may be a link to another disk."""
        return self.folder / "data"

    def _launch(self, message: Message, settings: dict[str, str], *, ports_anew: bool) -> int:
        self._check_folder()
        jars = graph_files.fetch_jars(self.version, self._jars, repository=self._repository, message=message)
        bolt_port, http_port = self._ports(anew=ports_anew)
        try:
            for name in ("data", "logs", "run", "import", "plugins"):
                (self.folder / name).mkdir(exist_ok=True)
            configuration.ensure_password(self.folder)
            options = configuration.write_configuration(self.folder, bolt_port, http_port, self.memory, settings)
            (self.folder / "logs" / "neo4j.log").unlink(missing_ok=True)
            command = [str(graph_files.java()), *options, "-cp", f"{jars}/*", graph_files.entry_class(jars)]
            command += [graph_process.home_option(self.folder), f"--config-dir={self.folder / 'conf'}"]
            message(f"Starting Neo4j {self.version} in {self.folder} ...")
            pid = graph_process.spawn(command, self.folder)
            ports = {"bolt_port": bolt_port, "http_port": http_port}
            self._write_state({"pid": pid, "version": self.version, **ports})
        except OSError as error:
            raise ServerError(f"The managed Neo4j can't write to {self.folder}: {error.strerror or error}.") from error
        return pid

    def _check_folder(self) -> None:
        free = DiskSpace(self.data if self.data.exists() else self.folder).free()
        if free < NEEDED_FREE_BYTES:
            raise ServerError(
                f"{self.folder} is on a disk with {free // MIB} MiB free; Neo4j needs {NEEDED_FREE_BYTES // MIB} MiB "
                "to start safely. Make room, or set INTERESTGRAPH_HOME to a folder on another disk."
            )
        last = self._state().get("version", self.version)
        if _numbers(last) > _numbers(self.version):
            raise ServerError(
                f"The graph in {self.folder} was last opened by Neo4j {last}, which {self.version} can't read. "
                f"Use {last} or later (INTERESTGRAPH_NEO4J_VERSION)."
            )

    def _ports(self, *, anew: bool) -> tuple[int, int]:
        for port in self._fixed_ports:
            if port is not None and not configuration.port_is_free(port):
                raise ServerError(f"Port {port} of {HOST} is taken by another program. Stop it, or choose another.")
        remembered = {} if anew else self._state()
        fixed_bolt, fixed_http = self._fixed_ports
        bolt = fixed_bolt or configuration.choose_port(remembered.get("bolt_port"), set())
        return bolt, fixed_http or configuration.choose_port(remembered.get("http_port"), {bolt})

    def _wait(self, pid: int) -> bool:
        """Whether the server came to answer; False if its process ended first.

        Raises:
            ServerError: it does not in START_SECONDS, or can't open its database; then it is killed.
        """
        deadline = time.monotonic() + START_SECONDS
        while (process := graph_process.find(pid, self.folder)) is not None:
            if self._answers():
                return True
            failure = recovery.start_failure(self.folder, process.create_time())
            if failure is not None:
                self._end(0)
                raise ServerError(failure)
            if time.monotonic() > deadline:
                tail = graph_process.log_tail(self.folder)
                raise ServerError(f"Neo4j in {self.folder} did not answer in {START_SECONDS:.0f} s. It wrote:\n{tail}")
            time.sleep(graph_process.POLL_SECONDS)
        return False

    def _needs_restart(self) -> bool:
        try:
            self._answers()
        except NeedsRestart:
            return True
        except ServerError:
            pass
        return False

    def _answers(self) -> bool:
        from graphstore.database.client import Client

        port = self._state()["bolt_port"]
        password = configuration.ensure_password(self.folder)
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            with Client(f"bolt://{HOST}:{port}", USERNAME, password, pool_size=1) as client:
                client.verify()
        except Neo4jAuthFailed as error:
            raise ServerError(
                f"Neo4j in {self.folder} does not accept the password in {self.folder / 'password'}: "
                "it was changed inside Neo4j. Write the present one into that file."
            ) from error
        except NeedsRestart:
            raise
        except (OSError, Neo4jUnavailable):
            return False
        except GraphError as error:
            raise ServerError(f"Neo4j in {self.folder} runs, but does not answer: {error}") from error
        return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-")[0].split(".") if part.isdigit())
