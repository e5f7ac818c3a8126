"""update --continue: train the active model further on new behaviour, with experience replay against forgetting.

Training is on users with events since the model was trained (fresh) and on as many others (replay); the newest events
of both are held out. The model is interpolated between start and end of this training, where it ranks the held-out
events best. It is accepted only if it ranks those of fresh users better and those of replayed users no worse. New items
get a residual of their own. The weights of the blend stay: `update --full` learns them.

Names: S seed users of a batch.

Reference: Rolnick et al., "Experience Replay for Continual Learning", NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gnn.evaluation.newest_events import newest_count
from gnn.network import registry
from gnn.network.data import GraphVocabulary
from gnn.network.model import InterestNetwork, widths
from gnn.network.propagation import HeteroData
from gnn.network.sampler import FanOut, NeighbourhoodSampler
from gnn.training.hyperparameters import Hyperparameters
from gnn.training.interpolation import state_of
from gnn.training.loop import held_out_ndcg, train
from gnn.training.objective import Objective, target_weights
from graphstore.build.pull import pull_interactions
from graphstore.clock import GraphClock
from graphstore.database.client import Client
from graphstore.errors import NotReady
from graphstore.extract import content_index
from graphstore.interactions import Interactions
from graphstore.progress import Progress
from graphstore.ranking.blend import Blend
from graphstore.recommend.snapshot import read_blend
from graphstore.settings import Settings
from graphstore.update import models as graph

LEAST_USERS, MOST_USERS = 20, 4_000
MOST_HELD = 5
EPOCHS = 2
SLOWER = 0.2  # of the learning rate of a full training
FORGETTING = 0.01  # share of their NDCG that replayed users may lose


@dataclass(frozen=True)
class Continued:
    """The model after training. better: whether it is accepted.

    metrics: with the NDCG@10 of the held-out events of fresh and of replayed users, before and after.
    """

    model: InterestNetwork
    vocabulary: GraphVocabulary
    fan_out: FanOut
    hyper: Hyperparameters
    metrics: dict[str, Any]
    better: bool


def continue_training(
    client: Client,
    settings: Settings,
    negative_weight: float,
    seed: int,
    progress: Progress,
) -> Continued | None:
    """Train the active model further; None if fewer than LEAST_USERS users have events since it was trained.

    Raises:
        NotReady: no model is active, its weights are missing, or it learned from contents of another encoder.
    """
    active = graph.active_model(client)
    if active is None:
        raise NotReady("No model is active: train one with `interestgraph update --full`.")
    content_index.check_learned_from(client, active)
    model, vocabulary, fan_out = registry.load(settings.models, active["version"])
    events = pull_interactions(client, negative_weight)
    chosen, is_fresh = _chosen(events, graph.fresh_users(client, active["version"]), seed)
    if int(is_fresh.sum()) < LEAST_USERS:
        return None
    hyper = _hyperparameters(active["configuration"].get("training", {}), len(chosen))
    model, known = _grown(model, vocabulary, events)
    sampler = NeighbourhoodSampler(client, vocabulary, fan_out, media=model.fusion is not None)
    sampler.add_items(events.item_ids)
    batches = list(sampler.batches(chosen, hyper.batch_users, progress))
    batches = [batch for batch in batches if batch["item", "interacts", "user"].edge_index.numel()]
    features = sampler.items.features(*widths(model))
    rows = torch.tensor([sampler.items.index[item_id] for item_id in known], dtype=torch.long)
    weights = target_weights(vocabulary.relations, client.kinds, negative_weight)
    objective = Objective(features, rows, hyper, weights, GraphClock.of(events.day))
    held = [held_in_batch(batch) for batch in batches]
    split = {"fresh": set(np.asarray(chosen)[is_fresh].tolist()), "replay": set(np.asarray(chosen)[~is_fresh].tolist())}
    before = {name: _ranked(model, objective, batches, held, ids) for name, ids in split.items()}
    start = state_of(model)
    found = train(model, objective, batches, held, epochs=hyper.epochs, seed=seed, choose=True, progress=progress)
    after = {name: _ranked(model, objective, batches, held, ids) for name, ids in split.items()}
    better = after["fresh"] > before["fresh"] and after["replay"] >= (1 - FORGETTING) * before["replay"]
    if not better:
        model.load_state_dict(start)
    metrics = {
        "continued": active["version"],
        "fresh_users": len(split["fresh"]),
        "replayed_users": len(split["replay"]),
        "ndcg_at_10_before": before,
        "ndcg_at_10": after,
        "epoch": found["epoch"],
        "share": found["share"],
        "losses": found["losses"],
    }
    return Continued(model.eval(), vocabulary, fan_out, hyper, metrics, better)


def continued_blend(client: Client, version: str, model: InterestNetwork, vocabulary: GraphVocabulary) -> Blend:
    """The blend of `version` with the readout of a model that was trained further from it."""
    return replace(read_blend(client, version), readout=model.readout(vocabulary.relations))


def _hyperparameters(stored: Mapping[str, Any], users: int) -> Hyperparameters:
    """Those that the active model was trained with, for EPOCHS more epochs over so many users, with smaller steps."""
    known = {parameter.name for parameter in fields(Hyperparameters)}
    values = {name: value for name, value in stored.items() if name in known}
    if isinstance(values.get("without"), list):
        values["without"] = tuple(values["without"])
    hyper = Hyperparameters(**{**values, "batch_users": 0, "cuts": 0}).sized(users)
    return replace(hyper, epochs=EPOCHS, learning_rate=SLOWER * hyper.learning_rate)


def _chosen(events: Interactions, fresh: set[str], seed: int) -> tuple[list[str], np.ndarray]:
    """Fresh users and as many others, all with behaviour, by id; and which are fresh, as a bool array."""
    acting = [events.user_ids[row] for row in np.unique(events.user).tolist()]
    rng = np.random.default_rng(seed)
    new = _drawn([user_id for user_id in acting if user_id in fresh], MOST_USERS // 2, rng)
    old = _drawn([user_id for user_id in acting if user_id not in fresh], max(len(new), LEAST_USERS), rng)
    both = sorted([*new, *old])
    taken = set(new)
    return both, np.array([user_id in taken for user_id in both], dtype=bool)


def _drawn(ids: list[str], count: int, rng: np.random.Generator) -> list[str]:
    return ids if len(ids) <= count else [ids[n] for n in sorted(rng.choice(len(ids), count, replace=False).tolist())]


def _grown(
    model: InterestNetwork, vocabulary: GraphVocabulary, events: Interactions
) -> tuple[InterestNetwork, list[str]]:
    """The model with a residual for each item with behaviour, 0 for new items; and the ids of these items."""
    acted = [events.item_ids[row] for row in np.unique(events.item).tolist()]
    for item_id in acted:
        vocabulary.items.setdefault(item_id, len(vocabulary.items))
    grown = InterestNetwork(replace(model.configuration, items=len(vocabulary.items)))
    state = dict(model.state_dict())
    old = state["residual.weight"]
    residual = torch.zeros(max(len(vocabulary.items), 1), old.shape[1])
    size = min(len(old), len(residual))
    residual[:size] = old[:size]
    grown.load_state_dict(state | {"residual.weight": residual})
    return grown, acted


def held_in_batch(batch: HeteroData) -> Tensor:
    """(S,) how many of the newest events of each seed user are held out, of those with at least two."""
    seeds = int(batch["user"].seeds)
    lengths = torch.bincount(batch["item", "interacts", "user"].edge_index[1], minlength=seeds)[:seeds]
    return torch.from_numpy(newest_count(lengths.numpy(), 2, MOST_HELD, round_up=True))


def _ranked(
    model: InterestNetwork, objective: Objective, batches: Sequence[HeteroData], held: Sequence[Tensor], ids: set[str]
) -> float:
    """NDCG@10 of the held-out events of the users `ids`."""
    own = [
        counts * torch.tensor([user_id in ids for user_id in batch["user"].user_id], dtype=torch.long)
        for batch, counts in zip(batches, held, strict=True)
    ]
    return held_out_ndcg(model, objective, batches, own)
