"""Change feed: one thread polls the changes of the graph for all listeners, while there are any.

Each listener has a bounded queue; one that does not keep up is disconnected.
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
    """The queue of one connection: messages of the event stream as text; None ends it. seq: of the last message."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self.messages: queue.Queue[str | None] = queue.Queue()


class Feed:
    """Changes of the graph for at most `most` listeners at once."""

    def __init__(self, client: Client, most: int) -> None:
        self._client = client
        self._most = most
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def listen(self, since: int | None) -> Listener:
        """Add a listener to the changes after number `since`, or from now on.

        Raises:
            ServiceUnavailable: there are `most` listeners.  GraphError: the graph can't be reached.
        """
        listener = Listener(newest(self._client) if since is None else since)
        with self._lock:
            if len(self._listeners) >= self._most:
                raise ServiceUnavailable(f"{self._most} programs listen already; try again later.", retry_after=10)
            self._listeners.add(listener)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, daemon=True, name="feed")
                self._thread.start()
        return listener

    def close(self) -> None:
        """Disconnect all listeners."""
        with self._lock:
            listeners, self._listeners = self._listeners, set()
        for listener in listeners:
            listener.messages.put(None)

    def leave(self, listener: Listener) -> None:
        """Remove a listener whose connection ended."""
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
                for listener in listeners:
                    self._send(listener, found)
            except GraphError as error:
                log.warning("the feed can't be read: %s", error)
                pause.wait(AWAY_SECONDS)
            except Exception as error:  # it serves all listeners: whatever one of them caused, it goes on
                log.error("the feed can't be read", exc_info=error)
                pause.wait(AWAY_SECONDS)
            else:
                if not found:
                    pause.wait(POLL_SECONDS)

    def _send(self, listener: Listener, found: list[Change]) -> None:
        unsent = [change for change in found if change.seq > listener.seq]
        if listener.messages.qsize() + len(unsent) > QUEUED_MESSAGES and listener.messages.qsize():
            self.leave(listener)
            listener.messages.put(None)
            return
        for seq, group in groupby(unsent, key=lambda change: change.seq):
            changes = list(group)
            ids = [listener.seq] * (len(changes) - 1) + [
                seq
            ]  # only the last message of a number carries it: a client cut off before gets all of them again
            listener.messages.put("".join(map(_message, changes, ids)))
            listener.seq = seq


def _message(change: Change, number: int) -> str:
    return f"id: {number}\nevent: {change.kind}\ndata: {json.dumps(change.document, ensure_ascii=False)}\n\n"
