"""The graph side of update: neighbourhood subgraphs as columns, embeddings written back, the registry of models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.blend import DEFAULT_BLEND, Blend
from graphstore.client import Client, Transaction
from graphstore.extract import batched

BLOCK_USERS = 64
CONTENT_ROWS, VECTOR_ROWS, ID_ROWS = 2_000, 1_000, 1_000

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BehaviourColumns:
    """E behaviour edges of U users, each user's newest first.

    users: (E,) positions in the list of seeds.  items, types: E strings.  seconds, values: (E,), NaN where unknown.
    """

    users: Indices
    items: list[str]
    types: list[str]
    seconds: Floats
    values: Floats


@dataclass(frozen=True)
class EdgeColumns:
    """E edges from seeds to others. positions: (E,) in the list of seeds.  others: E keys.  scores: (E,)."""

    positions: Indices
    others: list[str]
    scores: Floats


def sample_behaviour(client: Client, user_ids: Sequence[str], fan_out: int) -> BehaviourColumns:
    """The `fan_out` most recent events of each seed user, pulled as columns."""
    blocks = list(batched(user_ids, BLOCK_USERS))
    users: list[Indices] = []
    items: list[str] = []
    types: list[str] = []
    seconds: list[float] = []
    values: list[float] = []
    for number, row in enumerate(client.ask("update/sample_users", blocks=blocks, fan_out=fan_out)):
        users.append(np.asarray(row["positions"], dtype=np.int64) + number * BLOCK_USERS)
        items += row["items"]
        types += row["types"]
        seconds += row["seconds"]
        values += row["values"]
    positions = np.concatenate(users) if users else np.zeros(0, dtype=np.int64)
    return BehaviourColumns(positions, items, types, np.asarray(seconds, float), np.asarray(values, float))


def sample_user_context(client: Client, user_ids: Sequence[str], fan_out: int) -> tuple[EdgeColumns, EdgeColumns]:
    """Attributes ("kind=value") of seed users, and the users they follow, the latest `fan_out` ties."""
    row = client.read("update/sample_user_context", user_ids=list(user_ids), fan_out=fan_out)[0]
    return (
        _edges(row["attribute_positions"], row["attribute_keys"]),
        _edges(row["follow_positions"], row["followed"]),
    )


def sample_items(client: Client, item_ids: Sequence[str], fan_out: int) -> tuple[EdgeColumns, EdgeColumns]:
    """Attributes ("kind=value") of seed items, and their `fan_out` most similar items with scores."""
    row = client.read("update/sample_items", item_ids=list(item_ids), fan_out=fan_out)[0]
    return (
        _edges(row["attribute_positions"], row["attribute_keys"]),
        _edges(row["similar_positions"], row["similar"], row["scores"]),
    )


def _edges(positions: Sequence[int], others: list[str], scores: Sequence[float] | None = None) -> EdgeColumns:
    weights = np.ones(len(others)) if scores is None else np.asarray(scores, dtype=float)
    return EdgeColumns(np.asarray(positions, dtype=np.int64), others, weights)


def read_contents(client: Client, item_ids: Sequence[str]) -> tuple[Indices, NDArray[np.float32]]:
    """Content embeddings: positions (N,) in `item_ids` of the items that have one, and their vectors (N, D)."""
    positions: list[int] = []
    vectors: list[list[float]] = []
    for number, batch in enumerate(batched(item_ids, CONTENT_ROWS)):
        row = client.read("update/read_contents", item_ids=batch)[0]
        positions += [position + number * CONTENT_ROWS for position in row["positions"]]
        vectors += row["embeddings"]
    return np.asarray(positions, dtype=np.int64), np.asarray(vectors, dtype=np.float32)


def item_ids(client: Client) -> list[str]:
    """Every item, sorted by id."""
    return [row["item_id"] for row in client.stream("update/read_item_ids")]


def user_ids(client: Client) -> list[str]:
    """Every user, sorted by id."""
    return [row["user_id"] for row in client.stream("update/read_user_ids")]


def stale_items(client: Client, since: datetime, version: str) -> list[str]:
    """Items touched since, without an embedding, or with one of another model."""
    return [row["item_id"] for row in client.stream("update/read_stale_items", since=since, version=version)]


def stale_users(client: Client, since: datetime, version: str) -> list[str]:
    """Users touched since, or with an embedding of another model."""
    return [row["user_id"] for row in client.stream("update/read_stale_users", since=since, version=version)]


def item_dependents(client: Client, moved: Sequence[str], bound: int) -> list[str]:
    """Items that have one of these among their most similar: at most `bound` per ID_ROWS of them."""
    rows = (client.read("update/read_similar_dependents", item_ids=b, bound=bound) for b in batched(moved, ID_ROWS))
    return sorted({row["item_id"] for batch in rows for row in batch})


def user_dependents(client: Client, moved: Sequence[str], bound: int) -> list[str]:
    """Users with behaviour on one of these items: at most `bound` per ID_ROWS of them."""
    rows = (client.read("update/read_user_dependents", item_ids=b, bound=bound) for b in batched(moved, ID_ROWS))
    return sorted({row["user_id"] for batch in rows for row in batch})


def followers(client: Client, moved: Sequence[str], bound: int) -> list[str]:
    """Users who follow one of these users: at most `bound` per ID_ROWS of them."""
    rows = (client.read("update/read_followers", user_ids=b, bound=bound) for b in batched(moved, ID_ROWS))
    return sorted({row["user_id"] for batch in rows for row in batch})


def read_embeddings(client: Client, ids: Sequence[str], version: str) -> dict[str, NDArray[np.float32]]:
    """Embeddings (D,) of those items that have one of this model."""
    found: dict[str, NDArray[np.float32]] = {}
    for batch in batched(ids, VECTOR_ROWS):
        for row in client.read("update/read_item_embeddings", item_ids=batch):
            if row["embedding"] is not None and row["version"] == version:
                found[row["item_id"]] = np.asarray(row["embedding"], dtype=np.float32)
    return found


def write_items(
    client: Client, ids: Sequence[str], vectors: NDArray[np.float32], version: str, *, ahead: bool = False
) -> None:
    """Write embeddings (N, D) of N items, with the model's version and the time.

    ahead: beside those that are served, as the model is not active yet; `settle` puts them in their place.
    """
    statement = "update/write_next_items" if ahead else "update/write_item_embeddings"
    rows = [{"item_id": key, "embedding": row} for key, row in zip(ids, vectors.tolist(), strict=True)]
    for batch in batched(rows, VECTOR_ROWS):
        client.write(statement, rows=batch, version=version)


def write_users(
    client: Client, ids: Sequence[str], vectors: NDArray[np.float32], version: str, *, ahead: bool = False
) -> None:
    """Write embeddings (N, D) of N users, with the model's version and the time.  ahead: see `write_items`."""
    statement = "update/write_next_users" if ahead else "update/write_user_embeddings"
    rows = [{"user_id": key, "embedding": row} for key, row in zip(ids, vectors.tolist(), strict=True)]
    for batch in batched(rows, VECTOR_ROWS):
        client.write(statement, rows=batch, version=version)


def settle(client: Client, version: str, *, everything: bool) -> None:
    """Put the embeddings that were written ahead for the active model in their place.

    everything: what is left of other models goes.
    """
    client.autocommit("update/settle_embeddings", version=version, all=everything)


def remove_embeddings(client: Client, users: Sequence[str], items: Sequence[str]) -> None:
    """Take the embedding from nodes that nothing is known about any more."""
    for batch in batched(users, ID_ROWS):
        client.write("update/remove_embeddings", user_ids=batch, item_ids=[])
    for batch in batched(items, ID_ROWS):
        client.write("update/remove_embeddings", user_ids=[], item_ids=batch)


def active_model(client: Client) -> dict[str, Any] | None:
    """The active model: version, family, configuration, metrics, dimension; or None."""
    rows = client.read("update/read_active_model")
    if not rows:
        return None
    row = rows[0]
    return {**row, **{name: json.loads(row[name] or "{}") for name in ("configuration", "metrics")}}


def activate(
    client: Client,
    version: str,
    *,
    family: str,
    configuration: Mapping[str, Any],
    metrics: Mapping[str, Any],
    dimension: int,
    blend: Blend = DEFAULT_BLEND,
) -> None:
    """Register a model and make it the active one, in one transaction: a reader sees the old one or the new one."""

    text = blend.to_json()

    def register_and_switch(transaction: Transaction) -> None:
        transaction.run(
            "update/register_model",
            version=version,
            family=family,
            configuration=json.dumps(configuration),
            metrics=json.dumps(metrics),
            dimension=dimension,
            blend=text,
            blend_hash=hashlib.sha256(text.encode()).hexdigest(),
            trained_at=datetime.now(UTC),
        )
        transaction.run("update/activate_model", version=version)

    client.transaction(register_and_switch)
