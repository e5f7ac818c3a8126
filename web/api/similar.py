"""GET /v1/users/{id}/similar, /v1/users/{id}/friends/suggested and /v1/items/{id}/similar."""

from __future__ import annotations

from flask import Response

from graphstore.recommend import stage
from web.api.blueprint import answer, resource
from web.api.schemas import CountQuery, ItemPath, Similar, Suggested, UserPath
from web.services import graph

blueprint = resource("similar", "Similar users and items, suggested friends")


@blueprint.get("/users/<id:user_id>/similar", responses={200: Similar})
def read_similar_users(path: UserPath, query: CountQuery) -> Response:
    """Users who behave like this one"""
    return answer({"user_id": path.user_id, "similar": stage.similar_users(graph(), path.user_id, query.k)})


@blueprint.get("/users/<id:user_id>/friends/suggested", responses={200: Suggested})
def read_suggested_friends(path: UserPath, query: CountQuery) -> Response:
    """Users this one might follow"""
    suggested = stage.suggested_friends(graph(), path.user_id, query.k)
    return answer({"user_id": path.user_id, "suggested": suggested})


@blueprint.get("/items/<id:item_id>/similar", responses={200: Similar})
def read_similar_items(path: ItemPath, query: CountQuery) -> Response:
    """Items like this one"""
    return answer({"item_id": path.item_id, "similar": stage.similar_items(graph(), path.item_id, query.k)})
