"""A real Neo4j for the tests: one server for each pytest process, an empty graph for each test.

With `pytest -n 2` (pytest-xdist) each of two worker processes runs whole files, on a server and one core of its own.

INTERESTGRAPH_TEST_NEO4J        "managed" (default), "container", "running" (one that NEO4J_URI, NEO4J_USERNAME and
                                NEO4J_PASSWORD name; tests empty it) or "none" (tests that need one are left out)
INTERESTGRAPH_NEO4J_VERSION     version of the managed server
INTERESTGRAPH_TEST_NEO4J_IMAGE  image of the container
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from graphstore.database.client import Client
from graphstore.database.schema import migrate
from graphstore.server import process as graph_process
from graphstore.server.configuration import USER_SETTINGS
from graphstore.server.managed import ManagedServer
from graphstore.settings import DEFAULT_NEO4J_VERSION, Settings

DEFAULT_IMAGE = f"neo4j:{DEFAULT_NEO4J_VERSION}-community"
PREFIX = "interestgraph-test-"
MEMORY = {"heap": "512m", "page_cache": "64m"}
PLANS_STAY = "dbms.cypher.min_replan_interval=1h\n"  # however tests fill and empty the graph
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
WORKER = os.environ.get("PYTEST_XDIST_WORKER")


def pytest_configure(config: pytest.Config) -> None:
    """Every Neo4j that a test starts compiles quickly rather than well. Workers get one thread each for matrices: these
    wait busily, and more would take the other workers' cores."""
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for what it runs in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("numprocesses", None):
        os.environ.update(dict.fromkeys(THREADS, "1"))


@pytest.fixture(scope="session")
def say(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Writes a line to the terminal at once, past pytest's capturing."""

    def write(text: str) -> None:
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"[{WORKER}] {text}" if WORKER else f"\n{text}", file=sys.stderr, flush=True)

    return write


@pytest.fixture(scope="session", autouse=True)
def ended_servers_are_reaped() -> Iterator[None]:
    """Servers that tests killed are waited for at the end, as is any that they left running."""
    yield
    for child in graph_process._children.values():
        child.kill()
        child.wait()
    graph_process._children.clear()


def remove_abandoned_servers() -> None:
    """End the servers of test sessions that were killed before they could do it themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = re.match(rf"{PREFIX}(\d+)-", folder.name)
        if owner and not psutil.pid_exists(int(owner[1])):
            ManagedServer(folder / "neo4j").kill()
            shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that need Neo4j where there is none; files with slow tests come first, so that no worker has
    one left at the end."""
    if os.environ.get("INTERESTGRAPH_TEST_NEO4J") == "none":
        needing = [item for item in items if "neo4j_settings" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=needing)
        items[:] = [item for item in items if item not in needing]
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def neo4j_version() -> str:
    """The version that managed servers of this session run."""
    return os.environ.get("INTERESTGRAPH_NEO4J_VERSION") or DEFAULT_NEO4J_VERSION


@pytest.fixture
def settings(neo4j_settings: Settings, tmp_path: Path) -> Settings:
    """Settings of this process's Neo4j, with a home folder for one test."""
    return replace(neo4j_settings, home=tmp_path)


@pytest.fixture(scope="session")
def neo4j_settings(neo4j_version: str, say: Callable[[str], None]) -> Iterator[Settings]:
    """Settings of this process's Neo4j, with a home folder of its own."""
    mode = os.environ.get("INTERESTGRAPH_TEST_NEO4J") or "managed"
    if mode not in ("managed", "container", "running"):
        raise pytest.UsageError(f"INTERESTGRAPH_TEST_NEO4J is {mode!r}; expected managed, container, running or none.")
    if mode == "running" and WORKER:
        raise pytest.UsageError("Several test processes would empty each other's graph: run pytest without -n.")
    remove_abandoned_servers()
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        if mode == "container":
            yield from container_settings(home, say)
        elif mode == "running":
            yield replace(Settings.from_environment(os.environ), home=home)
        else:
            yield from managed_settings(home, neo4j_version, say)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def managed_settings(home: Path, version: str, say: Callable[[str], None]) -> Iterator[Settings]:
    """Start a scratch managed server; kill it at the end."""
    server = ManagedServer(home / "neo4j", version=version, **MEMORY)
    server.folder.mkdir()
    (server.folder / USER_SETTINGS).write_text(PLANS_STAY)
    try:
        address = server.start(say)
        yield Settings(home, address.bolt_uri, address.username, address.password, neo4j_version=version)
    finally:
        server.kill()


def container_settings(home: Path, say: Callable[[str], None]) -> Iterator[Settings]:
    """Start a container of the official image (or one that stands in for it); remove it at the end."""
    from testcontainers.community.neo4j import Neo4jContainer

    image = os.environ.get("INTERESTGRAPH_TEST_NEO4J_IMAGE") or DEFAULT_IMAGE
    say(f"Starting a container of {image} ...")
    with Neo4jContainer(image, password="interestgraph-test") as container:
        yield Settings(home, container.get_connection_url(), container.username, container.password)


@pytest.fixture(scope="session")
def migrated(neo4j_settings: Settings) -> Iterator[Client]:
    """One client for the session, its schema up to date; tests ask for `client`."""
    settings = neo4j_settings
    assert settings.neo4j_uri is not None
    with Client(settings.neo4j_uri, settings.neo4j_username, settings.neo4j_password or "") as client:
        migrate(client)
        yield client


@pytest.fixture
def client(migrated: Client) -> Client:
    """A client on an empty graph with the whole schema."""
    migrated.autocommit("profiles/erasure/delete_everything")
    return migrated
