"""update: train the graph network and keep the embeddings in the graph fresh.

full         pull neighbourhoods, train, save the weights, embed every item and user, register and activate the model.
incremental  with the active model: embed what was touched since the last run, and what depends on it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gnn import registry
from gnn.data import ItemFeatures, Vocabulary
from gnn.geometric import HeteroData
from gnn.model import Configuration, History, InterestNetwork
from gnn.sampler import FanOut, NeighbourhoodSampler
from gnn.training import Hyperparameters, Objective, train
from graphstore import update as graph
from graphstore.client import Client
from graphstore.errors import InputError, NotReady
from graphstore.kinds import KINDS, Kind
from graphstore.progress import Progress, silent
from graphstore.runs import last_run, run
from graphstore.settings import Settings

EMBED_USERS, EMBED_ITEMS = 256, 4_096
TRAINING_USERS = 50_000
DEPENDENTS = 5_000
MOVED = 1e-4
# Half the cores, as Neo4j needs the others: threads that wait for a busy core cost ten times the time.
MOST_THREADS = 8


def update(
    client: Client,
    settings: Settings,
    *,
    full: bool = False,
    seed: int = 0,
    kinds: Mapping[str, Kind] = KINDS,
    progress: Progress = silent,
    **hyper: Any,
) -> dict[str, Any]:
    """Bring embeddings up to date; train first where `full`, or where no model is active.

    hyper: fields of `Hyperparameters`, for training.

    Returns counts: full, version, users, items, users_without_input, items_without_input, and metrics when trained.

    Raises:
        NotReady: extract has not run, or the active model's weights are gone.
        InputError: an unknown hyperparameter.
    """
    try:
        parameters = Hyperparameters(**hyper)
    except TypeError as error:
        raise InputError(f"update: {error}".replace("Hyperparameters.__init__() ", "")) from error
    extracted = last_run(client, "extract")
    if extracted is None:
        raise NotReady("Nothing was extracted yet: run `interestgraph extract` first.")
    torch.set_num_threads(max(1, min((os.cpu_count() or 1) // 2, MOST_THREADS)))
    with run(client, "update") as current:
        # What was touched after extract began may be extracted later: the next run has to look at it again.
        current.watermark = extracted["started_at"]
        last = last_run(client, "update")
        active = graph.active_model(client)
        if full or active is None or last is None:
            counts = _full(client, settings, parameters, kinds, seed, progress)
        else:
            counts = _incremental(client, settings, active["version"], last, progress)
        current.counts.update(counts)
    return counts


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _full(
    client: Client,
    settings: Settings,
    hyper: Hyperparameters,
    kinds: Mapping[str, Kind],
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    users, items = graph.user_ids(client), graph.item_ids(client)
    if not items:
        raise NotReady("There are no items: run `interestgraph collect` first.")
    device = _device()
    sampler = NeighbourhoodSampler(client, Vocabulary.of_kinds(kinds), FanOut(events=hyper.history))
    sampler.add_items(items)
    chosen = _training_users(users, seed)
    batches = list(sampler.batches(chosen, hyper.batch_users, progress))
    vocabulary = sampler.vocabulary
    vocabulary.growing = False
    rows = torch.cat([batch["item"].n_id for batch in batches]).unique() if batches else torch.zeros(0).long()
    vocabulary.items = {sampler.items.ids[row]: number for number, row in enumerate(rows.tolist())}
    torch.manual_seed(seed)
    model = InterestNetwork(_configuration(vocabulary, kinds, hyper)).to(device)
    features = sampler.items.features(model.configuration.content).to(device)
    batches = [batch.to(str(device)) for batch in batches]
    metrics: dict[str, Any] = {}
    if len(rows) > 1:
        objective = Objective(features, rows.to(device), hyper)
        metrics = train(model, objective, batches, seed=seed, progress=progress)
    version = registry.new_version()
    registry.save(settings.models, version, model, vocabulary, sampler.fan_out)
    counts: dict[str, Any] = {"full": True, "version": version}
    counts |= _embed_items(client, version, model, features, sampler, items, progress=progress)[0]
    ready = batches if len(chosen) == len(users) else sampler.batches(users, EMBED_USERS)
    counts |= _embed_users(client, version, model, features, sampler, ready, len(users), progress)
    graph.activate(
        client,
        version,
        family=registry.FAMILY,
        configuration={**model.configuration.as_dict(), "training": hyper.as_dict(), "seed": seed},
        metrics=metrics,
        dimension=model.configuration.dimension,
    )
    return counts | {"metrics": metrics}


def _training_users(users: Sequence[str], seed: int) -> list[str]:
    if len(users) <= TRAINING_USERS:
        return list(users)
    chosen = np.random.default_rng(seed).choice(len(users), TRAINING_USERS, replace=False)
    return [users[index] for index in sorted(chosen.tolist())]


def _configuration(vocabulary: Vocabulary, kinds: Mapping[str, Kind], hyper: Hyperparameters) -> Configuration:
    by_type = {kind.type: kind for kind in kinds.values()}
    weights, half_lives = [], []
    for name in vocabulary.relations:
        kind = by_type[name]
        weights += [kind.weight, -0.25 * abs(kind.weight)]
        half_lives += [kind.half_life_days, kind.half_life_days]
    return Configuration(
        attributes=len(vocabulary.attributes),
        items=len(vocabulary.items),
        relation_weights=weights,
        relation_half_lives=half_lives,
        dimension=hyper.dimension,
        hidden=hyper.hidden,
        rank_half_life=hyper.rank_half_life,
        temperature=hyper.temperature,
    )


def _incremental(
    client: Client, settings: Settings, version: str, last: Mapping[str, Any], progress: Progress
) -> dict[str, Any]:
    since = last["watermark"] or last["started_at"]
    model, vocabulary, fan_out = registry.load(settings.models, version)
    model = model.to(_device())
    sampler = NeighbourhoodSampler(client, vocabulary, fan_out)
    built = last_run(client, "build")
    if built and built["started_at"] >= last["started_at"]:  # similar items may be others now, for any item
        seeds = graph.item_ids(client)
    else:
        seeds = graph.stale_items(client, since, version)
        seeds = sorted({*seeds, *graph.item_dependents(client, seeds, DEPENDENTS)})
    sampler.add_items(seeds)
    features = sampler.items.features(model.configuration.content).to(_device())
    counts, moved = _embed_items(client, version, model, features, sampler, seeds, compare=True, progress=progress)
    users = graph.stale_users(client, since, version)
    users = sorted(
        {*users, *graph.followers(client, users, DEPENDENTS), *graph.user_dependents(client, moved, DEPENDENTS)}
    )
    batches = sampler.batches(users, EMBED_USERS)
    counts |= _embed_users(client, version, model, None, sampler, batches, len(users), progress)
    return {"full": False, "version": version, **counts}


@torch.no_grad()
def _embed_items(
    client: Client,
    version: str,
    model: InterestNetwork,
    features: ItemFeatures,
    sampler: NeighbourhoodSampler,
    items: Sequence[str],
    *,
    compare: bool = False,
    progress: Progress = silent,
) -> tuple[dict[str, Any], list[str]]:
    """Embed items and write what moved (all, unless `compare`). Returns counts, and the ids written."""
    moved: list[str] = []
    bare: list[str] = []
    for number, batch in enumerate(graph.batched(items, EMBED_ITEMS)):
        rows = torch.tensor([sampler.items.index[item_id] for item_id in batch], device=features.content.device)
        vectors = model.item_vectors(features, rows).cpu().numpy()
        known = np.abs(vectors).sum(axis=1) > 0
        bare += [item_id for item_id, has in zip(batch, known, strict=True) if not has]
        stored = graph.read_embeddings(client, batch, version) if compare else {}
        keep = [
            n
            for n in np.flatnonzero(known).tolist()
            if (old := stored.get(batch[n])) is None or np.abs(old - vectors[n]).max() > MOVED
        ]
        graph.write_items(client, [batch[n] for n in keep], vectors[keep], version)
        moved += [batch[n] for n in keep]
        progress("embedding items", min((number + 1) * EMBED_ITEMS, len(items)), len(items))
    graph.remove_embeddings(client, [], bare)
    return {"items": len(moved), "items_without_input": len(bare)}, moved


@torch.no_grad()
def _embed_users(
    client: Client,
    version: str,
    model: InterestNetwork,
    features: ItemFeatures | None,
    sampler: NeighbourhoodSampler,
    batches: Any,
    total: int,
    progress: Progress,
) -> dict[str, Any]:
    """Embed the seed users of batches and write them. Without `features` the sampler's table is read as it grows."""
    written, bare = 0, []
    for batch in batches:
        vectors = _user_vectors(model, features or sampler.items.features(model.configuration.content), batch)
        known = np.abs(vectors).sum(axis=1) > 0
        ids = batch["user"].user_id
        bare += [user_id for user_id, has in zip(ids, known, strict=True) if not has]
        keep = np.flatnonzero(known).tolist()
        graph.write_users(client, [ids[n] for n in keep], vectors[keep], version)
        written += len(keep)
        progress("embedding users", written + len(bare), total)
    graph.remove_embeddings(client, bare, [])
    return {"users": written, "users_without_input": len(bare)}


def _user_vectors(model: InterestNetwork, features: ItemFeatures, batch: HeteroData) -> Any:
    device = next(model.parameters()).device
    batch = batch.to(str(device))
    h = model.item_vectors(features.to(device), batch["item"].n_id)
    return model.user_vectors(batch, History.of(h, batch))[:, 0].cpu().numpy()
