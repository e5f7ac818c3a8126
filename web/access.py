"""Who may do what: API keys in `X-API-Key` or, for the pages, in the session; scopes; rate limits per key.

An endpoint needs `read` for GET and `write` for anything else unless it says otherwise with `@needs` or `@public`, so a
forgotten mark closes a door instead of leaving one open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask_limiter import Limiter
from limits import parse
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized

from graphstore.keys import ApiKey
from web import counting
from web.configuration import WebConfig
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


def register(app: Flask) -> Limiter:
    """Check the key of every request, then its rate."""
    app.before_request(_authenticate)
    config: WebConfig = app.extensions[EXTENSION].config
    limiter = Limiter(
        _limit_key,
        default_limits=[config.rate_limit],
        default_limits_exempt_when=lambda: g.get("key") is None,
        default_limits_per_method=False,
        headers_enabled=True,
        strategy="fixed-window",
        storage_uri=f"{counting.SCHEME}://",
    )
    limiter.init_app(app)
    return limiter


def _limit_key() -> str:
    key: ApiKey | None = g.get("key")
    return key.key_hash if key else f"address:{request.remote_addr}"


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
        TooManyRequests: too many of them.
    """
    limit = parse(services().config.failure_limit)
    limiter: Limiter = current_app.extensions[f"{EXTENSION}.limiter"]
    if not limiter.limiter.hit(limit, "failures", request.remote_addr or ""):
        raise TooManyRequests(f"{limit} for wrong keys", retry_after=limit.get_expiry())


def unauthorized(detail: str) -> Unauthorized:
    """A 401 that says how to authenticate."""
    error = Unauthorized(detail)
    error.get_headers = lambda *_: [("WWW-Authenticate", f'ApiKey realm="interestgraph", header="{HEADER}"')]  # type: ignore[method-assign]
    return error


def _same_origin() -> bool:
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host
