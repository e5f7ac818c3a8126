"""Neo4j's jars: fetched once, whole and checked, however many ask for them and wherever a fetch was stopped."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from graphstore.errors import ServerError
from graphstore.server import files, maven
from graphstore.server.files import coordinates, fetch_jars, pinned
from graphstore.settings import DEFAULT_NEO4J_VERSION

VERSION = "5.26.99"  # one without digests in the program
NEEDED = [f"org.example:part{number}:1" for number in range(20)]
FETCH = """
import sys
from pathlib import Path
from graphstore.server.files import fetch_jars
fetch_jars(sys.argv[1], Path(sys.argv[2]), repository=sys.argv[3], message=lambda text: print(text, flush=True))
"""


def pom(coordinate, needed=(), tested=()):
    group, artifact, version = coordinate.split(":")
    dependencies = ""
    for scope, others in (("compile", needed), ("test", tested)):
        for other in others:
            names = zip(("groupId", "artifactId", "version"), other.split(":"), strict=True)
            inner = "".join(f"<{name}>{value}</{name}>" for name, value in names)
            dependencies += f"<dependency>{inner}<scope>{scope}</scope></dependency>"
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
        f"<dependencies>{dependencies}</dependencies></project>"
    ).encode()


class Repository(ThreadingHTTPServer):
    """A Maven repository on this machine, which counts its connections and requests."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.address = f"http://127.0.0.1:{self.server_port}/maven"
        self.files, self.asked, self.connections, self.wait_seconds = {}, [], 0, 0.0
        server, *others = coordinates(VERSION)
        self.add(server, NEEDED, ["org.example:only-for-tests:1"])
        for coordinate in [*others, *NEEDED]:
            self.add(coordinate)

    def add(self, coordinate, needed=(), tested=()):
        group, artifact, version = coordinate.split(":")
        path = f"/maven/{group.replace('.', '/')}/{artifact}/{version}/{artifact}-{version}"
        for ending, content in (("pom", pom(coordinate, needed, tested)), ("jar", coordinate.encode() * 100)):
            self.files[f"{path}.{ending}"] = content
            self.files[f"{path}.{ending}.sha1"] = hashlib.sha1(content).hexdigest().encode()

    def path(self, name):
        return next(path for path in self.files if path.endswith(f"/{name}"))

    def jars_asked(self):
        return [path for path in self.asked if path.endswith(".jar")]


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path.endswith(".jar"):
            time.sleep(self.server.wait_seconds)
        content = self.server.files.get(self.path)
        self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_):
        pass


@pytest.fixture
def repository():
    with Repository() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def expected_jars():
    return {"{1}-{2}.jar".format(*name.split(":")) for name in [*coordinates(VERSION), *NEEDED]}


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_all_jars_that_run_are_there_and_fetched_over_a_few_connections(repository, tmp_path):
    messages = []
    folder = fetch_jars(VERSION, tmp_path, repository=repository.address, message=messages.append)
    assert names(folder) == expected_jars()
    assert len(repository.asked) > 4 * len(NEEDED)
    assert repository.connections <= maven.DOWNLOADS
    assert "about 150 MB" in messages[0] and f"Neo4j {VERSION} is here" in messages[-1]
    assert f"no digests of {VERSION}" in messages[1]


def test_what_is_there_is_not_fetched_again(repository, tmp_path):
    folder = fetch_jars(VERSION, tmp_path, repository=repository.address)
    repository.asked.clear()
    assert fetch_jars(VERSION, tmp_path, repository=repository.address, message=pytest.fail) == folder
    assert repository.asked == []


def test_it_says_how_much_has_come(repository, tmp_path, monkeypatch):
    monkeypatch.setattr(maven, "REPORT_SECONDS", 0)
    messages = []
    fetch_jars(VERSION, tmp_path, repository=repository.address, message=messages.append)
    jars = len(expected_jars())
    assert [line.split()[0] for line in messages[2:-1]] == [str(n) for _ in range(2) for n in range(1, jars + 1)]
    assert "descriptions" in messages[2] and f"of {jars} jars" in messages[-2]


@pytest.mark.parametrize("name", ["part3-1.jar", "part3-1.pom"])
def test_a_damaged_file_is_refused_and_what_was_right_is_kept(repository, tmp_path, name):
    path = repository.path(name)
    whole = repository.files[path]
    repository.files[path] = whole[:-1] + b"?"
    with pytest.raises(ServerError, match=rf"Neo4j {VERSION} could not be fetched: .*{name} came damaged"):
        fetch_jars(VERSION, tmp_path, repository=repository.address)
    assert not (tmp_path / f"neo4j-{VERSION}").exists()
    repository.files[path] = whole
    repository.asked.clear()
    assert names(fetch_jars(VERSION, tmp_path, repository=repository.address)) == expected_jars()
    assert not [asked for asked in repository.asked if asked.endswith(f"neo4j-server-{VERSION}.pom")]


@pytest.fixture
def digests(repository, tmp_path, monkeypatch):
    """A table of the digests of all that the repository has, as the program has one for its own version; a file."""
    table = tmp_path / "pins" / f"neo4j-{VERSION}.sha256"
    table.parent.mkdir()
    rows = [
        f"{hashlib.sha256(content).hexdigest()}  {path.removeprefix('/maven/')}\n"
        for path, content in repository.files.items()
        if not path.endswith(".sha1")
    ]
    table.write_text("".join(rows))
    monkeypatch.setattr(files, "PINS", table.parent)
    return table


def test_pinned_files_are_fetched_without_asking_the_repository_for_checksums(repository, tmp_path, digests):
    messages = []
    folder = fetch_jars(VERSION, tmp_path / "cache", repository=repository.address, message=messages.append)
    assert names(folder) == expected_jars()
    assert not [path for path in repository.asked if path.endswith(".sha1")]
    assert not any("no digests" in text for text in messages)


@pytest.mark.parametrize("name", ["part3-1.jar", "part3-1.pom"])
def test_a_file_that_is_not_the_pinned_one_is_refused_whatever_the_repository_says_of_it(
    repository, tmp_path, digests, name
):
    path = repository.path(name)
    repository.files[path] += b" "
    repository.files[f"{path}.sha1"] = hashlib.sha1(repository.files[path]).hexdigest().encode()
    with pytest.raises(ServerError, match=rf"{name} is not the file that this program knows"):
        fetch_jars(VERSION, tmp_path / "cache", repository=repository.address)
    assert not (tmp_path / "cache" / f"neo4j-{VERSION}").exists()


def test_a_file_that_is_not_in_the_table_is_refused(repository, tmp_path, digests):
    digests.write_text("".join(row for row in digests.read_text().splitlines(True) if "part3-1.jar" not in row))
    with pytest.raises(ServerError, match=r"part3-1.jar is not one of the"):
        fetch_jars(VERSION, tmp_path / "cache", repository=repository.address)


def test_a_file_that_was_cached_before_there_was_a_table_is_checked_as_well(repository, tmp_path, digests):
    table = digests.read_text()
    digests.unlink()
    cache = tmp_path / "cache"
    fetch_jars(VERSION, cache, repository=repository.address).rename(tmp_path / "elsewhere")
    next((cache / "maven").rglob("part3-1.jar")).write_bytes(b"another")
    digests.write_text(table)
    with pytest.raises(ServerError, match=r"part3-1.jar is not the file that this program knows"):
        fetch_jars(VERSION, cache, repository=repository.address)


def test_the_program_has_digests_of_its_own_version():
    found = pinned(DEFAULT_NEO4J_VERSION)
    for coordinate in coordinates(DEFAULT_NEO4J_VERSION):
        group, artifact, version = coordinate.split(":")
        assert f"{group.replace('.', '/')}/{artifact}/{version}/{artifact}-{version}.jar" in found
    assert len(found) > 500 and {len(digest) for digest in found.values()} == {64}


def test_two_programs_at_once_fetch_each_file_once(repository, tmp_path):
    repository.wait_seconds = 0.05
    arguments = [sys.executable, "-c", FETCH, VERSION, str(tmp_path), repository.address]
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: subprocess.run(arguments, capture_output=True, text=True), range(2)))
    assert [one.returncode for one in done] == [0, 0], done
    assert len(repository.asked) == len(set(repository.asked))
    assert sorted("Another program is fetching Neo4j" in one.stdout for one in done) == [False, True]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_fetch_that_is_stopped_ends_soon_and_the_next_goes_on_from_there(repository, tmp_path, number):
    repository.wait_seconds = 0.5
    command = [sys.executable, "-c", FETCH, VERSION, str(tmp_path), repository.address]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while len(repository.jars_asked()) <= maven.DOWNLOADS:
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, number)
    process.communicate(timeout=5)
    asked = len(repository.jars_asked())
    assert asked < len(expected_jars())
    assert not (tmp_path / f"neo4j-{VERSION}").exists()
    repository.wait_seconds = 0
    assert names(fetch_jars(VERSION, tmp_path, repository=repository.address)) == expected_jars()
    assert len(repository.jars_asked()) < asked + len(expected_jars())
