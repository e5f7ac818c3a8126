"""API keys: created, listed, revoked and verified. A key is shown once; the graph holds its hash and its scopes.

A key has 32 random bytes, so that it can't be guessed from its SHA-256; a slow password hash is not needed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cachetools import TTLCache

from graphstore.database.client import Client
from graphstore.errors import InputError, NotFound

SCOPES = ("read", "write", "admin")
PREFIX = "ig_"
LONGEST_NAME = 100
CACHE_SECONDS = 2.0
CACHE_SIZE = 1024


@dataclass(frozen=True)
class ApiKey:
    """A key that is in force, without the key itself. The scope `admin` includes the others."""

    key_hash: str
    name: str
    scopes: frozenset[str]

    def allows(self, scope: str) -> bool:
        """Whether the key has this scope."""
        return scope in self.scopes or "admin" in self.scopes


def hash_of(key: str) -> str:
    """The stored form of a key: SHA-256 in hex."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def create_key(client: Client, name: str, scopes: Iterable[str]) -> str:
    """Create a key, store its hash, and return the key, which can't be read again.

    Raises:
        InputError: no name, no scope or an unknown one, or a key of that name is in force.
    """
    wanted = sorted({scope.strip() for scope in scopes}, key=str)
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if not wanted or unknown:
        raise InputError(f"Scopes are some of {', '.join(SCOPES)}; got {', '.join(unknown) or 'none'}.")
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InputError(f"A key needs a name of 1 to {LONGEST_NAME} characters, e.g. the program that will use it.")
    key = PREFIX + secrets.token_urlsafe(32)
    if not client.write("administration/create_key", key_hash=hash_of(key), name=name, scopes=wanted):
        raise InputError(f"A key named {name!r} is in force: revoke it first, or choose another name.")
    return key


def list_keys(client: Client) -> list[dict[str, Any]]:
    """All keys, revoked ones too: name, scopes, created_at, revoked_at (ISO 8601; None while in force)."""
    return client.read("administration/list_keys")


def revoke_key(client: Client, name: str) -> None:
    """Revoke the key of this name. Servers accept it for up to CACHE_SECONDS more.

    Raises:
        NotFound: no key of this name is in force.
    """
    if not client.write("administration/revoke_key", name=name):
        raise NotFound(f"No key named {name!r} is in force; `interestgraph keys list` shows all.")


def any_key(client: Client) -> bool:
    """Whether at least one key is in force."""
    return any(key["revoked_at"] is None for key in list_keys(client))


class KeyRing:
    """Verifies keys; shared by the threads of a server. Valid keys are cached for a short time.

    seconds: how long a valid key is cached.  timer: the clock of the cache, in seconds.
    """

    def __init__(
        self, client: Client, seconds: float = CACHE_SECONDS, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._valid: TTLCache[str, ApiKey] = TTLCache(CACHE_SIZE, seconds, timer)
        self._lock = threading.Lock()

    def verify(self, key: str) -> ApiKey | None:
        """The key in force that this text is, or None. Reads the graph once, unless the key is cached."""
        key_hash = hash_of(key)
        with self._lock:
            found = self._valid.get(key_hash)
        if found is None and (found := self._find(key_hash)):
            with self._lock:
                self._valid[key_hash] = found
        return found

    def _find(self, key_hash: str) -> ApiKey | None:
        for row in self._client.read("administration/find_key", key_hash=key_hash):
            if hmac.compare_digest(row["key_hash"], key_hash):
                return ApiKey(row["key_hash"], row["name"], frozenset(row["scopes"]))
        return None
