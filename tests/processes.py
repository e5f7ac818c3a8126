"""The program in processes of its own, on a managed Neo4j in a folder, to be interrupted and killed."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

from graphstore import Client
from graphstore.errors import GraphError
from graphstore.server import ManagedServer


def environment(home):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("NEO4J_")}
    return {**clean, "INTERESTGRAPH_HOME": str(home)}


def start(home, *arguments):
    command = [sys.executable, "-m", "interestgraph", *map(str, arguments), "--json"]
    return subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(home, *arguments):
    process = start(home, *arguments)
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error.decode()
    return json.loads(out)


def query(home, text):
    address = ManagedServer(home / "neo4j").start()
    with Client(address.bolt_uri, "neo4j", address.password) as client:
        return client.run_text(text)


def wait_until(home, text, process, seconds=120):
    """Poll until the query answers a true `reached`; fails if the process ends before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read().decode()
        with suppress(GraphError):
            if query(home, text)[0]["reached"]:
                return
        time.sleep(0.05)
    raise AssertionError("the stage never got that far")


def kill_neo4j(home):
    os.kill(ManagedServer(home / "neo4j").address().pid, signal.SIGKILL)
