"""The managed server as a process: started apart from the command that starts it, recognised again, ended."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from graphstore.errors import ServerError
from graphstore.progress import Message, quiet

LOCK_SECONDS = 300.0
POLL_SECONDS = 0.1
TAIL_LINES = 12
_children: dict[int, subprocess.Popen[bytes]] = {}


@contextlib.contextmanager
def folder_lock(folder: Path, message: Message = quiet) -> Iterator[None]:
    """Hold the folder for a start or a stop, waiting while another program does.

    Raises:
        ServerError: the folder can't be written, or another program holds it for minutes.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise ServerError(
            f"The managed Neo4j can't use the folder {folder}: {error.strerror or error}. "
            "Make it writable, or set INTERESTGRAPH_HOME to another folder."
        ) from error
    with lock:
        deadline = time.monotonic() + LOCK_SECONDS
        announced = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ServerError(
                        f"Another program has been starting or stopping Neo4j in {folder} for {LOCK_SECONDS:.0f} s."
                    ) from None
                if not announced:
                    message("Another program is starting or stopping this Neo4j; waiting for it ...")
                    announced = True
                time.sleep(POLL_SECONDS)
        yield


def spawn(command: list[str], folder: Path) -> int:
    """Start a program in a session of its own, so that it outlives this one; returns its process id.

    Raises:
        ServerError: it can't be executed.
    """
    with (folder / "logs" / "console.log").open("wb") as console:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ServerError(f"Java can't be started ({command[0]}): {error}.") from error
    _children[process.pid] = process
    return process.pid


def find(pid: int | None, folder: Path) -> psutil.Process | None:
    """The running server of this folder, or None if the id is stale: of no process, or of an unrelated one."""
    if pid is None:
        return None
    if pid in _children and _children[pid].poll() is not None:
        del _children[pid]
        return None
    try:
        process = psutil.Process(pid)
        arguments = process.cmdline()
        starting = not arguments and pid in _children  # the kernel shows none for a moment while a program is loaded
        if process.status() == psutil.STATUS_ZOMBIE or (home_option(folder) not in arguments and not starting):
            return None
    except psutil.Error:
        return None
    return process


def home_option(folder: Path) -> str:
    """The option that distinguishes a server's process from any other."""
    return f"--home-dir={folder}"


def end(process: psutil.Process, timeout: float) -> None:
    """Ask a server to stop, and kill it if it has not after `timeout` seconds; 0 kills at once."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if timeout > 0:
            process.terminate()
            if _gone(process, timeout):
                return
        process.kill()
        _gone(process, 10.0)


def _gone(process: psutil.Process, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        child = _children.get(process.pid)
        if child is not None and child.poll() is not None:
            del _children[process.pid]
            return True
        if child is None and (not process.is_running() or process.status() == psutil.STATUS_ZOMBIE):
            return True
        time.sleep(POLL_SECONDS)
    return False


def log_tail(folder: Path) -> str:
    """The last lines of what a server wrote about itself, for an error message."""
    parts = []
    for name in ("neo4j.log", "console.log"):
        path = folder / "logs" / name
        with contextlib.suppress(OSError):
            lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
            stack_free = [line[:300] for line in lines if not line.startswith(("\tat ", "\t... "))]
            if stack_free:
                parts.append("\n".join([f"{path}:", *stack_free[-TAIL_LINES:]]))
    return "\n".join(parts) or "(it wrote no log)"
