"""Exchange: one request from its first header to the end of its answer, on the event loop."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Protocol

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import StreamClosedError

from web.problems import MEDIA_TYPE, RETRY_SECONDS
from web.server.lanes import Lane
from web.server.limits import Limits
from web.server.wsgi import Reply, Request

PIECE_BYTES = 256 * 1024
MOST_DIGITS = 18  # of a length that is looked at; Tornado refuses a longer one
UNCHECKED = 2**62  # Tornado's own limit of a body; it would answer a bare 400
BUSY = "The server has too much to do at the moment."


def problem(status: int, detail: str) -> Reply:
    """A problem document of the server itself, about a request that the application does not see."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = json.dumps(document | {"instance": f"urn:request:{uuid.uuid4().hex}"}).encode()
    headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body)))]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", RETRY_SECONDS))
    return Reply(status, HTTPStatus(status).phrase, headers, body)


class Answering(Protocol):
    """What an exchange needs of its server. held_bytes: of bodies that are in memory."""

    limits: Limits
    host: str
    effective_port: int
    held_bytes: int
    streams: Lane

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a part of an exchange."""

    async def reply_to(self, request: Request, gone: Callable[[], bool]) -> Reply:
        """The answer to a request."""


class Exchange(HTTPMessageDelegate):
    """Reads a request within the limits, has it answered, and sends the answer."""

    def __init__(self, server: Answering, connection: HTTP1Connection) -> None:
        self._server, self._connection = server, connection
        self._line = RequestStartLine("", "", "")
        self._headers = HTTPHeaders()
        self._chunks: list[bytes] = []
        self._size = 0
        self._refused = self._gone = self._whole = self._told = False

    def headers_received(self, start_line: object, headers: HTTPHeaders) -> None:
        """The header is whole: refuse a body that is said to be too large before it is read."""
        assert isinstance(start_line, RequestStartLine)
        self._line, self._headers = start_line, headers
        self._connection.set_max_body_size(UNCHECKED)
        length = headers.get("Content-Length", "")
        if length.isdecimal() and len(length) <= MOST_DIGITS and int(length) > self._server.limits.body_bytes:
            self._too_large()

    def data_received(self, chunk: bytes) -> None:
        """A part of the body."""
        if self._refused:
            return
        limits = self._server.limits
        self._chunks.append(chunk)
        self._size += len(chunk)
        self._server.held_bytes += len(chunk)
        if self._size > limits.body_bytes:
            self._too_large()
        elif self._server.held_bytes > limits.held_bytes and self._size > limits.small_bytes:
            self._refuse(503, BUSY)

    def finish(self) -> None:
        """The request is whole."""
        self._whole = True
        if not self._refused:
            self._connection.set_close_callback(self._leave)
            self._server.begin(self._answer())
        elif self._told:
            self._finish()

    def on_connection_close(self) -> None:
        """The connection ended before the request was whole."""
        self._gone = True
        self._release()

    def _too_large(self) -> None:
        self._refuse(413, f"The body is too large: at most {self._server.limits.body_bytes:,} bytes.")

    def _refuse(self, status: int, detail: str) -> None:
        self._refused = True
        self._release()
        self._server.begin(self._send(problem(status, detail)))

    def _leave(self) -> None:
        self._gone = True

    def _release(self) -> None:
        self._server.held_bytes -= self._size
        self._size = 0
        self._chunks = []

    async def _answer(self) -> None:
        try:
            address = getattr(self._connection.context, "remote_ip", "")
            body = b"".join(self._chunks)
            host, port = self._server.host, self._server.effective_port
            request = Request(self._line, self._headers, body, address, host, port)
            reply = await self._server.reply_to(request, lambda: self._gone)
        finally:
            self._release()
        try:
            await self._send(reply)
            if reply.chunks is not None:
                await self._send_chunks(reply)
        finally:
            reply.close()

    async def _send(self, reply: Reply) -> None:
        """Send the header and the body, or what is there of it."""
        headers = HTTPHeaders()
        for name, value in [*reply.headers, ("Date", formatdate(usegmt=True))]:
            headers.add(name, value)
        if self._refused:
            headers["Connection"] = "close"
        line = ResponseStartLine("HTTP/1.1", reply.status, reply.reason)
        body = b"" if self._line.method == "HEAD" else reply.body
        await self._sent(self._connection.write_headers(line, headers, body[:PIECE_BYTES] or None))
        for start in range(PIECE_BYTES, len(body), PIECE_BYTES):
            await self._sent(self._connection.write(body[start : start + PIECE_BYTES]))
        self._told = True
        if reply.chunks is None and (self._whole or not self._refused):
            self._finish()  # else at the end of the body: closing before it is read may discard the answer

    async def _send_chunks(self, reply: Reply) -> None:
        """Send the rest of a body as it comes, in the lane of streams."""
        chunks = reply.chunks
        assert chunks is not None
        loop = asyncio.get_running_loop()
        while not self._gone:
            chunk = await loop.run_in_executor(self._server.streams, next, chunks, None)
            if chunk is None:
                break
            if chunk and not self._gone:
                await self._sent(self._connection.write(chunk))
        if not self._gone:
            self._finish()
            if self._line.version == "HTTP/1.0":  # the end of the connection is the end of the body
                self._connection.close()

    async def _sent(self, written: Awaitable[None]) -> None:
        """Wait until a piece is sent; a client that does not take it in time is disconnected."""
        if not self._connection.stream.writing():  # the usual case: the system has taken all of it
            return
        try:
            await asyncio.wait_for(asyncio.ensure_future(written), self._server.limits.send_seconds)
        except TimeoutError:
            self._connection.close()
            raise StreamClosedError from None

    def _finish(self) -> None:
        with suppress(StreamClosedError):
            self._connection.finish()
