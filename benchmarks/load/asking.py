"""Asking over HTTP: kept-alive connections, as fast as answers come, or by a steady schedule.

A schedule is open: a request begins when its time has come, whether earlier ones were answered or not, and its time
counts from then. Who waits for an answer before asking again asks less while the server is slow, and doesn't see it.

Reference: Schroeder, Wierman and Harchol-Balter, "Open Versus Closed: A Cautionary Tale", NSDI 2006; Tene, "How NOT to
Measure Latency", 2013 (coordinated omission).
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmarks.measures import tables

Job = TypeVar("Job")
Result = TypeVar("Result")
LIVE = {"Cache-Control": "no-cache"}
TIMEOUT_SECONDS = 60
NO_ANSWER = 0
WORKERS = 32


@dataclass(frozen=True)
class HttpRequest:
    """What to GET."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """status (NO_ANSWER if none came), the entity tag if there is one, the body's JSON, and how long it took."""

    status: int
    etag: str | None
    body: Any
    seconds: float


class Asker:
    """One connection to the application, for one thread."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        self._key = key

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET; whatever the status."""
        return self._ask("GET", path, None, headers or {})

    def post(self, path: str, value: Any) -> Answer:
        """POST a value as JSON; whatever the status."""
        return self._ask("POST", path, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def delete(self, path: str) -> Answer:
        """DELETE; whatever the status."""
        return self._ask("DELETE", path, None, {})

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        began = time.perf_counter()
        headers = {"X-API-Key": self._key, **headers}
        try:
            status, tag, text = self._once(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Answer(NO_ANSWER, None, repr(error), time.perf_counter() - began)
        return Answer(status, tag, json.loads(text) if text else None, time.perf_counter() - began)

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, str | None, bytes]:
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        except http.client.RemoteDisconnected:  # it was idle too long: a new one
            self._connection.close()
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        return response.status, response.getheader("ETag"), response.read()


class Askers:
    """A connection for every thread that asks for one."""

    def __init__(self, port: int, key: str) -> None:
        self._port, self._key = port, key
        self._own = threading.local()

    @property
    def mine(self) -> Asker:
        """That of this thread."""
        if not hasattr(self._own, "asker"):
            self._own.asker = Asker(self._port, self._key)
        asker: Asker = self._own.asker
        return asker


def recommendations_path(user_id: str, query: str = "k=10") -> str:
    """The path of a user's recommendations."""
    return f"/v1/users/{urllib.parse.quote(user_id, safe='')}/recommendations?{query}"


def at_rate(jobs: Sequence[Job], rate: float, act: Callable[[Job, float], Result]) -> list[Result]:
    """Begin `act` of every job at its time, `rate` of them a second; what each returned, in their order.

    act: gets the job and when it was due, in seconds of `time.perf_counter`.
    """
    with ThreadPoolExecutor(WORKERS) as pool:
        start = time.perf_counter()
        waiting = []
        for number, job in enumerate(jobs):
            due = start + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            waiting.append(pool.submit(act, job, due))
        return [one.result() for one in waiting]


def as_fast_as_answered(port: int, key: str, requests: Sequence[HttpRequest], clients: int) -> dict[str, Any]:
    """Requests divided among so many clients, each of which asks again once it was answered: times and requests/s.

    Raises:
        SystemExit: an answer is neither 200 nor 304.
    """
    answers: list[Answer] = []

    def ask(own: Sequence[HttpRequest]) -> None:
        asker = Asker(port, key)
        answers.extend(asker.get(request.path, request.headers) for request in own)

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for done in [pool.submit(ask, requests[n::clients]) for n in range(clients)]:
            done.result()
    wall = time.perf_counter() - began
    wrong = [answer for answer in answers if answer.status not in (200, 304)]
    if wrong:
        raise SystemExit(f"HTTP {wrong[0].status} for one of {len(wrong):,} requests: {str(wrong[0].body)[:300]}")
    return {
        "clients": clients,
        "requests": len(answers),
        **milliseconds([answer.seconds for answer in answers]),
        "requests/s": len(answers) / wall,
        "304": sum(answer.status == 304 for answer in answers),
    }


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p99 and the slowest, in ms."""
    times = [1000 * taken for taken in seconds]
    return {
        "p50 ms": tables.percentile(times, 0.5),
        "p99 ms": tables.percentile(times, 0.99),
        "slowest ms": max(times),
    }


def entity_tags(port: int, key: str, paths: Sequence[str]) -> dict[str, str] | None:
    """The entity tag of each path's answer; None where there are none in this version."""
    asker = Asker(port, key)
    tags: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        tag = asker.get(path).etag
        if tag is None:
            return None
        tags[path] = tag
    return tags
