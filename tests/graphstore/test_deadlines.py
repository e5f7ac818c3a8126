"""A deadline ends every fetch, however slowly it comes."""

import contextlib
import time

import pytest
import requests

from graphstore.deadlines import Deadline
from tests.fixtures.dripping import dripping

HEADERS = b"HTTP/1.1 200 OK\r\nX-Long: "
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize("beginning", [HEADERS, BODY])
def test_a_server_that_drips_is_left_at_the_deadline(beginning):
    began = time.monotonic()
    deadline = Deadline(0.3)
    with dripping(beginning) as address, deadline, requests.Session() as session:
        deadline.watch_session(session)
        with contextlib.suppress(requests.RequestException):  # headers that break off count as whole ones
            session.get(address, timeout=5)
    assert deadline.passed
    assert time.monotonic() - began < 4


def test_a_connection_that_is_opened_after_the_deadline_is_shut_down_at_once():
    deadline = Deadline(0.0)
    with dripping(BODY) as address, deadline, requests.Session() as session:
        deadline.watch_session(session)
        deadline._timer.join()
        with pytest.raises(requests.RequestException):
            session.get(address, timeout=5)
