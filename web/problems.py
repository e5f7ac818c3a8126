"""Errors as problem documents (RFC 9457), or as an HTML page for a client that prefers HTML.

Reference: https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, render_template, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from graphstore.collect.records import problems
from graphstore.errors import (
    ChangesTooFast,
    DiskFull,
    GraphError,
    InputError,
    InterestGraphError,
    Neo4jAuthFailed,
    Neo4jUnavailable,
    NotFound,
    NotReady,
    TookTooLong,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "5"
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}  # of RFC 9110; older Pythons have others
log = logging.getLogger("interestgraph.web")


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """The response for one problem. more: further members of the document."""
    title = TITLES.get(status) or HTTPStatus(status).phrase
    if _wants_page():
        page = render_template("error.html", status=status, title=title, detail=detail)
        return Response(
            page.encode("utf-8", "backslashreplace"), status, headers, content_type="text/html; charset=utf-8"
        )
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": instance()}
    document |= more
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")  # as JSON writes surrogates
    return Response(body, status, headers, content_type=MEDIA_TYPE)


def instance() -> str:
    """The URN of this occurrence: the request's id, which the log has too."""
    return f"urn:request:{g.get('request_id', 'unknown')}"


def _wants_page() -> bool:
    if request.path.startswith(("/v1/", "/health/", "/metrics", "/openapi.json")):
        return False
    best = request.accept_mimetypes.best_match(["application/json", "text/html"], "application/json")
    return best == "text/html"


def invalid(error: ValidationError) -> Response:
    """The response for validation errors: each with its place and message."""
    errors = [{"where": place or "body", "message": text} for place, text in problems(error)[:20]]
    detail = "; ".join(f"{item['where']}: {item['message']}" for item in errors)
    return problem(422, detail, errors=errors)


def register(app: Flask) -> None:
    """Handle every error of the application as a problem."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(InterestGraphError, _known)
    app.register_error_handler(Exception, _unknown)


def _http(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]
    kept = ("allow", "retry-after", "www-authenticate")
    headers = {name: value for name, value in error.get_headers() if name.lower() in kept}
    detail = error.description or HTTPStatus(status).description
    if status == 404 and request.url_rule is None:
        detail = f"There is nothing at this path; {request.host_url}docs lists what there is. A slash in an id is %2F."
    if status == 413:
        detail = f"The body is too large: at most {request.max_content_length or 0:,} bytes."
    if status == 429:
        detail = f"Too many requests with this key: the limit is {detail}."
    return problem(status, detail, headers)


def _known(error: InterestGraphError) -> Response:
    retry = {"Retry-After": RETRY_SECONDS}
    if isinstance(error, NotFound):
        return problem(404, str(error))
    if isinstance(error, InputError):
        return problem(422, str(error))
    if isinstance(error, DiskFull):
        log.error("disk full", extra={"fields": {"request_id": g.get("request_id"), "error": str(error)}})
        return problem(507, "The graph's disk has too little room: nothing is stored; reads go on.", retry)
    if isinstance(error, Neo4jUnavailable | Neo4jAuthFailed):
        log.warning("graph unavailable", extra={"fields": {"request_id": g.get("request_id"), "error": str(error)}})
        return problem(503, "The graph database can't be reached at the moment.", retry)
    if isinstance(error, NotReady | TookTooLong | ChangesTooFast):
        return problem(503, str(error), retry)
    if isinstance(error, GraphError):
        log.error("graph error", exc_info=error, extra={"fields": {"request_id": g.get("request_id")}})
        return problem(500, "The graph database refused the request; the log has the reason under the request's id.")
    return _unknown(error)


def _unknown(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error, extra={"fields": {"request_id": g.get("request_id")}})
    return problem(500, "Something unexpected went wrong; the log has the reason under the request's id.")
