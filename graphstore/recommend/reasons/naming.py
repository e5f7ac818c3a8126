"""Naming: which parts of the scores of an answer are named, largest first.

Names: K items of the answer, O origins, G groups, T tags, C channels, U items of the user.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Rows
from graphstore.ranking.attribution import Attribution
from graphstore.ranking.blend import CHANNELS
from graphstore.recommend.reasons.groups import Groups
from graphstore.recommend.reasons.parts import Part

NAMED = 3
RIVALS = 8
LEAST = 1e-9  # of a score


class Naming:
    """The parts of K scores, those that are named by now and those that are not.

    named: of each item.  parts: (K, O) of the scores, what is not named yet.  said: (K, O) what may be said to come
    from each origin: its part, as far as it comes from what raises scores; 0 once it is named.  free: (K, O) what is
    not named.
    """

    def __init__(self, found: Attribution, groups: Groups, has: NDArray[np.bool_]) -> None:
        """has: (K, T) the tags of the items."""
        self.groups, self.has = groups, has
        self.by_channel = np.ascontiguousarray(found.parts.transpose(1, 0, 2))  # (K, O, C)
        self.parts = self.by_channel.sum(axis=2)
        self.said = np.minimum(self.parts, np.maximum(found.spoken.T, 0.0))
        self.free = np.ones(self.said.shape, dtype=bool)
        self.untagged = groups.liked & ~((has @ groups.members[: has.shape[1]]) > 0)
        self.order = np.argsort(-self.said, axis=1, kind="stable")
        self.named: list[list[Part]] = [[] for _ in has]

    def largest_items(self, tie_order: Rows) -> tuple[Rows, Rows]:
        """(K,) the item of the user with the largest part, -1 where there is none or it may not be named; and (K, R)
        the RIVALS largest of each: without others a score falls less. Both as origins; of equals the first by order.

        tie_order: (U,) of `Groups.events`.
        """
        events, count = self.groups.events, len(self.parts)
        if not len(events):
            return np.full(count, -1), np.zeros((count, 0), dtype=np.int64)
        parts = self.parts[:, events]
        equal = parts >= parts.max(axis=1, keepdims=True)
        best = events[np.where(equal, tie_order, len(self.groups.events) + tie_order.max()).argmin(axis=1)]
        said = self.said[np.arange(count), best]
        rivals = events[np.argsort(-parts, axis=1, kind="stable")[:, :RIVALS]]
        return np.where((said > 0) & self.groups.liked[best], best, -1), rivals

    def name_alone(self, places: Rows, origins: Rows, keys: Sequence[str]) -> None:
        """Name one origin of each of these items. keys: of the parts."""
        mask = np.zeros((len(places), self.parts.shape[1]), dtype=bool)
        mask[np.arange(len(places)), origins] = True
        self._name(places, mask, [("event", key) for key in keys])

    def name_largest(self) -> None:
        """Name the largest groups of every item, until NAMED are or nothing that is left raises its score."""
        places = np.flatnonzero([len(named) < NAMED for named in self.named])
        while len(places):
            said, tags = self.said[places], self.has.shape[1]
            sums = said @ self.groups.members.T
            sums[:, :tags] *= self.has[places]
            sums[:, tags] = (said * self.untagged[places]).sum(axis=1)
            sums = np.round(sums, 12)  # so that equal groups are equal
            best = sums.argmax(axis=1)
            going = sums[np.arange(len(places)), best] > LEAST
            places, best = places[going], best[going]
            mask = np.where((best == tags)[:, None], self.untagged[places], self.groups.members[best] > 0)
            self._name(places, mask & self.free[places], [self.groups.names[n] for n in best.tolist()])
            places = places[[len(self.named[n]) < NAMED for n in places.tolist()]]

    def rest(self) -> list[list[Part]]:
        """What is not named of each item, by kind, without shares."""
        sorts, sums = self.groups.sorts, (self.parts @ self.groups.sort_of).tolist()
        return [
            [Part(sort, None, part) for sort, part in zip(sorts, row, strict=True) if abs(part) > 1e-12] for row in sums
        ]

    def _name(self, places: Rows, mask: NDArray[np.bool_], names: Sequence[tuple[str, str | None]]) -> None:
        """Name a part of each of these items. mask: (P, O) the origins that it is the sum of; they are used up."""
        said = self.said[places] * mask
        channel = (mask[:, None, :].astype(float) @ self.by_channel[places])[:, 0].argmax(axis=1).tolist()
        liked = (said[:, self.groups.interests] > 0).any(axis=1).tolist()
        order = self.order[places]
        owner, place = np.nonzero(np.take_along_axis(mask & self.groups.is_event, order, axis=1))
        items = self.groups.rows[order[owner, place]].tolist()
        ends = np.cumsum(np.bincount(owner, minlength=len(places))).tolist()
        for n, (at, name, part) in enumerate(zip(places.tolist(), names, said.sum(axis=1).tolist(), strict=True)):
            own = tuple(items[ends[n - 1] if n else 0 : ends[n]])
            self.named[at].append(Part(*name, part, 0.0, CHANNELS[channel[n]], own, liked[n]))
        self.parts[places] -= said
        self.said[places] -= said
        self.free[places] &= ~mask
