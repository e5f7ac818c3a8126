"""Address and state of the managed server: where it answers, and how it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from graphstore.server.configuration import HOST, USERNAME


@dataclass(frozen=True)
class ServerAddress:
    """Where a managed server answers, and how to get in."""

    bolt_uri: str
    http_port: int
    password: str = field(repr=False)
    pid: int
    username: str = USERNAME

    @property
    def browser_url(self) -> str:
        """Neo4j Browser, already pointed at this server."""
        return f"http://{HOST}:{self.http_port}/browser/?connectURL={self.bolt_uri}"


@dataclass(frozen=True)
class ServerStatus:
    """What `interestgraph server status` tells; what only a running server has is None when it is stopped."""

    running: bool
    folder: str
    version: str
    size_bytes: int
    pid: int | None = None
    bolt_uri: str | None = None
    http_port: int | None = None
    browser_url: str | None = None
    uptime_seconds: float | None = None
    memory_bytes: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)
