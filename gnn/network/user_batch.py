"""Neighbourhoods of seed users as PyG `HeteroData` batches, from the columns that Neo4j gives.

Names: S seed users, F followed users, E events.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from gnn.network.data import GraphVocabulary, ItemTable
from gnn.network.propagation import HeteroData
from graphstore.durations import DAY_SECONDS
from graphstore.feedback import low_among
from graphstore.update.sampling import BehaviourColumns, EdgeColumns

RATED = "RATED"


def negative_events(behaviour: BehaviourColumns, negative_types: Sequence[str]) -> Any:
    """(E,) bool, which events tell dislike: those of a negative type, and low ratings (`graphstore.feedback`)."""
    types = np.asarray(behaviour.types, dtype=object)
    return np.isin(types, list(negative_types)) | low_among(behaviour.values, types == RATED, behaviour.users)


def user_batch(
    items: ItemTable,
    vocabulary: GraphVocabulary,
    user_ids: Sequence[str],
    behaviour: BehaviourColumns,
    attributes: EdgeColumns,
    follows: EdgeColumns,
    followed_ids: Sequence[str],
    followed: BehaviourColumns,
) -> HeteroData:
    """The neighbourhood of S seed users (nodes 0 to S - 1) and the F users that they follow (nodes after them).

    behaviour, attributes, follows: of the seeds.  followed: behaviour of the F users of `followed_ids`.

    `item.n_id` are rows of the item table. The edges `(item, interacts, user)` run from each user's oldest event to
    the newest, with `relation`, `days` (days since 1970, NaN unknown) and `negative`.
    """
    data = HeteroData()
    data["user"].user_id = list(user_ids)
    data["user"].num_nodes = len(user_ids) + len(followed_ids)
    data["user"].seeds = len(user_ids)
    parts = [
        _edges(items, vocabulary, behaviour, 0),
        _edges(items, vocabulary, followed, len(user_ids)),
    ]
    rows, users, relation, days, negative = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    n_id, local = np.unique(rows, return_inverse=True)
    data["item"].n_id = torch.from_numpy(n_id.astype(np.int64))
    data["item"].num_nodes = len(n_id)
    edges = data["item", "interacts", "user"]
    edges.edge_index = torch.from_numpy(np.stack([local.ravel(), users]).astype(np.int64))
    edges.relation = torch.from_numpy(relation)
    edges.days = torch.from_numpy(days)
    edges.negative = torch.from_numpy(negative)
    pairs = [
        (index, position)
        for position, key in zip(attributes.positions.tolist(), attributes.others, strict=True)
        if (index := vocabulary.attribute(key)) is not None
    ]
    data["attribute"].num_nodes = len(vocabulary.attributes)
    data["attribute", "describes", "user"].edge_index = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).T
    place = {key: len(user_ids) + n for n, key in enumerate(followed_ids)}
    ties = [
        (place[other], position) for position, other in zip(follows.positions.tolist(), follows.others, strict=True)
    ]
    data["user", "follows", "user"].edge_index = torch.tensor(ties, dtype=torch.long).reshape(-1, 2).T
    return data


def _edges(items: ItemTable, vocabulary: GraphVocabulary, behaviour: BehaviourColumns, offset: int) -> tuple[Any, ...]:
    """Columns of behaviour edges, (E,) each, from each user's oldest: item rows, users, relations, days, negative."""
    place = {name: number for number, name in enumerate(vocabulary.relations)}
    types = np.asarray([place.get(name, -1) for name in behaviour.types], dtype=np.int64)
    negative = negative_events(behaviour, vocabulary.negative_types)
    rows = np.asarray([items.row(item_id) for item_id in behaviour.items], dtype=np.int64)
    backwards = np.arange(len(rows))[::-1]
    order = backwards[np.argsort(behaviour.users[::-1], kind="stable")]
    order = order[types[order] >= 0]
    relation = 2 * types + negative
    return (
        rows[order],
        behaviour.users[order] + offset,
        relation[order],
        behaviour.seconds[order] / DAY_SECONDS,
        negative[order],
    )
