"""Neighbourhood samples for training and embedding: behaviour, attributes, ties and content vectors as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows
from graphstore.batches import batched
from graphstore.database.client import Client

BLOCK_USERS = 64
CONTENT_ROWS, VECTOR_ROWS, ID_ROWS = 2_000, 1_000, 1_000


@dataclass(frozen=True)
class BehaviourColumns:
    """E events of seed users, newest first for each user.

    users: (E,) positions in the list of seeds.  items, types: E item ids and relationship types.
    seconds: (E,) Unix times.  values: (E,). Both NaN where unknown.
    """

    users: Rows
    items: list[str]
    types: list[str]
    seconds: Floats
    values: Floats


@dataclass(frozen=True)
class EdgeColumns:
    """E edges from seeds.  positions: (E,) in the list of seeds.  others: E keys of the other ends.  scores: (E,)."""

    positions: Rows
    others: list[str]
    scores: Floats


def sample_behaviour(client: Client, user_ids: Sequence[str], fan_out: int) -> BehaviourColumns:
    """The `fan_out` latest events of each seed user."""
    blocks = list(batched(user_ids, BLOCK_USERS))
    users: list[Rows] = []
    items: list[str] = []
    types: list[str] = []
    seconds: list[float] = []
    values: list[float] = []
    for number, row in enumerate(client.read_once("update/sampling/sample_users", blocks=blocks, fan_out=fan_out)):
        users.append(np.asarray(row["positions"], dtype=np.int64) + number * BLOCK_USERS)
        items += row["items"]
        types += row["types"]
        seconds += row["seconds"]
        values += row["values"]
    positions = np.concatenate(users) if users else np.zeros(0, dtype=np.int64)
    return BehaviourColumns(positions, items, types, np.asarray(seconds, float), np.asarray(values, float))


def sample_user_context(client: Client, user_ids: Sequence[str], fan_out: int) -> tuple[EdgeColumns, EdgeColumns]:
    """The attributes ("kind=value") of seed users, and the users that they follow, by their latest `fan_out` ties."""
    row = client.read("update/sampling/sample_user_context", user_ids=list(user_ids), fan_out=fan_out)[0]
    return (
        _edges(row["attribute_positions"], row["attribute_keys"]),
        _edges(row["follow_positions"], row["followed"]),
    )


def sample_similar_items(client: Client, item_ids: Sequence[str], fan_out: int) -> EdgeColumns:
    """The `fan_out` most similar items of each seed item, with scores."""
    row = client.read("update/sampling/sample_similar_items", item_ids=list(item_ids), fan_out=fan_out)[0]
    return _edges(row["positions"], row["similar"], row["scores"])


def read_item_attributes(client: Client, item_ids: Sequence[str]) -> EdgeColumns:
    """The attributes ("kind=value") of items."""
    row = client.read("update/sampling/read_item_attributes", item_ids=list(item_ids))[0]
    return _edges(row["positions"], row["keys"])


def _edges(positions: Sequence[int], others: list[str], scores: Sequence[float] | None = None) -> EdgeColumns:
    weights = np.ones(len(others)) if scores is None else np.asarray(scores, dtype=float)
    return EdgeColumns(np.asarray(positions, dtype=np.int64), others, weights)


def read_contents(client: Client, item_ids: Sequence[str]) -> tuple[Rows, NDArray[np.float32]]:
    """Content vectors (N, D) of the N items that have one, and their positions (N,) in `item_ids`."""
    positions: list[int] = []
    vectors: list[list[float]] = []
    for number, batch in enumerate(batched(item_ids, CONTENT_ROWS)):
        row = client.read("update/sampling/read_contents", item_ids=batch)[0]
        positions += [position + number * CONTENT_ROWS for position in row["positions"]]
        vectors += row["embeddings"]
    return np.asarray(positions, dtype=np.int64), np.asarray(vectors, dtype=np.float32)


def item_ids(client: Client) -> list[str]:
    """Every item, sorted by id."""
    return [row["item_id"] for row in client.stream("update/sampling/read_item_ids")]


def user_ids(client: Client) -> list[str]:
    """Every user, sorted by id."""
    return [row["user_id"] for row in client.stream("update/sampling/read_user_ids")]
