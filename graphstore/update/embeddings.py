"""Embeddings in the graph: which are stale, what depends on them, reading and writing them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.batches import batched
from graphstore.database.client import Client
from graphstore.update.sampling import ID_ROWS, VECTOR_ROWS


def stale_items(client: Client, since: datetime, version: str) -> list[str]:
    """Items touched since, without an embedding, or with one of another model."""
    return [row["item_id"] for row in client.stream("update/embeddings/read_stale_items", since=since, version=version)]


def stale_users(client: Client, since: datetime, version: str) -> list[str]:
    """Users touched since, or with an embedding of another model."""
    return [row["user_id"] for row in client.stream("update/embeddings/read_stale_users", since=since, version=version)]


def item_dependents(client: Client, moved: Sequence[str], bound: int) -> list[str]:
    """Items that have one of these among their most similar: at most `bound` per ID_ROWS of them."""
    rows = (
        client.read("update/embeddings/read_similar_dependents", item_ids=b, bound=bound)
        for b in batched(moved, ID_ROWS)
    )
    return sorted({row["item_id"] for batch in rows for row in batch})


def user_dependents(client: Client, moved: Sequence[str], bound: int) -> list[str]:
    """Users with behaviour on one of these items: at most `bound` per ID_ROWS of them."""
    rows = (
        client.read("update/embeddings/read_user_dependents", item_ids=b, bound=bound) for b in batched(moved, ID_ROWS)
    )
    return sorted({row["user_id"] for batch in rows for row in batch})


def followers(client: Client, moved: Sequence[str], bound: int) -> list[str]:
    """Users who follow one of these users: at most `bound` per ID_ROWS of them."""
    rows = (client.read("update/embeddings/read_followers", user_ids=b, bound=bound) for b in batched(moved, ID_ROWS))
    return sorted({row["user_id"] for batch in rows for row in batch})


def read_embeddings(client: Client, ids: Sequence[str], version: str) -> dict[str, NDArray[np.float32]]:
    """Embeddings (D,) of those items that have one of this model."""
    found: dict[str, NDArray[np.float32]] = {}
    for batch in batched(ids, VECTOR_ROWS):
        for row in client.read("update/embeddings/read_item_embeddings", item_ids=batch):
            if row["embedding"] is not None and row["version"] == version:
                found[row["item_id"]] = np.asarray(row["embedding"], dtype=np.float32)
    return found


def stream_items(client: Client, version: str) -> Iterator[dict[str, Any]]:
    """Every item with an embedding by a model: item_id, embedding."""
    return client.stream("update/embeddings/stream_item_embeddings", version=version)


def read_users(client: Client, user_ids: Sequence[str], version: str) -> list[dict[str, Any]]:
    """Those of some users that have an embedding by a model: user_id, embedding."""
    return client.read("update/embeddings/read_user_embeddings", user_ids=list(user_ids), version=version)


def write_items(
    client: Client, ids: Sequence[str], vectors: NDArray[np.float32], version: str, *, ahead: bool = False
) -> None:
    """Write embeddings (N, D) of N items, with the model's version and the time.

    ahead: beside those that are served, as the model is not active yet; `settle` puts them in their place.
    """
    statement = "update/embeddings/write_next_items" if ahead else "update/embeddings/write_item_embeddings"
    rows = [{"item_id": key, "embedding": row} for key, row in zip(ids, vectors.tolist(), strict=True)]
    for batch in batched(rows, VECTOR_ROWS):
        client.write(statement, rows=batch, version=version)


def write_users(
    client: Client, ids: Sequence[str], vectors: NDArray[np.float32], version: str, *, ahead: bool = False
) -> None:
    """Write embeddings (N, D) of N users, with the model's version and the time.  ahead: see `write_items`."""
    statement = "update/embeddings/write_next_users" if ahead else "update/embeddings/write_user_embeddings"
    rows = [{"user_id": key, "embedding": row} for key, row in zip(ids, vectors.tolist(), strict=True)]
    for batch in batched(rows, VECTOR_ROWS):
        client.write(statement, rows=batch, version=version)


def settle(client: Client, version: str, *, everything: bool) -> None:
    """Put the embeddings that were written ahead for the active model in their place.

    everything: what is left of other models goes.
    """
    client.autocommit("update/embeddings/settle_embeddings", version=version, all=everything)


def remove_embeddings(client: Client, users: Sequence[str], items: Sequence[str]) -> None:
    """Take the embedding from nodes that nothing is known about any more."""
    for batch in batched(users, ID_ROWS):
        client.write("update/embeddings/remove_embeddings", user_ids=batch, item_ids=[])
    for batch in batched(items, ID_ROWS):
        client.write("update/embeddings/remove_embeddings", user_ids=[], item_ids=batch)
