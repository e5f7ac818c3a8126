"""PUT, GET and DELETE of users, GET /v1/users/{id}/events and GET /v1/users/{id}/export."""

from __future__ import annotations

from flask import Response

from graphstore.collect.records import User
from graphstore.profiles import erasure, users_and_items
from web.access import may_read, needs
from web.api.blueprint import answer, either, resource
from web.api.schemas import EventQuery, StoredEvents, UserBody, UserDocument, UserPath, WrittenUser
from web.services import graph

blueprint = resource("users", "Users and their attributes")


@blueprint.get("/users/<id:user_id>", responses={200: UserDocument})
def read_user(path: UserPath) -> Response:
    """A user: attributes, counts, times, embedding"""
    return answer(users_and_items.read_user(graph(), path.user_id))


@blueprint.get("/users/<id:user_id>/events", responses={200: StoredEvents})
def read_events(path: UserPath, query: EventQuery) -> Response:
    """A user's latest events and searches, with what the user wrote"""
    events = users_and_items.read_behaviour(graph(), path.user_id, query.count)
    return answer({"user_id": path.user_id, "events": events})


@blueprint.put("/users/<id:user_id>", responses={status: either(UserDocument, WrittenUser) for status in (200, 201)})
@needs("write")
def put_user(path: UserPath, body: UserBody) -> Response:
    """Create a user, or replace their attributes

    Answers 201 for a new user, 200 for a known one. Their behaviour stays as it is. A key that may not read
    gets only the id in answer.
    """
    created = users_and_items.put_user(graph(), User(user_id=path.user_id, **body.model_dump()))
    document = users_and_items.read_user(graph(), path.user_id) if may_read() else {"user_id": path.user_id}
    return answer(document, 201 if created else 200)


@blueprint.delete("/users/<id:user_id>", responses={200: {"description": "Counts of what was removed"}})
@needs("admin")
def delete_user(path: UserPath) -> Response:
    """Erase a user from the graph: behaviour, interests, corrections, ties, vector

    Attributes and items that only they have or mention go too. What was computed from many users holds no id of
    theirs; the next build and update --full compute it without them. Files are not touched: rows that collect rejected
    stay with their ids, answers of a language model stay without.
    """
    return answer({"user_id": path.user_id, "removed": erasure.erase_user(graph(), path.user_id)})


@blueprint.get(
    "/users/<id:user_id>/export", responses={200: {"description": "All that the graph stores about the user"}}
)
@needs("admin")
def export_user(path: UserPath) -> Response:
    """All that the graph stores about a user, in one document"""
    headers = {"Content-Disposition": "attachment; filename=user.json"}
    return answer(erasure.export_user(graph(), path.user_id), headers=headers)
