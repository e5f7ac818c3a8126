"""GET /health/live, /health/ready and /metrics: need no key and hold no ids."""

from __future__ import annotations

from flask import Response

from graphstore.administration.followers import read_followers
from graphstore.administration.keys import any_key
from graphstore.database.schema import is_current
from graphstore.errors import GraphError
from web.access import public
from web.api.blueprint import answer, resource
from web.api.schemas import Readiness, State
from web.problems import RETRY_SECONDS, problem
from web.services import graph, services

blueprint = resource("health", "For load balancers and monitoring", prefix="", open_to_all=True)


@blueprint.get("/health/live", responses={200: State})
@public
def live() -> Response:
    """Alive: the process answers"""
    return answer({"status": "live"})


@blueprint.get("/health/ready", responses={200: Readiness})
@public
def ready() -> Response:
    """Ready: the graph answers, its schema is current, and there is an API key"""
    headers = {"Retry-After": RETRY_SECONDS}
    try:
        current = is_current(graph())
        keys = any_key(graph())
        followed = read_followers(graph()) if current else None
    except GraphError:
        return problem(503, "The graph database can't be reached at the moment.", headers)
    if followed is None:
        return problem(503, "The graph's schema is older than this program; a start updates it.", headers)
    if not keys:
        return problem(503, "There is no API key: make one with `interestgraph keys create`.", headers)
    return answer({"status": "ready"} | followed.as_dict())


@blueprint.get("/metrics", responses={200: {"description": "Prometheus text format"}})
@public
def metrics() -> Response:
    """Requests, durations, events and followers, for Prometheus"""
    found = services().metrics
    try:
        found.followed(read_followers(graph()))
    except GraphError:
        found.followed(None)
    return Response(found.text(), content_type=found.content_type)
