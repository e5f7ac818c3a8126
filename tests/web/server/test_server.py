"""The server under attack: clients that say nothing, little or too much, and an application that hangs."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from web.server.limits import Limits
from web.server.server import Server

QUICK = Limits(idle_seconds=0.6, body_seconds=0.6, answer_seconds=0.6, write_seconds=0.6, send_seconds=0.6)
BIG = b"x" * 30_000_000


class Application:
    """A WSGI application: /hang waits until `release`, /big answers 30 MB, /endless never ends, all else says hello."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.closed = threading.Event()
        self.environ: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        self.environ = environ
        path = environ["PATH_INFO"]
        if path == "/broken":
            raise RuntimeError("a bug")
        if path == "/endless":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return Endless(self.closed)
        if path == "/hang":
            self.release.wait(20)
        body = BIG if path == "/big" else environ["wsgi.input"].read() or b"hello"
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]


class Endless:
    """A body that goes on until it is closed."""

    def __init__(self, closed: threading.Event) -> None:
        self._closed = closed

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        time.sleep(0.02)
        return b"more"

    def close(self) -> None:
        self._closed.set()


@pytest.fixture
def application() -> Iterator[Application]:
    made = Application()
    yield made
    made.release.set()


@contextmanager
def serving(application: Application, limits: Limits = QUICK, threads: int = 2) -> Iterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(application, listening, limits, threads=threads, streams=2)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.effective_port
    finally:
        application.release.set()
        server.stop()
        thread.join(20)
        assert not thread.is_alive()


def get(port: int, path: str = "/", **options: Any) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(options.pop("method", "GET"), path, **options)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def ends(connection: socket.socket, drip: bytes = b"") -> bool:
    """Whether the server ends a connection within some seconds, although it gets a byte of `drip` again and again."""
    connection.settimeout(0.1)
    until = time.monotonic() + 8
    while time.monotonic() < until:
        with suppress(TimeoutError):
            try:
                if drip:
                    connection.sendall(drip)
                if not connection.recv(1000):
                    return True
            except (ConnectionError, BrokenPipeError):
                return True
    return False


@pytest.mark.parametrize(
    ("beginning", "drip"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"a"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", b"a"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    ],
    ids=["silent", "header", "body", "chunks"],
)
def test_a_request_that_does_not_become_whole_in_time_is_ended_and_stops_nobody(application, beginning, drip):
    with serving(application) as port:
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(150)]
        for connection in slow:
            connection.sendall(beginning)
        assert get(port) == (200, b"hello")
        assert ends(slow[0], drip)
        for connection in slow:
            connection.close()


def test_a_connection_beyond_the_limit_is_answered_at_once(application):
    with serving(application, Limits(connections=20)) as port:
        kept = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        time.sleep(0.2)
        began = time.monotonic()
        status, body = get(port)
        assert status == 503 and json.loads(body)["status"] == 503 and time.monotonic() - began < 2
        kept.pop().close()
        time.sleep(0.2)
        assert get(port)[0] == 200
        for connection in kept:
            connection.close()


def test_kept_alive_connections_are_all_answered(application):
    with serving(application, Limits()) as port:
        clients = [http.client.HTTPConnection("127.0.0.1", port, timeout=10) for _ in range(300)]
        for _ in range(2):
            for one in clients:
                one.request("GET", "/")
                assert one.getresponse().read() == b"hello"
        for one in clients:
            one.close()


def test_when_every_thread_hangs_live_answers_and_the_rest_is_told_in_time(application):
    with serving(application) as port:
        waiting = [threading.Thread(target=get, args=(port, "/hang")) for _ in range(4)]
        for thread in waiting:
            thread.start()
        time.sleep(0.1)
        assert get(port, "/health/live") == (200, b"hello")
        status, body = get(port)
        assert status == 503 and "in time" in json.loads(body)["detail"]
        application.release.set()
        for thread in waiting:
            thread.join(10)
        assert get(port) == (200, b"hello"), "the threads are free again"


def test_too_many_requests_that_wait_are_refused_at_once(application):
    with serving(application, Limits(waiting=2)) as port:
        waiting = [threading.Thread(target=get, args=(port, "/hang")) for _ in range(2)]
        for thread in waiting:
            thread.start()
        time.sleep(0.2)
        assert get(port)[0] == 503 and get(port, "/health/live")[0] == 200
        application.release.set()
        for thread in waiting:
            thread.join(10)


def test_a_client_that_does_not_take_its_answer_is_disconnected(application):
    with serving(application) as port, socket.create_connection(("127.0.0.1", port)) as lazy:
        lazy.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(2)
        taken = 0
        with suppress(ConnectionError):
            while part := lazy.recv(1_000_000):
                taken += len(part)
        assert taken < len(BIG)
        assert len(get(port, "/big")[1]) == len(BIG)


def test_an_answer_without_an_end_ends_with_its_client(application):
    with serving(application) as port:
        with socket.create_connection(("127.0.0.1", port)) as listener:
            listener.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"more" in listener.recv(1000) + listener.recv(1000)
        assert application.closed.wait(5)
        application.closed.clear()
        assert get(port, "/endless", method="HEAD")[1] == b"" and application.closed.wait(5)


def test_bodies_have_room_together_and_small_ones_always(application):
    limits = Limits(held_bytes=300_000, small_bytes=1_000, body_bytes=200_000)
    with serving(application, limits) as port:
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
        for connection in held:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 160000\r\n\r\n" + b"x" * 149_000)
        time.sleep(0.3)
        assert get(port, method="POST", body=b"x" * 50_000)[0] == 503
        assert get(port, method="POST", body=b"small") == (200, b"small")
        for connection in held:
            connection.close()
        time.sleep(0.3)
        assert get(port, method="POST", body=b"x" * 50_000)[0] == 200


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nC00000\r\n" + b"x" * 9_000_000, 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n", 500),
    ],
)
def test_what_the_application_never_sees_is_answered_with_a_problem(application, request_text, status):
    with serving(application) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        with suppress(ConnectionError):
            connection.sendall(request_text)
        answer = connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 %d " % status) and b"application/problem+json" in answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == status


@pytest.mark.parametrize("size", [9_000_000, 30_000_000])
def test_a_client_that_sends_too_much_before_it_reads_gets_the_answer(application, size):
    with serving(application) as port:
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        asking.request("POST", "/", body=b"x" * size)
        assert asking.getresponse().status == 413
        asking.close()


def test_the_environment_is_that_of_pep_3333_and_no_header_passes_for_another(application):
    with serving(application) as port:
        headers = {"X-Forwarded-For": "1.2.3.4", "X_Forwarded_Proto": "https", "Content-Type": "text/plain"}
        get(port, "/a%2Fb?q=1%202", method="POST", headers=headers, body=b"abc")
        environ = application.environ
        assert (environ["PATH_INFO"], environ["REQUEST_URI"], environ["QUERY_STRING"]) == (
            "/a/b", "/a%2Fb?q=1%202", "q=1%202",
        )  # fmt: skip
        assert environ["HTTP_X_FORWARDED_FOR"] == "1.2.3.4" and "HTTP_X_FORWARDED_PROTO" not in environ
        assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("text/plain", "3")
        assert environ["REMOTE_ADDR"] == "127.0.0.1" and environ["SERVER_PORT"] == str(port)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert application.environ["PATH_INFO"] == ""


def test_requests_sent_together_are_answered_in_order(application):
    with serving(application) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n"
        connection.sendall(post + b"1" + post + b"2" + b"GET / HTTP/1.0\r\n\r\n")
        text = b""
        while part := connection.recv(4096):
            text += part
        assert [one.partition(b"\r\n\r\n")[2] for one in text.split(b"HTTP/1.1")[1:]] == [b"1", b"2", b"hello"]


def test_a_request_under_way_is_answered_at_the_stop(application):
    with serving(application, Limits()) as port:
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(get(port, "/hang")))
        thread.start()
        time.sleep(0.2)
    thread.join(10)
    assert found == [(200, b"hello")]
