"""The managed server: started on demand, once for each folder, and back after every kind of end."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from graphstore.database.client import Client
from graphstore.errors import GraphError, NeedsRestart, ServerError
from graphstore.server import configuration, files, recovery
from graphstore.server import managed as server_module
from graphstore.server import process as graph_process
from graphstore.server.configuration import USER_SETTINGS
from graphstore.server.managed import ManagedServer

QUICK_START = "# for tests\nserver.jvm.additional=-XX:TieredStopAtLevel=1\n"
START_ELSEWHERE = """
import sys
from pathlib import Path
from graphstore.server.managed import ManagedServer
print(ManagedServer(Path(sys.argv[1]), sys.argv[2], heap="512m", page_cache="64m").start().pid)
"""


def managed(folder, version, **options):
    folder.mkdir(exist_ok=True)
    (folder / USER_SETTINGS).write_text(QUICK_START)
    return ManagedServer(folder, version, heap="512m", page_cache="64m", **options)


@pytest.fixture(scope="module")
def server(tmp_path_factory, neo4j_version):
    server = managed(tmp_path_factory.mktemp("managed") / "neo4j", neo4j_version)
    yield server
    server.kill()


def run(server, text):
    address = server.address()
    with Client(address.bolt_uri, address.username, address.password) as client:
        return client.run_text(text)


def no_java(*_):
    raise AssertionError("Neo4j must not be launched here")


@pytest.fixture
def unlaunched(monkeypatch):
    """A server whose preparation is tested: a launch would fail the test."""
    monkeypatch.setattr(graph_process, "spawn", no_java)


class TestRunning:
    """One server, in this order: each test leaves it running."""

    def test_simultaneous_starts_yield_one_server_that_outlives_the_command_that_started_it(self, server):
        command = [sys.executable, "-c", START_ELSEWHERE, str(server.folder), server.version]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as elsewhere:
            with ThreadPoolExecutor(2) as pool:
                pids = {address.pid for address in pool.map(lambda _: server.start(), range(2))}
            printed, _ = elsewhere.communicate(timeout=300)
        assert elsewhere.returncode == 0
        assert pids == {int(printed)}
        assert run(server, "RETURN 1 AS one") == [{"one": 1}]

    def test_starting_again_finds_the_running_server(self, server):
        assert server.start() == server.address()
        assert ManagedServer(server.folder, server.version).start().pid == server.address().pid

    def test_status_tells_where_it_is_and_how_large(self, server):
        status = server.status()
        assert status.running
        assert status.version == server.version
        assert status.folder == str(server.folder)
        assert status.uptime_seconds > 0
        assert status.size_bytes > 0
        assert status.memory_bytes > 0
        assert status.as_dict()["bolt_uri"] == server.address().bolt_uri

    def test_the_password_is_private_and_not_in_the_address_as_shown(self, server):
        path = server.folder / "password"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(path.read_text().strip()) >= 32
        assert server.address().password == path.read_text().strip()
        assert server.address().password not in repr(server.address())
        assert not any(server.address().password in part for part in psutil.Process(server.address().pid).cmdline())

    def test_it_listens_on_loopback_only(self, server):
        listening = [
            c for c in psutil.Process(server.address().pid).net_connections() if c.status == psutil.CONN_LISTEN
        ]
        assert {c.laddr.port for c in listening} >= {server.status().http_port}
        assert {c.laddr.ip.removeprefix("::ffff:") for c in listening} == {"127.0.0.1"}

    @pytest.mark.parametrize("address", ["file:///etc/passwd", "http://127.0.0.1:9/", "ftp://127.0.0.1:9/"])
    def test_no_file_and_no_address_is_read_by_load_csv(self, server, address):
        with pytest.raises(GraphError, match="Cannot load from URL"):
            run(server, f"LOAD CSV FROM '{address}' AS line RETURN line")

    def test_nothing_is_open_that_need_not_be(self, server):
        found = {row["name"]: row["value"] for row in run(server, "SHOW SETTINGS YIELD name, value")}
        assert found["dbms.security.procedures.unrestricted"] == ""
        assert found["dbms.usage_report.enabled"] == found["client.allow_telemetry"] == "false"
        assert found["db.transaction.timeout"] == "1h"

    def test_neo4j_browser_answers_and_is_pointed_at_this_server(self, server):
        address = server.address()
        with urllib.request.urlopen(f"http://127.0.0.1:{address.http_port}/browser/", timeout=20) as page:
            assert page.status == 200
            assert b"Neo4j Browser" in page.read()
        with urllib.request.urlopen(f"http://127.0.0.1:{address.http_port}/", timeout=20) as discovery:
            assert address.bolt_uri.removeprefix("bolt://").encode() in discovery.read()

    def test_a_running_server_is_shared_even_by_a_program_that_asks_for_another_version(self, server):
        other = ManagedServer(server.folder, "5.26.0")
        assert other.start().pid == server.address().pid

    def test_after_kill_9_it_comes_back_with_what_was_committed(self, server):
        run(server, "CREATE (:Kept {name: 'before kill'})")
        before = server.address()
        os.kill(before.pid, signal.SIGKILL)
        after = server.start()
        assert after.pid != before.pid
        assert after.bolt_uri == before.bolt_uri
        assert run(server, "MATCH (k:Kept) RETURN k.name AS name") == [{"name": "before kill"}]

    def test_after_a_clean_stop_data_stays_and_taken_ports_are_replaced(self, server):
        bolt_port = int(server.address().bolt_uri.rpartition(":")[2])
        assert server.stop() is True
        assert server.stop() is False
        assert not server.status().running
        with pytest.raises(ServerError, match="No Neo4j is running"):
            server.address()
        with socket.socket() as squatter:
            squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            squatter.bind(("127.0.0.1", bolt_port))
            squatter.listen()
            assert server.start().bolt_uri != f"bolt://127.0.0.1:{bolt_port}"
        assert run(server, "MATCH (k:Kept) RETURN k.name AS name") == [{"name": "before kill"}]


class TestRefusals:
    def test_a_server_that_dies_while_starting_shows_what_it_wrote(self, tmp_path, neo4j_version):
        server = managed(tmp_path / "neo4j", neo4j_version)
        (server.folder / USER_SETTINGS).write_text("no.such.setting=1\n")
        with pytest.raises(ServerError, match=r"stopped while starting(.|\n)*no\.such\.setting"):
            server.start()

    def test_a_stale_process_id_of_an_unrelated_process_is_not_taken_for_the_server(self, tmp_path):
        server = ManagedServer(tmp_path)
        for pid in (os.getpid(), 2**22 + 1):
            (tmp_path / "server.json").write_text(f'{{"pid": {pid}, "bolt_port": 1, "http_port": 2}}')
            assert not server.status().running
            assert server.stop() is False

    def test_a_damaged_state_file_counts_as_none(self, tmp_path):
        (tmp_path / "server.json").write_text("{half a li")
        assert not ManagedServer(tmp_path).status().running

    def test_without_network_at_the_first_start_it_says_what_was_tried_and_the_way_out(self, tmp_path, unlaunched):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}/maven"
            server = ManagedServer(tmp_path / "neo4j", jars=tmp_path / "jars", repository=nowhere)
            with pytest.raises(ServerError) as raised:
                server.start()
        for part in (nowhere, "org.neo4j.app:neo4j-server:5.26.28", "NEO4J_URI", "first start only"):
            assert part in str(raised.value)
        assert not (tmp_path / "jars" / "neo4j-5.26.28").exists()

    def test_a_full_disk_is_noticed_before_the_start(self, tmp_path, monkeypatch, unlaunched):
        monkeypatch.setattr(server_module, "NEEDED_FREE_BYTES", 2**62)
        with pytest.raises(ServerError, match="MiB free"):
            ManagedServer(tmp_path / "neo4j").start()

    def test_a_server_that_stopped_its_database_is_killed_and_not_stopped_cleanly(self, tmp_path, monkeypatch):
        ended = []
        server = ManagedServer(tmp_path)
        monkeypatch.setattr(server, "_running", lambda: "process")
        monkeypatch.setattr(graph_process, "end", lambda process, timeout: ended.append(timeout))
        monkeypatch.setattr(server, "_answers", lambda: True)
        assert server.stop(timeout=7)

        def panicked():
            raise NeedsRestart("stopped")

        monkeypatch.setattr(server, "_answers", panicked)
        assert server.stop(timeout=7)
        assert ended == [7, 0]

    def test_a_stop_on_a_full_disk_ends_the_server_all_the_same(self, tmp_path, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        server = ManagedServer(tmp_path)
        monkeypatch.setattr(server, "_running", lambda: "process")
        monkeypatch.setattr(graph_process, "end", lambda *_: None)
        monkeypatch.setattr(server, "_answers", lambda: True)
        monkeypatch.setattr(configuration, "write_private", full)
        assert server.stop()

    def test_a_server_that_stopped_its_database_is_started_anew(self, tmp_path, monkeypatch):
        ended, running = [], ["old", "new"]
        server = ManagedServer(tmp_path)

        def answers():
            if running[0] == "old":
                raise NeedsRestart("stopped")
            return True

        def end(timeout):
            ended.append((running.pop(0), timeout))
            return True

        process = SimpleNamespace(pid=1, create_time=time.time)
        monkeypatch.setattr(server, "_running", lambda: process)
        monkeypatch.setattr(graph_process, "find", lambda *_: process)
        monkeypatch.setattr(server, "_answers", answers)
        monkeypatch.setattr(server, "_end", end)
        monkeypatch.setattr(server, "_start", lambda message, settings: ("started", running[0], settings))
        assert server.start() == ("started", "new", {})
        assert ended == [("old", 0)]

    def test_a_database_that_does_not_open_is_told_at_once_and_the_server_ended(self, tmp_path, monkeypatch):
        ended = []
        server = ManagedServer(tmp_path)
        process = SimpleNamespace(pid=1, create_time=lambda: 5.0)
        monkeypatch.setattr(graph_process, "find", lambda *_: process)
        monkeypatch.setattr(server, "_answers", lambda: False)
        monkeypatch.setattr(server, "_end", ended.append)
        monkeypatch.setattr(recovery, "start_failure", lambda folder, since: f"torn since {since}")
        with pytest.raises(ServerError, match="torn since 5"):
            server._wait(1)
        assert ended == [0]

    def test_a_server_that_answers_has_nothing_to_recover(self, tmp_path, monkeypatch):
        server = ManagedServer(tmp_path)
        monkeypatch.setattr(server, "_running", lambda: "process")
        monkeypatch.setattr(server, "_answers", lambda: True)
        with pytest.raises(ServerError, match="nothing to recover"):
            server.recover()
        assert not list(tmp_path.glob("transactions-*"))

    def test_a_folder_that_can_t_be_written_is_named(self, tmp_path, unlaunched):
        (tmp_path / "file").write_text("")
        with pytest.raises(ServerError, match=r"can't use the folder .*file.*INTERESTGRAPH_HOME"):
            ManagedServer(tmp_path / "file" / "neo4j").start()

    def test_a_fixed_port_that_is_taken_is_named(self, tmp_path, monkeypatch, unlaunched):
        monkeypatch.setattr(files, "fetch_jars", lambda *_, **__: tmp_path)
        with socket.socket() as squatter:
            squatter.bind(("127.0.0.1", 0))
            squatter.listen()
            port = squatter.getsockname()[1]
            with pytest.raises(ServerError, match=f"Port {port}"):
                ManagedServer(tmp_path / "neo4j", bolt_port=port).start()

    def test_data_of_a_newer_neo4j_is_left_alone(self, tmp_path, unlaunched):
        (tmp_path / "server.json").write_text('{"pid": null, "version": "2026.09.0"}')
        with pytest.raises(ServerError, match=r"last opened by Neo4j 2026\.09\.0"):
            ManagedServer(tmp_path, "5.26.28").start()

    def test_data_without_its_password_is_left_alone(self, tmp_path):
        (tmp_path / "data" / "databases" / "system").mkdir(parents=True)
        with pytest.raises(ServerError, match="Put the file back"):
            configuration.ensure_password(tmp_path)

    @pytest.mark.parametrize("line", ["heap 2g", "server.bolt.listen_address=0.0.0.0:7687", "=x"])
    def test_a_settings_line_that_is_wrong_is_named(self, tmp_path, line):
        (tmp_path / USER_SETTINGS).write_text(f"# mine\n{line}\n")
        with pytest.raises(ServerError, match="line 2"):
            configuration.read_user_settings(tmp_path)

    def test_own_settings_win(self, tmp_path):
        (tmp_path / USER_SETTINGS).write_text("server.memory.heap.max_size=2g\nserver.jvm.additional=-Dmine=1\n")
        options = configuration.write_configuration(tmp_path, 1, 2, configuration.fitting_memory())
        assert "-Xmx2g" in options
        assert options[-1] == "-Dmine=1"
        assert "server.memory.heap.max_size=2g" in Path(tmp_path / "conf" / "neo4j.conf").read_text().splitlines()


def test_a_child_that_is_just_being_loaded_is_not_taken_for_one_that_ended(tmp_path, monkeypatch):
    (tmp_path / "logs").mkdir()
    pid = graph_process.spawn(["sleep", "60"], tmp_path)
    process = psutil.Process(pid)
    try:
        while not process.cmdline():
            time.sleep(0.01)
        assert graph_process.find(pid, tmp_path) is None  # some other program
        monkeypatch.setattr(psutil.Process, "cmdline", lambda self: [])
        assert graph_process.find(pid, tmp_path) == process
    finally:
        graph_process.end(process, 0)
    assert graph_process.find(pid, tmp_path) is None
