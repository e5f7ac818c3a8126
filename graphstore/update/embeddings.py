"""Embeddings in the graph: stale ones, their dependents, reading and writing."""

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
    """Items changed since a time, without an embedding, or with one of another model."""
    return [row["item_id"] for row in client.stream("update/embeddings/read_stale_items", since=since, version=version)]


def stale_users(client: Client, since: datetime, version: str) -> list[str]:
    """Users changed since a time, or with an embedding of another model."""
    return [row["user_id"] for row in client.stream("update/embeddings/read_stale_users", since=since, version=version)]


def item_dependents(client: Client, moved: Sequence[str], bound: int) -> list[str]:
    """Items that have one of the moved items among their most similar: at most `bound` for each ID_ROWS moved items."""
    rows = (
        client.read("update/embeddings/read_similar_dependents", item_ids=b, bound=bound)
        for b in batched(moved, ID_ROWS)
    )
    return sorted({row["item_id"] for batch in rows for row in batch})


def user_dependents(client: Client, moved: Sequence[str], bound: int) -> list[str]:
    """Users with behaviour on one of the moved items: at most `bound` for each ID_ROWS moved items."""
    rows = (
        client.read("update/embeddings/read_user_dependents", item_ids=b, bound=bound) for b in batched(moved, ID_ROWS)
    )
    return sorted({row["user_id"] for batch in rows for row in batch})


def followers(client: Client, moved: Sequence[str], bound: int) -> list[str]:
    """Users who follow one of the moved users: at most `bound` for each ID_ROWS moved users."""
    rows = (client.read("update/embeddings/read_followers", user_ids=b, bound=bound) for b in batched(moved, ID_ROWS))
    return sorted({row["user_id"] for batch in rows for row in batch})


def read_embeddings(client: Client, ids: Sequence[str], version: str) -> dict[str, NDArray[np.float32]]:
    """The embeddings (D,) of items by this model, by item id."""
    found: dict[str, NDArray[np.float32]] = {}
    for batch in batched(ids, VECTOR_ROWS):
        for row in client.read("update/embeddings/read_item_embeddings", item_ids=batch):
            if row["embedding"] is not None and row["version"] == version:
                found[row["item_id"]] = np.asarray(row["embedding"], dtype=np.float32)
    return found


def stream_items(client: Client, version: str) -> Iterator[dict[str, Any]]:
    """All items with an embedding by this model: item_id, embedding."""
    return client.stream("update/embeddings/stream_item_embeddings", version=version)


def read_users(client: Client, user_ids: Sequence[str], version: str) -> list[dict[str, Any]]:
    """The users, of some, with an embedding by this model: user_id, embedding."""
    return client.read("update/embeddings/read_user_embeddings", user_ids=list(user_ids), version=version)


def write_items(
    client: Client, ids: Sequence[str], vectors: NDArray[np.float32], version: str, *, ahead: bool = False
) -> None:
    """Write embeddings (N, D) of N items, with the model's version and the time.

    ahead: for a model that is not active yet, beside the embeddings that are served; `settle` replaces those.
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
    """Replace the served embeddings by those that were written ahead for the active model.

    everything: delete embeddings of other models.
    """
    client.autocommit("update/embeddings/settle_embeddings", version=version, all=everything)


def remove_embeddings(client: Client, users: Sequence[str], items: Sequence[str]) -> None:
    """Delete the embeddings of users and items without any data."""
    for batch in batched(users, ID_ROWS):
        client.write("update/embeddings/remove_embeddings", user_ids=batch, item_ids=[])
    for batch in batched(items, ID_ROWS):
        client.write("update/embeddings/remove_embeddings", user_ids=[], item_ids=batch)
