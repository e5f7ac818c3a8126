"""GET /v1/users/{id}/recommendations."""

from __future__ import annotations

import orjson
from flask import Response, request

from graphstore.ranking.request import make_request
from graphstore.recommend.stage import answer
from web.api.blueprint import resource
from web.api.schemas import RecommendationQuery, Recommendations, UserPath
from web.response_cache import CachedResponse
from web.services import Services, services

blueprint = resource("recommendations", "Recommended items with the reasons")


@blueprint.get(
    "/users/<id:user_id>/recommendations",
    responses={200: Recommendations, 304: {"description": "The answer with the entity tag sent still holds"}},
)
def read_recommendations(path: UserPath, query: RecommendationQuery) -> Response:
    """Recommend items to a user, best first

    From the graph as it is now. With explain=true each item has the share of each channel, a sentence and the path
    behind it. While nothing about the user changed, an answer may be given again for up to a minute; send
    `Cache-Control: no-cache` to have it computed. Answers carry an `ETag`: send it back in `If-None-Match`.
    """
    found = services()
    key = (path.user_id, *query.model_dump().values())
    validator = found.cache.validator(path.user_id) if not request.cache_control.no_cache else None
    response = found.response_cache.find(key, validator) if validator is not None else None
    response = response or _compute(found, path.user_id, query, key)
    headers = {"ETag": f'"{response.etag}"', "Cache-Control": "private, no-cache"}
    if request.if_none_match.contains(response.etag):
        return Response(status=304, headers=headers)
    return Response(response.body, headers=headers, content_type="application/json")


def _compute(found: Services, user_id: str, query: RecommendationQuery, key: tuple[object, ...]) -> CachedResponse:
    wanted = make_request(
        None, query.channel, found.client.kinds, found.cache.options, diversity=query.diversity, explore=query.explore
    )
    document, validator = answer(found.cache, user_id, wanted, query.k, query.explain, query.at, query.fallback)
    return found.response_cache.keep(key, orjson.dumps(document), validator)
