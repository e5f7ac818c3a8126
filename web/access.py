"""Access control: API keys in `X-API-Key` or, for the pages, a session; scopes; rate limits per key and endpoint.

An endpoint needs `read` for GET and `write` for anything else unless `@needs` or `@public` marks it otherwise. An
endpoint without a mark therefore needs a key; only static files are open without one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.exceptions import Forbidden, Unauthorized

from graphstore.administration.keys import ApiKey
from graphstore.administration.sessions import SESSION_SECONDS
from graphstore.errors import GraphError
from web.configuration import WebConfig
from web.rates import Rates
from web.services import EXTENSION, Services, services

F = TypeVar("F", bound=Callable[..., Any])
HEADER = "X-API-Key"
COOKIE = "interestgraph"
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
    token = request.cookies.get(COOKIE) if offered is None else None
    key = _key(services(), offered, token)
    if key is None:
        return _refuse(offered, token)
    if token and request.method not in SAFE:
        require_same_origin()
    if not key.allows(scope):
        raise Forbidden(f"This key has the scopes {', '.join(sorted(key.scopes))}; this needs {scope!r}.")
    g.key = key
    return None


def _key(found: Services, offered: str | None, token: str | None) -> ApiKey | None:
    if offered:
        return found.keys.verify(offered)
    return found.sessions.key_of(token) if token else None


def in_force() -> Callable[[], bool]:
    """A function that tells later, for an answer that goes on, whether this request would still be let in."""
    found, scope = services(), scope_of(current_app.view_functions[request.endpoint or ""], request.method)
    offered = request.headers.get(HEADER)
    token = request.cookies.get(COOKIE) if offered is None else None

    def check() -> bool:
        try:
            key = _key(found, offered, token)
        except GraphError:  # nothing is known at present
            return True
        return key is not None and (scope is None or key.allows(scope))

    return check


def may_read() -> bool:
    """Whether the key of this request may also read: an answer to a write shows no more than that."""
    return bool(g.key.allows("read"))


def begin_session(response: Response, key: ApiKey) -> None:
    """Begin a session with a key, whose token the browser keeps: over TLS, no plain connection ever carries it."""
    response.set_cookie(COOKIE, services().sessions.begin(key), SESSION_SECONDS, **_cookie_options())


def end_session(response: Response) -> None:
    """End the session of this request, if there is one."""
    if token := request.cookies.get(COOKIE):
        services().sessions.end(token)
    response.delete_cookie(COOKIE, **_cookie_options())


def _cookie_options() -> dict[str, Any]:
    return {"httponly": True, "samesite": "Strict", "secure": request.is_secure}


def _refuse(offered: str | None, token: str | None) -> Response:
    if offered is None and request.blueprint == "pages":
        return redirect(url_for("pages.login", next=request.full_path.rstrip("?")))  # type: ignore[return-value]
    count_failure()
    if offered is None and not token:
        raise unauthorized(f"No API key: send one in the {HEADER} header.")
    raise unauthorized("The API key is unknown or was revoked, or the session has ended.")


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


def require_same_origin() -> None:
    """Refuse a request that a page of another site makes a browser send.

    Raises:
        Forbidden: the Origin is another one, or none that can be read.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return
    try:
        same = urlsplit(origin).netloc == request.host
    except ValueError:
        same = False
    if not same:
        raise Forbidden("A session can only be begun, used and ended from this site's own pages.")
