"""recommend: answers from the graph alone, by the same code for one user, for all users and for evaluation.

1. read what changed, and the user if they did: one statement      graphstore.memory, recommend/read_state
2. find candidates in every channel, with all signals              graphstore.channels
3. rank them by the learned blend, vary and explore if asked       graphstore.ranking
4. explain the best: titles and paths, one statement               graphstore.paths, recommend/explain_items
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import numpy as np

from graphstore.batches import batched
from graphstore.database.client import Client
from graphstore.errors import InputError, NotFound
from graphstore.progress import Progress, silent
from graphstore.ranking.blend import CHANNELS
from graphstore.ranking.request import DEFAULT_OPTIONS, RecommendOptions, Request, make_request
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.explanation import because, path_of
from graphstore.recommend.paths import read_paths
from graphstore.recommend.rank import Ranking, new_items, rank
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
    options: RecommendOptions = DEFAULT_OPTIONS,
    memory: ServingCache | None = None,
) -> dict[str, Any]:
    """What to recommend to one user, best first.

    channel: only this one.  weights: factors by channel that multiply what was learned; a channel not named is off.
    diversity: from 0 (best first) to 1 (least alike).  explore: the share of places for items that are new.
    at: as of this moment: the user's events, interests and ties by then, items that were there by then; what goes with
    what, vectors and popularity are those of now.
    memory: of who asks again and again (it was made with kinds and options); without one all items are read first.

    Returns:
        user_id, as_of (time of the latest event the answer knows of), model_version, version (the user's, which rises
        with all that concerns them), pending (whether something about them still waits for the follower), and
        recommendations, each with item_id, title, score, channels (name: share of the score), exploration (only where
        true) and, if `explain`, because and path.
    Raises:
        InputError: k, channel, weights, diversity or explore are not usable, or explore is asked as of a moment.
        NotFound: there is no such user.
    """
    check_k(k)
    request = make_request(weights, channel, client.kinds, options, diversity, explore)
    return answer(memory or ServingCache(client, options), user_id, request, k, explain, at)[0]


def answer(
    memory: ServingCache,
    user_id: str,
    request: Request,
    k: int = 10,
    explain: bool = True,
    at: datetime | None = None,
) -> tuple[dict[str, Any], CacheValidator]:
    """`recommend` for who asks again and again, and the stamp under which the answer may be given again.

    Raises:
        InputError: explore is asked for a moment that is past.
        NotFound: there is no such user.
    """
    if at is not None and request.explore:
        raise InputError("explore shows what is new now: it can't be asked as of a time.")
    with memory.turns:
        known, answers = _answer(memory, user_id, request, k, explain, at)
    document = {
        "user_id": user_id,
        "as_of": known.latest.isoformat().replace("+00:00", "Z") if known.latest else None,
        "model_version": known.edition.model,
        "version": known.card.version,
        "pending": known.pending,
        "recommendations": answers,
    }
    if at is not None:
        document["at"] = at.isoformat().replace("+00:00", "Z")
    return document, known.stamp


def recommend_all(
    client: Client,
    k: int = 20,
    progress: Progress = silent,
    *,
    user_ids: Collection[str] | None = None,
    weights: Mapping[str, float] | None = None,
    diversity: float = 0.0,
    explore: float = 0.0,
    options: RecommendOptions = DEFAULT_OPTIONS,
) -> Iterator[dict[str, Any]]:
    """For every user of the graph, by the code that serves one: user_id, items (best first), scores.

    user_ids: only those of these that the graph knows.

    Raises:
        InputError: k, weights, diversity or explore are not usable.
    """
    check_k(k)
    request = make_request(weights, None, client.kinds, options, diversity, explore)
    memory = ServingCache(client, options)

    def one(user_id: str) -> dict[str, Any]:
        with memory.turns:
            known = memory.know(user_id)
            if known is None:  # erased since the users were listed
                return {"user_id": user_id, "items": [], "scores": []}
            ranking = rank(client, known, request, k)
        return {"user_id": user_id, "items": ranking.item_ids(known), "scores": ranking.scores.tolist()}

    known = (row["user_id"] for row in client.stream("recommend/stream_users"))
    users = [user_id for user_id in known if user_ids is None or user_id in user_ids]
    done = 0
    with ThreadPoolExecutor(SESSIONS, thread_name_prefix="recommend") as pool:
        for part in batched(users, USERS_AT_ONCE):
            for row in pool.map(one, part):
                done += 1
                progress("recommend", done, None)
                yield row


def recommend_unchosen(
    client: Client,
    user_ids: Collection[str],
    k: int = 20,
    *,
    weights: Mapping[str, float] | None = None,
) -> Iterator[dict[str, Any]]:
    """For each of these users that the graph knows, the items that nobody chose yet, by what their content says, as
    exploration ranks them: user_id, items (best first), scores.

    Raises:
        InputError: weights are not usable.
    """
    request = make_request(weights, None, client.kinds, DEFAULT_OPTIONS)
    memory = ServingCache(client)
    for user_id in user_ids:
        known = memory.know(user_id)
        if known is not None:
            ranking = new_items(known, request, events=1)
            ranking = ranking.take(slice(k))
            yield {"user_id": user_id, "items": ranking.item_ids(known), "scores": ranking.scores.tolist()}


def _answer(
    memory: ServingCache, user_id: str, request: Request, k: int, explain: bool, at: datetime | None
) -> tuple[RequestContext, list[dict[str, Any]]]:
    client = memory.client
    while True:
        known = memory.know(user_id, at)
        if known is None:
            raise NotFound(f"There is no user {user_id[:100]!r} in the graph.")
        ranking = rank(client, known, request, k)
        answers = _answers(client, memory, known, ranking, request, explain)
        if answers is not None:
            return known, answers


def _answers(
    client: Client, memory: ServingCache, known: RequestContext, ranking: Ranking, request: Request, explain: bool
) -> list[dict[str, Any]] | None:
    """The rows of the answer; None where an item of the ranking is gone from the graph, and another takes its place."""
    shares = np.maximum(ranking.parts, 0.0)
    shares[shares.sum(axis=1) == 0] = [float(request.channels[channel] > 0) for channel in CHANNELS]
    strongest = [CHANNELS[place] for place in shares.argmax(axis=1)] if len(shares) else []
    shares = shares / shares.sum(axis=1, keepdims=True)
    rows = ranking.rows.tolist()
    paths = read_paths(client, known, rows, strongest if explain else [""] * len(rows), request)
    if gone := [row for row, path in zip(rows, paths, strict=True) if path is None]:
        memory.discard(known, np.array(gone, dtype=np.int64))
        return None
    answers = []
    for row, path, channel, score, share in zip(
        rows, paths, strongest, ranking.scores.tolist(), shares.tolist(), strict=True
    ):
        assert path is not None
        item = {"item_id": known.catalogue.ids[row], "title": path["title"]}
        channels = {name: part for name, part in zip(CHANNELS, share, strict=True) if part > 0}
        told = {**item, "score": score, "channels": channels}
        is_new = row in ranking.new
        if is_new:
            told["exploration"] = True
        if explain:
            shown = path_of(known.user_id, item, channel, path["nodes"], path["hops"])
            told |= {"because": because(channel, shown, is_new), "path": shown}
        answers.append(told)
    return answers
