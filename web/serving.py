"""Serving: the application behind the production server waitress, until a signal stops it."""

from __future__ import annotations

import contextlib
import errno
import json
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import waitress.channel
import waitress.server
import waitress.task
from flask import Flask
from threadpoolctl import threadpool_limits

from graphstore.administration.keys import any_key
from graphstore.errors import InputError, InterestGraphError, NotReady
from graphstore.logs import log_to_stderr
from graphstore.settings import Settings
from web import create_app
from web.configuration import WebConfig
from web.feed import Feed
from web.problems import MEDIA_TYPE
from web.services import EXTENSION

HEADER_BYTES = 64 * 1024
LAST_PORT = 65_535


class ProblemErrorTask(waitress.task.ErrorTask):
    """A request that waitress refuses itself (body too large, malformed), answered with a problem document."""

    def execute(self) -> None:
        """Write the problem document and close the connection."""
        error = self.request.error
        document = {"type": "about:blank", "title": error.reason, "status": error.code, "detail": error.body}
        body = json.dumps(document).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend([("Content-Type", MEDIA_TYPE), ("Connection", "close")])
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(waitress.channel.HTTPChannel):
    """A connection whose errors are problem documents."""

    error_task_class = ProblemErrorTask


def make_server(app: Flask, host: str, port: int, threads: int) -> waitress.server.BaseWSGIServer:
    """A server that listens but does not answer yet. Port 0 takes a free port: see `effective_port`.

    Raises:
        InputError: the port is taken, or host and port can't be listened on.
    """
    listening = _listen(host, port)
    server = waitress.server.create_server(
        app,
        sockets=[listening],
        threads=threads + app.extensions[EXTENSION].config.most_listeners,
        ident=None,
        max_request_body_size=app.extensions[EXTENSION].config.max_body_bytes,
        max_request_header_size=HEADER_BYTES,
        clear_untrusted_proxy_headers=False,
    )
    server.channel_class = Channel
    return server


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
        previous = signal.signal(signal.SIGTERM, _stop)
        try:
            announce(f"Serving on http://{host}:{server.effective_port}/ (stop with Ctrl-C)")
            _run(server, app.extensions[EXTENSION].feed)
        finally:
            signal.signal(signal.SIGTERM, previous)
            server.close()
    finally:
        client.close()


def _run(server: waitress.server.BaseWSGIServer, feed: Feed) -> None:
    """Answer until a signal; then disconnect the listeners of the stream first, as their requests never end."""
    dispatcher = server.task_dispatcher
    shutdown = dispatcher.shutdown

    def end(*arguments: Any, **more: Any) -> Any:
        feed.close()
        return shutdown(*arguments, **more)

    dispatcher.shutdown = end
    server.run()


def _warm(app: Flask) -> None:
    """Load the serving cache before the first request."""
    with contextlib.suppress(InterestGraphError):  # the first request tries again and reports the error
        app.extensions[EXTENSION].cache.warm()


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
