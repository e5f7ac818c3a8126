"""GET /v1/users/{id}/graph and /v1/graph/{label}/{key}: a node and its neighbours."""

from __future__ import annotations

from flask import Response

from graphstore.profiles.exploration import neighbourhood
from web.api.blueprint import answer, resource
from web.api.schemas import GraphNeighbourhood, GraphQuery, NodePath, UserPath
from web.services import graph

blueprint = resource("graph", "The interest graph, node by node")


@blueprint.get("/users/<id:user_id>/graph", responses={200: GraphNeighbourhood})
def read_user_graph(path: UserPath, query: GraphQuery) -> Response:
    """A user's interest graph: interests, latest behaviour, attributes, similar users, ties"""
    return answer(neighbourhood(graph(), "User", path.user_id, query.count))


@blueprint.get("/graph/<label>/<id:key>", responses={200: GraphNeighbourhood})
def read_graph(path: NodePath, query: GraphQuery) -> Response:
    """The neighbours of any node"""
    return answer(neighbourhood(graph(), path.label, path.key, query.count))
