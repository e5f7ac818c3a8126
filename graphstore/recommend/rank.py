"""Ranking of one user's candidates: by the learned blend, then diversified or mixed with new items if asked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graphstore.arrays import Floats, Rows
from graphstore.database.client import Client
from graphstore.popularity import NEW_EVENTS
from graphstore.ranking import diversity
from graphstore.ranking.blend import CHANNELS, NAMES, PLACE, contributions, deviations, weights_for
from graphstore.ranking.candidates import NO_ROWS, UserFeatures, find_candidates, interest_scores
from graphstore.ranking.corrections import INTERESTS, Corrections
from graphstore.ranking.item_vectors import Vectors
from graphstore.ranking.pool import Pool
from graphstore.ranking.request import Request
from graphstore.recommend.diversity_vectors import diversity_vectors
from graphstore.recommend.snapshot import RequestContext

EXTRA_AT_MOMENT = 500  # candidates beyond those needed as of a moment: items that were not there yet fall out
NEW_ITEM_WEIGHTS = {"embedding": 1.0, "interests": 0.3}


@dataclass(frozen=True)
class Ranking:
    """N items, best first.

    rows: (N,) of the catalogue.  scores: (N,).  parts: (N, C) contribution of each channel to the score.
    pools, pool_of: (N,) in which of these pools each was scored.
    new: rows of the items that take a place for exploration.
    """

    rows: Rows
    scores: Floats
    parts: Floats
    pools: tuple[Pool, ...]
    pool_of: Rows
    new: frozenset[int] = frozenset()

    @classmethod
    def of(cls, pool: Pool, parts: Floats) -> Ranking:
        """The candidates of a pool, in their order.  parts: (N, C)."""
        scores = np.round(parts.sum(axis=1), 9)
        return cls(pool.rows, scores, parts, (pool,), np.zeros(len(scores), dtype=np.int64))

    def followed_by(self, other: Ranking, new: frozenset[int] = frozenset()) -> Ranking:
        """The items of both, one ranking after the other."""
        return Ranking(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.scores, other.scores]),
            np.vstack([self.parts, other.parts]),
            self.pools + other.pools,
            np.concatenate([self.pool_of, other.pool_of + len(self.pools)]),
            new,
        )

    def take(self, places: Any) -> Ranking:
        """The items at these places (an index or slice), in that order."""
        columns = {name: getattr(self, name)[places] for name in ("rows", "scores", "parts", "pool_of")}
        return replace(self, **columns)

    def item_ids(self, context: RequestContext) -> list[str]:
        """The ids of the items."""
        return [context.catalogue.ids[row] for row in self.rows.tolist()]


def rank(client: Client, context: RequestContext, request: Request, k: int) -> Ranking:
    """The k items to show: the best by the blend, diversified by `request.diversity`, new ones by `request.explore`."""
    pool = diversity.pool_size(k) if request.diversity else k
    ranking = best_candidates(context, request, k, pool if context.at is None else pool + EXTRA_AT_MOMENT)
    if context.at is not None:
        ranking = _present(client, context, ranking).take(slice(pool))
    if request.diversity:
        vectors = diversity_vectors(client, context.catalogue, ranking.rows)
        ranking = ranking.take(diversity.mmr(ranking.scores, vectors, k, request.diversity))
    places = diversity.exploration_places(k, request.explore)
    if not places:
        return ranking
    new = new_items(context, request, NEW_EVENTS)
    by_blend = set(ranking.rows[: k - len(places)].tolist())
    new = new.take([n for n, row in enumerate(new.rows.tolist()) if row not in by_blend])
    seed = f"{context.user_id}|{context.snapshot.build_millis}"
    return _interleaved(ranking, new.take(diversity.gumbel_top_k(new.scores, len(places), seed)), places, k)


def _present(client: Client, context: RequestContext, ranking: Ranking) -> Ranking:
    """The items that were published or chosen by somebody at the moment of the context."""
    found = client.read_once("recommend/find_present_items", item_ids=ranking.item_ids(context), at=context.at)
    present = {row["item_id"] for row in found}
    return ranking.take([n for n, item_id in enumerate(ranking.item_ids(context)) if item_id in present])


def best_candidates(context: RequestContext, request: Request, k: int, pool: int) -> Ranking:
    """The `pool` best candidates by the blend of the active model.

    How many candidates a channel gives depends on k alone, so an item's score is the same for every `pool`.
    """
    count = max(request.options.candidates, k)
    if context.features.corrected:
        return _corrected(context, request, count, k, pool)
    return _by_blend(context, request, count, context.features).take(slice(pool))


def _by_blend(
    context: RequestContext,
    request: Request,
    count: int,
    user: UserFeatures,
    wanted: Rows = NO_ROWS,
    corrections: Corrections | None = None,
) -> Ranking:
    """All candidates of `find_candidates`, best first."""
    channels, now = request.wanted, context.popularity_now
    rows, values = find_candidates(context.catalogue, user, count, now, channels, wanted)
    own = context.blend.weights_of(len(context.user.history.item_ids))
    weights = weights_for(own, values, channels)
    deviation, factors = deviations(values), request.channels
    parts = contributions(values, weights, factors, deviation)
    if corrections is not None:
        parts = corrections.moved(rows, parts)
    pool = Pool.of_blend(rows, values, deviation, weights, factors, context.catalogue.vectors)
    ranking = Ranking.of(pool, parts)
    return ranking.take(np.argsort(-ranking.scores, kind="stable"))  # ties stay in the order of ids


def _corrected(context: RequestContext, request: Request, count: int, k: int, pool: int) -> Ranking:
    """The `pool` best candidates of a user who corrected interests.

    Without the channel interests only deletions act: what another channel alone finds holds no pinned items.
    """
    items, user = context.catalogue, context.features
    corrections = Corrections.of(items, items.by_item, user.corrected)
    if not request.channels["interests"]:
        corrections = replace(corrections, moves=np.zeros(len(items)), pins=())

    def without(rows: Rows, wanted: Rows = NO_ROWS) -> Ranking:
        seen = np.union1d(user.seen, rows)
        wanted = np.union1d(wanted, corrections.wanted(items, seen, count))
        return _by_blend(context, request, count, replace(user, seen=seen), wanted, corrections)

    ranking = without(corrections.out)
    if len(corrections.out) and len(ranking.rows) < k:  # no channel finds as many: any other item comes first
        ranking = without(corrections.out, corrections.others(items, user.seen, count))
    if len(corrections.out) and (len(ranking.rows) < pool or corrections.unmet(ranking.rows)):
        ranking = _followed_by(ranking, without(np.setdiff1d(np.arange(len(items)), corrections.out)))
    order, scores, parts = corrections.with_pins(ranking.rows, ranking.scores, ranking.parts, k)
    return replace(ranking, scores=scores, parts=parts).take(order).take(slice(pool))


def _followed_by(ranking: Ranking, left: Ranking) -> Ranking:
    """One ranking after the other; the scores of the latter are lowered to below those of the former."""
    parts = left.parts.copy()
    if len(ranking.rows) and len(left.rows):
        parts[:, INTERESTS] -= max(left.scores[0] - ranking.scores[-1], 0.0)
    return ranking.followed_by(replace(left, parts=parts, scores=np.round(parts.sum(axis=1), 9)))


def new_items(context: RequestContext, request: Request, events: int) -> Ranking:
    """Unseen items with fewer than `events` events and a score above 0 by content, best first.

    The score is the sum over the channels embedding and interests of the item's value over the largest value, times
    NEW_ITEM_WEIGHTS and the factor of the request. The weights of the blend do not apply: they are learned on items
    with behaviour, whose vectors hold more than content.
    """
    items, features = context.catalogue, context.features
    unseen = np.ones(len(items), dtype=bool)
    unseen[features.seen] = False
    if features.corrected:
        unseen[Corrections.of(items, items.by_item, features.corrected).out] = False
    below = math.log(events - 0.5)  # stored logarithms are rounded
    by_interest = np.zeros(len(items))
    about, values = interest_scores(items, features.interests)
    by_interest[about] = values[0]
    rows = np.flatnonzero(items.new & (items.ever_popular < below) & unseen)
    if len(rows) > request.options.new_items:
        latest = np.lexsort((items.order[rows], -items.touched[rows]))[: request.options.new_items]
        kept = np.zeros(len(items), dtype=bool)
        kept[rows[latest]] = True
        rows = rows[kept[rows] | (by_interest[rows] != 0)]
    cosines = items.vectors.cosines(features.vector)[rows] if len(features.vector) else np.zeros(len(rows))
    signals = {"embedding": cosines, "interests": by_interest[rows]}
    found = Ranking.of(*_scored_by_content(rows, signals, request, items.vectors))
    best = np.lexsort((items.order[rows], -found.scores))
    return found.take(best[found.scores[best] > 0])


def _scored_by_content(
    rows: Rows, signals: Mapping[str, Floats], request: Request, vectors: Vectors
) -> tuple[Pool, Floats]:
    """New items as a pool, and (N, C) what the channels add.  signals: (N,) by channel.  vectors: of all items."""
    columns, weights = np.zeros((len(rows), len(NAMES))), np.zeros(len(NAMES))
    largest = np.ones(len(NAMES))
    parts = np.zeros((len(rows), len(CHANNELS)))
    for channel, values in signals.items():
        place = PLACE[channel]
        columns[:, place] = np.maximum(values, 0.0)
        weights[place] = NEW_ITEM_WEIGHTS[channel] * request.channels[channel]
        largest[place] = max(columns[:, place].max(initial=0.0), 1e-8)
        parts[:, CHANNELS.index(channel)] = weights[place] * columns[:, place] / largest[place]
    return Pool(rows, columns, weights, largest, vectors, always=(), centred=False), parts


def _interleaved(ranking: Ranking, new: Ranking, places: Sequence[int], k: int) -> Ranking:
    """k items: new ones at these places, the ranking around them; it also fills places for which no new one is left."""
    taken = dict(zip(places, range(len(new.rows)), strict=False))
    explored = frozenset(new.rows.tolist())
    rest = iter([n for n, row in enumerate(ranking.rows.tolist()) if row not in explored])
    order = []
    for place in range(k):
        number = taken.get(place)
        number = len(ranking.rows) + number if number is not None else next(rest, None)
        if number is not None:
            order.append(number)
    return ranking.followed_by(new, explored).take(order)
