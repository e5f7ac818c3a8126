"""Behaviour, attributes, ties and interests of the whole graph, read as columns and sparse matrices."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from graphstore.database.client import Client
from graphstore.feedback import feedback_weights
from graphstore.interactions import Interactions
from graphstore.progress import Progress, silent


def pull_interactions(client: Client, negative_weight: float, progress: Progress = silent) -> Interactions:
    """All behaviour.  negative_weight: factor of the weight of low ratings; kinds of negative behaviour weigh 0."""
    item_ids = [row["item_id"] for row in client.stream("build/pull/stream_items")]
    item_index = {item_id: index for index, item_id in enumerate(item_ids)}
    user_ids: list[str] = []
    kind_weights = {kind.type: kind.weight for kind in client.kinds.values()}
    half_lives = {kind.type: kind.half_life_days for kind in client.kinds.values()}
    users, items, days, weights, strengths, halves = [], [], [], [], [], []
    highest: float | None = None
    for row in client.stream("build/pull/stream_interactions"):
        number = len(user_ids)
        user_ids.append(row["user_id"])
        count = len(row["item_ids"])
        weight, low = feedback_weights(row["types"], row["values"], client.kinds, negative_weight)
        highest = max((value for value in (highest, row["highest"]) if value is not None), default=None)
        strength = np.fromiter((kind_weights.get(t, 1.0) for t in row["types"]), dtype=float, count=count)
        strengths.append(np.where(low, -np.abs(strength), strength))
        halves.append(np.fromiter((half_lives.get(t, np.inf) for t in row["types"]), dtype=float, count=count))
        users.append(np.full(count, number))
        items.append(np.fromiter((item_index.get(i, -1) for i in row["item_ids"]), dtype=np.int64, count=count))
        days.append(np.array(row["days"], dtype=float))
        weights.append(weight)
        progress("behaviour", number + 1, None)
    user, item, day, kept, strength, half = map(_joined, (users, items, days, weights, strengths, halves))
    events = Interactions(user_ids, item_ids, user, item, day, kept, strength, half, highest_rating=highest)
    return events.where(events.item >= 0)  # without items that were created after the items were read


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def pull_user_attributes(client: Client, user_ids: list[str]) -> tuple[list[tuple[str, str]], sp.csr_matrix]:
    """The attributes of users as (kind, value), and (A, U) 1 where a user has an attribute."""
    user_index = {user_id: index for index, user_id in enumerate(user_ids)}
    rows = (
        (user_index[row["user_id"]], list(zip(row["kinds"], row["values"], strict=True)))
        for row in client.stream("build/pull/stream_user_attributes")
        if row["user_id"] in user_index
    )
    names, incidence = _incidence(rows, len(user_ids))
    return names, incidence.T.tocsr()


def pull_ties(client: Client, user_ids: list[str]) -> sp.csr_matrix:
    """(U, U) 1 where the user of a row follows the user of a column."""
    index = {user_id: number for number, user_id in enumerate(user_ids)}
    rows, columns = [], []
    for row in client.stream("build/pull/stream_ties"):
        followed = [index[user_id] for user_id in row["followed"] if user_id in index]
        if row["user_id"] in index:
            rows += [index[row["user_id"]]] * len(followed)
            columns += followed
    return sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(user_ids), len(user_ids)))


def pull_item_interests(client: Client, item_ids: list[str]) -> tuple[list[str], sp.csr_matrix]:
    """The names of interests that items are about, and (I, N) the weights of ABOUT."""
    item_index = {item_id: index for index, item_id in enumerate(item_ids)}
    names: dict[str, int] = {}
    rows, columns, weights = [], [], []
    for row in client.stream("build/pull/stream_item_interests"):
        if row["item_id"] not in item_index:
            continue
        columns += [names.setdefault(name, len(names)) for name in row["names"]]
        rows += [item_index[row["item_id"]]] * len(row["names"])
        weights += row["weights"]
    return list(names), sp.csr_matrix((weights, (rows, columns)), shape=(len(item_ids), len(names)))


def pull_interest_vectors(client: Client, names: Sequence[str]) -> np.ndarray:
    """(N, D) the vectors of these interests' labels, of length 1; zeros for those without one."""
    found = {
        row["position"]: row["embedding"] for row in client.read("build/pull/read_interest_vectors", names=list(names))
    }
    width = max(map(len, found.values()), default=0)
    vectors = np.zeros((len(names), width))
    for position, vector in found.items():
        if len(vector) == width:
            vectors[position] = vector
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _incidence(rows: Iterable[tuple[int, list[Any]]], count: int) -> tuple[list[Any], sp.csr_matrix]:
    """Names, numbered in the order of appearance, and a matrix (count, names) of ones, from (row number, names)."""
    index: dict[Hashable, int] = {}
    row_numbers, columns = [], []
    for number, names in rows:
        for name in names:
            row_numbers.append(number)
            columns.append(index.setdefault(name, len(index)))
    return list(index), sp.csr_matrix((np.ones(len(columns)), (row_numbers, columns)), shape=(count, len(index)))
