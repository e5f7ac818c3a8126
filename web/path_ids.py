"""Ids in paths: any text of 1 to 512 characters, slashes too, without a route ever being ambiguous.

WSGI hands an application a path in which %2F is already a slash, so that `/users/a%2Fitems` and `/users/a/items` look
alike. `RawPath` puts the path back as the client wrote it for the two characters that matter, `/` and `%`, and the `id`
converter decodes them after the route has been chosen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from werkzeug.exceptions import BadRequest
from werkzeug.routing import BaseConverter

from graphstore.collect.records import ID_LENGTH

KEPT = re.compile(r"%(2[fF]|25)")


class RawPath:
    """WSGI middleware: PATH_INFO with %2F and %25 left encoded, from the server's REQUEST_URI where there is one."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        uri = environ.get("REQUEST_URI") or environ.get("RAW_URI")
        prefix = environ.get("SCRIPT_NAME", "")
        if uri:
            path = uri.split("?", 1)[0] if uri.startswith("/") else urlsplit(uri).path
            if path.startswith(prefix):
                path = KEPT.sub(r"%25\1", path[len(prefix) :])
                environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
        else:
            environ["PATH_INFO"] = environ.get("PATH_INFO", "").replace("%", "%25")
        return self._application(environ, start_response)


class IdConverter(BaseConverter):
    """`<id:user_id>`: one path segment, decoded; refuses what can't be an id with a 400 that says why."""

    regex = "[^/]+"
    part_isolating = True

    def to_python(self, value: str) -> str:
        """The id behind a segment."""
        return checked_id(unquote(value))

    def to_url(self, value: str) -> str:
        """The segment for an id."""
        return quote(value, safe="")


def checked_id(value: str) -> str:
    """An id as it is, if it can be one.

    Raises:
        BadRequest: empty, longer than `ID_LENGTH`, or not valid Unicode text.
    """
    if not value:
        raise BadRequest("An id can't be empty.")
    if len(value) > ID_LENGTH:
        raise BadRequest(f"An id has at most {ID_LENGTH} characters; this one has {len(value):,}.")
    if "\ufffd" in value or not encodable(value):
        raise BadRequest("The id is not valid UTF-8.")
    return value


def encodable(text: str) -> bool:
    """Whether the text can be written as UTF-8, which half of a surrogate pair can't."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
