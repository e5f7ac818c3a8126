"""Limits of the HTTP server: how long a client may take, and how much room all clients have together."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Limits that hold for every client, with or without a key.

    idle_seconds: from the beginning of a connection, or the end of its last answer, to the end of the next header.
    body_seconds: from the end of the header to the end of the body.  header_bytes, body_bytes: of one request.
    answer_seconds: until GET and HEAD are answered; then the answer is 503.  write_seconds: the same for other methods.
    send_seconds: until a client has taken a piece of its answer.  stop_seconds: for requests under way at a stop.
    connections: at once; another one is answered 503.  waiting: requests that wait for a thread or have one.
    held_bytes: of bodies at once; beyond that, bodies of more than small_bytes are answered 503.
    """

    idle_seconds: float = 20.0
    body_seconds: float = 30.0
    answer_seconds: float = 20.0
    write_seconds: float = 60.0
    send_seconds: float = 30.0
    stop_seconds: float = 10.0
    header_bytes: int = 64 * 1024
    body_bytes: int = 8 * MEBIBYTE
    connections: int = 4096
    waiting: int = 1024
    held_bytes: int = 256 * MEBIBYTE
    small_bytes: int = 64 * 1024


SPARE_FILES = 512  # of the process: the graph's connections, logs, clients that are being refused


def room_for(connections: int) -> int:
    """How many of so many connections this process may open; raises its limit of open files as far as it is let."""
    try:
        import resource
    except ImportError:  # not on Windows, where the limit is another one
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return connections if soft == resource.RLIM_INFINITY else max(1, min(connections, soft - SPARE_FILES))
