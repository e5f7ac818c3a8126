"""Request ids, the access log and security headers: one JSON line a request, with no secret and no user id in it."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time
import uuid

from flask import Flask, Response, g, request

from web.metrics import method_label
from web.services import services

log = logging.getLogger("interestgraph.access")
HEADER = "X-Request-ID"
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def pseudonym(secret: bytes, user_id: str) -> str:
    """The pseudonym of a user in the log: 12 hex digits of HMAC-SHA-256 under the secret."""
    return hmac.new(secret, user_id.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]


def register(app: Flask) -> None:
    """Give every request an id and a log line, and every response the security headers."""
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    g.started = time.perf_counter()
    given = request.headers.get(HEADER, "")
    g.request_id = given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex


def _finish(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    route = request.url_rule.rule if request.url_rule else "(no route)"
    found = services()
    method = method_label(request.method)
    found.metrics.answered(route, method, response.status_code, seconds)
    fields = {
        "request_id": g.get("request_id"),
        "method": method,
        "route": route,
        "status": response.status_code,
        "milliseconds": round(seconds * 1000, 1),
        "key": g.key.name if g.get("key") else None,
    }
    user_id = (request.view_args or {}).get("user_id")
    if user_id:
        fields["user"] = pseudonym(found.secret, user_id)
    log.info("request", extra={"fields": fields})
    response.headers[HEADER] = g.get("request_id", "unknown")
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")  # "no-referrer" hides the Origin of forms
    if request.url_rule is not None and "static" not in route:
        response.headers.setdefault("Cache-Control", "no-store")
    return response
