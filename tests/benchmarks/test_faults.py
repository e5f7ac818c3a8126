"""The proxy of the faults: what it passes on, cuts and stalls."""

import socket
import threading

import pytest

from benchmarks.faults.broken_proxy import BrokenProxy
from benchmarks.faults.posting import Posted, batch


@pytest.fixture
def echo():
    """The address of a server that answers what it is sent."""

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                while said := connection.recv(4096):
                    connection.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)


def said(proxy, text):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(text)
        return connection.recv(4096)


def test_a_whole_proxy_passes_everything_on(echo):
    with BrokenProxy(echo, cut=0.0, stall=0.0).running() as proxy:
        assert said(proxy, b"abcd") == b"abcd"
    assert (proxy.cuts, proxy.stalls) == (0, 0)


def test_a_cut_loses_the_second_half_and_the_connection(echo):
    with BrokenProxy(echo, cut=1.0).running() as proxy:
        assert said(proxy, b"abcd") in (b"", b"a")
    assert proxy.cuts >= 1


def test_a_stall_delays_and_loses_nothing(echo):
    with BrokenProxy(echo, cut=0.0, stall=1.0, stall_seconds=0.05).running() as proxy:
        assert said(proxy, b"abcd") == b"abcd"
    assert proxy.stalls == 2


def test_lost_and_doubled_events_are_counted():
    class Graph:
        def run_text(self, text):
            return [{"event_id": name} for name in ("a", "a", "c")]

    posted = Posted(acknowledged=["a", "b"], given_up=1)
    posted.answers.update([503, 503, 500])
    row = posted.row(Graph())
    assert (row["acknowledged"], row["lost"], row["doubled"], row["500"]) == (2, 1, 1, 1)
    assert row["other answers"] == "500:1 503:2"


def test_a_batch_is_the_same_whenever_it_is_made():
    assert batch(1, 2, 3) == batch(1, 2, 3)
    assert len({event["event_id"] for writer in (1, 2) for event in batch(writer, 1, 3)}) == 6
