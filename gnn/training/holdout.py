"""Holding out each user's newest events, to learn the blend weights on and to choose the epoch by.

Names: E events, U users, S seed users of a batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gnn.evaluation.newest_events import after_cut, newest_count
from gnn.network.propagation import HeteroData
from graphstore.interactions import Interactions

LEAST_EVENTS, MOST_HELD = 5, 50
RETURNING_SHARE, RETURNING_USERS = 0.05, 100


@dataclass(frozen=True)
class HoldOut:
    """Held-out events. counts: (U,) of each user's newest events.  by_time: whether they are those after one time."""

    counts: np.ndarray
    by_time: bool

    def earlier(self, events: Interactions) -> Interactions:
        """The events that are not held out. events: by user, newest first."""
        return events.where(_places(events) >= self.counts[events.user])

    def in_batch(self, batch: HeteroData, events: Interactions) -> Tensor:
        """(S,) how many of the newest pulled events of each seed user of a batch are held out.

        events: all of them; the rows of `counts` are its users.
        """
        row = {user_id: number for number, user_id in enumerate(events.user_ids)}
        users = batch["item", "interacts", "user"].edge_index[1]
        lengths = torch.bincount(users.cpu(), minlength=int(batch["user"].num_nodes))
        counts = [
            min(int(self.counts[row[user_id]]) if user_id in row else 0, int(length))
            for user_id, length in zip(batch["user"].user_id, lengths, strict=False)
        ]
        return torch.tensor(counts, dtype=torch.long, device=users.device)


def hold_out(events: Interactions) -> HoldOut:
    """The last tenth of all events in time, if enough users have events before and after the cut, as when serving.

    Otherwise the newest tenth of each user's events, at most MOST_HELD, of users with LEAST_EVENTS or more.
    """
    users = len(events.user_ids)
    total = np.bincount(events.user, minlength=users)
    late = np.bincount(events.user, after_cut(events.day), minlength=users).astype(int)
    returning = int(((late > 0) & (late < total)).sum())
    if returning >= max(RETURNING_USERS, RETURNING_SHARE * users):
        return HoldOut(late, True)
    return HoldOut(newest_count(total, LEAST_EVENTS, MOST_HELD), False)


def _places(events: Interactions) -> np.ndarray:
    """(E,) the place of each event among those of its user, 0 for the newest."""
    return np.arange(len(events.user)) - np.searchsorted(events.user, events.user)
