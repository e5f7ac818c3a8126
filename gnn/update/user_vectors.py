"""The inductive forward pass for users, from item vectors held in memory and kept up to date with the graph.

The vector of a user is a function of their events and of the vectors of the items (see `gnn.network.model`), so only
the user's latest events are pulled. For users without events, attributes and ties are pulled as well.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gnn.network import registry
from gnn.network.data import GraphVocabulary, ItemTable
from gnn.network.history_batch import HistoryBatch
from gnn.network.model import InterestNetwork
from gnn.network.sampler import FanOut
from gnn.network.user_batch import user_batch
from graphstore.database.client import Client
from graphstore.errors import NotReady
from graphstore.settings import Settings
from graphstore.update import embeddings, following
from graphstore.update import sampling as graph
from graphstore.update.sampling import BehaviourColumns, EdgeColumns
from graphstore.update.work_queue import QueueState

log = logging.getLogger("interestgraph.follow")
VectorsById = dict[str, Any]
NO_EDGES = EdgeColumns(np.zeros(0, dtype=np.int64), [], np.zeros(0))
NO_EVENTS = BehaviourColumns(np.zeros(0, dtype=np.int64), [], [], np.zeros(0), np.zeros(0))


class ItemVectors:
    """The vectors (I, D) of all items by one model, zero for an item without one; rows in the order of first use."""

    def __init__(self, vocabulary: GraphVocabulary, dimension: int) -> None:
        self.table = ItemTable(vocabulary)
        self._rows = torch.zeros(1024, dimension)

    def put(self, item_id: str, vector: Sequence[float] | None) -> None:
        """Set the vector of an item; None, or a vector of another width, removes it."""
        row = self.table.row(item_id)
        width = self._rows.shape[1]
        self._grow()
        self._rows[row] = torch.tensor(vector) if vector is not None and len(vector) == width else torch.zeros(width)

    def _grow(self) -> None:
        missing = len(self.table.ids) - len(self._rows)
        if missing > 0:
            self._rows = torch.cat([self._rows, torch.zeros(max(missing, len(self._rows)), self._rows.shape[1])])

    def of(self, rows: Tensor) -> Tensor:
        """The vectors (N, D) of some rows."""
        self._grow()
        return self._rows[rows]


class UserVectors:
    """Embeds users by the active model. Without a model, or without its weights, there are no vectors.

    version: of the model in use, None without.
    """

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._items: ItemVectors | None = None
        self._model: InterestNetwork | None = None
        self._vocabulary = GraphVocabulary([])
        self._fan_out = FanOut()
        self._seen = (-1, -1)
        self._wanted: str | None = None
        self.version: str | None = None

    def follow(self, now: QueueState) -> None:
        """Bring the model and the item vectors up to date with the graph. now: its state."""
        if now.version != self._wanted or now.generation != self._seen[1]:
            self._load(now.version)
        elif self._items is not None and self._wanted is not None and now.seq > self._seen[0]:
            for row in following.changed_embeddings(self._client, self._seen[0], self._wanted):
                self._items.put(row["item_id"], row["embedding"])
        self._seen = (now.seq, now.generation)

    def _load(self, version: str | None) -> None:
        self._wanted, self.version, self._items, self._model = version, None, None, None
        if version is None:
            return
        try:
            self._model, self._vocabulary, self._fan_out = registry.load(self._settings.models, version)
        except NotReady as error:
            log.warning("no embeddings of users are written: %s", error)
            return
        self._items = ItemVectors(self._vocabulary, self._model.configuration.dimension)
        for row in embeddings.stream_items(self._client, version):
            self._items.put(row["item_id"], row["embedding"])
        self.version = version

    def embed(self, user_ids: Sequence[str]) -> tuple[VectorsById, datetime | None]:
        """New vectors (D,) by user, None where nothing is known; and the time of the latest of their events."""
        behaviour = graph.sample_behaviour(self._client, user_ids, self._fan_out.events)
        dated = behaviour.seconds[~np.isnan(behaviour.seconds)]
        latest = datetime.fromtimestamp(float(dated.max()), UTC) if len(dated) else None
        if self._model is None or self._items is None:
            return {}, latest
        active = np.isin(np.arange(len(user_ids)), behaviour.users)
        found = self._user_vectors(user_ids, behaviour, NO_EDGES, NO_EDGES, [], NO_EVENTS)
        silent = [user_id for user_id, acts in zip(user_ids, active, strict=True) if not acts]
        if silent:
            found |= self._embed_silent(silent)
        return found, latest

    def _embed_silent(self, user_ids: Sequence[str]) -> VectorsById:
        """Vectors of users without events, from their attributes and the users they follow."""
        attributes, follows = graph.sample_user_context(self._client, user_ids, self._fan_out.follows)
        others = sorted(set(follows.others))
        followed = graph.sample_behaviour(self._client, others, self._fan_out.followed_events)
        return self._user_vectors(user_ids, NO_EVENTS, attributes, follows, others, followed)

    @torch.no_grad()
    def _user_vectors(
        self,
        user_ids: Sequence[str],
        behaviour: BehaviourColumns,
        attributes: EdgeColumns,
        follows: EdgeColumns,
        others: Sequence[str],
        followed: BehaviourColumns,
    ) -> VectorsById:
        """The forward pass. The columns are as `gnn.network.user_batch.user_batch` takes them."""
        assert self._model is not None and self._items is not None
        batch = user_batch(
            self._items.table, self._vocabulary, user_ids, behaviour, attributes, follows, others, followed
        )
        history = HistoryBatch.of(self._items.of(batch["item"].n_id), batch)
        vectors = self._model.user_vectors(batch, history)[:, 0].numpy()
        known = np.abs(vectors).sum(axis=1) > 0
        return {user_id: vector if has else None for user_id, vector, has in zip(user_ids, vectors, known, strict=True)}
