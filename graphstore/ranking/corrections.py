"""Corrections of interests in a ranking: how far a user's own word on an interest moves the items about it.

    delete   items about it come behind all others; what touches it in passing loses
    weaken   items about it lose
    pin      items about it gain, and each of the PINS latest pins has one among the first VISIBLE, which is about a
             deleted interest only if all about the pinned one are

An item is about an interest if its weight of ABOUT is at least MAIN of the item's largest. It gains or loses one
standard deviation of the scores of the user's candidates times that share, as part of the channel interests. Without
corrections none of this runs: candidates and scores are those of the blend.

Names: N candidates, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows, ranges
from graphstore.ranking.blend import CHANNELS
from graphstore.ranking.candidates import NO_ROWS, CandidateItems

MAIN = 0.5
VISIBLE = 10
PINS = VISIBLE // 2  # each second place at most
MOVES = {"pin": 1.0, "weaken": -1.0, "delete": -1.0}
INTERESTS = CHANNELS.index("interests")


@dataclass(frozen=True)
class Corrections:
    """A user's corrections as they act on items.

    out: items about a deleted interest.  moves: (I,) by how many deviations a score moves.
    pins: (I,) for each pinned interest the items' shares of it, the latest pin first.
    """

    out: Rows
    moves: Floats
    pins: Sequence[Floats]

    @classmethod
    def of(cls, items: CandidateItems, by_item: sp.csr_matrix, corrected: Sequence[tuple[int, str]]) -> Corrections:
        """From corrections, the latest first: a column of `items.about`, and "pin", "weaken" or "delete".

        by_item: `about` as rows.
        """
        out, moves, pins = np.zeros(len(items), dtype=bool), np.zeros(len(items)), []
        for column, how in corrected:
            share = shares(items.about, by_item, column)
            moves += MOVES[how] * share
            if how == "delete":
                out |= share >= MAIN
            elif how == "pin":
                pins.append(share)
        return cls(np.flatnonzero(out), moves, pins)

    def wanted(self, items: CandidateItems, seen: Rows, count: int) -> Rows:
        """The items about pinned interests that become candidates: of each interest at most `count` unseen ones, the
        largest shares first, ties by popularity."""
        parts = [NO_ROWS]
        for share in self.pins:
            unseen = share.copy()
            unseen[seen] = 0.0
            rows = np.flatnonzero(unseen)
            parts.append(rows[np.lexsort((items.order[rows], -items.popularity[rows], -unseen[rows]))[:count]])
        return np.unique(np.concatenate(parts))

    def others(self, items: CandidateItems, seen: Rows, count: int) -> Rows:
        """Up to `count` unseen items that are not about a deleted interest, the most popular first."""
        rows = np.setdiff1d(np.arange(len(items)), np.concatenate([seen, self.out]))
        return np.sort(rows[np.lexsort((items.order[rows], -items.popularity[rows]))[:count]])

    def unmet(self, rows: Rows) -> bool:
        """Whether none of these items is about one of the PINS latest pins."""
        return any(not (share[rows] >= MAIN).any() for share in self.pins[:PINS])

    def moved(self, rows: Rows, parts: Floats) -> Floats:
        """(N, C) the contributions of the channels with gains and losses.  rows: (N,) the candidates."""
        moved = parts.copy()
        moved[:, INTERESTS] += self.moves[rows] * parts.sum(axis=1).std() if len(rows) else 0.0
        return moved

    def with_pins(self, rows: Rows, scores: Floats, parts: Floats, k: int) -> tuple[Rows, Floats, Floats]:
        """The order of the ranked candidates with the best item about the n-th of the latest pins at place 2n or
        before, and the scores and parts before they are ordered.

        rows, scores: (N,) and parts: (N, C), best first.  An item that is raised gets the score of the one whose place
        it takes.
        """
        order, chosen = list(range(len(rows))), set[int]()
        scores, parts = scores.copy(), parts.copy()
        for number, share in enumerate(self.pins[:PINS]):
            place = 2 * number + 1
            about = [n for n in order if n not in chosen and share[rows[n]] >= MAIN]
            if place >= min(k, VISIBLE) or not about:
                continue
            chosen.add(about[0])
            if order.index(about[0]) > place:
                gain = scores[order[place]] - scores[about[0]]
                scores[about[0]] += gain
                parts[about[0], INTERESTS] += gain
                order.remove(about[0])
                order.insert(place, about[0])
        return np.array(order, dtype=np.int64), scores, parts


def shares(about: sp.csc_matrix, by_item: sp.csr_matrix, column: int) -> Floats:
    """(I,) the weight of ABOUT of one interest as a share of each item's largest; 0 for items that are not about it."""
    found = np.zeros(about.shape[0])
    own = slice(about.indptr[column], about.indptr[column + 1])
    rows, weights = about.indices[own], about.data[own]
    start = by_item.indptr[rows]
    place, index = ranges(start, by_item.indptr[rows + 1] - start)
    largest: NDArray[np.float64] = np.zeros(len(rows))
    np.maximum.at(largest, place, by_item.data[index])
    found[rows] = np.divide(weights, largest, out=np.zeros(len(rows)), where=largest > 0)
    return found
