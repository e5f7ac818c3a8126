"""GET /v1/stream: changes by followers as server-sent events.

A client that did not keep up is disconnected; with `Last-Event-ID` it continues where it was.

Reference: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import queue
from collections.abc import Iterator

from flask import Response, request
from pydantic import Field
from werkzeug.exceptions import BadRequest

from web.api.blueprint import resource
from web.api.schemas import Query
from web.feed import Feed, Listener
from web.services import services

blueprint = resource("stream", "Changes as they happen")

RETRY_MILLIS = 1_000
HEARTBEAT_SECONDS = 10.0


class StreamQuery(Query):
    """The query string of the stream."""

    since: int | None = Field(None, ge=0, description="Changes after this number; only new ones if not given")


def _text(feed: Feed, listener: Listener) -> Iterator[str]:
    try:
        yield f"retry: {RETRY_MILLIS}\nid: {listener.seq}\n\n"
        while True:
            try:
                message = listener.messages.get(timeout=HEARTBEAT_SECONDS)
            except queue.Empty:
                message = ": still here\n\n"
            if message is None:
                return
            yield message
    finally:
        feed.leave(listener)


@blueprint.get("/stream", responses={200: {"description": "Server-sent events", "content": {"text/event-stream": {}}}})
def stream(query: StreamQuery) -> Response:
    """Changes by followers, as they happen (server-sent events)

    `event: user` with user_id, version, and the interests that opened and closed; `event: item` with item_id, title
    and version. Ids are numbers that rise: send one as `Last-Event-ID` (browsers do) or `since` to continue after it.
    """
    feed = services().feed
    listener = feed.listen(_since(query))
    return Response(
        _text(feed, listener),
        content_type="text/event-stream; charset=utf-8",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _since(query: StreamQuery) -> int | None:
    given = request.headers.get("Last-Event-ID")
    if given is None:
        return query.since
    if not given.isdecimal():
        raise BadRequest("Last-Event-ID is not a number of this stream.")
    return int(given)
