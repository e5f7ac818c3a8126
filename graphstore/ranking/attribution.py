"""Attribution: the score of an item taken apart into what it comes from.

A score is a sum over signals, and each signal is a sum over origins:

    event        an item of the user, with all their events on it     similar, transitions, embedding
    interest     an interest of the user                               interests
    person       a user whom they follow                               social
    people       the users who choose alike                            social
    attribute    an attribute of the user                              attributes
    popularity   how often all chose the item                          popular
    search       something that the user searched                      searches
    vector       the user's stored vector, where no event makes one    embedding

The part of an origin is counted from its mean over the candidates, as the score is. So the parts add up to the score,
and to what each channel adds to it.

Names: I items, K of them taken apart, N candidates, F signals, C channels, O origins, T terms, S signals of a channel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows, ranges
from graphstore.ranking.blend import CHANNEL_PLACES, CHANNELS, NAMES, PLACE, SIGNALS, deviations
from graphstore.ranking.candidates import CandidateItems, UserFeatures
from graphstore.ranking.corrections import INTERESTS, shares
from graphstore.ranking.history import History, Readout
from graphstore.ranking.item_vectors import Vectors

Origin = tuple[str, int]  # what it is, and which: a row of an item, a column of `about`, a place among neighbours, …
EMBEDDING = CHANNELS.index("embedding")
ALWAYS = ("embedding", "popular")  # channels that count for every candidate, found by them or not
CHANNEL_OF = {name: channel for channel, names in SIGNALS.items() for name in names}
POPULARITY: Origin = ("popularity", -1)
VECTOR: Origin = ("vector", -1)
PEOPLE: Origin = ("people", -1)


@dataclass(frozen=True)
class Pool:
    """N candidates that were scored together.

    rows: (N,).  signals: (N, F).  counted: (N, C) whether a channel counts for a candidate.  weights, deviation: (F,)
    of the signals, as `graphstore.ranking.blend` has them.  vectors: of all items.  centred: whether the scores count
    from the mean over the candidates.
    """

    rows: Rows
    signals: Floats
    counted: NDArray[np.bool_]
    weights: Floats
    deviation: Floats
    vectors: Vectors
    centred: bool = True

    @cached_property
    def directions(self) -> Floats:
        """(N, D) the vectors of the candidates with length 1."""
        return self.vectors.directions(self.rows)

    @property
    def scale(self) -> Floats:
        """(F,) what one unit of a signal adds to a score."""
        return self.weights / self.deviation

    def from_zero(self) -> Pool:
        """The same with all counted from 0, and what is alike for all candidates counted too."""
        return replace(self, deviation=np.where(np.isinf(self.deviation), 1.0, self.deviation), centred=False)

    @classmethod
    def of_blend(
        cls,
        rows: Rows,
        signals: Floats,
        weights: Mapping[str, float],
        channels: Mapping[str, float],
        vectors: Vectors,
    ) -> Pool:
        """From what `graphstore.ranking.blend.contributions` takes: signals (N, F), weights and factors of channels."""
        sums = [signals[:, CHANNEL_PLACES[channel]].sum(axis=1) for channel in CHANNELS]
        counted = np.stack(sums, axis=1) > 0
        counted[:, [CHANNELS.index(channel) for channel in ALWAYS]] = True
        deviation = deviations(signals) if len(rows) else np.full(len(NAMES), np.inf)
        factor = np.array([weights.get(name, 0.0) * channels.get(CHANNEL_OF[name], 0.0) for name in NAMES])
        return cls(rows, signals, counted, factor, deviation, vectors)


@dataclass(frozen=True)
class Attribution:
    """K scores taken apart.

    origins: O of them.  parts: (O, K, C), which sum to what each channel adds.  spoken: (O, K) the part through signals
    that raise a score: to lack what lowers it is no reason for an item.
    """

    origins: Sequence[Origin]
    parts: Floats
    spoken: Floats


@dataclass(frozen=True)
class Terms:
    """The signals of one channel as a sum. origins: of the channel.  origin: (T,) places among these.  row: (T,) items.
    values: (T, S)."""

    origins: Sequence[Origin]
    origin: NDArray[Any]
    row: NDArray[Any]
    values: Floats


def attribute(
    items: CandidateItems,
    user: UserFeatures,
    history: History,
    readout: Readout | None,
    rows: Rows,
    pools: Sequence[Pool],
    pool_of: Rows,
) -> Attribution:
    """Take the scores of K items apart.

    history: the events that `user` was made of, with vectors.  rows: (K,) of the items.  pools, pool_of: (K,) which of
    the pools each was scored in.
    """
    terms = {
        name: make(items, user)
        for name, make in TERMS.items()
        if any(pool.scale[CHANNEL_PLACES[name]].any() for pool in pools)
    }
    origins: dict[Origin, int] = {}
    for origin in [*(o for one in terms.values() for o in one.origins), *(("event", row) for row in history.item_ids)]:
        origins.setdefault(origin, len(origins))
    origins.setdefault(POPULARITY, len(origins))
    origins.setdefault(VECTOR, len(origins))
    parts, spoken = np.zeros((len(origins), len(rows), len(CHANNELS))), np.zeros((len(origins), len(rows)))
    for number, pool in enumerate(pools):
        place = np.flatnonzero(pool_of == number)
        if len(place):
            shown = Shown.of(len(items), pool, rows[place])
            found = [(CHANNELS.index(name), one.origins, shown.linear(name, one)) for name, one in terms.items()]
            popular = Terms(
                [POPULARITY], np.zeros(len(pool.rows), np.int64), pool.rows, pool.signals[:, CHANNEL_PLACES["popular"]]
            )
            found.append((CHANNELS.index("popular"), popular.origins, shown.linear("popular", popular)))
            found.append((EMBEDDING, *shown.embedding(user, history, readout)))
            for channel, own, (whole, raising) in found:
                to = np.array([origins[origin] for origin in own], dtype=np.int64)[:, None]
                np.add.at(parts[:, :, channel], (to, place), whole)
                np.add.at(spoken, (to, place), raising)
    return Attribution(list(origins), parts, spoken)


@dataclass(frozen=True)
class Shown:
    """K items of a pool.

    at: (I,) the place in the pool of each item, -1 for none.  chosen: (K,) places in the pool.  column: (N,) which of
    the K items a candidate is, -1 for none.
    """

    pool: Pool
    at: Rows
    chosen: Rows
    column: Rows

    @classmethod
    def of(cls, size: int, pool: Pool, rows: Rows) -> Shown:
        """size: I.  rows: (K,) of items."""
        at = np.full(size, -1)
        at[pool.rows] = np.arange(len(pool.rows))
        column = np.full(len(pool.rows), -1)
        column[at[rows]] = np.arange(len(rows))
        return cls(pool, at, at[rows], column)

    def linear(self, channel: str, terms: Terms) -> tuple[Floats, Floats]:
        """(O, K) the parts of a channel's origins, and those through signals that raise a score."""
        scale = self.pool.scale[CHANNEL_PLACES[channel]]
        columns = [scale] if (scale >= 0).all() else [scale, np.maximum(scale, 0.0)]
        found = self.sums(channel, replace(terms, values=terms.values @ np.stack(columns, axis=1)))
        return found[0], found[-1]

    def sums(self, channel: str, terms: Terms) -> Floats:
        """(S, O, K) the signals of K items by origin, from their mean over the candidates where these are centred."""
        place = self.at[terms.row]
        kept = np.flatnonzero((place >= 0) & self.pool.counted[place, CHANNELS.index(channel)])
        values, origin = terms.values[kept].T, terms.origin[kept]
        column = self.column[place[kept]]
        there = column >= 0
        size, count = len(self.chosen), len(terms.origins)
        cell = origin[there] * size + column[there]
        found = np.array([np.bincount(cell, one[there], count * size) for one in values], dtype=float)
        found = found.reshape(len(values), count, size)
        if self.pool.centred:
            mean = np.array([np.bincount(origin, one, count) for one in values]) / len(self.pool.rows)
            found -= mean.reshape(len(values), count, 1)
        return found

    def embedding(
        self, user: UserFeatures, history: History, readout: Readout | None
    ) -> tuple[Sequence[Origin], tuple[Floats, Floats]]:
        """The origins of the user's vector, and (O, K) their parts; one, where the vector is the stored one."""
        scale = float(self.pool.scale[PLACE["embedding"]])
        if not len(user.vector) or not scale:
            return [], (np.zeros((0, len(self.chosen))),) * 2
        directions = self.pool.directions
        own = directions[self.chosen] * self.pool.counted[self.chosen, EMBEDDING, None]
        if self.pool.centred:
            own = own - directions.mean(axis=0)
        found = readout.projected(history, own.T) if readout else None
        origins: Sequence[Origin] = [("event", row) for row in history.item_ids]
        if found is None:
            origins, found = [VECTOR], (user.vector / np.linalg.norm(user.vector) @ own.T)[None]
        cosine = self.pool.signals[:, PLACE["embedding"]]  # computed in single precision, the parts in double
        wanted = cosine[self.chosen] - (cosine.mean() if self.pool.centred else 0.0)
        wanted = wanted * self.pool.counted[self.chosen, EMBEDDING]
        if len(found):
            found[np.abs(found).argmax(axis=0), np.arange(len(wanted))] += wanted - found.sum(axis=0)
        return origins, (found * scale, found * max(scale, 0.0))


def _from_items(follows: bool) -> Callable[[CandidateItems, UserFeatures], Terms]:
    def terms(items: CandidateItems, user: UserFeatures) -> Terms:
        edge = np.flatnonzero(user.edges.follows == follows)
        place, score, recent = (
            column[edge] for column in (user.edges.place, user.edges.score, user.edges.recent_score)
        )
        weight = user.weights[place]
        values = np.concatenate([weight * score[:, None], (weight[:, 1] * recent)[:, None]], axis=1)
        return Terms([("event", row) for row in user.recent.tolist()], place, user.edges.target[edge], values)

    return terms


def _from_interests(items: CandidateItems, user: UserFeatures) -> Terms:
    columns = np.array([column for column, _ in user.interests], dtype=np.int64)
    start = items.about.indptr[columns]
    origin, index = ranges(start, items.about.indptr[columns + 1] - start)
    weights = np.array([weight for _, weight in user.interests], dtype=float)[origin] * items.about.data[index]
    return Terms(
        [("interest", column) for column, _ in user.interests],
        origin,
        items.about.indices[index].astype(np.int64),
        weights[:, None],
    )


def _from_people(items: CandidateItems, user: UserFeatures) -> Terms:
    """A followed user is an origin each, those who choose alike are one: none of them is ever named."""
    counts = np.array([len(rows) for rows, _, _ in user.neighbours], dtype=np.int64)
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *(rows for rows, _, _ in user.neighbours)])
    origins = [("person", n) if tie[1] else PEOPLE for n, tie in enumerate(user.neighbours)]
    values = np.array([(followed, similarity) for _, followed, similarity in user.neighbours]).reshape(-1, 2)
    return Terms(origins, np.arange(len(counts)).repeat(counts), rows, values.repeat(counts, axis=0))


def _from_attributes(items: CandidateItems, user: UserFeatures) -> Terms:
    rows = np.asarray(user.attributes, dtype=np.int64)
    start = items.favours.indptr[rows]
    origin, index = ranges(start, items.favours.indptr[rows + 1] - start)
    return Terms(
        [("attribute", row) for row in rows.tolist()],
        origin,
        items.favours.indices[index],
        items.favours.data[index][:, None],
    )


def _from_searches(items: CandidateItems, user: UserFeatures) -> Terms:
    counts = np.array([len(rows) for rows, _ in user.searches], dtype=np.int64)
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *(rows for rows, _ in user.searches)])
    fit = np.concatenate([np.zeros(0), *(fit for _, fit in user.searches)])
    return Terms([("search", n) for n in range(len(counts))], np.arange(len(counts)).repeat(counts), rows, fit[:, None])


TERMS: Mapping[str, Callable[[CandidateItems, UserFeatures], Terms]] = {
    "similar": _from_items(False),
    "transitions": _from_items(True),
    "interests": _from_interests,
    "social": _from_people,
    "attributes": _from_attributes,
    "searches": _from_searches,
}


def with_corrections(
    found: Attribution,
    items: CandidateItems,
    by_item: Any,
    corrected: Sequence[tuple[int, str]],
    rows: Rows,
    parts: Floats,
) -> Attribution:
    """The same with what the user's corrections of interests moved: it goes to the corrected interest that the item is
    about most, a pinned one if it raised the item.

    by_item: `items.about` as rows.  corrected: as in `UserFeatures`.  parts: (K, C) what the channels add.
    """
    moved = parts[:, INTERESTS] - found.parts[:, :, INTERESTS].sum(axis=0)
    origins, extra = dict(zip(found.origins, range(len(found.origins)), strict=True)), []
    about = np.array([shares(items.about, by_item, column)[rows] for column, _ in corrected])
    pins = np.array([how == "pin" for _, how in corrected])
    for place in np.flatnonzero(np.abs(moved) > 1e-12).tolist():
        fit = about[:, place] + 2.0 * (pins == (moved[place] > 0))
        origin = ("interest", corrected[int(fit.argmax())][0])
        extra.append((origins.setdefault(origin, len(origins)), place))
    wider = len(origins) - len(found.origins)
    whole, spoken = np.pad(found.parts, ((0, wider), (0, 0), (0, 0))), np.pad(found.spoken, ((0, wider), (0, 0)))
    for number, place in extra:
        whole[number, place, INTERESTS] += moved[place]
        spoken[number, place] += moved[place]
    return Attribution(list(origins), whole, spoken)
