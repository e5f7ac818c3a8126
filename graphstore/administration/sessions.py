"""Sessions of the pages: a random token stands for an API key until it expires, is ended, or the key is revoked.

They are kept in the graph, by the token's hash, so that every serving process knows them.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

from cachetools import TTLCache

from graphstore.administration.keys import CACHE_SECONDS, CACHE_SIZE, ApiKey, hash_of
from graphstore.database.client import Client

SESSION_SECONDS = 12 * 3600
SESSIONS_OF_A_KEY = 100  # at once; a further one ends the oldest


class Sessions:
    """Begins, looks up and ends sessions; shared by the threads of a server. What is in force is cached shortly.

    timer: the clock of the cache, in seconds.
    """

    def __init__(self, client: Client, timer: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._valid: TTLCache[str, ApiKey] = TTLCache(CACHE_SIZE, CACHE_SECONDS, timer)
        self._lock = threading.Lock()

    def begin(self, key: ApiKey) -> str:
        """Begin a session with a key that is in force; returns its token, which can't be read again."""
        token = secrets.token_urlsafe(32)
        self._client.write(
            "administration/create_session",
            session_hash=hash_of(token),
            key_hash=key.key_hash,
            seconds=SESSION_SECONDS,
            kept=SESSIONS_OF_A_KEY,
        )
        return token

    def key_of(self, token: str) -> ApiKey | None:
        """The key of a session, or None where the session or the key is not in force."""
        session_hash = hash_of(token)
        with self._lock:
            found = self._valid.get(session_hash)
        if found is None:
            for row in self._client.read("administration/find_session", session_hash=session_hash):
                found = ApiKey(row["key_hash"], row["name"], frozenset(row["scopes"]))
                with self._lock:
                    self._valid[session_hash] = found
        return found

    def end(self, token: str) -> None:
        """End a session. Other serving processes accept it for up to CACHE_SECONDS more."""
        session_hash = hash_of(token)
        self._client.write("administration/end_session", session_hash=session_hash)
        with self._lock:
            self._valid.pop(session_hash, None)
