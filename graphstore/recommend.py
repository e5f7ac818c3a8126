"""recommend: answers from the graph alone, by the same statements for one user, for all users and for evaluation.

1. read the user's context: recent events with the vectors of their items      recommend/read_context
2. find candidates in every channel, with all signals                          recommend/find_candidates
3. rank them by the learned blend, vary and explore if asked                    graphstore.ranking
4. explain the best: titles and paths                                          recommend/explain_items
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from graphstore.blend import CHANNELS
from graphstore.client import Client
from graphstore.errors import NotFound
from graphstore.explanation import because, path_of
from graphstore.kinds import KINDS, Kind
from graphstore.progress import Progress, silent
from graphstore.ranking import (
    DEFAULT_OPTIONS,
    Ranking,
    RecommendOptions,
    Request,
    make_request,
    new_items,
    rank,
    read_context,
)
from graphstore.related import check_k, similar_items, similar_users, suggested_friends

__all__ = [
    "CHANNELS",
    "RecommendOptions",
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
    kinds: Mapping[str, Kind] = KINDS,
    options: RecommendOptions = DEFAULT_OPTIONS,
) -> dict[str, Any]:
    """What to recommend to one user, best first.

    channel: only this one.  weights: factors by channel that multiply what was learned; a channel not named is off.
    diversity: from 0 (best first) to 1 (least alike).  explore: the share of places for items that are new.

    Returns:
        user_id, as_of (time of the latest event the answer knows of), model_version, and recommendations, each with
        item_id, title, score, channels (name: share of the score), exploration (only where true) and, if `explain`,
        because and path.
    Raises:
        InputError: k, channel, weights, diversity or explore are not usable.
        NotFound: there is no such user.
    """
    check_k(k)
    request = make_request(weights, channel, kinds, options, diversity, explore)
    context = read_context(client, user_id, request)
    if context is None:
        raise NotFound(f"There is no user {user_id[:100]!r} in the graph.")
    ranking = rank(client, user_id, context, request, k)
    return {
        "user_id": user_id,
        "as_of": _as_of(context),
        "model_version": context["model_version"],
        "recommendations": _answers(client, user_id, context, ranking, request, explain),
    }


def recommend_all(
    client: Client,
    k: int = 20,
    progress: Progress = silent,
    *,
    user_ids: Collection[str] | None = None,
    weights: Mapping[str, float] | None = None,
    diversity: float = 0.0,
    explore: float = 0.0,
    kinds: Mapping[str, Kind] = KINDS,
    options: RecommendOptions = DEFAULT_OPTIONS,
) -> Iterator[dict[str, Any]]:
    """For every user of the graph, by the statements that serve one: user_id, items (best first), scores.

    user_ids: only those of these that the graph knows.

    Raises:
        InputError: k, weights, diversity or explore are not usable.
    """
    check_k(k)
    request = make_request(weights, None, kinds, options, diversity, explore)

    def one(user_id: str) -> dict[str, Any]:
        context = read_context(client, user_id, request)
        if context is None:  # erased since the users were listed
            return {"user_id": user_id, "items": [], "scores": []}
        ranking = rank(client, user_id, context, request, k)
        return {"user_id": user_id, "items": ranking.item_ids, "scores": ranking.scores.tolist()}

    known = (row["user_id"] for row in client.stream("recommend/stream_users"))
    users = iter([user_id for user_id in known if user_ids is None or user_id in user_ids])
    done = 0
    with ThreadPoolExecutor(SESSIONS, thread_name_prefix="recommend") as pool:
        while part := list(itertools.islice(users, USERS_AT_ONCE)):
            for answer in pool.map(one, part):
                done += 1
                progress("recommend", done, None)
                yield answer


def recommend_unchosen(
    client: Client,
    user_ids: Collection[str],
    k: int = 20,
    *,
    weights: Mapping[str, float] | None = None,
    kinds: Mapping[str, Kind] = KINDS,
) -> Iterator[dict[str, Any]]:
    """For each of these users that the graph knows, the items that nobody chose yet, by what their content says, as
    exploration ranks them: user_id, items (best first), scores.

    Raises:
        InputError: weights are not usable.
    """
    request = make_request(weights, None, kinds, DEFAULT_OPTIONS)
    for user_id in user_ids:
        context = read_context(client, user_id, request)
        if context is not None:
            ranking = new_items(client, user_id, context, request, events=1)
            yield {"user_id": user_id, "items": ranking.item_ids[:k], "scores": ranking.scores[:k].tolist()}


def _answers(
    client: Client,
    user_id: str,
    context: Mapping[str, Any],
    ranking: Ranking,
    request: Request,
    explain: bool,
) -> list[dict[str, Any]]:
    shares = np.maximum(ranking.parts, 0.0)
    shares[shares.sum(axis=1) == 0] = [float(request.channels[channel] > 0) for channel in CHANNELS]
    strongest = [CHANNELS[place] for place in shares.argmax(axis=1)] if len(shares) else []
    shares = shares / shares.sum(axis=1, keepdims=True)
    rows = client.read(
        "recommend/explain_items",
        user_id=user_id,
        rows=[
            {"item_id": item_id, "channel": channel if explain else ""}
            for item_id, channel in zip(ranking.item_ids, strongest, strict=True)
        ],
        recent=[{"item_id": r["item_id"], "weight": r["short"] + r["long"] + r["age"]} for r in context["recent"]],
        unwanted=request.unwanted,
        options=asdict(request.options),
    )
    answers = []
    for row, channel, score, share in zip(rows, strongest, ranking.scores.tolist(), shares.tolist(), strict=True):
        channels = {name: part for name, part in zip(CHANNELS, share, strict=True) if part > 0}
        answer = {"item_id": row["item_id"], "title": row["title"], "score": score, "channels": channels}
        is_new = row["item_id"] in ranking.new
        if is_new:
            answer["exploration"] = True
        if explain:
            path = path_of(user_id, row, channel, row["nodes"], row["hops"])
            answer |= {"because": because(channel, path, is_new), "path": path}
        answers.append(answer)
    return answers


def _as_of(context: Mapping[str, Any]) -> str | None:
    """The latest event time known: of the graph at the last build, or of the user since."""
    times = [] if context["built"] is None else [datetime.fromtimestamp(context["built"] / 1000, UTC)]
    if context["latest"] is not None:
        times.append(context["latest"].to_native())
    return max(times).isoformat().replace("+00:00", "Z") if times else None
