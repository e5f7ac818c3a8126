"""Serving: the application behind the HTTP server, until a signal stops it."""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from flask import Flask
from threadpoolctl import threadpool_limits

from graphstore.administration.keys import any_key
from graphstore.errors import InputError, NotReady
from graphstore.logs import log_to_stderr
from graphstore.settings import Settings
from web import create_app
from web.configuration import WebConfig
from web.server.limits import Limits, room_for
from web.server.server import Server
from web.services import EXTENSION, Services

LAST_PORT = 65_535


def make_server(app: Flask, host: str, port: int, threads: int, limits: Limits | None = None) -> Server:
    """A server whose port is taken but does not answer yet. Port 0 takes a free port: see `effective_port`.

    limits: None takes the default ones, and as many connections as the process may open.

    Raises:
        InputError: the port is taken, or host and port can't be listened on.
    """
    found: Services = app.extensions[EXTENSION]
    limits = limits or Limits(body_bytes=found.config.max_body_bytes, connections=room_for(Limits.connections))
    return Server(
        app,
        _listen(host, port),
        limits,
        threads=threads,
        streams=found.config.most_listeners,
        on_stop=found.feed.close,
    )


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= LAST_PORT:
        raise InputError(f"Port {port} is none: expected 0 to {LAST_PORT}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(
                f"Port {port} on {host} is taken: stop what listens there, or choose another --port."
            ) from error
        raise InputError(f"Can't listen on {host}:{port}: {error.strerror or error}.") from error
    return listening


def serve(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 8000,
    threads: int = 8,
    *,
    config: WebConfig | None = None,
    announce: Callable[[str], None] = print,
) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way are finished first.

    Raises:
        NotReady: there is no API key yet.  InputError: the port is taken.  GraphError, ServerError: no graph.
    """
    log_to_stderr()
    app = create_app(config or WebConfig(settings=settings))
    client = app.extensions[EXTENSION].client
    try:
        if not any_key(client):
            raise NotReady(
                "There is no API key, so nobody could use the server. Make one first:"
                " interestgraph keys create NAME --scopes read,write"
            )
        server = make_server(app, host, port, threads)
        threadpool_limits(1, "blas")  # requests run in threads already; threads of BLAS would only spin beside them
        threading.Thread(target=_warm, args=(app,), name="catalogue", daemon=True).start()
        with _stopped_by_signals(server):
            announce(f"Serving on http://{host}:{server.effective_port}/ (stop with Ctrl-C)")
            server.run()
    finally:
        with contextlib.suppress(Exception):  # a thread may still be using a connection
            client.close()


@contextlib.contextmanager
def _stopped_by_signals(server: Server) -> Iterator[None]:
    """SIGTERM and Ctrl-C stop the server; the second one has its usual effect."""
    numbers = (signal.SIGTERM, signal.SIGINT)

    def stop(number: int, frame: FrameType | None) -> None:
        restore()
        server.stop()

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    previous = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        restore()


def _warm(app: Flask) -> None:
    """Load the serving cache before the first request."""
    with contextlib.suppress(Exception):  # the first request tries again and reports the error
        app.extensions[EXTENSION].cache.warm()
