"""recommend: answers from the graph alone, by the same statement for one user, for all users and for evaluation."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from graphstore.client import Client
from graphstore.errors import InputError, NotFound
from graphstore.explanation import because, path_of
from graphstore.kinds import KINDS, Kind, kind_table
from graphstore.progress import Progress, silent
from graphstore.related import check_k, similar_items, similar_users, suggested_friends

__all__ = [
    "CHANNELS",
    "DEFAULT_WEIGHTS",
    "RecommendOptions",
    "recommend",
    "recommend_all",
    "similar_items",
    "similar_users",
    "suggested_friends",
]

CHANNELS = ("similar", "transitions", "interests", "embedding", "social", "attributes", "popular")
DEFAULT_WEIGHTS: Mapping[str, float] = {
    "similar": 1.0,
    "transitions": 1.0,
    "interests": 0.4,
    "embedding": 1.0,
    "social": 0.5,
    "attributes": 0.15,
    "popular": 0.4,
}
SESSIONS = 4
USERS_AT_ONCE = 256


@dataclass(frozen=True)
class RecommendOptions:
    """How far the statement looks.

    recent: a user's last items that count, each half as much `half_life` items further back.
    negative_weight: what a low rating counts of that.  candidates: kept a channel.
    people: users, interests and attributes followed from one user.  people_items: recent items of each of those users.
    scanned: relationships read at most at a node that may have very many.
    """

    recent: int = 20
    half_life: float = 5.0
    negative_weight: float = 0.5
    candidates: int = 100
    people: int = 10
    people_items: int = 10
    scanned: int = 2000


def recommend(
    client: Client,
    user_id: str,
    k: int = 10,
    explain: bool = True,
    channel: str | None = None,
    weights: Mapping[str, float] = DEFAULT_WEIGHTS,
    *,
    kinds: Mapping[str, Kind] = KINDS,
    options: RecommendOptions = RecommendOptions(),
) -> dict[str, Any]:
    """What to recommend to one user, best first.

    Returns:
        user_id, as_of (time of the latest event the answer knows of), model_version, and recommendations, each with
        item_id, title, score, channels (name: share of the score) and, if `explain`, because and path.
    Raises:
        InputError: k, channel or weights are not usable.
        NotFound: there is no such user.
    """
    parameters = _parameters(check_k(k), weights, channel, kinds, options)
    state = client.read("recommend/read_state", user_id=user_id)
    if not state:
        raise NotFound(f"There is no user {user_id[:100]!r} in the graph.")
    rows = client.read("recommend/recommend_items", user_id=user_id, explain=explain, **parameters)
    return {
        "user_id": user_id,
        "as_of": _as_of(state[0]),
        "model_version": state[0]["model_version"],
        "recommendations": [_answer(user_id, row, explain) for row in rows],
    }


def recommend_all(
    client: Client,
    k: int = 20,
    progress: Progress = silent,
    *,
    weights: Mapping[str, float] = DEFAULT_WEIGHTS,
    kinds: Mapping[str, Kind] = KINDS,
    options: RecommendOptions = RecommendOptions(),
) -> Iterator[dict[str, Any]]:
    """For every user of the graph, by the statement that serves one: user_id, items (best first), scores.

    Raises:
        InputError: k or weights are not usable.
    """
    parameters = _parameters(check_k(k), weights, None, kinds, options)

    def one(user_id: str) -> dict[str, Any]:
        rows = client.read("recommend/recommend_items", user_id=user_id, explain=False, **parameters)
        return {
            "user_id": user_id,
            "items": [row["item_id"] for row in rows],
            "scores": [row["score"] for row in rows],
        }

    user_ids = iter([row["user_id"] for row in client.stream("recommend/stream_users")])
    done = 0
    with ThreadPoolExecutor(SESSIONS, thread_name_prefix="recommend") as pool:
        while part := list(itertools.islice(user_ids, USERS_AT_ONCE)):
            for answer in pool.map(one, part):
                done += 1
                progress("recommend", done, None)
                yield answer


def _parameters(
    k: int, weights: Mapping[str, float], channel: str | None, kinds: Mapping[str, Kind], options: RecommendOptions
) -> dict[str, Any]:
    if channel is not None:
        if channel not in CHANNELS:
            raise InputError(f"channel {channel[:60]!r} is not one of {', '.join(CHANNELS)}.")
        weights = {channel: 1.0}
    unknown = set(weights) - set(CHANNELS)
    if unknown or any(not weight >= 0 for weight in weights.values()):
        raise InputError(f"weights must be 0 or more, for channels out of {', '.join(CHANNELS)}.")
    return {
        "k": k,
        "weights": {name: float(weights.get(name, 0.0)) for name in CHANNELS},
        "kinds": kind_table(kinds),
        "options": asdict(options) | {"candidates": max(options.candidates, k)},
    }


def _answer(user_id: str, row: dict[str, Any], explain: bool) -> dict[str, Any]:
    total = sum(row["parts"]) or 1.0
    answer = {
        "item_id": row["item_id"],
        "title": row["title"],
        "score": row["score"],
        "channels": {name: part / total for name, part in zip(row["names"], row["parts"], strict=True)},
    }
    if explain:
        strongest = row["names"][0]
        path = path_of(user_id, row, strongest, row["nodes"], row["hops"])
        answer |= {"because": because(strongest, path), "path": path}
    return answer


def _as_of(state: dict[str, Any]) -> str | None:
    """The latest event time known: of the graph at the last build, or of the user since."""
    built = json.loads(state["counts"] or "{}").get("as_of")
    times = [] if built is None else [datetime.fromtimestamp(built / 1000, UTC)]
    if state["latest"] is not None:
        times.append(state["latest"].to_native())
    return max(times).isoformat().replace("+00:00", "Z") if times else None
