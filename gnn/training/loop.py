"""The training loop: epochs, learning rates, and early stopping by held-out NDCG.

Names: S seed users of a batch, P candidates, K places of a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gnn.network.history_batch import HistoryBatch
from gnn.network.model import InterestNetwork
from gnn.network.propagation import HeteroData
from gnn.training.interpolation import SHARES, interpolate, state_of
from gnn.training.objective import MASKED, Objective, seen_before_cuts
from graphstore.progress import Progress, silent

CONTENT_RATE = 0.02  # of the learning rate, for what starts as a regression: its many inputs are few directions
SLOW = ("content.", "fusion.")
LEAST_RATE = 0.05  # of the learning rate, at the end of the schedule
ENOUGH_USERS = 8_000  # to choose an epoch by
DEPTH = 10


@torch.no_grad()
def held_out_ndcg(
    model: InterestNetwork, objective: Objective, batches: Sequence[HeteroData], held: Sequence[Tensor]
) -> float:
    """Mean NDCG@10 of the held-out events of users who have some, ranked among all candidates not seen before.

    held: for each batch (S,), how many of a user's last events are held out.
    """
    model.eval()
    everything = model.item_vectors(objective.items)
    place = torch.full((len(everything),), -1, dtype=torch.long, device=everything.device)
    place[objective.candidates] = torch.arange(len(objective.candidates), device=everything.device)
    found = []
    for batch, count in zip(batches, held, strict=True):
        n_id = batch["item"].n_id
        everyone = HistoryBatch.of(everything[n_id], batch)
        history = everyone.rows(slice(0, int(batch["user"].seeds)))
        cuts = (history.lengths - count)[:, None]
        scores = (model.user_vectors(batch, everyone, cuts) @ everything[objective.candidates].T)[:, 0]
        seen = seen_before_cuts(history, cuts, place[n_id], len(objective.candidates))[:, 0]
        known = place[n_id][history.items]
        later = (torch.arange(known.shape[1], device=known.device) >= cuts) & history.valid & (known >= 0)
        wanted = torch.zeros(len(seen), seen.shape[1] + 1, dtype=torch.bool, device=seen.device)
        wanted = wanted.scatter_(1, torch.where(later, known, seen.shape[1]), True)[:, :-1] & ~seen
        best = scores.masked_fill(seen, MASKED).topk(min(DEPTH, scores.shape[1])).indices
        found.append(ndcg(wanted.gather(1, best), wanted.sum(1))[wanted.any(1)])
    values = torch.cat(found) if found else torch.zeros(0)
    return float(values.mean()) if len(values) else 0.0


def ndcg(hits: Tensor, relevant: Tensor) -> Tensor:
    """(S,) NDCG@K in float32: `gnn.evaluation.list_metrics.ndcg` on the device of the model.

    hits: (S, K), which places of the lists hold a relevant item.  relevant: (S,), how many there are; 0 counts as 1.
    """
    discount = 1 / torch.log2(torch.arange(hits.shape[1], device=hits.device) + 2.0)
    ideal = discount.cumsum(0)[relevant.clamp(1, hits.shape[1]) - 1]
    return (hits * discount).sum(1) / ideal


class _Optimizer:
    """Adam with a learning rate that falls linearly, over the weights of a model and, where they learn, of adapters."""

    def __init__(self, model: InterestNetwork, objective: Objective, batches: int) -> None:
        hyper, self._adapters = objective.hyper, objective.trainable
        slow = [value for name, value in model.named_parameters() if name.startswith(SLOW)]
        rest = [value for name, value in model.named_parameters() if not name.startswith(SLOW)]
        rate = hyper.learning_rate * (CONTENT_RATE if hyper.spectral else 1.0)
        groups: list[dict[str, Any]] = [{"params": slow, "lr": rate}, {"params": rest}]
        self._clipped = [[*slow, *rest]]
        if self._adapters:
            groups.append(self._adapters.parameters())
            self._clipped.append(self._adapters.adapters.parameters)
        self._adam = torch.optim.Adam(groups, lr=hyper.learning_rate, weight_decay=hyper.weight_decay)
        steps = max(hyper.epochs * batches, 1)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._adam, lambda step: max(LEAST_RATE, 1 - step / steps))

    def step(self, loss: Tensor) -> None:
        """One step against the gradient of a loss; gradients are clipped at length 1."""
        self._adam.zero_grad()
        loss.backward()
        for parameters in self._clipped:
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        self._adam.step()
        self._schedule.step()


def train(
    model: InterestNetwork,
    objective: Objective,
    batches: Sequence[HeteroData],
    held: Sequence[Tensor],
    *,
    epochs: int,
    seed: int = 0,
    share: float = 1.0,
    choose: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Train in place, for `epochs` of a schedule; returns the losses, epoch and share, and their NDCG if chosen.

    held: for each batch (S,), how many of a user's last events are held out.  share: how far the model goes from its
    start to where training leads, 0 to 1.  choose: keep the epoch and the share that rank the held-out events best;
    stop after `patience` epochs without a better one.

    The same seed, batches and number of threads give the same weights on the same machine.
    """
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    optimizer = _Optimizer(model, objective, len(batches))
    best: dict[str, Any] = {"epoch": epochs, "share": share}
    start, end, waited, losses = state_of(model), None, 0, []
    sample = slice(None, None, max(1, sum(map(len, held)) // ENOUGH_USERS))
    for epoch in range(1, epochs + 1):
        losses.append(round(_epoch(model, objective, batches, held, optimizer, generator), 4))
        progress("training", epoch, epochs)
        if objective.trainable:
            objective = replace(objective, items=objective.trainable.read_again(objective.items))
        if not choose:
            continue
        here = state_of(model)
        waited += 1
        for part in SHARES:
            interpolate(model, start, here, part)
            value = held_out_ndcg(model, objective, batches[sample], held[sample])
            if value > best.get("ndcg_at_10", -1.0):
                best = {"ndcg_at_10": value, "epoch": epoch, "share": part}
                end, waited = here, 0
                if objective.trainable:
                    objective.trainable.keep()
        model.load_state_dict(here)
        if waited >= objective.hyper.patience:
            break
    interpolate(model, start, end or state_of(model), best["share"])
    model.eval()
    return {**best, "losses": losses}


def _epoch(
    model: InterestNetwork,
    objective: Objective,
    batches: Sequence[HeteroData],
    held: Sequence[Tensor],
    optimizer: _Optimizer,
    generator: torch.Generator,
) -> float:
    """A step for each batch, in a random order; the mean loss."""
    model.train()
    total = 0.0
    for number in torch.randperm(len(batches), generator=generator).tolist():
        loss = objective.loss(model, batches[number], held[number], generator)
        optimizer.step(loss)
        total += float(loss.detach())
    return total / max(len(batches), 1)
