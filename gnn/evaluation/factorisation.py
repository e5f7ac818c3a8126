"""Implicit ALS: factors of users and items under a weighted square loss, by the library `implicit` on the CPU."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from gnn.evaluation.baseline_tuning import Note, Slice, best_of, ignore, tuning_slice
from gnn.evaluation.top_items import Lists, Scores, binary, ranked, threads
from graphstore.interactions import Interactions

ITERATIONS = 15
GRID = ((64, 1.0, 10.0), (128, 1.0, 10.0), (32, 1.0, 3.0), (128, 10.0, 30.0), (64, 1.0, 1.0), (64, 10.0, 1.0))
TUNING_SECONDS = 15.0
SEED = 20


def implicit_als(events: Interactions, k: int, note: Note = ignore) -> Lists:
    """Alternating least squares; all pairs have the same weight. Settings are tried for at most 15 seconds.

    Reference: Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008.
    """
    part = tuning_slice(events, most_items=None)
    end = time.perf_counter() + TUNING_SECONDS
    tried: list[tuple[tuple[int, float, float], float]] = []
    for setting in GRID if len(part.users) else GRID[:1]:
        if not tried or time.perf_counter() < end:
            tried.append((setting, _value(part, fit_als(part.events, *setting))))
    factors, alpha, regularisation = best_of(tried)
    note(
        f"implicit ALS: {factors} factors, weight of an event {alpha:g}, regularisation {regularisation:g},"
        f" the best of {len(tried)} settings on held-out training events."
    )
    return ranked(events, k, fit_als(events, factors, alpha, regularisation), least=-np.inf)


def _value(part: Slice, scores: Scores) -> float:
    return part.ndcg(lambda rows: scores(part.users[rows]))


def fit_als(events: Interactions, factors: int, alpha: float, regularisation: float) -> Scores:
    """The function from row numbers of users (B,) to scores (B, I); items without events score minus infinity."""
    from implicit.als import AlternatingLeastSquares

    matrix = binary(events)
    options: dict[str, Any] = {"iterations": ITERATIONS, "alpha": alpha, "regularization": regularisation}
    with threadpool_limits(1, user_api="blas"):  # the library runs threads of its own, which BLAS would fight
        model = AlternatingLeastSquares(factors, random_state=SEED, use_gpu=False, num_threads=threads(), **options)
        model.fit(matrix, show_progress=False)
    unknown = np.where(matrix.getnnz(axis=0) > 0, 0.0, -np.inf).astype(np.float32)
    users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)
    return lambda rows: users[rows] @ items.T + unknown
