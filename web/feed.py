"""Who listens to the changes of the graph: one thread asks for all of them, and only while somebody listens.

Each listener has a bounded queue; one that does not keep up is hung up on.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from itertools import groupby

from werkzeug.exceptions import ServiceUnavailable

from graphstore.database.client import Client
from graphstore.errors import GraphError
from graphstore.update.feed import Change, newest, read_changes

log = logging.getLogger("interestgraph.web")
POLL_SECONDS = 0.05
QUEUED_MESSAGES = 10_000
AWAY_SECONDS = 1.0


class Listener:
    """Messages for one connection, as text; None ends it."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self.messages: queue.Queue[str | None] = queue.Queue()


class Feed:
    """Changes of the graph for up to `most` listeners at once; a thread runs while there are any."""

    def __init__(self, client: Client, most: int) -> None:
        self._client = client
        self._most = most
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def listen(self, since: int | None) -> Listener:
        """A new listener to what changes after `since`, or from now on.

        Raises:
            ServiceUnavailable: there are as many as can be.  GraphError: the graph can't be reached.
        """
        listener = Listener(newest(self._client) if since is None else since)
        with self._lock:
            if len(self._listeners) >= self._most:
                raise ServiceUnavailable(f"{self._most} programs listen already; try again later.", retry_after=10)
            self._listeners.add(listener)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="feed")
                self._thread.start()
        return listener

    def close(self) -> None:
        """Hang up on everybody."""
        with self._lock:
            listeners, self._listeners = self._listeners, set()
        for listener in listeners:
            listener.messages.put(None)

    def leave(self, listener: Listener) -> None:
        """Nobody reads this one any more."""
        with self._lock:
            self._listeners.discard(listener)

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            with self._lock:
                listeners = list(self._listeners)
                if not listeners:
                    self._thread = None
                    return
            try:
                found = read_changes(self._client, min(listener.seq for listener in listeners))
            except GraphError as error:
                log.warning("the feed can't be read: %s", error)
                pause.wait(AWAY_SECONDS)
                continue
            for listener in listeners:
                self._pass_on(listener, found)
            if not found:
                pause.wait(POLL_SECONDS)

    def _pass_on(self, listener: Listener, found: list[Change]) -> None:
        fresh = [change for change in found if change.seq > listener.seq]
        if listener.messages.qsize() + len(fresh) > QUEUED_MESSAGES and listener.messages.qsize():
            self.leave(listener)
            listener.messages.put(None)
            return
        for seq, group in groupby(fresh, key=lambda change: change.seq):
            changes = list(group)
            ids = [listener.seq] * (len(changes) - 1) + [seq]  # whoever has not read all of a number gets it again
            listener.messages.put("".join(map(_message, changes, ids)))
            listener.seq = seq


def _message(change: Change, number: int) -> str:
    return f"id: {number}\nevent: {change.kind}\ndata: {json.dumps(change.document, ensure_ascii=False)}\n\n"
