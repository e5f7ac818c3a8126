"""The set-up of `make`: what it says, which installer it uses, and what it leaves when a part fails or is stopped.

Python, uv and pip are stand-ins that write down how they were called, so nothing is fetched.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[1]
PYTHON = """#!/bin/sh
echo "python $*" >> "$LOG"
case "$*" in
  *"-m venv "*)
    mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/pip"; cp "$STANDINS/interestgraph" "$3/bin/" ;;
  *"config list") printf '%s\\n' "$PIP_SETTINGS" ;;
  *"/uv.txt") test -z "$NO_UV" && cp "$STANDINS/uv" "$(dirname "$0")/uv" ;;
  *"pip"*"install"*) sh -c "$PIP_DOES" pip "$*" ;;
  *"server fetch") sh -c "$FETCH_DOES" ;;
esac
"""
UV = """#!/bin/sh
echo "uv $* | $UV_DEFAULT_INDEX | $SSL_CERT_FILE" >> "$LOG"
sh -c "$UV_DOES" uv "$*"
"""
DEMO = """#!/bin/sh
echo "interestgraph $*" >> "$LOG"
"""
VERIFIED = "--constraint hashes.txt --build-constraint hashes.txt"
PACKAGES = f"{VERIFIED} --editable .[gnn,media,py2neo,dev]"
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


class House:
    """A copy of the files that the set-up reads, with stand-ins for what it calls."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "log"
        for name in ("Makefile", "pyproject.toml", "constraints.txt", "hashes.txt"):
            shutil.copy(ROOT / name, folder)
        for name, text in (("python", PYTHON), ("uv", UV), ("interestgraph", DEMO)):
            (folder / "stand-ins").mkdir(exist_ok=True)
            (folder / "stand-ins" / name).write_text(text)
            (folder / "stand-ins" / name).chmod(0o755)

    def start(self, *targets, **environment):
        stand_ins = self.folder / "stand-ins"
        settings = {"LOG": str(self.log), "STANDINS": str(stand_ins), "PIP_SETTINGS": "", "NO_UV": ""}
        does = dict.fromkeys(("PIP_DOES", "UV_DOES", "FETCH_DOES"), "exit 0")
        given = {"PATH": os.environ["PATH"], **settings, **does, **environment}
        command = ["make", f"PYTHON={stand_ins / 'python'}", *targets]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=self.folder, env=given, start_new_session=True, **pipes)

    def make(self, *targets, **environment):
        """Returns the exit code and all that was printed."""
        process = self.start(*targets, **environment)
        printed, _ = process.communicate(timeout=60)
        return process.returncode, printed

    def calls(self, *words):
        """The calls that contain all of these words."""
        return [line for line in self.log.read_text().splitlines() if all(word in line for word in words)]

    @property
    def ready(self):
        return (self.folder / ".venv" / "ready").exists()


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def test_the_first_run_says_what_comes_and_sets_up_and_the_second_only_runs(house):
    code, printed = house.make("demo", FETCH_DOES="echo Neo4j is here")
    assert code == 0
    assert "3.4 GB" in printed.splitlines()[0] and "Neo4j is here" in printed
    assert ".venv is ready after" in printed.splitlines()[-1]
    assert len(house.calls("uv ", PACKAGES)) == 1 and len(house.calls("uv ", "--no-deps")) == 1
    assert house.calls("python -m pip", "install", "--editable") == []
    assert house.calls("interestgraph demo")
    house.log.write_text("")
    assert house.make("demo") == (0, "")
    assert house.calls("") == ["interestgraph demo"]


def test_neo4j_is_fetched_beside_the_packages_as_soon_as_its_own_are_there(house):
    wait = 'while ! grep -q "server fetch" "$LOG"; do sleep 0.05; done'
    code, _ = house.make("demo", UV_DOES=f'case "$1" in *gnn*) {wait} ;; esac')
    assert code == 0
    order = house.log.read_text()
    assert order.index("--editable . |") < order.index("server fetch")


def test_where_neo4j_takes_longer_than_the_packages_its_progress_shows(house):
    code, printed = house.make("demo", FETCH_DOES="echo '  3 of 218 jars'; sleep 2; echo Neo4j is here")
    assert code == 0 and printed.count("3 of 218 jars") == 2  # while waiting, and in the last two lines of it
    assert printed.index("3 of 218 jars") < printed.index("Neo4j is here")


def test_the_index_and_the_certificates_of_pip_are_handed_on_to_uv(house):
    settings = "global.cert='/certificates.pem'\nglobal.index-url='http://index.invalid/simple'"
    assert house.make("demo", PIP_SETTINGS=settings)[0] == 0
    calls = house.calls("uv ")
    assert calls and all(call.endswith("| http://index.invalid/simple | /certificates.pem") for call in calls)


def test_what_uv_was_told_itself_wins_over_pip(house):
    settings = ":env:.index-url='http://index.invalid/simple'"
    house.make("demo", PIP_SETTINGS=settings, UV_DEFAULT_INDEX="http://other.invalid/simple")
    assert all("| http://other.invalid/simple |" in call for call in house.calls("uv "))


@pytest.mark.parametrize("trouble", [{"NO_UV": "1"}, {"UV_DOES": "exit 2"}], ids=["no uv", "uv fails"])
def test_where_uv_can_t_pip_installs_the_same(house, trouble):
    code, printed = house.make("demo", **trouble)
    assert code == 0 and "pip" in printed
    verified = house.calls("python -m pip", "install", "--require-hashes --no-deps --requirement hashes.txt")
    assert verified and not any("--quiet" in call for call in verified)
    others = [call for call in house.calls("python -m pip", "install") if "--require-hashes" not in call]
    assert all(call.endswith("install --no-deps --no-build-isolation --editable .") for call in others)


def test_uv_itself_is_installed_by_its_hashes(house):
    house.make("demo")
    assert house.calls("python -m pip", "install --quiet --require-hashes --no-deps --requirement .venv/uv.txt")
    lines = (house.folder / ".venv" / "uv.txt").read_text().splitlines()
    assert lines[0].startswith("uv==") and all("--hash=sha256:" in line for line in lines[1:]) and len(lines) > 10


def named(text):
    """name → version of every pinned package of a file, names in the normal form."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def test_every_package_that_is_pinned_has_hashes_of_that_version():
    """After a change: make hashes."""
    pinned, hashed = (named((ROOT / name).read_text()) for name in ("constraints.txt", "hashes.txt"))
    assert pinned == hashed
    for entry in re.split(r"^(?=\S)", (ROOT / "hashes.txt").read_text(), flags=re.MULTILINE)[1:]:
        assert re.search(r"^    --hash=sha256:[0-9a-f]{64}", entry, re.MULTILINE), entry


def test_a_neo4j_that_can_t_be_fetched_is_said_and_left_to_its_first_start(house):
    code, printed = house.make("demo", FETCH_DOES="echo Error: no network >&2; exit 1")
    assert code == 0 and "Error: no network" in printed
    assert house.ready and house.calls("interestgraph demo")


def test_packages_that_can_t_be_installed_end_the_set_up_and_the_next_try_begins_again(house):
    failing = 'case "$1" in *gnn*) exit 2 ;; esac'
    code, printed = house.make("demo", UV_DOES=failing, PIP_DOES='case "$1" in *hashes.txt*) exit 2 ;; esac')
    assert code != 0 and "Error" in printed
    assert not house.ready and house.calls("interestgraph demo") == []
    assert house.make("demo")[0] == 0 and house.ready


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_leaves_no_process_behind(house, number):
    """Ctrl-C in a terminal, and `timeout`, reach every process of the group."""
    wait = 'echo "pid $$" >> "$LOG"; exec sleep 60'
    process = house.start("demo", UV_DOES=f'case "$1" in *gnn*) {wait} ;; esac', FETCH_DOES=wait)
    deadline = time.monotonic() + 30
    try:
        while not house.log.exists() or len(house.calls("pid ")) < 2:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        waiting = [psutil.Process(int(line.split()[1])) for line in house.calls("pid ")]
        os.killpg(process.pid, number)
        process.communicate(timeout=30)
        assert process.returncode != 0 and not house.ready
        assert psutil.wait_procs(waiting, timeout=5)[1] == []
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_byte_code_is_made_for_the_tests_where_python_may_not_keep_it(house):
    code, printed = house.make("test")
    assert code == 0 and house.calls("compileall") == [], printed
    (house.folder / ".venv" / "compiled").unlink()
    code, printed = house.make("test", PYTHONDONTWRITEBYTECODE="1")
    assert code == 0 and len(house.calls("compileall")) == 1
    assert "Compiling" in printed and "Every test" in printed
    house.make("test", PYTHONDONTWRITEBYTECODE="1")
    assert len(house.calls("compileall")) == 1
