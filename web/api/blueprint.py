"""The common part of all API blueprints: path prefix, security by API key, and documented errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, request
from flask.json import dumps
from flask_openapi3 import APIBlueprint, Schema, Tag
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from web.api.schemas import Problem
from web.problems import MEDIA_TYPE

SECURITY_SCHEMES: dict[str, Any] = {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
ERRORS = (400, 401, 403, 404, 413, 415, 422, 429, 500, 503)
PUBLIC_ERRORS = (400, 413, 500, 503)


def _problem_response(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def resource(name: str, description: str, prefix: str = "/v1", *, open_to_all: bool = False) -> APIBlueprint:
    """A blueprint for one resource, whose operations answer errors with problem documents.

    open_to_all: its operations are described as needing no key; `access.public` lets everybody in.
    """
    responses: dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None] = {
        str(status): _problem_response(HTTPStatus(status).phrase)
        for status in (PUBLIC_ERRORS if open_to_all else ERRORS)
    }
    blueprint = APIBlueprint(
        name,
        __name__,
        url_prefix=prefix,
        abp_tags=[Tag(name=name, description=description)],
        abp_security=[] if open_to_all else [{"key": []}],
        abp_responses=responses,
    )
    blueprint.before_request(_json_body)
    blueprint.components_schemas["Problem"] = Schema(**Problem.model_json_schema())
    return blueprint


def _json_body() -> None:
    """Refuse a body that is not JSON before validation."""
    if request.method in ("POST", "PUT"):
        if not request.is_json:
            raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
        try:
            request.get_json()
        except RecursionError:
            raise BadRequest("The JSON is nested too deeply.") from None


def answer(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response."""
    body = dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")  # as JSON writes surrogates
    return Response(body, status, headers, content_type="application/json")


def either(*models: type[BaseModel]) -> dict[str, Any]:
    """The description of an answer that has one of several shapes."""
    schemas = [model.model_json_schema(ref_template="#/components/schemas/{model}") for model in models]
    for schema in schemas:
        schema.pop("$defs", None)  # other operations answer these too, and so describe them
    return {"description": "OK", "content": {"application/json": {"schema": {"anyOf": schemas}}}}
