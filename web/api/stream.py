"""GET /v1/stream: changes by followers as server-sent events.

A client that did not keep up is disconnected; with `Last-Event-ID` it continues where it was.

Reference: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator

from flask import Response, request
from pydantic import Field
from werkzeug.exceptions import BadRequest

from web.access import in_force
from web.api.blueprint import resource
from web.api.schemas import Query
from web.feed import Listener
from web.services import services

blueprint = resource("stream", "Changes as they happen")

RETRY_MILLIS = 1_000
HEARTBEAT_SECONDS = 10.0
CHECK_SECONDS = 2.0
MOST_NUMBER = 2**63 - 1


class StreamQuery(Query):
    """The query string of the stream."""

    since: int | None = Field(
        None, ge=0, le=MOST_NUMBER, description="Changes after this number; only new ones if not given"
    )


def _text(listener: Listener, allowed: Callable[[], bool]) -> Iterator[str]:
    """The messages of a listener, until it is disconnected or its key is no longer `allowed`.

    An empty text now and then lets the server notice that the client went away.
    """
    yield f"retry: {RETRY_MILLIS}\nid: {listener.seq}\n\n"
    checked = said = time.monotonic()
    while True:
        try:
            message = listener.messages.get(timeout=CHECK_SECONDS)
        except queue.Empty:
            message = ""
        now = time.monotonic()
        if now - checked >= CHECK_SECONDS:
            if not allowed():
                return
            checked = now
        if message is None:
            return
        if not message and now - said >= HEARTBEAT_SECONDS:
            message = ": still here\n\n"
        if message:
            said = now
        yield message


@blueprint.get("/stream", responses={200: {"description": "Server-sent events", "content": {"text/event-stream": {}}}})
def stream(query: StreamQuery) -> Response:
    """Changes by followers, as they happen (server-sent events)

    `event: user` with user_id, version, and the interests that opened and closed; `event: item` with item_id, title
    and version. Ids are numbers that rise: send one as `Last-Event-ID` (browsers do) or `since` to continue after it.
    """
    since = _since(query)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = Response(content_type="text/event-stream; charset=utf-8", headers=headers)
    if request.method != "HEAD":
        feed = services().feed
        listener = feed.listen(since)
        response.response = _text(listener, in_force())
        response.call_on_close(lambda: feed.leave(listener))
    return response


def _since(query: StreamQuery) -> int | None:
    given = request.headers.get("Last-Event-ID")
    if given is None:
        return query.since
    if not given.isdecimal() or len(given) > len(str(MOST_NUMBER)) or int(given) > MOST_NUMBER:
        raise BadRequest("Last-Event-ID is not a number of this stream.")
    return int(given)
