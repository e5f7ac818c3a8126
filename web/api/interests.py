"""GET /v1/users/{id}/interests: now, or as they were; PUT …/interests/{name}: what the user says of one."""

from __future__ import annotations

from datetime import datetime

from flask import Response

from graphstore.profiles import interests as graph_interests
from web.access import needs
from web.api.blueprint import answer, resource
from web.api.schemas import Correction, InterestPath, InterestQuery, Interests, UserPath
from web.services import graph

blueprint = resource("interests", "What a user cares about, with the events it came from")


@blueprint.get("/users/<id:user_id>/interests", responses={200: Interests})
def read_interests(path: UserPath, query: InterestQuery) -> Response:
    """A user's interests now, or as they were at a moment"""
    return _interests(path.user_id, query.at)


@blueprint.put("/users/<id:user_id>/interests/<id:name>", responses={200: Interests})
@needs("write")
def correct_interest(path: InterestPath, body: Correction) -> Response:
    """Correct an interest: pin it, weaken it, delete it, or withdraw what was said

    It shows at once, and extraction heeds it for good. Answers the user's interests as they are then.
    """
    graph_interests.correct_interest(graph(), path.user_id, path.name, body.correction)
    return _interests(path.user_id)


def _interests(user_id: str, at: datetime | None = None) -> Response:
    interests = graph_interests.read_interests(graph(), user_id, at)
    said = graph_interests.read_corrections(graph(), user_id)
    moment = at.isoformat() if at else None
    return answer({"user_id": user_id, "at": moment, "interests": interests, "corrections": said})
