"""A listener to GET /v1/stream: when the changes of each user arrived."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.load.backlog import NEVER

ENCODING = "utf-8"


class Heard:
    """When changes of users came, in seconds of `time.perf_counter`."""

    def __init__(self) -> None:
        self._times: dict[str, list[tuple[float, int]]] = defaultdict(list)
        self._came = threading.Condition()

    def note(self, user_id: str, version: int) -> None:
        """A change of a user came just now."""
        with self._came:
            self._times[user_id].append((time.perf_counter(), version))
            self._came.notify_all()

    def first(self, user_id: str, after: float, above: int, patience: float) -> float:
        """When the first change of a user came that came after a moment and is of a version above one that was known.

        Waits for it until `patience` seconds after that moment; NEVER if it has not come by then.
        """

        def found() -> list[float]:
            return [came for came, version in self._times[user_id] if came > after and version > above]

        with self._came:
            self._came.wait_for(found, max(0.0, after + patience - time.perf_counter()))
            return min(found(), default=NEVER)


def messages(lines: Iterable[bytes]) -> Iterator[tuple[str, Any]]:
    """(event, data) of every message of a stream that has data; comments and unknown fields are skipped.

    Reference: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    """
    event = "message"
    data: list[str] = []
    for raw in lines:
        line = raw.decode(ENCODING).rstrip("\r\n")
        name, _, value = line.partition(":")
        if not line:
            if data:
                yield event, json.loads("\n".join(data))
            event, data = "message", []
        elif name == "event":
            event = value.removeprefix(" ")
        elif name == "data":
            data.append(value.removeprefix(" "))


@contextmanager
def listening(port: int, key: str) -> Iterator[Heard | None]:
    """What is told from now on; None where this version of the application has no stream."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/v1/stream", headers={"X-API-Key": key})
    response = connection.getresponse()
    if response.status != 200:
        connection.close()
        yield None
        return
    heard = Heard()

    def listen() -> None:
        try:
            for event, data in messages(response):
                if event == "user":
                    heard.note(str(data["user_id"]), int(data.get("version") or 0))
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            return  # the connection was closed, by us or by the application

    threading.Thread(target=listen, daemon=True, name="stream").start()
    try:
        yield heard
    finally:
        if connection.sock is not None:
            connection.sock.close()
        connection.close()
