"""What build derives for one item: its regression on its neighbourhood, and what follows it.

Exact up to a number of cells read; beyond, computed from the same sample of users for all items (see `pairs`).
Names: S size of a neighbourhood, C cells, P positions.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from graphstore.build.derive import BuildOptions
from graphstore.build.regression import closeness, ridge
from graphstore.build.similarity import best_of_rows
from graphstore.build.transitions import Timeline, shares
from graphstore.incremental.interaction_matrix import InteractionMatrix, UniqueInRange
from graphstore.incremental.ragged import IdIndex, RaggedArrays

Scores = dict[str, float]


def top_k(scores: np.ndarray, numbers: np.ndarray, names: IdIndex, top: int) -> np.ndarray:
    """Places of the `top` highest of rounded scores, best first; ties by id."""
    ids = names.ids
    if len(scores) <= top:
        above, level = np.arange(len(scores)), np.zeros(0, dtype=np.int64)
    else:
        cut = np.partition(scores, len(scores) - top)[len(scores) - top]
        above, level = np.flatnonzero(scores > cut), np.flatnonzero(scores == cut)
    best = sorted(above.tolist(), key=lambda place: (-scores[place], ids[numbers[place]]))
    best += heapq.nsmallest(top - len(best), level.tolist(), key=lambda place: ids[numbers[place]])
    return np.array(best, dtype=np.int64)


def regressed_column(
    pairs: InteractionMatrix,
    item: int,
    names: IdIndex,
    distinct: UniqueInRange,
    *,
    neighbourhood: int,
    penalty: float,
    cells: int,
) -> Scores:
    """What says most about one item: a column of `regressed_columns`, by source, all that is positive.

    cells: how many are read to find the neighbourhood, and as many for the products within it. A product of few cells
    is what samples tell least about; so of the ways to know one the way that saw most users is taken.
    """
    near, right, rate = _neighbourhood(pairs, item, names, distinct, neighbourhood, penalty, cells)
    if not len(near):
        return {}
    inner, again, seen = products_within(pairs, near, item, distinct, cells)
    if seen > rate:
        right, rate = again, seen
    if rate < 1:
        for place, other in enumerate(near.tolist()):
            product, seen = pairs.product(other, item, cells // neighbourhood)
            right[place] = product if seen > rate else right[place]
    weights = ridge(inner[None], right[None], np.ones((1, len(near)), dtype=bool), penalty)[0]
    kept, _, scores = best_of_rows(np.arange(len(near)), np.full(len(near), item), weights, 1)
    return dict(zip(names.of(near[kept]), scores.tolist(), strict=True))


def _neighbourhood(
    pairs: InteractionMatrix, item: int, names: IdIndex, distinct: UniqueInRange, size: int, penalty: float, cells: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """(S,) the items nearest to one; (S,) their products with it; the share of users these were seen with."""
    users, values, rate = pairs.head(item, pairs.rows.length, cells)
    owner, (items, weights) = pairs.rows.gather(users)
    others, place = distinct.of(items, len(pairs.squares))
    products = np.bincount(place, values[owner] * weights, minlength=len(others)) / rate
    keep = (others != item) & (products > 0)
    others, products = others[keep].astype(np.int64), products[keep]
    if rate < 1:  # no product is larger than with a user of the item for each of the other's: few are scaled to many
        longest = np.sqrt(pairs.squares[others] * pairs.columns.length[others]) * values.max(initial=0.0)
        products = np.minimum(products, longest)
    best = top_k(closeness(products, pairs.squares[others], penalty), others, names, size)
    return others[best], products[best], rate


def products_within(
    pairs: InteractionMatrix, near: np.ndarray, item: int, distinct: UniqueInRange, cells: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """(S, S) the products of some columns; (S,) those with the item; the share of users these were seen with.

    Of a sample the angles between columns are kept, and their lengths are as they are in full.
    """
    found = pairs.columns_of(np.append(near, item), cells)
    users, place = distinct.of(found.key, len(pairs.rows.length))
    matrix = sp.csr_matrix((found.value, (place, found.owner)), shape=(len(users), len(near) + 1))
    products = np.asarray((matrix.T @ matrix).toarray()) / found.rate
    inner, right = products[:-1, :-1], products[:-1, -1]
    if found.rate < 1:
        squares, seen = pairs.squares[near], inner.diagonal()
        longer = np.sqrt(np.divide(squares, seen, out=np.ones(len(near)), where=seen > 0))
        inner = inner * longer[:, None] * longer
        np.fill_diagonal(inner, squares)
    return inner, right, found.rate


def followers(
    events: RaggedArrays,
    pairs: InteractionMatrix,
    item: int,
    names: IdIndex,
    distinct: UniqueInRange,
    options: BuildOptions,
    *,
    reference: float,
    half_lives: tuple[float, ...],
    cells: int,
) -> list[Scores]:
    """A row of `transitions` for each half-life: what follows one item.

    events: by user, (item, day, weight) in the order of time.
    """
    users, _, rate = pairs.head(item, events.length, cells)
    owner, (items, day, weight) = events.gather(users)
    timed = ~np.isnan(day)
    columns = (owner[timed], items[timed].astype(np.int64), day[timed], weight[timed])
    sources = np.flatnonzero(columns[1] == item)
    found = []
    for half_life in half_lives:
        line = Timeline.of(*columns, reference=reference, half_life_days=half_life)
        _, target, counts = line.steps(options.transition_window, options.transition_days, sources)
        found.append(_best_shares(target, counts / rate, names, distinct, len(pairs.squares), options))
    return found


def _best_shares(
    target: np.ndarray, counts: np.ndarray, names: IdIndex, distinct: UniqueInRange, size: int, options: BuildOptions
) -> Scores:
    """The targets of one source with the highest shares of its count."""
    targets, place = distinct.of(target, size)
    if not len(targets):
        return {}
    shape, shrinkage = (1, len(targets)), options.transition_shrinkage
    found = shares(np.zeros_like(place), place, counts, shape=shape, shrinkage=shrinkage, top=len(targets))
    best = top_k(found.score, targets[found.target], names, options.followed_by)
    return dict(zip(names.of(targets[found.target[best]]), found.score[best].tolist(), strict=True))


@dataclass(frozen=True)
class ItemRow:
    """The targets of a source with (score, recent_score), best first, and what an entry changed: who came, who went."""

    scores: dict[str, tuple[float, float]]
    entered: list[str]
    left: list[str]


def row_with(
    row: Mapping[str, tuple[float, float]], entries: Mapping[str, tuple[float, float] | None], top: int
) -> ItemRow:
    """A stored row with the entries of some targets replaced, None or zeros where there is none any more.

    As in a build the `top` best by each score are kept, ties by id, and a score that is not among them is 0. What was
    cut before can't come back here when something goes: that takes the columns of the others, or a build.
    """
    every = {**row, **{target: scores or (0.0, 0.0) for target, scores in entries.items()}}
    kept: dict[str, list[float]] = {}
    for side in (0, 1):
        for target in sorted(every, key=lambda target: (-every[target][side], target))[:top]:
            if every[target][side] > 0:
                kept.setdefault(target, [0.0, 0.0])[side] = every[target][side]
    ordered = sorted(kept.items(), key=lambda entry: (-entry[1][0], -entry[1][1], entry[0]))
    scores = {target: (ever, lately) for target, (ever, lately) in ordered}
    return ItemRow(scores, [t for t in scores if t not in row], [t for t in row if t not in scores])
