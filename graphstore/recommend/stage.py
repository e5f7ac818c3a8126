"""recommend: ranked lists from the graph alone, by the same code for one user, for all users and for evaluation.

1. read what changed, and the user if they did: one statement      graphstore.recommend.cache, recommend/read_state
2. find candidates in every channel, with all signals              graphstore.ranking.candidates
3. rank by the learned blend, diversify and explore if asked       graphstore.recommend.rank
4. explain the best: titles and paths, one statement               graphstore.recommend.paths, recommend/explain_items
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from graphstore.batches import batched
from graphstore.database.client import Client
from graphstore.errors import InputError, NotFound
from graphstore.progress import Progress, silent
from graphstore.ranking.blend import CHANNELS
from graphstore.ranking.request import DEFAULT_OPTIONS, RecommendOptions, Request, make_request
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.explanation import Known, explained
from graphstore.recommend.paths import read_paths
from graphstore.recommend.rank import Ranking, new_items, rank
from graphstore.recommend.reasons.choosers import count_people, window
from graphstore.recommend.reasons.reason import Reason, find_reasons
from graphstore.recommend.reasons.tags import read_labels
from graphstore.recommend.related import check_k, similar_items, similar_users, suggested_friends
from graphstore.recommend.snapshot import CacheValidator, RequestContext

__all__ = [
    "CHANNELS",
    "RecommendOptions",
    "ServingCache",
    "check_k",
    "recommend",
    "recommend_all",
    "similar_items",
    "similar_users",
    "suggested_friends",
]

SESSIONS = 4
USERS_AT_ONCE = 256


def recommend(
    client: Client,
    user_id: str,
    k: int = 10,
    explain: bool = True,
    channel: str | None = None,
    weights: Mapping[str, float] | None = None,
    *,
    diversity: float = 0.0,
    explore: float = 0.0,
    at: datetime | None = None,
    fallback: str | None = None,
    options: RecommendOptions = DEFAULT_OPTIONS,
    cache: ServingCache | None = None,
) -> dict[str, Any]:
    """Recommend k items to one user, best first.

    channel: only this one.  weights: factors by channel that multiply the learned ones; a channel not named is off.
    diversity: from 0 (best first) to 1 (least similar).  explore: share of the places for items that are new.
    at: take the user's events, interests and ties as of this moment, and only items that were published or chosen by
    then. Everything else is that of today: the edges between items, similar users, attributes, vectors, popularity and
    the model. So this is not the list that would have been recommended then.
    fallback: "popular" gives a user who is not in the graph what is popular; then the answer says so in `fallback`.
    cache: for repeated calls, made for this client and these options; without one all items are read first.

    Returns:
        user_id, as_of (time of the latest event known to it), model_version, version (the user's, which
        rises with all that concerns them), pending (whether something about them waits for a follower), followers
        (workers of `update --follow` that do such work now; without one it waits), and recommendations, each with
        item_id, title, score, channels (name: share of the score; empty where no channel adds to it), exploration (only
        where true) and, if `explain`, because, reason (what the sentence rests on, see
        `graphstore.recommend.explanation.explained`) and path (empty where no relationship leads to the item). With
        `at` also at.
    Raises:
        InputError: k, channel, weights, diversity or explore are not usable, or explore is asked as of a moment.
        NotFound: there is no such user, and no fallback.
    """
    check_k(k)
    request = make_request(weights, channel, client.kinds, options, diversity, explore)
    return answer(cache or ServingCache(client, options), user_id, request, k, explain, at, fallback)[0]


def answer(
    cache: ServingCache,
    user_id: str,
    request: Request,
    k: int = 10,
    explain: bool = True,
    at: datetime | None = None,
    fallback: str | None = None,
) -> tuple[dict[str, Any], CacheValidator]:
    """`recommend` from a cache and a checked request, and the validator under which the answer may be given again.

    Raises:
        InputError: explore is asked as of a moment.
        NotFound: there is no such user.
    """
    if at is not None and request.explore:
        raise InputError("explore shows what is new now: it can't be asked as of a time.")
    if fallback not in (None, "popular"):
        raise InputError(f"fallback {fallback[:40]!r} is not popular.")
    with cache.turns:
        context, rows = _ranked_and_explained(cache, user_id, request, k, explain, at, fallback)
    document = {
        "user_id": user_id,
        "as_of": context.latest.isoformat().replace("+00:00", "Z") if context.latest else None,
        "model_version": context.snapshot.model,
        "version": context.user.version,
        "pending": context.pending,
        "followers": context.followers,
        "recommendations": rows,
    }
    if not context.known:
        document["fallback"] = fallback
    if at is not None:
        document["at"] = at.isoformat().replace("+00:00", "Z")
    return document, context.validator


def recommend_all(
    client: Client,
    k: int = 20,
    progress: Progress = silent,
    *,
    user_ids: Collection[str] | None = None,
    weights: Mapping[str, float] | None = None,
    diversity: float = 0.0,
    explore: float = 0.0,
    explain: bool = False,
    options: RecommendOptions = DEFAULT_OPTIONS,
) -> Iterator[dict[str, Any]]:
    """Recommend to every user of the graph: user_id, items (best first), scores.

    user_ids: only these users; those who are not in the graph are left out.  explain: because, the reasons of the
    items, is in each row as well; that takes a statement a user.

    Raises:
        InputError: k, weights, diversity or explore are not usable.
    """
    check_k(k)
    request = make_request(weights, None, client.kinds, options, diversity, explore)
    cache = ServingCache(client, options)

    def one(user_id: str) -> dict[str, Any]:
        with cache.turns:
            context = cache.context(user_id)
            if context is None:  # erased since the users were listed
                return {"user_id": user_id, "items": [], "scores": []} | ({"because": []} if explain else {})
            if explain:
                return _explained_list(user_id, _ranked_and_explained(cache, user_id, request, k, True, None, None)[1])
            ranking = rank(client, context, request, k)
        return _list(context, ranking)

    present = (row["user_id"] for row in client.stream("recommend/stream_users"))
    users = [user_id for user_id in present if user_ids is None or user_id in user_ids]
    done = 0
    blas = threadpool_limits(1, "blas")  # users are ranked in threads: those of BLAS would only spin beside them
    with blas, ThreadPoolExecutor(SESSIONS, thread_name_prefix="recommend") as pool:
        for part in batched(users, USERS_AT_ONCE):
            for row in pool.map(one, part):
                done += 1
                progress("recommend", done, len(users))
                yield row


def recommend_unchosen(
    client: Client,
    user_ids: Collection[str],
    k: int = 20,
    *,
    weights: Mapping[str, float] | None = None,
) -> Iterator[dict[str, Any]]:
    """Recommend to each of these users items without any event, ranked by content as `rank.new_items` does: user_id,
    items (best first), scores. Users who are not in the graph are left out.

    Raises:
        InputError: weights are not usable.
    """
    request = make_request(weights, None, client.kinds, DEFAULT_OPTIONS)
    cache = ServingCache(client)
    for user_id in user_ids:
        context = cache.context(user_id)
        if context is not None:
            yield _list(context, new_items(context, request, events=1).take(slice(k)))


def why_nothing(client: Client, at: datetime | None = None) -> str:
    """Why an answer holds no item, as a sentence.  at: the moment that was asked for."""
    if not client.read("extract/items/count_items")[0]["items"]:
        return "the graph is empty. Run `interestgraph collect` first."
    if not client.read("recommend/read_build"):
        return "nothing was derived from behaviour yet. Run `interestgraph build` first."
    if at is not None:
        return f"as of {at.isoformat()}, no item was known that the user had not seen."
    return "no channel leads to an item that this user has not seen."


def _list(context: RequestContext, ranking: Ranking) -> dict[str, Any]:
    return {"user_id": context.user_id, "items": ranking.item_ids(context), "scores": ranking.scores.tolist()}


def _explained_list(user_id: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    columns = {"items": "item_id", "scores": "score", "because": "because"}
    return {"user_id": user_id} | {name: [row[key] for row in rows] for name, key in columns.items()}


def _ranked_and_explained(
    cache: ServingCache,
    user_id: str,
    request: Request,
    k: int,
    explain: bool,
    at: datetime | None,
    fallback: str | None,
) -> tuple[RequestContext, list[dict[str, Any]]]:
    while True:
        context = cache.context(user_id, at, newcomers=fallback is not None)
        if context is None:
            raise NotFound(f"There is no user {user_id[:100]!r} in the graph.")
        ranking = rank(cache.client, context, request, k)
        rows = _explained(cache, context, ranking, request, explain)
        if rows is not None:
            return context, rows


def _explained(
    cache: ServingCache, context: RequestContext, ranking: Ranking, request: Request, explain: bool
) -> list[dict[str, Any]] | None:
    """The recommendations of an answer; None where an item is gone from the graph: it is discarded, rank again."""
    items, rows = context.catalogue, ranking.rows.tolist()
    shares = np.maximum(ranking.parts, 0.0)
    shares /= np.where(total := shares.sum(axis=1, keepdims=True), total, 1.0)
    recommendations = []
    for row, score, share in zip(rows, ranking.scores.tolist(), shares.tolist(), strict=True):
        channels = {name: part for name, part in zip(CHANNELS, share, strict=True) if part > 0}
        one = {"item_id": items.ids[row], "title": items.titles[row], "score": score, "channels": channels}
        recommendations.append(one | ({"exploration": True} if row in ranking.new else {}))
    if not explain:
        return recommendations
    reasons = find_reasons(cache.client, context, ranking, request)
    paths = read_paths(cache.client, context, reasons, request)
    if gone := [row for row, path in zip(rows, paths, strict=True) if path is None]:
        cache.discard(context, np.array(gone, dtype=np.int64))
        return None
    known = _known(cache.client, context, reasons, ranking, request)
    for one, reason, path in zip(recommendations, reasons, paths, strict=True):
        assert path is not None
        one |= explained(context, reason, path, known, one["title"])
    return recommendations


def _known(
    client: Client, context: RequestContext, reasons: Sequence[Reason], ranking: Ranking, request: Request
) -> Known:
    """The numbers and names that the sentences of an answer hold."""
    named = [(reason.row, part) for reason in reasons for part in reason.named]
    counted = {row for row, part in named if part.origin == "popularity"}
    counted |= ranking.new | {reason.row for reason in reasons if not reason.named}
    names = [str(part.key) for _, part in named if part.origin == "interest"]
    until, days = window(context)
    counts = count_people(client, context, sorted(counted), request)
    return Known(until, days, counts, read_labels(client, context, names), ranking.new)
