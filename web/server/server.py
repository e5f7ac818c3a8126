"""The server: accepts connections within the limits, has requests answered in threads, and stops when told."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerConnectionDelegate
from tornado.iostream import IOStream, StreamBufferFullError, StreamClosedError

from web.server.exchange import BUSY, Exchange, problem
from web.server.lanes import Lane
from web.server.limits import Limits
from web.server.wsgi import Application, Reply, Request, call, path_of

log = logging.getLogger("interestgraph.web")
ALIVE = "/health/live"
BARE_400 = b"HTTP/1.1 400 Bad Request\r\n\r\n"  # what Tornado says to a request that it can't read
BACKLOG = 2048
MOST_REFUSALS = 256
REFUSAL_SECONDS = 1.0


def as_bytes(reply: Reply) -> bytes:
    """An answer after which the connection ends, as it goes over the wire."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in [*reply.headers, ("Connection", "close")])
    return f"HTTP/1.1 {reply.status} {reply.reason}\r\n{headers}\r\n".encode("latin-1") + reply.body


class Connections(HTTPServer):
    """Connections up to a limit; one beyond it is answered 503 at once. Malformed requests get a problem document."""

    most = Limits.connections
    _refusals = 0

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """A connection was accepted."""
        if len(self._connections) >= self.most:
            asyncio.get_running_loop().create_task(self._refuse(stream))
            return
        write = stream.write

        def write_problem(data: Any) -> Any:
            return write(as_bytes(problem(400, "The request is malformed.")) if data == BARE_400 else data)

        stream.write = write_problem  # type: ignore[method-assign]
        super().handle_stream(stream, address)

    async def _refuse(self, stream: IOStream) -> None:
        """Answer 503, and give the client a moment to read it: closing at once may discard the answer."""
        try:
            with suppress(StreamClosedError, StreamBufferFullError, OSError, TimeoutError):
                await asyncio.wait_for(stream.write(as_bytes(problem(503, BUSY))), REFUSAL_SECONDS)
                if self._refusals < MOST_REFUSALS:
                    self._refusals += 1
                    try:
                        stream.socket.shutdown(socket.SHUT_WR)
                        await asyncio.wait_for(stream.read_until_close(), REFUSAL_SECONDS)
                    finally:
                        self._refusals -= 1
        finally:
            stream.close()


class Server(HTTPServerConnectionDelegate):
    """A WSGI application behind a socket that listens: `run` answers until `stop`.

    threads: for requests; /health/live has one of its own, and answers when all of these wait.
    streams: threads for answers that do not end.  on_stop: called at the stop, before requests are waited for.
    """

    def __init__(
        self,
        application: Application,
        listening: socket.socket,
        limits: Limits,
        *,
        threads: int,
        streams: int,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._application, self._listening, self._on_stop = application, listening, on_stop
        self.limits = limits
        listening.listen(BACKLOG)  # who connects before `run` waits for it
        listening.setblocking(False)
        self.host, self.effective_port = listening.getsockname()[:2]
        self.held_bytes = 0
        self.streams = Lane(streams, "stream")
        self._requests, self._alive = Lane(threads, "request"), Lane(1, "alive")
        self._waiting = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopped = False

    def run(self) -> None:
        """Answer until `stop`."""
        asyncio.run(self._run())

    def stop(self) -> None:
        """Stop: requests under way are finished first. From any thread, or from a signal handler."""
        self._stopped = True
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._stop.set)

    def close(self) -> None:
        """Free the port of a server that does not run, and end its threads."""
        self._listening.close()
        for lane in (self._requests, self._alive, self.streams):
            lane.shutdown(wait=False)

    def start_request(self, server_conn: object, request_conn: Any) -> Exchange:
        """Tornado's hook: the next request of a connection."""
        assert isinstance(request_conn, HTTP1Connection)
        return Exchange(self, request_conn)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a part of an exchange, which ends quietly where the client went away."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, StreamClosedError):
            log.error("an answer could not be sent", exc_info=error)

    async def reply_to(self, request: Request, gone: Callable[[], bool]) -> Reply:
        """The application's answer, or 503 where it does not answer in time or too many requests wait already."""
        alive = path_of(request.line.path) == ALIVE
        if self._waiting >= self.limits.waiting and not alive:
            return problem(503, BUSY)

        def work() -> Reply:
            if gone():  # nobody waits for it any more
                raise StreamClosedError
            return call(self._application, request)

        self._waiting += 1
        future = (self._alive if alive else self._requests).submit(work)
        waited = asyncio.wrap_future(future)
        waited.add_done_callback(self._done)
        reads = request.line.method in ("GET", "HEAD")
        try:
            return await asyncio.wait_for(
                asyncio.shield(waited), self.limits.answer_seconds if reads else self.limits.write_seconds
            )
        except TimeoutError:
            if not future.cancel():  # it runs
                waited.add_done_callback(_close_late)
            log.warning("no answer in time: %s", request.line.method)
            return problem(503, "The server could not answer in time; what was asked for may still be done.")
        except StreamClosedError:
            raise
        except Exception as error:
            log.error("unexpected error", exc_info=error)
            return problem(500, "Something unexpected went wrong.")

    def _done(self, waited: asyncio.Future[Reply]) -> None:
        self._waiting -= 1

    async def _run(self) -> None:
        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        if self._stopped:
            self._stop.set()
        limits = self.limits
        server = Connections(
            self,
            idle_connection_timeout=limits.idle_seconds,
            body_timeout=limits.body_seconds,
            max_header_size=limits.header_bytes,
            max_buffer_size=4 * limits.header_bytes,
        )
        server.most = limits.connections
        server.add_socket(self._listening)
        await self._stop.wait()
        server.stop()
        self._on_stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=limits.stop_seconds)
        await server.close_all_connections()
        self.close()


def _close_late(waited: asyncio.Future[Reply]) -> None:
    """Close the answer that came too late."""
    if not waited.cancelled() and not waited.exception():
        waited.result().close()
