"""GET /v1/users/{id}/interests: now, or as they were."""

from __future__ import annotations

from flask import Response

from graphstore import profiles
from web.bodies import InterestQuery, Interests, UserPath
from web.resource import answer, resource
from web.services import graph

blueprint = resource("interests", "What a user cares about, with the events it came from")


@blueprint.get("/users/<id:user_id>/interests", responses={200: Interests})
def read_interests(path: UserPath, query: InterestQuery) -> Response:
    """A user's interests now, or as they were at a moment"""
    interests = profiles.read_interests(graph(), path.user_id, query.at)
    at = query.at.isoformat() if query.at else None
    return answer({"user_id": path.user_id, "at": at, "interests": interests})
