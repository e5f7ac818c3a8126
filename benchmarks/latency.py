"""One recommendation with its explanation, computed live, over HTTP: p50 and p99 with one client, requests/s with four.

Needs a prepared INTERESTGRAPH_HOME, for instance `interestgraph demo`. Starts `interestgraph serve` on a free port with
a key of its own, asks for users in a fixed random order over kept-alive connections, and revokes the key.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator

import tables

from graphstore import Settings, connect
from graphstore.adapters import demo_dataset

KEY_NAME = "benchmark-latency"
START_SECONDS = 60


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def interestgraph(*arguments: str) -> str:
    """Run a command and return its standard output."""
    command = [sys.executable, "-m", "interestgraph", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


@contextlib.contextmanager
def served(environment: dict[str, str]) -> Iterator[int]:
    """The web application in a process of its own; yields its port once it answers."""
    port = free_port()
    command = [sys.executable, "-m", "interestgraph", "serve", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/health/live")
                if connection.getresponse().status == 200:
                    break
            time.sleep(0.2)
        else:
            raise SystemExit("interestgraph serve did not come up: run it by hand to see why.")
        yield port
    finally:
        process.terminate()
        process.wait(30)


def ask(port: int, key: str, user_ids: list[str], path: str, times: list[float]) -> None:
    """Ask for each user over one connection, and add the seconds of each answer to `times`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for user_id in user_ids:
        began = time.perf_counter()
        connection.request("GET", path.format(urllib.parse.quote(user_id, safe="")), headers={"X-API-Key": key})
        answer = connection.getresponse()
        body = answer.read()
        times.append(time.perf_counter() - began)
        if answer.status != 200:
            raise SystemExit(f"HTTP {answer.status} for user {user_id}: {body[:300].decode(errors='replace')}")
    connection.close()


def measure(port: int, key: str, user_ids: list[str], path: str, clients: int) -> dict[str, object]:
    """Divide the users among so many clients at once."""
    times: list[float] = []
    threads = [
        threading.Thread(target=ask, args=(port, key, user_ids[n::clients], path, times)) for n in range(clients)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - began
    milliseconds = [1000 * taken for taken in times]
    return {
        "clients": clients,
        "requests": len(times),
        "p50 ms": tables.percentile(milliseconds, 0.5),
        "p99 ms": tables.percentile(milliseconds, 0.99),
        "slowest ms": max(milliseconds),
        "requests/s": len(times) / wall,
    }


def main() -> None:
    """Measure and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("--requests", type=int, default=2000, help="for each number of clients (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the users")
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    with connect(settings):
        users = sorted(str(row["user_id"]) for row in demo_dataset(settings.cache, print).users())
    order = random.Random(options.seed).choices(users, k=options.requests)
    environment = {**os.environ, "INTERESTGRAPH_RATE_LIMIT": "1000000 per minute"}
    name = f"{KEY_NAME}-{secrets.token_hex(3)}"  # a run that was killed leaves its key, which must not stop the next
    key = json.loads(interestgraph("keys", "create", name, "--scopes", "read", "--json"))["key"]
    try:
        with served(environment) as port:
            path = "/v1/users/{}/recommendations?k=10&explain=true"
            ask(port, key, order[:200], path, [])
            rows = [measure(port, key, order, path, clients) for clients in (1, 4)]
            rows.append({**measure(port, key, order, "/health/live", 1), "clients": "1, /health/live"})
    finally:
        interestgraph("keys", "revoke", name, "--json")
    tables.show("Recommendations with explanation over HTTP (target: p99 under 60 ms, one client)", rows, options.json)


if __name__ == "__main__":
    main()
