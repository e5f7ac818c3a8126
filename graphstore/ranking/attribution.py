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

Names: I items, K of them taken apart, N candidates, F signals, C channels, O origins, G groups of terms, E events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graphstore.arrays import Floats, Rows
from graphstore.ranking.blend import CHANNEL_PLACES, CHANNELS, PLACE
from graphstore.ranking.candidates import CandidateItems, UserFeatures
from graphstore.ranking.corrections import INTERESTS, shares
from graphstore.ranking.history import History, Readout
from graphstore.ranking.pool import EMBEDDING, POPULAR, Pool
from graphstore.ranking.terms import Origin, Terms

POPULARITY: Origin = ("popularity", -1)
VECTOR: Origin = ("vector", -1)


@dataclass(frozen=True)
class Attribution:
    """K scores taken apart.

    origins: O of them.  parts: (O, K, C), which sum to what each channel adds.  spoken: (O, K) the part through signals
    that raise a score: to lack what lowers it is no reason for an item.
    places, shown: for each pool that has some of the items which ones (numbers up to K - 1), and these.
    """

    origins: Sequence[Origin]
    parts: Floats
    spoken: Floats
    places: Sequence[Rows] = ()
    shown: Sequence[Shown] = ()


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
    channels = [name for name in CHANNELS if any(pool.scale[CHANNEL_PLACES[name]].any() for pool in pools)]
    terms = Terms.of(items, user, channels)
    recent = len(user.recent)
    named = [*terms.origins[:recent], *terms.origins[4 * recent :]]  # each of the 4 groups of an item is of one origin
    origins = list(dict.fromkeys([*named, *(("event", row) for row in history.item_ids), POPULARITY, VECTOR]))
    number = dict(zip(origins, range(len(origins)), strict=True))
    of_terms = [*np.tile(np.arange(recent), 4).tolist(), *(number[origin] for origin in terms.origins[4 * recent :])]
    count, width = len(origins), len(CHANNELS)
    parts, spoken = np.zeros((count, width, len(rows))), np.zeros((count, len(rows)))
    places = [own for own in (np.flatnonzero(pool_of == n) for n in range(len(pools))) if len(own)]
    shown = [Shown.of(len(items), terms, pools[pool_of[own[0]]], rows[own]) for own in places]
    for one, own in zip(shown, places, strict=True):
        of_vector, *vector = one.embedding(user, history, readout)
        to = np.array([*of_terms, number[POPULARITY], *(number[origin] for origin in of_vector)], dtype=np.int64)
        channel = np.concatenate([terms.channel, [POPULAR], np.full(len(of_vector), EMBEDDING)])
        whole, raising = (np.concatenate(kind) for kind in zip(one.linear(), one.popular(), vector, strict=True))
        parts[:, :, own] = _sums_of_rows(to * width + channel, whole, count * width).reshape(count, width, -1)
        spoken[:, own] = _sums_of_rows(to, raising, count)
    return Attribution(origins, parts.transpose(0, 2, 1), spoken, places, shown)


def _sums_of_rows(to: Rows, values: Floats, size: int) -> Floats:
    """(size, K) for each number the sum of the rows of values (N, K) that go to it.  to: (N,)."""
    count = values.shape[1]
    cell = to[:, None] * count + np.arange(count)
    sums: Floats = np.bincount(cell.ravel(), values.ravel(), size * count).astype(float, copy=False)
    return sums.reshape(size, count)


@dataclass(frozen=True)
class Shown:
    """K items of a pool.

    terms: of the user.  chosen: (K,) places in the pool.  sums: (G, K) of the values of the terms, from their mean over
    the candidates where the pool is centred.
    """

    terms: Terms
    pool: Pool
    chosen: Rows
    sums: Floats

    @classmethod
    def of(cls, size: int, terms: Terms, pool: Pool, rows: Rows) -> Shown:
        """size: I.  rows: (K,) of items."""
        count, width, groups = len(pool.rows), len(CHANNELS), len(terms.origins)
        at = np.full(size, count)
        at[pool.rows] = np.arange(count)
        counted = np.append(pool.counted.ravel(), np.zeros(width, dtype=bool))
        kept = np.flatnonzero(counted.take(at.take(terms.row) * width + terms.channel.take(terms.group)))
        group, row, value = terms.group.take(kept), terms.row.take(kept), terms.value.take(kept)
        column = np.full(size, -1)
        column[rows] = np.arange(len(rows))
        place = column.take(row)
        there = np.flatnonzero(place >= 0)
        cell = group.take(there) * len(rows) + place.take(there)
        sums: Floats = np.bincount(cell, value.take(there), groups * len(rows)).reshape(groups, len(rows)).astype(float)
        if pool.centred:
            sums -= np.bincount(group, value, groups)[:, None] / count
        return cls(terms, pool, at[rows], sums)

    def take(self, places: Rows) -> Shown:
        """Some of the items."""
        return replace(self, chosen=self.chosen[places], sums=self.sums[:, places])

    def with_weights(self, weights: Floats) -> Shown:
        """The same under other weights (F,) of the signals."""
        return replace(self, pool=replace(self.pool, weights=weights))

    def scores(self) -> Floats:
        """(K,) of the items."""
        signals = self.pool.signals
        own = signals[self.chosen] - signals.mean(axis=0) if self.pool.centred else signals[self.chosen]
        scores: Floats = own @ self.pool.scale
        return scores

    def linear(self) -> tuple[Floats, Floats]:
        """(G, K) the parts of the groups, and those through signals that raise a score."""
        scale = self.pool.scale
        both = self.terms.factors @ np.stack([scale, np.maximum(scale, 0.0)], axis=1)
        return both[:, :1] * self.sums, both[:, 1:] * self.sums

    def popular(self) -> tuple[Floats, Floats]:
        """(1, K) the same of what is popular."""
        signals = self.pool.signals[:, CHANNEL_PLACES["popular"]]
        scale = self.pool.scale[CHANNEL_PLACES["popular"]]
        own = signals[self.chosen] * self.pool.counted[self.chosen, POPULAR, None]
        own = own - signals.mean(axis=0) if self.pool.centred else own
        return (own @ scale)[None], (own @ np.maximum(scale, 0.0))[None]

    def embedding(
        self, user: UserFeatures, history: History, readout: Readout | None
    ) -> tuple[Sequence[Origin], Floats, Floats]:
        """The origins of the user's vector (events, or the stored vector), and the same of these."""
        scale = float(self.pool.scale[PLACE["embedding"]])
        if not len(user.vector) or not scale:
            none = np.zeros((0, len(self.chosen)))
            return [], none, none
        directions, counted = self.pool.directions, self.pool.counted[self.chosen, EMBEDDING]
        own = directions[self.chosen].astype(float) * counted[:, None]
        if self.pool.centred:
            own -= directions.mean(axis=0, dtype=float)
        origins: Sequence[Origin] = [("event", row) for row in history.item_ids]
        found = readout.projected(history, own.T) if readout else None
        if found is None:
            origins, found = [VECTOR], (user.vector / np.linalg.norm(user.vector) @ own.T)[None]
        cosine = self.pool.signals[:, PLACE["embedding"]]  # computed in single precision, the parts in double
        wanted = (cosine[self.chosen] - (cosine.mean() if self.pool.centred else 0.0)) * counted
        found[np.abs(found).argmax(axis=0), np.arange(len(wanted))] += wanted - found.sum(axis=0)
        return origins, found * scale, found * max(scale, 0.0)


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
    return replace(found, origins=list(origins), parts=whole, spoken=spoken)
