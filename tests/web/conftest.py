"""An application on the test graph, with one key of each scope, and a client that speaks HTTP to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from graphstore import Client, Settings
from graphstore.administration.keys import create_key
from graphstore.build.stage import build
from web import create_app
from web.configuration import WebConfig
from web.serving import make_server


@dataclass(frozen=True)
class Api:
    """Requests with the key of one scope."""

    http: FlaskClient
    keys: dict[str, str]

    def __call__(self, method: str, path: str, scope: str = "read", **options: Any) -> TestResponse:
        headers = {"X-API-Key": self.keys[scope], **options.pop("headers", {})}
        return self.http.open(path, method=method, headers=headers, **options)


@pytest.fixture
def config(client: Client, tmp_path: Path) -> WebConfig:
    return WebConfig(settings=Settings(home=tmp_path), client=client)


@pytest.fixture
def keys(client: Client) -> dict[str, str]:
    return {scope: create_key(client, f"test {scope}", [scope]) for scope in ("read", "write", "admin")}


@pytest.fixture
def app(config: WebConfig) -> Flask:
    return create_app(config)


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def api(http: FlaskClient, keys: dict[str, str]) -> Api:
    return Api(http, keys)


@pytest.fixture
def limited(config: WebConfig, keys: dict[str, str]) -> Iterator[Api]:
    app = create_app(replace(config, rate_limit="3 per minute", failure_limit="2 per minute"))
    yield Api(app.test_client(), keys)


@pytest.fixture
def films(api: Api, client: Client) -> list[dict[str, Any]]:
    """Two users and three films, put over HTTP, and built."""
    for item_id, title, genre in (("f1", "Stalker", "Drama"), ("f2", "Solaris", "Drama"), ("f3", "Alien", "Horror")):
        body = {"title": title, "kind": "film", "attributes": {"genre": [genre]}}
        assert api("PUT", f"/v1/items/{item_id}", "write", json=body).status_code == 201
    events = [
        {
            "event_id": f"e{n}",
            "user_id": user,
            "item_id": item,
            "kind": "rate",
            "value": value,
            "timestamp": 883600000 + n,
        }
        for n, (user, item, value) in enumerate(
            [("ann", "f1", 5), ("ann", "f2", 4), ("bob", "f1", 2), ("bob", "f3", 5)]
        )
    ]
    assert api("POST", "/v1/events", "write", json=events).json["accepted"] == 4
    build(client)
    return events


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    """The port of a production server that runs in a thread."""
    server = make_server(app, "127.0.0.1", 0, threads=6)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.effective_port
    server.stop()
    thread.join(20)
    assert not thread.is_alive()
