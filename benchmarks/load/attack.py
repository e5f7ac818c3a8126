"""Attacks on `interestgraph serve` by clients without a key: what an honest client notices meanwhile.

Needs an INTERESTGRAPH_HOME with a graph, for instance after `interestgraph demo`. Starts `interestgraph serve` on a
free port of the loopback interface. An honest client with a key asks for recommendations, computed live, meanwhile.

silent        connections that say nothing
header, body  connections that send one byte of their header or body a second
kept alive    clients that ask /health/live twice and keep their connection; how many were answered both times
graph stalls  the managed Neo4j is stopped by a signal and continued; /health/live is asked, then recommendations

away          the longest time in which the honest client got no answer
ended after   when the server ended the first connection of the attack
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

from benchmarks.load.asking import LIVE, NO_ANSWER, Asker, recommendations_path
from benchmarks.load.processes import api_key, served
from benchmarks.measures import tables
from graphstore import Settings, connect
from graphstore.connection import managed_server
from graphstore.update import sampling

MOST = 4000
ATTACK_SECONDS = 25.0
STALL_SECONDS = 15.0
PAUSE_SECONDS = 1.0
HEADER = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = (
    b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\nContent-Type: application/json\r\n\r\n"
)
Row = dict[str, Any]


@contextmanager
def connections(port: int, count: int, beginning: bytes) -> Iterator[list[socket.socket]]:
    """As many connections as can be opened in ATTACK_SECONDS, each with the beginning of a request."""
    opened: list[socket.socket] = []
    until = time.monotonic() + ATTACK_SECONDS
    try:
        while len(opened) < count and time.monotonic() < until:
            with suppress(OSError):
                opened.append(socket.create_connection(("127.0.0.1", port), timeout=2))
                opened[-1].sendall(beginning)
                opened[-1].setblocking(False)
        yield opened
    finally:
        for one in opened:
            one.close()


def has_ended(connection: socket.socket) -> bool:
    """Whether the server ended this connection."""
    try:
        return not connection.recv(4096)
    except BlockingIOError:
        return False
    except OSError:
        return True


def attack(port: int, key: str, paths: Sequence[str], name: str, count: int, beginning: bytes = b"") -> Row:
    """Open connections, drip into them, and ask meanwhile."""
    asker, times, ended, failed = Asker(port, key), [], 0.0, 0
    with connections(port, count, beginning) as opened:
        began = dripped = time.monotonic()
        while time.monotonic() < began + ATTACK_SECONDS:
            answer = asker.get(random.choice(paths), LIVE)
            times.append(answer.seconds)
            failed += answer.status != 200
            if not ended and opened and has_ended(opened[0]):
                ended = time.monotonic() - began
            if beginning and time.monotonic() > dripped + PAUSE_SECONDS:
                dripped = time.monotonic()
                for one in opened:
                    with suppress(OSError):
                        one.send(b"a")
    return {
        "attack": name,
        "connections": len(opened),
        "answers": len(times) - failed,
        "not answered": failed,
        "p50 ms": 1000 * tables.percentile(times, 0.5),
        "p99 ms": 1000 * tables.percentile(times, 0.99),
        "away s": max(times),
        "ended after s": ended or f"over {ATTACK_SECONDS:.0f}",
    }


def kept_alive(port: int, count: int) -> Row:
    """How many of so many clients with connections that stay are answered twice."""
    clients = [http.client.HTTPConnection("127.0.0.1", port, timeout=5) for _ in range(count)]
    answered = dict.fromkeys(range(count), 0)
    until = time.monotonic() + ATTACK_SECONDS
    for _ in range(2):
        for number, client in enumerate(clients):
            if time.monotonic() > until:
                break
            with suppress(OSError, http.client.HTTPException):
                client.request("GET", "/health/live")
                answered[number] += client.getresponse().read() != b""
    for client in clients:
        client.close()
    return {"clients kept alive": count, "answered twice": sum(times == 2 for times in answered.values())}


def stalled(port: int, key: str, paths: Sequence[str], pid: int) -> list[Row]:
    """Whether /health/live answers while Neo4j stands still and requests wait for it, and what these get."""
    rows = []

    def ask(what: str, act: Callable[[], Any]) -> None:
        began = time.monotonic()
        said = act()
        rows.append({"while the graph stands still": what, "answer": said, "s": time.monotonic() - began})

    waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
    os.kill(pid, signal.SIGSTOP)
    try:
        for one in waiting:
            one.sendall(f"GET {paths[0]} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\r\n".encode())
        time.sleep(1)
        live = Asker(port, key)
        ask("/health/live", lambda: live.get("/health/live").status or "none")
        ask("recommendations", lambda: Asker(port, key).get(paths[0], LIVE).status or "none")
        ask("/health/live", lambda: live.get("/health/live").status or "none")
    finally:
        os.kill(pid, signal.SIGCONT)
        for one in waiting:
            one.close()
    ask("recommendations, once it goes on", lambda: Asker(port, key).get(paths[0], LIVE).status or "none")
    return rows


def warmed_up(port: int, key: str, paths: Sequence[str]) -> None:
    """Ask until the catalogue is loaded.

    Raises:
        SystemExit: nothing is answered.
    """
    with closing(http.client.HTTPConnection("127.0.0.1", port)):
        answers = [Asker(port, key).get(path).status for path in paths[:20]]
    if NO_ANSWER in answers:
        raise SystemExit("interestgraph serve does not answer.")


def main() -> None:
    """Attack and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("--most", type=int, default=1000, help=f"connections of an attack, at most {MOST}")
    options = parser.parse_args()
    most = min(options.most, MOST)
    settings = Settings.from_environment(os.environ)
    with connect(settings) as client:
        users = sampling.user_ids(client)[:100]
    paths = [recommendations_path(user_id) for user_id in users]
    server = managed_server(settings)
    with api_key(os.environ, "read") as key, served(os.environ) as program:
        port = program.port
        warmed_up(port, key, paths)
        rows = [attack(port, key, paths, "none", 0), attack(port, key, paths, "silent", 101)]
        rows += [
            attack(port, key, paths, name, most, beginning)
            for name, beginning in (("silent", b""), ("header", HEADER), ("body", BODY))
        ]
        kept = [kept_alive(port, most)]
        pid = server.status().pid if settings.neo4j_uri is None else None
        halted = stalled(port, key, paths, pid) if pid else []
    tables.show("Clients that never finish a request", rows, options.json)
    tables.show("Connections that stay", kept, options.json)
    if halted:
        tables.show("A graph that stands still", halted, options.json)


if __name__ == "__main__":
    main()
