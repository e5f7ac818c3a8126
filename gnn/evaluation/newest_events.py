"""The two cuts by which newest events are held out: one time for all users, and a tenth of each user's own events.

Three rules are built from them, which differ on purpose:

* `gnn.training.holdout.hold_out`, for blend weights and epochs: after one time if enough users come back, else of each
  user with five events or more.
* `gnn.evaluation.baseline_tuning.tuning_slice`, for settings of baselines: after one time if enough users can be asked,
  else of each user with two events or more.
* `gnn.training.continual.held_in_batch`, to accept a continued model: of each user's pulled events, rounded up, at most
  five, as fresh users have few.

Names: E events, U users.
"""

from __future__ import annotations

import numpy as np

PART = 10  # one event in so many is held out


def after_cut(day: np.ndarray) -> np.ndarray:
    """(E,) bool: the tenth of events with the latest times; none without a time. day: (E,), NaN where unknown."""
    timed = ~np.isnan(day)
    if not timed.any():
        return timed
    return timed & (day > np.quantile(day[timed], 1 - 1 / PART))


def newest_count(total: np.ndarray, least: int, most: int | None = None, *, round_up: bool = False) -> np.ndarray:
    """(U,) how many of each user's newest events are a tenth of them: at least 1, at most `most`.

    total: (U,) events of each user.  least: with fewer events none is held out.  round_up: else rounded down.
    """
    tenth = -(-total // PART) if round_up else total // PART
    return np.where(total >= least, np.clip(tenth, 1, most), 0)
