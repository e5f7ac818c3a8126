"""The derived rows of one item: the ridge regression on its neighbourhood, and its transitions.

Exact while at most `cells` cells are read; beyond, estimated from one sample of users for all items (see
`graphstore.incremental.interaction_matrix`).
Names: S items of a neighbourhood, `cells`: cells that one step reads at most, `rate`: sampling rate of users.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp

from graphstore.arrays import Rows, top_k, unique_in_range
from graphstore.build.derive import BuildOptions
from graphstore.build.regression import closeness, ridge
from graphstore.build.similarity import best_of_rows
from graphstore.build.transitions import Timeline, best_transitions
from graphstore.clock import GraphClock
from graphstore.incremental.interaction_matrix import InteractionMatrix
from graphstore.incremental.ragged import IdIndex, RaggedArrays

Scores = dict[str, float]  # by id
ScorePair = tuple[float, float]  # score and recent_score
NeighbourRow = dict[str, ScorePair]  # by the id of the other end


def best_by_id(scores: np.ndarray, numbers: np.ndarray, ids: IdIndex, count: int) -> Rows:
    """Positions of the `count` highest of rounded scores (N,), best first; ties by the ids of the numbers (N,)."""
    return top_k(scores, count, lambda places: (ids.ranks(numbers[places]),))


def regressed_column(
    matrix: InteractionMatrix, item: int, ids: IdIndex, *, neighbourhood: int, penalty: float, cells: int
) -> Scores:
    """The column of `regressed_columns` for one item: all positive weights, by source.

    Up to `cells` cells are read to find the neighbourhood, and as many for the products within it. In a sample, a
    product of few cells has the largest error; therefore, of the estimates of a product with the item, the one with
    the highest sampling rate is taken.
    """
    near, right, rate = _nearest(matrix, item, ids, neighbourhood, penalty, cells)
    if not len(near):
        return {}
    inner, right_again, rate_again = products_within(matrix, near, item, cells)
    if rate_again > rate:
        right, rate = right_again, rate_again
    if rate < 1:
        for place, other in enumerate(near.tolist()):
            product, own_rate = matrix.sample_product(other, item, cells // neighbourhood)
            right[place] = product if own_rate > rate else right[place]
    weights = ridge(inner[None], right[None], np.ones((1, len(near)), dtype=bool), penalty)[0]
    kept, _, scores = best_of_rows(np.arange(len(near)), np.full(len(near), item), weights, 1)
    return dict(zip(ids.ids_of(near[kept]), scores.tolist(), strict=True))


def _nearest(
    matrix: InteractionMatrix, item: int, ids: IdIndex, size: int, penalty: float, cells: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """(S,) the items nearest to one item; (S,) their products with it; the sampling rate of these."""
    users, values, rate = matrix.sample_column(item, matrix.rows.length, cells)
    owner, (items, weights) = matrix.rows.gather(users)
    others, place = unique_in_range(items, len(matrix.squares))
    products = np.bincount(place, values[owner] * weights, minlength=len(others)) / rate
    keep = (others != item) & (products > 0)
    others, products = others[keep].astype(np.int64), products[keep]
    if rate < 1:  # an estimate from few users can be above what is possible: the item's highest value for each user
        bound = np.sqrt(matrix.squares[others] * matrix.columns.length[others]) * values.max(initial=0.0)
        products = np.minimum(products, bound)
    best = best_by_id(closeness(products, matrix.squares[others], penalty), others, ids, size)
    return others[best], products[best], rate


def products_within(
    matrix: InteractionMatrix, near: np.ndarray, item: int, cells: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """(S, S) the products of some columns; (S,) those with the item; the sampling rate.

    Products of a sample are scaled so that the diagonal is the exact squared length of each column: the sample gives
    the angles only.
    """
    sample = matrix.sample_columns(np.append(near, item), cells)
    users, place = unique_in_range(sample.user, len(matrix.rows.length))
    sampled = sp.csr_matrix((sample.value, (place, sample.owner)), shape=(len(users), len(near) + 1))
    products = np.asarray((sampled.T @ sampled).toarray()) / sample.rate
    inner, right = products[:-1, :-1], products[:-1, -1]
    if sample.rate < 1:
        squares, estimated = matrix.squares[near], inner.diagonal()
        scale = np.sqrt(np.divide(squares, estimated, out=np.ones(len(near)), where=estimated > 0))
        inner = inner * scale[:, None] * scale
        np.fill_diagonal(inner, squares)
    return inner, right, sample.rate


def transition_rows(
    events: RaggedArrays,
    matrix: InteractionMatrix,
    item: int,
    ids: IdIndex,
    options: BuildOptions,
    *,
    clock: GraphClock,
    reference: float,
    half_lives: tuple[float, ...],
    cells: int,
) -> list[Scores]:
    """The row of `transitions` for one source item, for each half-life.

    events: by user, (item, day, weight) in the order of `time_order`.
    """
    users, _, rate = matrix.sample_column(item, events.length, cells)
    owner, (items, day, weight) = events.gather(users)
    timed = ~np.isnan(day)
    columns = (owner[timed], items[timed].astype(np.int64), day[timed], weight[timed], clock.on(day[timed]))
    sources = np.flatnonzero(columns[1] == item)
    found = []
    for half_life in half_lives:
        timeline = Timeline.of(*columns, reference=reference, half_life_days=half_life)
        _, target, counts = timeline.steps(options.transition_window, options.transition_days, sources)
        found.append(_best_targets(target, counts / rate, ids, len(matrix.squares), options))
    return found


def _best_targets(target: np.ndarray, counts: np.ndarray, ids: IdIndex, items: int, options: BuildOptions) -> Scores:
    """The targets of one source with the highest shares of its count.  items: how many there are."""
    targets, place = unique_in_range(target, items)
    if not len(targets):
        return {}
    shape, shrinkage = (1, len(targets)), options.transition_shrinkage
    found = best_transitions(np.zeros_like(place), place, counts, shape=shape, shrinkage=shrinkage, top=len(targets))
    best = best_by_id(found.score, targets[found.target], ids, options.followed_by)
    return dict(zip(ids.ids_of(targets[found.target[best]]), found.score[best].tolist(), strict=True))


def updated_row(row: Mapping[str, ScorePair], entries: Mapping[str, ScorePair | None], top: int) -> NeighbourRow:
    """A stored row after the entries of some targets were replaced, best first.

    entries: None or zeros where the target has no score any more.

    As in a build, the `top` best by each of the two scores are kept, ties by id, and a score that is not among them
    is 0. A target that was cut off earlier does not come back when another one is deleted; the next build restores it.
    """
    merged = {**row, **{target: scores or (0.0, 0.0) for target, scores in entries.items()}}
    kept: dict[str, list[float]] = {}
    for side in (0, 1):
        for target in sorted(merged, key=lambda target: (-merged[target][side], target))[:top]:
            if merged[target][side] > 0:
                kept.setdefault(target, [0.0, 0.0])[side] = merged[target][side]
    ordered = sorted(kept.items(), key=lambda entry: (-entry[1][0], -entry[1][1], entry[0]))
    return {target: (overall, recent) for target, (overall, recent) in ordered}
