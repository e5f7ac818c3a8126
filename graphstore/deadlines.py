"""A deadline for everything that is fetched over the network, however slowly it comes.

The timeouts of requests and httpx are of one read: a server that sends a byte every few seconds holds a caller for as
long as it likes, in the headers as in the body. A deadline shuts the connections down, and the read that waits fails.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests


class Deadline:
    """A context manager: connections that are watched in it are shut down after `seconds`; threads may share it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.passed = False
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(max(seconds, 0.0), self._end)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for connection in self._watched:
                connection.close()
            self._watched.clear()

    def watch(self, connection: socket.socket) -> None:
        """Shut this connection down when the time is over. A copy is kept, because TLS takes the socket itself over."""
        with self._lock:
            self._watched.append(connection.dup())
            if self.passed:
                self._shut()

    def watch_session(self, session: requests.Session) -> None:
        """Watch every connection that a session opens from now on."""
        from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

        pools = {"http": self._pool(HTTPConnectionPool), "https": self._pool(HTTPSConnectionPool)}
        for adapter in session.adapters.values():
            adapter.poolmanager.pool_classes_by_scheme = pools  # type: ignore[attr-defined]

    def _pool(self, kind: Any) -> Any:
        deadline = self

        class Connection(kind.ConnectionCls):  # type: ignore[misc]
            def _new_conn(self) -> socket.socket:
                made: socket.socket = super()._new_conn()
                deadline.watch(made)
                return made

        return type(f"Watched{kind.__name__}", (kind,), {"ConnectionCls": Connection})

    def _end(self) -> None:
        with self._lock:
            self.passed = True
            self._shut()

    def _shut(self) -> None:
        for connection in self._watched:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
