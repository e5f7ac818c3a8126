"""Top-k lists from scores, and the matrices of events that baselines score from.

Names: U users, I items, E events, B users of a block, K list length.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse as sp

from graphstore.arrays import kth_largest
from graphstore.build.transitions import time_order
from graphstore.interactions import Interactions

BLOCK_CELLS = 8_000_000
STATIC = float("inf")

Lists = dict[str, list[str]]
Scores = Callable[[np.ndarray], np.ndarray]


def threads() -> int:
    """Threads of a baseline: half the cores, as more threads than free cores slow each down."""
    return max(1, (os.cpu_count() or 1) // 2)


def has_times(events: Interactions) -> bool:
    """Whether any event has a time."""
    return bool(np.isfinite(events.day).any())


def binary(events: Interactions) -> sp.csr_matrix:
    """(U, I) 1 where a user has an event with an item."""
    shape = (len(events.user_ids), len(events.item_ids))
    matrix = sp.csr_matrix((np.ones(len(events.user), dtype=np.float32), (events.user, events.item)), shape=shape)
    matrix.data[:] = 1.0
    return matrix


def decayed(events: Interactions, half_life_days: float) -> sp.csr_matrix:
    """(U, I) 0.5 to the power of the age, in half-lives, of each pair's latest event.

    Age is measured from the latest event of all; it is 0 for an event without a time. With the half-life STATIC all
    values are 1.
    """
    if half_life_days == STATIC or not has_times(events):
        return binary(events)
    age = np.where(np.isnan(events.day), 0.0, events.latest_day - events.day)
    order = np.lexsort((age, events.item, events.user))
    user, item = events.user[order], events.item[order]
    first = np.ones(len(user), dtype=bool)
    first[1:] = (user[1:] != user[:-1]) | (item[1:] != item[:-1])
    values = np.exp2(-age[order][first] / half_life_days).astype(np.float32)
    return sp.csr_matrix((values, (user[first], item[first])), shape=(len(events.user_ids), len(events.item_ids)))


def query(events: Interactions, half_life: float) -> sp.csr_matrix:
    """(U, I) queries: each item at 0.5 to the power of its place, in half-lives, from the user's latest item.

    Events of the same time are ordered by a hash; events without a time come after all others.
    """
    if half_life == STATIC or not has_times(events):
        return binary(events)
    timed = time_order(events)[::-1]
    untimed = np.flatnonzero(np.isnan(events.day))
    order = np.concatenate([timed, untimed[np.lexsort((events.item[untimed], events.user[untimed]))]])
    key = events.user[order] * np.int64(len(events.item_ids)) + events.item[order]
    _, latest = np.unique(key, return_index=True)  # the first place of each pair, which is its latest event
    latest.sort()
    user, item = events.user[order][latest], events.item[order][latest]
    by_user = np.argsort(user, kind="stable")
    user, item = user[by_user], item[by_user]
    place = np.arange(len(user)) - np.searchsorted(user, user, side="left")
    values = np.exp2(-place / half_life).astype(np.float32)
    keep = values > 1e-6
    return sp.csr_matrix((values[keep], (user[keep], item[keep])), shape=(len(events.user_ids), len(events.item_ids)))


def ranked(events: Interactions, k: int, scores: Scores, *, least: float = 0.0) -> Lists:
    """Each user's best k items with a score above `least` that they have no event with; ties by item number.

    scores: (B,) row numbers of users -> (B, I), or (I,) for the same scores of all users.
    """
    seen = binary(events)
    lists: Lists = {user_id: [] for user_id in events.user_ids}
    for rows in blocks(len(events.user_ids), len(events.item_ids)):
        row, _, item = best_items(scores(rows), seen[rows], k, least)
        for number, i in zip((row + rows[0]).tolist(), item.tolist(), strict=True):
            lists[events.user_ids[number]].append(events.item_ids[i])
    return lists


def best_items(
    scores: np.ndarray, seen: sp.csr_matrix, k: int, least: float = -np.inf
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best k unseen items of each row with a score above `least`, as columns row, place from 0 and item.

    Best first; ties by item number.
    """
    block = np.array(np.broadcast_to(scores, seen.shape), dtype=np.float32)
    block[seen.nonzero()] = -np.inf
    if not block.size:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty
    edge = kth_largest(block, min(k, block.shape[1]))[:, None]
    row, item = np.nonzero((block >= edge) & (block > least))
    order = np.lexsort((item, -block[row, item], row))
    row, item = row[order], item[order]
    place = np.arange(len(row)) - np.searchsorted(row, row, side="left")
    return row[place < k], place[place < k], item[place < k]


def blocks(users: int, items: int) -> Iterator[np.ndarray]:
    """Row numbers of users, in blocks whose scores over all items fit into BLOCK_CELLS."""
    size = max(1, BLOCK_CELLS // max(items, 1))
    for start in range(0, users, size):
        yield np.arange(start, min(start + size, users))
