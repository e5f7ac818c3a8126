"""WSGI: the environment of a request, and a call of the application.

Reference: PEP 3333.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from tornado.httputil import HTTPHeaders, RequestStartLine

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
WITHOUT_BODY = (204, 304)
OWN_NAMES = {"Content-Type": "CONTENT_TYPE", "Content-Length": "CONTENT_LENGTH"}


@dataclass(frozen=True)
class Request:
    """A whole request. address: of the client.  host, port: where the server listens."""

    line: RequestStartLine
    headers: HTTPHeaders
    body: bytes
    address: str
    host: str
    port: int


@dataclass
class Reply:
    """The answer of the application: its body as a whole, or in chunks that are still to come."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    chunks: Iterator[bytes] | None = None
    close: Callable[[], None] = field(default=lambda: None)


def path_of(target: str) -> str:
    """The path of a request's target, still encoded: of `/a%2Fb?c` and of `http://host/a%2Fb?c`; "" if it has none."""
    if target.startswith("/"):
        return target.partition("?")[0]
    with suppress(ValueError):
        return urlsplit(target).path
    return ""


def environment(request: Request) -> dict[str, Any]:
    """The environment of a request. Headers with `_` are left out: `X_Forwarded_For` would pass for another one."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.line.method,
        "REQUEST_URI": request.line.path,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path_of(request.line.path).encode("latin-1")).decode("latin-1"),
        "QUERY_STRING": request.line.path.partition("?")[2],
        "REMOTE_ADDR": request.address,
        "SERVER_NAME": request.host,
        "SERVER_PORT": str(request.port),
        "SERVER_PROTOCOL": request.line.version,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        if "_" not in name:
            environ[OWN_NAMES.get(name) or f"HTTP_{name.upper().replace('-', '_')}"] = value
    return environ


def call(application: Application, request: Request) -> Reply:
    """Call the application. A body whose length it does not tell is left to be read: it may never end."""
    told: list[Any] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        told[:] = [status, headers]
        return written.append

    iterable = application(environment(request), start_response)
    close = getattr(iterable, "close", lambda: None)
    try:
        chunks = iter(iterable)
        first = next(chunks, b"")  # an application may say the status only now
        code, _, reason = told[0].partition(" ")
        reply = Reply(int(code), reason, told[1])
        told_length = any(name.lower() == "content-length" for name, _ in reply.headers)
        if request.line.method == "HEAD" or reply.status in WITHOUT_BODY:
            pass
        elif told_length:
            reply.body = b"".join((*written, first, *chunks))
        else:
            reply.body, reply.chunks, reply.close = b"".join((*written, first)), chunks, close
            return reply
    except BaseException:
        close()
        raise
    close()
    return reply
