"""Tuning of baselines on held-out training events, so that each is compared at its best settings.

Test events are never used: each baseline is a function of the training events alone.

Names: U users, I items, E events, B users of a block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import scipy.sparse as sp

from gnn.evaluation.list_metrics import ndcg
from gnn.evaluation.newest_events import after_cut, newest_count
from gnn.evaluation.top_items import STATIC, Lists, best_items, binary, blocks, query, ranked
from graphstore.build.transitions import time_order
from graphstore.interactions import Interactions

LEAST_USERS = 200
MOST_USERS = 1_000
MOST_ITEMS = 2_000
DEPTH = 10
SEED = 20

Setting = Mapping[str, Any]
Predict = Callable[[sp.csr_matrix], np.ndarray]
Fit = Callable[..., Predict]
Note = Callable[[str], None]
S = TypeVar("S")


def ignore(text: str) -> None:
    """Drop a note."""


@dataclass(frozen=True)
class Slice:
    """Training events split for tuning.

    events: to fit on.  users: rows of the users to score.  chosen: (these users, I) their held-out choices.
    """

    events: Interactions
    users: np.ndarray
    chosen: sp.csr_matrix

    def ndcg(self, scores: Callable[[np.ndarray], np.ndarray]) -> float:
        """Mean NDCG@10 of scores: positions in `users` -> (B, I); what a user has in `events` is left out."""
        if not len(self.users):
            return 0.0
        seen = binary(self.events)[self.users]
        total = 0.0
        for rows in blocks(*self.chosen.shape):
            row, place, item = best_items(scores(rows), seen[rows], DEPTH)
            chosen = self.chosen[rows]
            if not len(row):
                continue  # a sparse matrix can't be indexed with no cells
            hit = np.asarray(chosen[row, item]).ravel() > 0
            total += float(ndcg(row[hit], place[hit], chosen.getnnz(axis=1), DEPTH).sum())
        return total / len(self.users)


def tuning_slice(events: Interactions, *, most_items: int | None = MOST_ITEMS) -> Slice:
    """A slice of the events, with at most `MOST_USERS` users to score and the `most_items` most frequent items.

    Held out is the last tenth in time, if that leaves at least `LEAST_USERS` users to score; otherwise the newest tenth
    of each user's own events, and without times a tenth of them drawn by a seed.
    """
    events = _frequent(events, most_items)
    later = _later(events)
    kept = _chosen(events, ~later)
    chosen = binary(_chosen(events, later))
    chosen = sp.csr_matrix(chosen - chosen.multiply(binary(kept)))
    chosen.eliminate_zeros()
    users = np.flatnonzero((chosen.getnnz(axis=1) > 0) & (binary(kept).getnnz(axis=1) > 0))
    if len(users) > MOST_USERS:
        users = np.sort(np.random.default_rng(SEED).choice(users, MOST_USERS, replace=False))
    return Slice(kept, users, chosen[users])


def _later(events: Interactions) -> np.ndarray:
    """(E,) bool, which events are held out."""
    later = after_cut(events.day)
    if len(np.intersect1d(events.user[~later], events.user[later])) >= LEAST_USERS:
        return later
    order = time_order(events)
    if not len(order):
        order = np.random.default_rng(SEED).permutation(len(events.user))
        order = order[np.argsort(events.user[order], kind="stable")]
    user = events.user[order]
    from_end = np.searchsorted(user, user, side="right") - np.arange(len(user))
    last = from_end <= newest_count(np.bincount(user, minlength=len(events.user_ids)), 2)[user]
    later = np.zeros(len(events.user), dtype=bool)
    later[order[last]] = True
    return later


def _chosen(events: Interactions, rows: np.ndarray) -> Interactions:
    columns = {name: getattr(events, name)[rows] for name in ("user", "item", "day", "weight")}
    return replace(events, **columns)


def _frequent(events: Interactions, most: int | None) -> Interactions:
    counts = np.bincount(events.item, minlength=len(events.item_ids))
    if most is None or len(counts) <= most:
        return events
    keep = np.sort(np.argsort(-counts, kind="stable")[:most])
    number = np.full(len(counts), -1)
    number[keep] = np.arange(most)
    part = _chosen(events, number[events.item] >= 0)
    return replace(part, item_ids=[events.item_ids[i] for i in keep], item=number[part.item])


def best_of(tried: Iterable[tuple[S, float]]) -> S:
    """The setting with the highest value, the first of equals."""
    return max(tried, key=lambda pair: pair[1])[0]


def tuned(
    name: str,
    events: Interactions,
    k: int,
    fit: Fit,
    settings: Iterable[Setting],
    half_lives: Iterable[float] = (STATIC,),
    note: Note = ignore,
) -> Lists:
    """Lists of an item model at its best setting of a grid, refitted on all events.

    fit: (events, **setting) -> a function from queries, the users' own items (B, I), to scores (B, I).
    settings: of the fit.  half_lives: of a user's own items, in places from the latest.
    """
    settings, half_lives = list(settings), list(half_lives)
    setting, half_life = settings[0], half_lives[0]
    if len(settings) * len(half_lives) > 1:
        part = tuning_slice(events)
        queries = {h: query(part.events, h)[part.users] for h in half_lives}
        highest = -1.0
        for candidate in settings:
            tried = fit(part.events, **candidate)
            value = part.ndcg(_by_query(tried, queries[half_life])) if len(settings) > 1 else 0.0
            if value > highest:
                highest, setting, predict = value, candidate, tried
        half_life = best_of([(h, part.ndcg(_by_query(predict, queries[h]))) for h in half_lives])
        words = _in_words(setting, half_life if len(half_lives) > 1 else None)
        note(f"{name}: {words}, chosen on held-out training events.")
    return ranked(events, k, _by_query(fit(events, **setting), query(events, half_life)))


def _by_query(predict: Predict, queries: sp.csr_matrix) -> Callable[[np.ndarray], np.ndarray]:
    return lambda rows: predict(queries[rows])


def _in_words(setting: Setting, half_life: float | None) -> str:
    words = {name.replace("_", " "): value for name, value in setting.items()}
    if half_life is not None:
        words["query half-life in items"] = half_life
    return ", ".join(f"{word} {'none' if value == STATIC else value}" for word, value in words.items())
