"""Prometheus metrics in one registry per application. Labels come from fixed sets: no id, no text of a client."""

from __future__ import annotations

from collections.abc import Callable
from math import nan

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from graphstore.administration.followers import Followers

METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())
OTHER_METHOD = "other"
SECONDS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def method_label(method: str) -> str:
    """The method of a request if HTTP has it, else OTHER_METHOD: a client may send any word."""
    return method if method in METHODS else OTHER_METHOD


class Metrics:
    """Requests by route, method and status; their duration; events by outcome; followers, and what waits for them;
    free space for the graph.

    disk_free: asks for the free bytes of the graph's disk; None where that is another machine's.
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, disk_free: Callable[[], float] | None = None) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "interestgraph_http_requests_total",
            "Requests answered",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "interestgraph_http_request_seconds",
            "Time to answer",
            ("route", "method"),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._events = Counter("interestgraph_events_total", "Events received", ("outcome",), registry=self._registry)
        if disk_free is not None:
            free = Gauge("interestgraph_disk_free_bytes", "Free space of the graph's disk", registry=self._registry)
            free.set_function(disk_free)

        self._followers = Gauge(
            "interestgraph_followers", "Workers of update --follow that are alive", ("role",), registry=self._registry
        )
        self._waiting = Gauge(
            "interestgraph_waiting_seconds",
            "For how long the oldest change has waited for a follower",
            registry=self._registry,
        )

    def followed(self, found: Followers | None) -> None:
        """Take over who follows the graph; None where that can't be read."""
        for role in ("events", "neighbourhoods"):
            self._followers.labels(role).set(nan if found is None else found.count(role))
        self._waiting.set(nan if found is None else found.waiting_seconds)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request.

        route: of the application's, or one name for all that have none.  method: as `method_label` gives it.
        """
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)

    def events(self, accepted: int, duplicates: int, rejected: int) -> None:
        """Count the events of one POST by outcome."""
        for outcome, count in (("accepted", accepted), ("duplicate", duplicates), ("rejected", rejected)):
            self._events.labels(outcome).inc(count)

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry)
