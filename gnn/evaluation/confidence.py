"""Confidence intervals over users: by resampling them, and by the standard error of their mean.

Names: U users, M metrics, R resamples.

Reference: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993 (the percentile interval); Sakai, "Evaluating
Evaluation Metrics Based on the Bootstrap", SIGIR 2006 (paired over the same users).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnn.evaluation.list_metrics import METRICS

RESAMPLES = 1_000
LEVEL = 0.95
AT_ONCE = 100
PAIRED_VIEWS = ("all", "known")


class Bootstrap:
    """Resamples of users, drawn once for each number of users.

    All systems and metrics get the same ones, so that differences between them are paired.
    """

    def __init__(self, seed: int = 0, resamples: int = RESAMPLES) -> None:
        self.seed, self.resamples = seed, resamples
        self._drawn: dict[int, np.ndarray] = {}

    def intervals(self, values: np.ndarray) -> np.ndarray:
        """(2, M) the low and high end of the 95 % percentile interval of the mean over users of `values` (U, M)."""
        means = self.means(values)
        return np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)

    def means(self, values: np.ndarray) -> np.ndarray:
        """(R, M) the means of every resample of the users of `values` (U, M)."""
        counts = self._counts(len(values))
        parts = [counts[start : start + AT_ONCE].astype(float) @ values for start in range(0, len(counts), AT_ONCE)]
        return np.concatenate(parts) / len(values)

    def _counts(self, users: int) -> np.ndarray:
        """(R, U) how often each user is in each resample."""
        if users not in self._drawn:
            rng = np.random.default_rng([self.seed, users])
            counts = np.zeros((self.resamples, users), dtype=np.uint16)
            for start in range(0, self.resamples, AT_ONCE):
                size = min(AT_ONCE, self.resamples - start)
                cells = rng.integers(0, users, (size, users)) + np.arange(size)[:, None] * users
                counts[start : start + size] = np.bincount(cells.ravel(), minlength=size * users).reshape(size, users)
            self._drawn[users] = counts
        return self._drawn[users]


def half_widths(values: np.ndarray) -> np.ndarray:
    """(M,) 1.96 standard errors of the means over users of `values` (U, M); 0 for a single user."""
    users = len(values)
    if users < 2:
        return np.zeros(values.shape[1])
    return 1.96 * values.std(axis=0, ddof=1) / np.sqrt(users)


def versus_best(
    rows: Mapping[str, Mapping[str, np.ndarray]], served: str, bootstrap: Bootstrap
) -> dict[str, dict[str, Any]]:
    """The served lists minus the best other system on each metric, paired by user, for the views all and known.

    rows: for each system and view the metrics of its users (U, M), the users of a view in one order for all systems.

    Returns:
        {view: {metric: {peer, difference, interval, half_width}}}: the 95 % percentile interval of 1,000 resamples and
        1.96 standard errors. The best is chosen on the same users that it is compared on, which favours the peer.
    """
    peers = [name for name in rows if name != served]
    report: dict[str, dict[str, Any]] = {}
    for view in PAIRED_VIEWS if peers else ():
        if view not in rows[served]:
            continue
        means = np.stack([rows[name][view].mean(axis=0) for name in peers])
        best = means.argmax(axis=0)
        columns = [rows[served][view][:, m] - rows[peers[best[m]]][view][:, m] for m in range(len(METRICS))]
        difference = np.stack(columns, axis=1)
        intervals, widths = bootstrap.intervals(difference), half_widths(difference)
        report[view] = {
            metric: {
                "peer": peers[best[m]],
                "difference": float(difference[:, m].mean()),
                "interval": intervals[:, m].tolist(),
                "half_width": float(widths[m]),
            }
            for m, metric in enumerate(METRICS)
        }
    return report
