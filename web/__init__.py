"""The web application: an API under /v1, pages for people, health and metrics."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version

from flask import Flask
from flask_openapi3 import Info, OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

from graphstore import connect
from graphstore.administration.keys import KeyRing
from graphstore.administration.sessions import Sessions
from graphstore.recommend.cache import ServingCache
from web import access, access_log, pages, path_ids, problems
from web.api import events, graph, health, interests, items, openapi, recommendations, similar, stream, users
from web.api.blueprint import SECURITY_SCHEMES
from web.configuration import WebConfig, pseudonym_secret
from web.feed import Feed
from web.metrics import Metrics
from web.response_cache import ResponseCache
from web.services import EXTENSION, Services

RESOURCES = (events, recommendations, interests, similar, items, users, graph, stream, health)
GRAPH_RETRY_SECONDS = 2.0
GRAPH_MOST_SECONDS = 60.0  # of one transaction


def create_app(config: WebConfig | None = None) -> Flask:
    """Make the application and wire all its parts; nothing else does.

    Args:
        config: None reads the environment (`WebConfig.from_environment`).

    Raises:
        InputError: a setting that can't be used.  GraphError, ServerError: no graph to serve from.
    """
    config = config or WebConfig.from_environment(os.environ)
    app = OpenAPI(
        __name__,
        info=Info(title="interestgraph", version=_version(), description=DESCRIPTION),
        security_schemes=SECURITY_SCHEMES,
        validation_error_callback=problems.invalid,
        doc_ui=False,
    )
    app.extensions[EXTENSION] = _services(config)
    app.config.update(
        MAX_CONTENT_LENGTH=config.max_body_bytes,
    )
    app.url_map.converters["id"] = path_ids.IdConverter
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    problems.register(app)
    access_log.register(app)
    app.extensions[f"{EXTENSION}.rates"] = access.register(app)
    for resource in RESOURCES:
        app.register_api(resource.blueprint)
    app.register_blueprint(openapi.blueprint)
    app.register_blueprint(pages.blueprint)
    application = path_ids.RawPath(app.wsgi_app)
    proxies = config.trusted_proxies
    app.wsgi_app = ProxyFix(application, proxies, proxies, proxies) if proxies else application  # type: ignore[method-assign]
    return app


def _services(config: WebConfig) -> Services:
    secret = config.secret or pseudonym_secret(config.settings.home)
    client = config.client or connect(
        config.settings, retry_seconds=GRAPH_RETRY_SECONDS, most_seconds=GRAPH_MOST_SECONDS
    )
    return Services(
        config,
        client,
        KeyRing(client),
        Sessions(client),
        ServingCache(client),
        ResponseCache(),
        Metrics(client.disk.free if client.disk else None),
        secret,
        Feed(client, config.most_listeners),
    )


def _version() -> str:
    try:
        return version("interestgraph")
    except PackageNotFoundError:
        return "0"


DESCRIPTION = """Recommendations and interest profiles from a living graph.

Send an API key in `X-API-Key`. Ids are percent-encoded in paths, a slash as `%2F`.
Errors are problem documents (RFC 9457).
"""
