"""The inductive forward pass for items whose neighbours or content changed.

z of an item (see `gnn.network.model`) does not depend on its neighbours. It is kept until the item is described anew or
the model changes, so that a new vector costs one mean over a few dozen neighbours.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnn.network import registry
from gnn.network.model import widths
from gnn.network.propagation import MeanAggregation
from gnn.network.sampler import NeighbourhoodSampler
from graphstore.database.client import Client
from graphstore.errors import NotReady
from graphstore.extract import content_index
from graphstore.settings import Settings
from graphstore.update import embeddings, models
from graphstore.update.work_queue import QueueState

log = logging.getLogger("interestgraph.follow")
VectorsById = dict[str, NDArray[Any]]
SimilarRows = Mapping[str, Mapping[str, tuple[float, float]]]  # by item its similar items: two scores each


class ItemEmbedder:
    """Embeds items by the active model. Without a model, or without its weights, there are no vectors.

    version: of the model in use, None without.
    """

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._loaded: tuple[Any, ...] | None = None
        self._wanted: tuple[str | None, int] | None = None
        self._z: dict[str, Tensor] = {}
        self._announced: VectorsById = {}
        self.version: str | None = None

    def follow(self, now: QueueState) -> None:
        """Load the active model if it changed; after a stage, check that it learned from the present contents."""
        version = now.version
        if (version, now.generation) == self._wanted:
            return
        self._wanted, self.version, self._loaded = (version, now.generation), None, None
        self._z.clear()
        self._announced.clear()
        if version is None:
            return
        try:
            active = models.active_model(self._client)
            if active is not None and active["version"] == version:
                content_index.check_learned_from(self._client, active)
            self._loaded = registry.load(self._settings.models, version)
        except NotReady as error:
            log.warning("no embeddings of items are written: %s", error)
            return
        self.version = version

    def forget(self, item_ids: Iterable[str]) -> None:
        """Drop items that were described anew or no longer exist."""
        for item_id in item_ids:
            self._z.pop(item_id, None)
            self._announced.pop(item_id, None)

    @torch.no_grad()
    def embed(self, rows: SimilarRows) -> VectorsById:
        """Vectors (D,) of items from their rows of similar items; none for an item of which nothing is known."""
        if self._loaded is None or not rows:
            return {}
        model, _, fan_out = self._loaded
        near = {item_id: _nearest(row, fan_out.similar) for item_id, row in rows.items()}
        order = list(dict.fromkeys([*rows, *(other for others in near.values() for other, _ in others)]))
        self._fill(order)
        place = {item_id: number for number, item_id in enumerate(order)}
        edges = [(place[other], place[item_id], score) for item_id, row in near.items() for other, score in row]
        z = torch.stack([self._z[item_id] for item_id in order])
        mean = None
        if edges:
            source, target, score = zip(*edges, strict=True)
            mean = MeanAggregation(torch.tensor([source, target]), torch.tensor(score), len(order), len(order))
        vectors = model.among_neighbours(z, mean)[: len(rows)].numpy()
        known = np.abs(vectors).sum(axis=1) > 0
        return {item_id: vector for item_id, vector, has in zip(rows, vectors, known, strict=True) if has}

    def changed(self, vectors: VectorsById, least: float) -> VectorsById:
        """Those of the vectors that differ from the stored ones by more than `least` in one number."""
        assert self.version is not None or not vectors
        stored = embeddings.read_embeddings(self._client, list(vectors), self.version or "")
        for item_id, vector in stored.items():
            self._announced.setdefault(item_id, vector)
        return {
            item_id: vector
            for item_id, vector in vectors.items()
            if item_id not in stored or np.abs(stored[item_id] - vector).max() > least
        }

    def moved_beyond(self, vectors: VectorsById, least: float) -> list[str]:
        """Items whose vector moved by `least` or more since it was last announced; announces them."""
        found = [
            item_id
            for item_id, vector in vectors.items()
            if item_id not in self._announced or np.linalg.norm(self._announced[item_id] - vector) >= least
        ]
        self._announced |= {item_id: vectors[item_id] for item_id in found}
        return found

    def _fill(self, item_ids: Sequence[str]) -> None:
        """Compute z of items that have none here."""
        missing = [item_id for item_id in item_ids if item_id not in self._z]
        if not missing or self._loaded is None:
            return
        model, vocabulary, fan_out = self._loaded
        sampler = NeighbourhoodSampler(self._client, vocabulary, fan_out, media=model.fusion is not None)
        sampler.add_contents(missing)
        z = model.by_themselves(sampler.items.features(*widths(model)))
        self._z |= {item_id: z[sampler.items.index[item_id]] for item_id in missing}


def _nearest(row: Mapping[str, tuple[float, float]], count: int) -> list[tuple[str, float]]:
    """The similar items that `graphstore.update.sampling.sample_similar_items` would pull."""
    known = [(other, score) for other, (score, _) in row.items()]
    return sorted(known, key=lambda pair: (-pair[1], pair[0]))[:count]
