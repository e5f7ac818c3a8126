"""Services: the client of the graph, keys, caches, metrics and configuration that requests share."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from graphstore.administration.keys import KeyRing
from graphstore.administration.sessions import Sessions
from graphstore.database.client import Client
from graphstore.recommend.cache import ServingCache
from web.configuration import WebConfig
from web.feed import Feed
from web.metrics import Metrics
from web.response_cache import ResponseCache

EXTENSION = "interestgraph"


@dataclass(frozen=True)
class Services:
    """Made once by `create_app`, shared by all threads. secret: of the pseudonyms in the log."""

    config: WebConfig
    client: Client
    keys: KeyRing
    sessions: Sessions
    cache: ServingCache
    response_cache: ResponseCache
    metrics: Metrics
    secret: bytes
    feed: Feed


def services() -> Services:
    """The services of the application that handles the current request."""
    found: Services = current_app.extensions[EXTENSION]
    return found


def graph() -> Client:
    """The client of the graph."""
    return services().client
