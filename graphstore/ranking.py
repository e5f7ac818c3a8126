"""How a user's candidates are found and ranked: the context, the candidates with their signals, the learned blend."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from graphstore import variety
from graphstore.blend import (
    CHANNEL_PLACES,
    CHANNELS,
    DIMENSION,
    NAMES,
    PLACE,
    Blend,
    Floats,
    History,
    contributions,
    popularity_signal,
)
from graphstore.client import Client
from graphstore.errors import InputError
from graphstore.kinds import Kind
from graphstore.likeness import read_vectors

NEW_EVENTS = 5
NEW = math.log(NEW_EVENTS - 0.5)  # of a count; between counts, as the stored logarithms are rounded
NEW_ITEM_WEIGHTS = {"embedding": 1.0, "interests": 0.3}
BLENDS_KEPT = 16


@dataclass(frozen=True)
class RecommendOptions:
    """How far the statements look.

    events: a user's latest events that are read.  recent: their latest items whose neighbours are looked at.
    negative_weight: what a low rating counts of a high one there.  candidates: kept a channel.
    people: users, interests and attributes followed from one user.  people_items: recent items of each of those users.
    scanned: relationships read at most at a node that may have very many.  scanned_vectors: how far the search by
    vector goes on to make up for items that the user has.  new_items: how many new items are looked
    at, the latest first.
    """

    events: int = 120
    recent: int = 50
    negative_weight: float = 0.5
    candidates: int = 100
    people: int = 20
    people_items: int = 50
    scanned: int = 2000
    scanned_vectors: int = 300
    new_items: int = 2000


DEFAULT_OPTIONS = RecommendOptions()


@dataclass(frozen=True)
class Ranking:
    """Items, best first: N ids, scores (N,), what each channel adds to them (N, C), which are there as new items."""

    item_ids: list[str]
    scores: Floats
    parts: Floats
    new: frozenset[str] = frozenset()

    def take(self, places: Any) -> Ranking:
        """The items at these places, in their order."""
        return replace(
            self, item_ids=[self.item_ids[n] for n in places], scores=self.scores[places], parts=self.parts[places]
        )


@dataclass(frozen=True)
class Request:
    """What is asked of the blend.

    channels: a factor by channel, 0 is off.  unwanted: types of behaviour that tell dislike.  diversity, explore: see
    `graphstore.variety`.
    """

    channels: dict[str, float]
    unwanted: list[str]
    options: RecommendOptions
    diversity: float = 0.0
    explore: float = 0.0


def make_request(
    weights: Mapping[str, float] | None,
    channel: str | None,
    kinds: Mapping[str, Kind],
    options: RecommendOptions,
    diversity: float = 0.0,
    explore: float = 0.0,
) -> Request:
    """The request, checked.

    Raises:
        InputError: an unknown channel, a negative weight, diversity or explore outside 0 to 1.
    """
    factors = dict.fromkeys(CHANNELS, 1.0) if weights is None else dict(weights)
    if channel is not None:
        if channel not in CHANNELS:
            raise InputError(f"channel {channel[:60]!r} is not one of {', '.join(CHANNELS)}.")
        factors = {channel: 1.0}
    unknown = set(factors) - set(CHANNELS)
    if unknown or any(not factor >= 0 for factor in factors.values()):
        raise InputError(f"weights must be 0 or more, for channels out of {', '.join(CHANNELS)}.")
    unwanted = sorted(kind.type for kind in kinds.values() if kind.weight <= 0)
    for name, value in (("diversity", diversity), ("explore", explore)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise InputError(f"{name} must be a number from 0 to 1, not {str(value)[:40]!r}.")
    return Request({name: float(factors.get(name, 0.0)) for name in CHANNELS}, unwanted, options, diversity, explore)


_blends: dict[str, Blend] = {}


def _blend(client: Client, version: str | None, blend_hash: str | None) -> Blend:
    """The blend of a model, kept by the hash of its text: it is large, and most answers rest on the same."""
    known = _blends.get(blend_hash or "")
    if known is not None:
        return known
    rows = client.read("recommend/read_blend", version=version) if version else []
    blend = Blend.from_json(rows[0]["blend"] if rows else None)
    if blend_hash and rows:
        if len(_blends) >= BLENDS_KEPT:
            _blends.clear()
        _blends[blend_hash] = blend
    return blend


def read_context(client: Client, user_id: str, request: Request) -> dict[str, Any] | None:
    """What an answer starts from, the history read: recent, vector, blend, popularity_now; None for no such user."""
    rows = client.read("recommend/read_context", user_id=user_id, events=request.options.events)
    if not rows:
        return None
    row = rows[0]
    history = History.of(
        row["item_ids"], row["types"], row["millis"], row["values"], row["embeddings"], request.unwanted
    )
    blend = _blend(client, row["model_version"], row["blend_hash"])
    vector = blend.readout.vector(history).tolist() if blend.readout else []
    counts = json.loads(row["counts"] or "{}")
    return {
        "recent": history.recent(request.options.recent, request.options.negative_weight, request.unwanted),
        "vector": vector or (row["own"] if len(row["own"]) == DIMENSION else []),
        "blend": blend,
        "popularity_now": counts.get("popularity_now") or 0.0,
        "built": counts.get("as_of"),
        "latest": row["latest"],
        "model_version": row["model_version"],
    }


def rank(client: Client, user_id: str, context: Mapping[str, Any], request: Request, k: int) -> Ranking:
    """The k items to show: the best by the blend; with diversity less alike, with explore some of them new."""
    pool = variety.pool_size(k) if request.diversity else k
    ranking = best_candidates(client, user_id, context, request, k, pool)
    if request.diversity:
        vectors = read_vectors(client, ranking.item_ids)
        ranking = ranking.take(variety.most_relevant_and_new(ranking.scores, vectors, k, request.diversity))
    places = variety.exploration_places(k, request.explore)
    if not places:
        return ranking
    fresh = new_items(client, user_id, context, request, NEW_EVENTS)
    shown = set(ranking.item_ids[: k - len(places)])  # by their own merit
    fresh = fresh.take([n for n, item_id in enumerate(fresh.item_ids) if item_id not in shown])
    fresh = fresh.take(variety.drawn(fresh.scores, len(places), f"{user_id}|{context['built']}"))
    return _interleaved(ranking, fresh, places, k)


def best_candidates(
    client: Client, user_id: str, context: Mapping[str, Any], request: Request, k: int, pool: int
) -> Ranking:
    """The `pool` best of the candidates for a list of k, by the blend of the active model.

    What is looked for depends on k alone, so that an item's score is the same whatever the pool.
    """
    found = client.read(
        "recommend/find_candidates",
        user_id=user_id,
        recent=context["recent"],
        vector=context["vector"],
        channels=[channel for channel, factor in request.channels.items() if factor > 0],
        unwanted=request.unwanted,
        options=asdict(request.options) | {"candidates": max(request.options.candidates, k)},
    )
    values = signal_matrix(found[0], context["popularity_now"])
    parts = contributions(values, context["blend"].weights, request.channels)
    scores = np.round(parts.sum(axis=1), 9)
    best = np.lexsort((found[0]["item_ids"], -scores))[:pool] if len(scores) else np.zeros(0, dtype=int)
    return Ranking([found[0]["item_ids"][n] for n in best], scores[best], parts[best])


def new_items(client: Client, user_id: str, context: Mapping[str, Any], request: Request, events: int) -> Ranking:
    """Items with fewer than `events` events, by what their content says (embedding, interests), best first.

    Each channel counts as in NEW_ITEM_WEIGHTS, of its best item: what the blend learned holds for items with behaviour,
    whose vectors know more than their content. Only of the channels that are asked for, and only those that fit: with
    a score above 0.
    """
    found = client.read(
        "recommend/find_new_items",
        user_id=user_id,
        vector=context["vector"],
        below=float(np.log(events - 0.5)),  # stored logarithms are rounded
        options=asdict(request.options),
    )[0]
    parts = np.zeros((len(found["item_ids"]), len(CHANNELS)))
    for channel, values in (("embedding", found["cosines"]), ("interests", found["likings"])):
        told = np.maximum(np.asarray(values, dtype=float), 0.0)
        weight = NEW_ITEM_WEIGHTS[channel] * request.channels[channel]
        parts[:, CHANNELS.index(channel)] = weight * told / max(told.max(initial=0.0), 1e-9)
    scores = np.round(parts.sum(axis=1), 9)
    best = np.lexsort((found["item_ids"], -scores)) if len(scores) else np.zeros(0, dtype=int)
    return Ranking(found["item_ids"], scores, parts).take(best[scores[best] > 0])


def _interleaved(ranking: Ranking, fresh: Ranking, places: list[int], k: int) -> Ranking:
    """New items at their places, the others around them; a place for which there is none goes to the next of these."""
    taken = dict(zip(places, range(len(fresh.item_ids)), strict=False))
    rest = iter([n for n, item_id in enumerate(ranking.item_ids) if item_id not in set(fresh.item_ids)])
    order = []
    for place in range(k):
        number = taken.get(place)
        number = len(ranking.item_ids) + number if number is not None else next(rest, None)
        if number is not None:
            order.append(number)
    both = Ranking(
        ranking.item_ids + fresh.item_ids,
        np.concatenate([ranking.scores, fresh.scores]),
        np.vstack([ranking.parts, fresh.parts]),
        frozenset(fresh.item_ids),
    )
    return both.take(order)


def signal_matrix(found: Mapping[str, Any], popularity_now: float) -> Floats:
    """(N, F) the signals of candidates in the order of NAMES; 0 where a channel did not find the item."""
    values = np.zeros((len(found["item_ids"]), len(NAMES)))
    for row, parts in enumerate(found["parts"]):
        for channel, *signals in parts:
            values[row, CHANNEL_PLACES[channel][: len(signals)]] = signals
    values[:, PLACE["embedding"]] = found["cosines"]
    values[:, PLACE["popular_recent"]] = popularity_signal(found["popularity"], popularity_now)
    values[:, PLACE["popular_ever"]] = popularity_signal(found["ever_popular"], 0.0)
    return values
