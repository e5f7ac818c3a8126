"""A TCP proxy on the loopback interface that cuts connections and stalls them at random."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

CHUNK_BYTES = 16_384


@dataclass
class BrokenProxy:
    """Passes bytes on to `target`. Of the chunks it cuts the connection at the share `cut`, in the middle of the chunk,
    and waits up to `stall_seconds` before the share `stall`.
    """

    target: tuple[str, int]
    seed: int = 0
    cut: float = 0.005
    stall: float = 0.01
    stall_seconds: float = 2.0
    cuts: int = 0
    stalls: int = 0
    port: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def running(self) -> Iterator[BrokenProxy]:
        """Listen, until the end."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            try:
                yield self
            finally:
                self._ended.set()
                with contextlib.suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        number = 0
        with contextlib.suppress(OSError):
            while not self._ended.is_set():
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(self.target, timeout=5)
                except OSError:
                    client.close()
                    continue
                server.settimeout(None)
                for source, goal in ((client, server), (server, client)):
                    number += 1
                    threading.Thread(target=self._pass, args=(source, goal, number), daemon=True).start()

    def _pass(self, source: socket.socket, goal: socket.socket, number: int) -> None:
        chance = random.Random(f"{self.seed} {number}")
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK_BYTES):
                drawn = chance.random()
                if drawn < self.cut:
                    self.cuts += 1
                    goal.sendall(chunk[: len(chunk) // 2])
                    break
                if drawn < self.cut + self.stall:
                    self.stalls += 1
                    time.sleep(chance.uniform(0, self.stall_seconds))
                goal.sendall(chunk)
        for end in (source, goal):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
