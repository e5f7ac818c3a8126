"""Training: predict the next items of a history from what stood before a cut.

Reference: sampled softmax with the exact batch items and a uniform sample for the rest, Bengio & Senecal, 2008;
InfoNCE, van den Oord et al., 2018.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from gnn.data import ItemFeatures
from gnn.geometric import HeteroData
from gnn.model import History, InterestNetwork
from graphstore.progress import Progress, silent

OUT_OF_THE_RACE = -1e9


@dataclass(frozen=True)
class Hyperparameters:
    """How a model is trained. history: events pulled a user.  cuts: cut positions drawn a user, an epoch and a step.
    targets: how many items after the cut are to be predicted.  pool: up to how many items the softmax is full; above,
    as many are sampled.
    """

    epochs: int = 10
    batch_users: int = 64
    history: int = 200
    cuts: int = 16
    targets: int = 3
    learning_rate: float = 5e-3
    weight_decay: float = 1e-3
    pool: int = 5_000
    without_residual: float = 0.1
    without_history: float = 0.05
    patience: int = 2
    held_out_users: int = 1_000
    dimension: int = 64
    hidden: int = 128
    temperature: float = 0.1
    rank_half_life: float = 5.0

    def as_dict(self) -> dict[str, Any]:
        """For the registry."""
        return asdict(self)


@dataclass(frozen=True)
class Objective:
    """The training task over cached batches. candidates: rows of items with behaviour, the only ones to be ranked."""

    items: ItemFeatures
    candidates: Tensor
    hyper: Hyperparameters

    def loss(self, model: InterestNetwork, batch: HeteroData, held: Tensor, generator: torch.Generator) -> Tensor:
        """Mean cross-entropy of the next items among the pool, at random cuts of each seed user.

        held: (S,), whether a user's last event is held out.
        """
        hyper = self.hyper
        n_id = batch["item"].n_id
        pool, correction = self._pool(n_id, generator)
        h_pool = model.item_vectors(self.items, pool, hyper.without_residual)
        place = torch.full((len(self.items.content),), -1, dtype=torch.long, device=pool.device)
        place[pool] = torch.arange(len(pool), device=pool.device)
        h = h_pool[place[n_id]]
        seeds = int(batch["user"].seeds)
        everyone = History.of(h, batch)
        history = everyone.rows(slice(0, seeds))
        lengths = history.lengths - held.long()
        cuts = _draw_cuts(lengths, hyper, generator)
        q = model.user_vectors(batch, everyone, cuts)
        target, weight = _targets(history, lengths, cuts, hyper.targets)
        logits = q @ h_pool.T * model.log_scale.exp().clamp_max(100.0) + correction
        columns = place[n_id][target]
        wanted = logits.gather(2, columns)
        seen = _seen(history, cuts, place[n_id], len(pool))
        total = logits.masked_fill(seen, OUT_OF_THE_RACE).logsumexp(-1, keepdim=True)
        # An item that is met again was masked as seen: it competes for itself alone.
        total = torch.where(seen.gather(2, columns), torch.logaddexp(total, wanted), total)
        return ((total - wanted) * weight).sum() / weight.sum().clamp_min(1)

    def _pool(self, n_id: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Rows to rank (P,) and what is added to their logits (P,): sampled ones stand for the rest too."""
        if len(self.candidates) <= self.hyper.pool:
            pool = torch.cat([self.candidates, n_id]).unique()
            return pool, torch.zeros(len(pool), device=pool.device)
        draw = torch.randint(len(self.candidates), (self.hyper.pool,), generator=generator)
        sampled = self.candidates[draw.to(n_id.device)].unique()
        outside = sampled[~torch.isin(sampled, n_id)]
        rest = max(len(self.candidates) - len(n_id), 1)
        pool = torch.cat([n_id, outside])
        correction = torch.zeros(len(pool), device=pool.device)
        correction[len(n_id) :] = math.log(max(rest / max(len(outside), 1), 1.0))
        return pool, correction


def _draw_cuts(lengths: Tensor, hyper: Hyperparameters, generator: torch.Generator) -> Tensor:
    """(S, C) cut positions in 0..length-1; some at 0, where only attributes speak."""
    shape = (len(lengths), hyper.cuts)
    uniform = torch.rand(shape, generator=generator).to(lengths.device)
    cuts = (uniform * lengths[:, None].clamp_min(1)).long()
    empty = torch.rand(shape, generator=generator).to(lengths.device) < hyper.without_history
    return torch.where(empty, 0, cuts)


def _targets(history: History, lengths: Tensor, cuts: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Batch items (S, C, T) of the `count` events after each cut, and their weights: 0 past the end or negative."""
    places = cuts[:, :, None] + torch.arange(count, device=cuts.device)
    inside = places < lengths[:, None, None]
    flat = places.clamp_max(max(history.valid.shape[1] - 1, 0)).flatten(1)
    target = history.items.gather(1, flat).view(places.shape)
    negative = history.negative.gather(1, flat).view(places.shape)
    return target, (inside & ~negative).float()


def _seen(history: History, cuts: Tensor, place: Tensor, size: int) -> Tensor:
    """(S, C, P) items of the pool that the user had before the cut: they compete with nobody."""
    before = (torch.arange(history.valid.shape[1], device=cuts.device) < cuts[:, :, None]) & history.valid[:, None, :]
    seen = torch.zeros(*cuts.shape, size + 1, dtype=torch.bool, device=cuts.device)
    columns = torch.where(before, place[history.items][:, None, :].expand_as(before), size)
    return seen.scatter_(2, columns, True)[..., :size]


@torch.no_grad()
def held_out_metrics(
    model: InterestNetwork, objective: Objective, batches: Sequence[HeteroData], held: Sequence[Tensor]
) -> dict[str, float]:
    """NDCG@10 and Recall@20 of the held-out last events, ranked among all candidates not seen before."""
    model.eval()
    everything = model.item_vectors(objective.items)
    place = torch.full((len(everything),), -1, dtype=torch.long, device=everything.device)
    place[objective.candidates] = torch.arange(len(objective.candidates), device=everything.device)
    ranks = []
    for batch, mask in zip(batches, held, strict=True):
        n_id = batch["item"].n_id
        everyone = History.of(everything[n_id], batch)
        history = everyone.rows(slice(0, int(batch["user"].seeds)))
        cuts = (history.lengths - 1).clamp_min(0)[:, None]
        scores = (model.user_vectors(batch, everyone, cuts) @ everything[objective.candidates].T)[:, 0]
        target = place[n_id[history.items.gather(1, cuts).ravel()]]
        seen = _seen(history, cuts, place[n_id], len(objective.candidates))[:, 0]
        own = scores.gather(1, target[:, None])
        better = ((scores > own) & ~seen).sum(-1)
        ranks.append(better[mask])
    rank = torch.cat(ranks).float() if ranks else torch.zeros(0)
    if not len(rank):
        return {}
    return {
        "ndcg_at_10": float(torch.where(rank < 10, 1 / torch.log2(rank + 2), 0.0).mean()),
        "recall_at_20": float((rank < 20).float().mean()),
        "held_out_users": len(rank),
    }


def train(
    model: InterestNetwork,
    objective: Objective,
    batches: Sequence[HeteroData],
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Train in place; keep the epoch that ranked the held-out events best. Returns metrics of that epoch.

    The same seed, batches and number of threads give the same weights on the same machine.
    """
    hyper = objective.hyper
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    held = _hold_out(batches, hyper, generator)
    optimizer = torch.optim.Adam(model.parameters(), lr=hyper.learning_rate, weight_decay=hyper.weight_decay)
    steps = max(hyper.epochs * len(batches), 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.1, 1 - step / steps))
    best: dict[str, Any] = {}
    state, waited, losses = None, 0, []
    for epoch in range(hyper.epochs):
        model.train()
        total = 0.0
        for number in torch.randperm(len(batches), generator=generator).tolist():
            optimizer.zero_grad()
            loss = objective.loss(model, batches[number], held[number], generator)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        losses.append(round(total / max(len(batches), 1), 4))
        metrics = held_out_metrics(model, objective, batches, held)
        progress("training", epoch + 1, hyper.epochs)
        if not metrics or metrics["ndcg_at_10"] > best.get("ndcg_at_10", -1.0):
            best = {**metrics, "epoch": epoch + 1}
            state = {name: value.detach().clone() for name, value in model.state_dict().items()}
            waited = 0
        else:
            waited += 1
            if waited >= hyper.patience:
                break
    if state is not None:
        model.load_state_dict(state)
    model.eval()
    return {**best, "losses": losses}


def _hold_out(batches: Sequence[HeteroData], hyper: Hyperparameters, generator: torch.Generator) -> list[Tensor]:
    """For each batch (S,), whether a user's last event is held out: a quarter of those with five events or more."""
    left = hyper.held_out_users
    held = []
    for batch in batches:
        seeds = int(batch["user"].seeds)
        users = batch["item", "interacts", "user"].edge_index[1]
        lengths = torch.bincount(users, minlength=int(batch["user"].num_nodes))[:seeds]
        mask = (torch.rand(seeds, generator=generator).to(lengths.device) < 0.25) & (lengths >= 5)
        mask &= mask.cumsum(0) <= left
        left -= int(mask.sum())
        held.append(mask)
    return held
