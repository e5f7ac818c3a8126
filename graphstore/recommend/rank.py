"""How a user's candidates are ranked: the learned blend, and the best varied or explored where that is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graphstore.arrays import Floats, Rows
from graphstore.database.client import Client
from graphstore.popularity import NEW_EVENTS
from graphstore.ranking import diversity
from graphstore.ranking.blend import CHANNELS, contributions
from graphstore.ranking.candidates import find_candidates, liking
from graphstore.ranking.request import Request
from graphstore.recommend.diversity_vectors import diversity_vectors
from graphstore.recommend.snapshot import RequestContext

NOT_THERE_YET = 500  # looked at beyond those wanted, as of a moment
NEW_ITEM_WEIGHTS = {"embedding": 1.0, "interests": 0.3}


@dataclass(frozen=True)
class Ranking:
    """Items, best first: rows of the catalogue (N,), scores (N,), what each channel adds to them (N, C), and which are
    there as new items."""

    rows: Rows
    scores: Floats
    parts: Floats
    new: frozenset[int] = frozenset()

    def take(self, places: Any) -> Ranking:
        """The items at these places, in their order."""
        return replace(self, rows=self.rows[places], scores=self.scores[places], parts=self.parts[places])

    def item_ids(self, known: RequestContext) -> list[str]:
        """What the items are called."""
        return [known.catalogue.ids[row] for row in self.rows.tolist()]


def rank(client: Client, known: RequestContext, request: Request, k: int) -> Ranking:
    """The k items to show: the best by the blend; with diversity less alike, with explore some of them new."""
    pool = diversity.pool_size(k) if request.diversity else k
    ranking = best_candidates(known, request, k, pool if known.at is None else pool + NOT_THERE_YET)
    if known.at is not None:
        ranking = _present(client, known, ranking).take(slice(pool))
    if request.diversity:
        vectors = diversity_vectors(client, known.catalogue, ranking.rows)
        ranking = ranking.take(diversity.mmr(ranking.scores, vectors, k, request.diversity))
    places = diversity.exploration_places(k, request.explore)
    if not places:
        return ranking
    fresh = new_items(known, request, NEW_EVENTS)
    by_merit = set(ranking.rows[: k - len(places)].tolist())
    fresh = fresh.take([n for n, row in enumerate(fresh.rows.tolist()) if row not in by_merit])
    fresh = fresh.take(diversity.drawn(fresh.scores, len(places), f"{known.user_id}|{known.edition.built}"))
    return _interleaved(ranking, fresh, places, k)


def _present(client: Client, known: RequestContext, ranking: Ranking) -> Ranking:
    """Without the items that were not there yet."""
    found = client.read_once("recommend/find_present_items", item_ids=ranking.item_ids(known), at=known.at)
    present = {row["item_id"] for row in found}
    return ranking.take([n for n, item_id in enumerate(ranking.item_ids(known)) if item_id in present])


def best_candidates(known: RequestContext, request: Request, k: int, pool: int) -> Ranking:
    """The `pool` best of the candidates for a list of k, by the blend of the active model.

    What is looked for depends on k alone, so that an item's score is the same whatever the pool.
    """
    count = max(request.options.candidates, k)
    rows, values = find_candidates(known.catalogue, known.person, count, known.popularity_now, request.wanted)
    parts = contributions(values, known.blend.weights, request.channels)
    scores = np.round(parts.sum(axis=1), 9)
    best = np.argsort(-scores, kind="stable")[:pool]  # what is equal stays in the order of ids
    return Ranking(rows[best], scores[best], parts[best])


def new_items(known: RequestContext, request: Request, events: int) -> Ranking:
    """Items with fewer than `events` events, by what their content says (embedding, interests), best first.

    Each channel counts as in NEW_ITEM_WEIGHTS, of its best item: what the blend learned holds for items with behaviour,
    whose vectors know more than their content. Only of the channels that are asked for, and only those that fit: with
    a score above 0.
    """
    items, person = known.catalogue, known.person
    unseen = np.ones(len(items), dtype=bool)
    unseen[person.seen] = False
    below = math.log(events - 0.5)  # stored logarithms are rounded
    likings = np.zeros(len(items))
    about, values = liking(items, person.interests)
    likings[about] = values[0]
    rows = np.flatnonzero(items.new & (items.ever_popular < below) & unseen)
    if len(rows) > request.options.new_items:
        latest = np.lexsort((items.order[rows], -items.touched[rows]))[: request.options.new_items]
        kept = np.zeros(len(items), dtype=bool)
        kept[rows[latest]] = True
        rows = rows[kept[rows] | (likings[rows] != 0)]
    cosines = items.vectors.cosines(person.vector)[rows] if len(person.vector) else np.zeros(len(rows))
    parts = np.zeros((len(rows), len(CHANNELS)))
    for channel, values in (("embedding", cosines), ("interests", likings[rows])):
        told = np.maximum(values, 0.0)
        weight = NEW_ITEM_WEIGHTS[channel] * request.channels[channel]
        parts[:, CHANNELS.index(channel)] = weight * told / max(told.max(initial=0.0), 1e-9)
    scores = np.round(parts.sum(axis=1), 9)
    best = np.lexsort((items.order[rows], -scores))
    return Ranking(rows, scores, parts).take(best[scores[best] > 0])


def _interleaved(ranking: Ranking, fresh: Ranking, places: list[int], k: int) -> Ranking:
    """New items at their places, the others around them; a place for which there is none goes to the next of these."""
    taken = dict(zip(places, range(len(fresh.rows)), strict=False))
    shown = frozenset(fresh.rows.tolist())
    rest = iter([n for n, row in enumerate(ranking.rows.tolist()) if row not in shown])
    order = []
    for place in range(k):
        number = taken.get(place)
        number = len(ranking.rows) + number if number is not None else next(rest, None)
        if number is not None:
            order.append(number)
    both = Ranking(
        np.concatenate([ranking.rows, fresh.rows]),
        np.concatenate([ranking.scores, fresh.scores]),
        np.vstack([ranking.parts, fresh.parts]),
        shown,
    )
    return both.take(order)
