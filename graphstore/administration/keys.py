"""API keys: shown once, stored as a hash, each with scopes, revocable within seconds.

A key is 32 random bytes, so its plain SHA-256 can't be guessed back and needs no slow password hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphstore.database.client import Client
from graphstore.errors import InputError, NotFound

SCOPES = ("read", "write", "admin")
PREFIX = "ig_"
LONGEST_NAME = 100
CACHE_SECONDS = 2.0
CACHE_SIZE = 1024


@dataclass(frozen=True)
class ApiKey:
    """A key in force. `admin` includes the other scopes."""

    key_hash: str
    name: str
    scopes: frozenset[str]

    def allows(self, scope: str) -> bool:
        """Whether the key may do what needs this scope."""
        return scope in self.scopes or "admin" in self.scopes


def hash_of(key: str) -> str:
    """SHA-256 of a key, in hex: what is stored."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def create_key(client: Client, name: str, scopes: Iterable[str]) -> str:
    """Make a key, store its hash, and return the key: the only time it can be seen.

    Raises:
        InputError: no name, an unknown scope, or a key of that name is in force.
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
    """Every key ever made: name, scopes, created_at, revoked_at (ISO 8601, or None while in force)."""
    return client.read("administration/list_keys")


def revoke_key(client: Client, name: str) -> None:
    """Revoke the key of this name; servers notice within `CACHE_SECONDS`.

    Raises:
        NotFound: no key of this name is in force.
    """
    if not client.write("administration/revoke_key", name=name):
        raise NotFound(f"No key named {name!r} is in force; `interestgraph keys list` shows all.")


def any_key(client: Client) -> bool:
    """Whether at least one key is in force."""
    return any(key["revoked_at"] is None for key in list_keys(client))


def verify_key(client: Client, key: str) -> ApiKey | None:
    """The key in force that this text is, or None. One read; `KeyRing` remembers answers for a moment."""
    return _find(client, hash_of(key))


def _find(client: Client, key_hash: str) -> ApiKey | None:
    for row in client.read("administration/find_key", key_hash=key_hash):
        if hmac.compare_digest(row["key_hash"], key_hash):
            return ApiKey(row["key_hash"], row["name"], frozenset(row["scopes"]))
    return None


class KeyRing:
    """`verify_key` with a small, short-lived memory of good keys, shared by the threads of a server."""

    def __init__(self, client: Client, seconds: float = CACHE_SECONDS) -> None:
        self._client = client
        self._seconds = seconds
        self._known: OrderedDict[str, tuple[float, ApiKey]] = OrderedDict()
        self._lock = threading.Lock()

    def verify(self, key: str) -> ApiKey | None:
        """The key in force that this text is, or None; only keys found good are remembered."""
        key_hash = hash_of(key)
        with self._lock:
            known = self._known.get(key_hash)
        if known and known[0] > time.monotonic():
            return known[1]
        found = _find(self._client, key_hash)
        with self._lock:
            self._known.pop(key_hash, None)
            if found:
                self._known[key_hash] = (time.monotonic() + self._seconds, found)
            while len(self._known) > CACHE_SIZE:
                self._known.popitem(last=False)
        return found
