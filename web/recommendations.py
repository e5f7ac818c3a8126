"""GET /v1/users/{id}/recommendations."""

from __future__ import annotations

from flask import Response

from graphstore.recommend import recommend
from web.bodies import RecommendationQuery, Recommendations, UserPath
from web.resource import answer, resource
from web.services import services

blueprint = resource("recommendations", "What a user might want next, and why")


@blueprint.get("/users/<id:user_id>/recommendations", responses={200: Recommendations})
def read_recommendations(path: UserPath, query: RecommendationQuery) -> Response:
    """Recommend items to a user, best first

    Computed from the graph as it is now; with explain=true each item tells which channels found it, in a sentence,
    and by which path.
    """
    found = services()
    return answer(
        recommend(
            found.client,
            path.user_id,
            k=query.k,
            explain=query.explain,
            channel=query.channel,
            diversity=query.diversity,
            explore=query.explore,
            kinds=found.kinds,
        )
    )
