"""GET /v1/users/{id}/interests, now or as of a moment; …/interests/{name}: GET what it rests on, PUT a correction."""

from __future__ import annotations

from datetime import datetime

from flask import Response

from graphstore.profiles import interests as graph_interests
from graphstore.profiles.evidence import read_interest
from web.access import may_read, needs
from web.api.blueprint import answer, either, resource
from web.api.schemas import (
    Corrected,
    Correction,
    InterestEvidence,
    InterestPath,
    InterestQuery,
    Interests,
    UserPath,
)
from web.services import graph

blueprint = resource("interests", "Interests of a user with their evidence")


@blueprint.get("/users/<id:user_id>/interests", responses={200: Interests})
def read_interests(path: UserPath, query: InterestQuery) -> Response:
    """A user's interests, now or those in force at a moment

    An interval has one weight and one list of evidence, those written last; at= does not go back to earlier ones.
    """
    return _interests(path.user_id, query.at)


@blueprint.get("/users/<id:user_id>/interests/<id:name>", responses={200: InterestEvidence})
def read_one_interest(path: InterestPath) -> Response:
    """One interest of a user: when it held, and the events and words that it rests on"""
    return answer(read_interest(graph(), path.user_id, path.name))


@blueprint.put("/users/<id:user_id>/interests/<id:name>", responses={200: either(Interests, Corrected)})
@needs("write")
def correct_interest(path: InterestPath, body: Correction) -> Response:
    """Correct an interest: pin it, weaken it, delete it, or withdraw the correction

    It holds at once, and all later extraction obeys it. Answers the user's interests after it if the key may read
    them, else the correction.
    """
    graph_interests.correct_interest(graph(), path.user_id, path.name, body.correction)
    if not may_read():
        return answer({"user_id": path.user_id, "name": path.name, "correction": body.correction})
    return _interests(path.user_id)


def _interests(user_id: str, at: datetime | None = None) -> Response:
    interests = graph_interests.read_interests(graph(), user_id, at)
    corrections = graph_interests.read_corrections(graph(), user_id)
    moment = at.isoformat() if at else None
    return answer({"user_id": user_id, "at": moment, "interests": interests, "corrections": corrections})
