"""The forward pass of the network over many items and users, whose embeddings are written to the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from gnn.network.data import ItemFeatures
from gnn.network.history_batch import HistoryBatch
from gnn.network.model import InterestNetwork, widths
from gnn.network.propagation import HeteroData
from gnn.network.sampler import NeighbourhoodSampler
from graphstore.database.client import Client
from graphstore.progress import Progress, silent
from graphstore.update import embeddings as graph
from graphstore.update.following import confirm_embeddings

EMBED_ITEMS = 1_024
CHANGED = 1e-4  # in one number, from which on a vector is written


@torch.no_grad()
def embed_items(
    client: Client,
    version: str,
    model: InterestNetwork,
    features: ItemFeatures,
    sampler: NeighbourhoodSampler,
    items: Sequence[str],
    *,
    compare: bool = False,
    ahead: bool = False,
    progress: Progress = silent,
) -> tuple[dict[str, Any], list[str]]:
    """Embed items and write the vectors. Returns counts, and the ids of items written.

    compare: write those that differ from the stored ones alone.  ahead: see `graphstore.update.embeddings.write_items`.
    """
    written: list[str] = []
    bare: list[str] = []
    for number, batch in enumerate(graph.batched(items, EMBED_ITEMS)):
        rows = torch.tensor([sampler.items.index[item_id] for item_id in batch], device=features.content.device)
        vectors = model.item_vectors(features.restrict(rows)).cpu().numpy()
        known = np.abs(vectors).sum(axis=1) > 0
        bare += [item_id for item_id, has in zip(batch, known, strict=True) if not has]
        stored = graph.read_embeddings(client, batch, version) if compare else {}
        keep = [
            n
            for n in np.flatnonzero(known).tolist()
            if (old := stored.get(batch[n])) is None or np.abs(old - vectors[n]).max() > CHANGED
        ]
        graph.write_items(client, [batch[n] for n in keep], vectors[keep], version, ahead=ahead)
        written += [batch[n] for n in keep]
        if compare:
            confirm_embeddings(client, sorted({batch[n] for n in np.flatnonzero(known).tolist()} - set(written)))
        progress("embedding items", min((number + 1) * EMBED_ITEMS, len(items)), len(items))
    if not ahead:
        graph.remove_embeddings(client, [], bare)
    return {"items": len(written), "items_without_input": len(bare)}, written


@torch.no_grad()
def embed_users(
    client: Client,
    version: str,
    model: InterestNetwork,
    features: ItemFeatures | None,
    sampler: NeighbourhoodSampler,
    batches: Any,
    total: int,
    progress: Progress,
    *,
    ahead: bool = False,
) -> dict[str, Any]:
    """Embed the seed users of batches and write the vectors. Returns counts.

    features: of all items; without them those of the sampler's table, which grows with the batches.
    total: users in all batches.  ahead: see `graphstore.update.embeddings.write_users`.
    """
    written, bare = 0, []
    for batch in batches:
        vectors = _user_vectors(model, features or sampler.items.features(*widths(model)), batch)
        known = np.abs(vectors).sum(axis=1) > 0
        ids = batch["user"].user_id
        bare += [user_id for user_id, has in zip(ids, known, strict=True) if not has]
        keep = np.flatnonzero(known).tolist()
        graph.write_users(client, [ids[n] for n in keep], vectors[keep], version, ahead=ahead)
        written += len(keep)
        progress("embedding users", written + len(bare), total)
    if not ahead:
        graph.remove_embeddings(client, bare, [])
    return {"users": written, "users_without_input": len(bare)}


def _user_vectors(model: InterestNetwork, features: ItemFeatures, batch: HeteroData) -> Any:
    """(S, D) vectors of the seed users of a batch."""
    device = next(model.parameters()).device
    batch = batch.to(str(device))
    h = model.item_vectors(features.to(device).restrict(batch["item"].n_id))
    return model.user_vectors(batch, HistoryBatch.of(h, batch))[:, 0].cpu().numpy()
