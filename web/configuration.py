"""Configuration of the web application: one frozen object, read from the environment in one place."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from graphstore.database.client import Client
from graphstore.errors import InputError
from graphstore.settings import Settings

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class WebConfig:
    """Settings of the graph, limits of the API, and parts that a test may inject.

    client: used as it is and not closed; None connects by `settings` (which may start the managed server).
    secret: of the pseudonyms in the log; None reads or makes `<home>/session.key`.
    rate_limit: per key, in the notation of the package `limits`.  failure_limit: wrong keys per client address.
    max_body_bytes: of a request.  max_events: in one POST.
    most_listeners: connections to /v1/stream at once; each occupies a thread.
    trusted_proxies: number of reverse proxies whose X-Forwarded headers give address and scheme.
    """

    settings: Settings
    client: Client | None = field(default=None, repr=False)
    secret: bytes | None = field(default=None, repr=False)
    rate_limit: str = "400 per second; 12000 per minute"
    failure_limit: str = "60 per minute"
    max_body_bytes: int = 8 * MEBIBYTE
    max_events: int = 1000
    most_listeners: int = 32
    trusted_proxies: int = 0

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> WebConfig:
        """Read `Settings`, INTERESTGRAPH_RATE_LIMIT and INTERESTGRAPH_TRUSTED_PROXIES.

        Raises:
            InputError: a variable that can't be used.
        """
        proxies = environ.get("INTERESTGRAPH_TRUSTED_PROXIES") or "0"
        if not proxies.isdecimal():
            raise InputError(f"INTERESTGRAPH_TRUSTED_PROXIES is {proxies!r}: expected a number of proxies, e.g. 1.")
        return cls(
            settings=Settings.from_environment(environ),
            rate_limit=environ.get("INTERESTGRAPH_RATE_LIMIT") or cls.rate_limit,
            trusted_proxies=int(proxies),
        )


def pseudonym_secret(home: Path) -> bytes:
    """The secret of the pseudonyms in the log: 32 random bytes in `<home>/session.key`, readable by the owner alone."""
    path = home / "session.key"
    home.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=home, prefix=path.name) as file:  # readable by the owner alone
            file.write(secrets.token_bytes(32))
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
    secret = path.read_bytes()
    if len(secret) < 32:
        raise InputError(f"{path} is damaged: delete it, and users get other pseudonyms in the log.")
    return secret
