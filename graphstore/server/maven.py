"""Jars from a Maven repository: jgo finds the dependencies, and each file is checked.

Where the program knows the SHA-256 of every file (see `files.pinned`), by these; else by the SHA-1 that the repository
itself gives, which tells damage, not a repository that gives other files.

All requests share one pool of connections: the files are small and a thousand, and a handshake takes longer than most.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphstore.deadlines import Deadline
from graphstore.errors import ServerError
from graphstore.progress import Message

if TYPE_CHECKING:
    import requests

REPOSITORY_SECONDS = 20
WHOLE_SECONDS = 3600.0  # of everything; what has come stays, and the next fetch goes on from it
DOWNLOADS = 8
RETRIES = 2  # of a request whose connection failed
REPORT_SECONDS = 5.0
MB = 1e6


class FetchReport:
    """Counts what was fetched and keeps what failed; says how far it is every few seconds. For several threads.

    jars: how many are to come, None while the descriptions of packages (POMs) still say which.
    """

    def __init__(self, message: Message) -> None:
        self.jars: int | None = None
        self.files = 0
        self.bytes = 0
        self.failed: list[Exception] = []
        self._message = message
        self._lock = threading.Lock()
        self._last = time.monotonic()

    def add(self, size: int) -> None:
        """Count one file."""
        with self._lock:
            self.files += 1
            self.bytes += size
            if time.monotonic() - self._last >= REPORT_SECONDS:
                self._last = time.monotonic()
                self._message(f"  {self} ...")

    def __str__(self) -> str:
        if self.jars is None:
            return f"{self.files:,} descriptions of packages read"
        return f"{self.files:,} of {self.jars:,} jars, {self.bytes / MB:.0f} MB"

    def begin(self, jars: int) -> None:
        """The descriptions are read: now the jars."""
        self.jars, self.files = jars, 0


def fetch(
    coordinates: Sequence[str],
    folder: Path,
    *,
    pinned: Mapping[str, str],
    repository: str | None = None,
    message: Message,
) -> tuple[list[Path], FetchReport]:
    """The jars of these coordinates and of all that they need at run time, kept in `folder`.

    What is in the folder already is not fetched again, so an interrupted fetch goes on from there.

    Args:
        coordinates: group:artifact:version.
        pinned: the SHA-256 in hex of every file that may come, by its path in the repository; empty: none is known.
        repository: address of a Maven repository instead of the public one.
        message: called every few seconds with how much has come.
    Raises:
        ServerError: a file can't be had, came damaged, or is not the pinned one; with what was tried and what to do.
    """
    import requests
    from jgo.maven import MavenContext
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    report = FetchReport(message)
    deadline = Deadline(WHOLE_SECONDS)
    with deadline, requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(pool_maxsize=DOWNLOADS, max_retries=Retry(RETRIES, backoff_factor=0.5)))
        deadline.watch_session(session)
        context = MavenContext(
            resolver=_checked_resolver(session, report, pinned),
            repo_cache=folder,
            remote_repos={"central": repository} if repository else None,
            timeout=REPOSITORY_SECONDS,
        )
        try:
            artifacts = _resolve(context, coordinates)
            if report.failed:  # jgo goes on without the dependencies of what it can't read
                raise report.failed[0]
            report.begin(len(artifacts))
            return _download_all(artifacts, pinned), report
        except (requests.RequestException, RuntimeError, ValueError) as error:
            raise ServerError(
                f"could not be fetched: {_first_line(error)}. Tried {' and '.join(coordinates)} "
                f"from {', '.join(context.remote_repos.values())}. The managed server needs the network at its first "
                "start only: connect and run the same again, or set NEO4J_URI, NEO4J_USERNAME and NEO4J_PASSWORD to "
                "use a Neo4j that is already there."
            ) from error


def _resolve(context: Any, coordinates: Sequence[str]) -> list[Any]:
    dependencies = [context.create_dependency(coordinate) for coordinate in coordinates]
    inputs, transitive = context.resolver.resolve(dependencies)
    needed = list(inputs) + [dependency for dependency in transitive if dependency.scope in ("compile", "runtime")]
    artifacts = {dependency.artifact.filename: dependency.artifact for dependency in needed}
    return [artifact for artifact in artifacts.values() if artifact.packaging == "jar"]


def _download_all(artifacts: Sequence[Any], pinned: Mapping[str, str]) -> list[Path]:
    def download(artifact: Any) -> Path:
        path: Path = artifact.resolve()
        if pinned:  # it may have been in the cache, from a program that did not pin
            _check_pinned(pinned, _path_of(artifact), path.read_bytes())
        return path

    pool = ThreadPoolExecutor(DOWNLOADS)
    try:
        return list(pool.map(download, artifacts))
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C or an error, what has not begun is left


def _path_of(artifact: Any) -> str:
    """The path of a file in a repository."""
    return f"{artifact.component.path_prefix.as_posix()}/{artifact.filename}"


def _check_pinned(pinned: Mapping[str, str], path: str, content: bytes) -> None:
    expected, actual = pinned.get(path), hashlib.sha256(content).hexdigest()
    if expected is None:
        raise RuntimeError(f"{path} is not one of the {len(pinned)} files of this version that this program knows")
    if actual != expected:
        raise RuntimeError(f"{path} is not the file that this program knows: SHA-256 {actual}, expected {expected}")


def _checked_resolver(session: requests.Session, report: FetchReport, pinned: Mapping[str, str]) -> Any:
    """jgo's resolver, but a file is in the cache only when it is whole and its checksum is right."""
    from jgo.maven import PythonResolver

    class CheckedResolver(PythonResolver):
        def download(self, artifact: Any) -> Path:
            try:
                return self._download(artifact)
            except (OSError, RuntimeError) as error:  # OSError: those of requests, too
                report.failed.append(error)
                raise

        def _download(self, artifact: Any) -> Path:
            target: Path = artifact.cached_path
            timeout = artifact.context.timeout
            tried = []
            for repository in artifact.context.remote_repos.values():
                url = f"{repository}/{_path_of(artifact)}"
                response = session.get(url, timeout=timeout)
                if not response.ok:
                    tried.append(f"{url}: HTTP {response.status_code}")
                    continue
                if pinned:
                    _check_pinned(pinned, _path_of(artifact), response.content)
                else:
                    _check_sha1(session, url, response.content, timeout)
                target.parent.mkdir(parents=True, exist_ok=True)
                partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
                partial.write_bytes(response.content)
                report.add(len(response.content))
                return partial.replace(target)
            raise RuntimeError(f"not found: {'; '.join(tried)}")

    return CheckedResolver()


def _check_sha1(session: requests.Session, url: str, content: bytes, timeout: float) -> None:
    response = session.get(f"{url}.sha1", timeout=timeout)
    if not response.ok:
        raise RuntimeError(f"{url} has no checksum: HTTP {response.status_code}")
    expected = response.text.split()[0].lower()
    actual = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    if actual != expected:
        raise RuntimeError(f"{url} came damaged: SHA-1 {actual}, expected {expected}")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".")[:500] if lines else type(error).__name__
