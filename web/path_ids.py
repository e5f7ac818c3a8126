"""Ids in URL paths: any text of 1 to 512 characters, with slashes too, without ambiguous routes.

In WSGI's PATH_INFO %2F is already decoded, so `/users/a%2Fitems` and `/users/a/items` are equal. `RawPath` encodes `/`
and `%` again as the client sent them, and the `id` converter decodes them after routing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes

from werkzeug.exceptions import BadRequest
from werkzeug.routing import BaseConverter

from graphstore.collect.fields import ID_LENGTH, clean_id
from web.server.wsgi import path_of

KEPT = re.compile(r"%(2[fF]|25)")
NO_UTF8 = "The id is not valid UTF-8."


class RawPath:
    """WSGI middleware: PATH_INFO with %2F and %25 left encoded, from the server's REQUEST_URI where there is one."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        uri = environ.get("REQUEST_URI") or environ.get("RAW_URI")
        prefix = environ.get("SCRIPT_NAME", "")
        if uri:
            path = path_of(uri)
            if path.startswith(prefix):
                path = KEPT.sub(r"%25\1", path[len(prefix) :])
                environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
        else:
            environ["PATH_INFO"] = environ.get("PATH_INFO", "").replace("%", "%25")
        return self._application(environ, start_response)


class IdConverter(BaseConverter):
    """`<id:user_id>`: one path segment, decoded; a 400 with the reason for text that can't be an id."""

    regex = "[^/]+"
    part_isolating = True

    def to_python(self, value: str) -> str:
        """The id behind a segment."""
        try:
            decoded = unquote(value, errors="strict")
        except UnicodeDecodeError:
            raise BadRequest(NO_UTF8) from None
        if "\ufffd" in value:  # bytes that were no UTF-8 and were not encoded
            raise BadRequest(NO_UTF8)
        return checked_id(decoded)

    def to_url(self, value: str) -> str:
        """The segment for an id."""
        return quote(value, safe="")


def checked_id(value: str) -> str:
    """Check an id; returns it without the blanks around it.

    Raises:
        BadRequest: empty, longer than `ID_LENGTH`, or not valid Unicode text.
    """
    value = clean_id(value)
    if not value:
        raise BadRequest("An id can't be empty.")
    if len(value) > ID_LENGTH:
        raise BadRequest(f"An id has at most {ID_LENGTH} characters; this one has {len(value):,}.")
    if not encodable(value):
        raise BadRequest(NO_UTF8)
    return value


def encodable(text: str) -> bool:
    """Whether the text can be encoded as UTF-8; an unpaired surrogate can't."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
