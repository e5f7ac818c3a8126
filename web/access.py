"""Access control: API keys in `X-API-Key` or, for the pages, in the session; scopes; rate limits per key and endpoint.

An endpoint needs `read` for GET and `write` for anything else unless `@needs` or `@public` marks it otherwise. An
endpoint without a mark therefore needs a key; only static files are open without one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from werkzeug.exceptions import Forbidden, Unauthorized

from graphstore.administration.keys import ApiKey
from web.configuration import WebConfig
from web.rates import Rates
from web.services import EXTENSION, services

F = TypeVar("F", bound=Callable[..., Any])
HEADER = "X-API-Key"
SAFE = ("GET", "HEAD", "OPTIONS")


def needs(scope: str) -> Callable[[F], F]:
    """Mark a view as needing this scope."""

    def mark(view: F) -> F:
        view.scope = scope  # type: ignore[attr-defined]
        return view

    return mark


def public(view: F) -> F:
    """Mark a view as open to everyone, with no key and no rate limit."""
    view.scope = None  # type: ignore[attr-defined]
    return view


def scope_of(view: Callable[..., Any] | None, method: str) -> str | None:
    """The scope a view needs for a method; None for a public one."""
    scope: str | None = getattr(view, "scope", "read" if method in SAFE else "write")
    return scope


def register(app: Flask) -> Rates:
    """Check the key and then the rate of every request; returns the rate limits.

    Raises:
        InputError: a rate limit that can't be read.
    """
    config: WebConfig = app.extensions[EXTENSION].config
    rates = Rates(config.rate_limit, config.failure_limit)
    app.before_request(_authenticate)
    app.before_request(_limit)
    app.after_request(rates.add_headers)
    return rates


def _limit() -> None:
    key: ApiKey | None = g.get("key")
    if key is not None:
        _rates().count(key.key_hash)


def _rates() -> Rates:
    found: Rates = current_app.extensions[f"{EXTENSION}.rates"]
    return found


def _authenticate() -> Response | None:
    g.key = None
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint == "static":
        return None
    scope = scope_of(view, request.method)
    if scope is None:
        return None
    offered = request.headers.get(HEADER)
    from_session = offered is None and "key" in session
    key = services().keys.verify(offered or session["key"]) if offered or from_session else None
    if key is None:
        return _refuse(offered, from_session)
    if from_session and request.method not in SAFE and not _same_origin():
        raise Forbidden("A session's key can only be used from this site's own pages.")
    if not key.allows(scope):
        raise Forbidden(f"This key has the scopes {', '.join(sorted(key.scopes))}; this needs {scope!r}.")
    g.key = key
    return None


def _refuse(offered: str | None, from_session: bool) -> Response:
    if from_session:
        session.clear()
    if offered is None and request.blueprint == "pages":
        return redirect(url_for("pages.login", next=request.full_path.rstrip("?")))  # type: ignore[return-value]
    count_failure()
    if offered is None and not from_session:
        raise unauthorized(f"No API key: send one in the {HEADER} header.")
    raise unauthorized("The API key is unknown or was revoked.")


def count_failure() -> None:
    """Count a failed log-in of this client's address.

    Raises:
        TooManyRequests: over the limit.
    """
    _rates().count_failure(request.remote_addr or "")


def unauthorized(detail: str) -> Unauthorized:
    """A 401 with the WWW-Authenticate header."""
    error = Unauthorized(detail)
    error.get_headers = lambda *_: [("WWW-Authenticate", f'ApiKey realm="interestgraph", header="{HEADER}"')]  # type: ignore[method-assign]
    return error


def _same_origin() -> bool:
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host
