"""The training loop: epochs, learning rates, and early stopping by held-out NDCG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gnn.network.model import HistoryBatch, InterestNetwork
from gnn.network.propagation import HeteroData
from gnn.training.interpolation import SHARES, interpolate, state_of
from gnn.training.objective import OUT_OF_THE_RACE, Objective, _seen
from graphstore.progress import Progress, silent

CONTENT_RATE = 0.02  # of the learning rate, for what starts as a regression: its many inputs are few directions
SLOW = ("content.", "fusion.")
ENOUGH_USERS = 8_000  # to choose an epoch by


@torch.no_grad()
def held_out_ndcg(
    model: InterestNetwork, objective: Objective, batches: Sequence[HeteroData], held: Sequence[Tensor]
) -> float:
    """Mean NDCG@10 of the held-out events of users who have some, ranked among all candidates not seen before."""
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
        seen = _seen(history, cuts, place[n_id], len(objective.candidates))[:, 0]
        known = place[n_id][history.items]
        later = (torch.arange(known.shape[1], device=known.device) >= cuts) & history.valid & (known >= 0)
        wanted = torch.zeros(len(seen), seen.shape[1] + 1, dtype=torch.bool, device=seen.device)
        wanted = wanted.scatter_(1, torch.where(later, known, seen.shape[1]), True)[:, :-1] & ~seen
        best = scores.masked_fill(seen, OUT_OF_THE_RACE).topk(min(10, scores.shape[1])).indices
        discount = 1 / torch.log2(torch.arange(best.shape[1], device=best.device) + 2.0)
        ideal = discount.cumsum(0)[wanted.sum(1).clamp(1, best.shape[1]) - 1]
        found.append((wanted.gather(1, best) * discount).sum(1)[wanted.any(1)] / ideal[wanted.any(1)])
    ndcg = torch.cat(found) if found else torch.zeros(0)
    return float(ndcg.mean()) if len(ndcg) else 0.0


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

    held: for each batch (S,), how many of a user's last events are held out.  share: of the way from the start that the
    model goes.  choose: keep the epoch and the share that ranked the held-out events best; stop when none improves.

    The same seed, batches and number of threads give the same weights on the same machine.
    """
    hyper = objective.hyper
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    slow = [value for name, value in model.named_parameters() if name.startswith(SLOW)]
    rest = [value for name, value in model.named_parameters() if not name.startswith(SLOW)]
    content: dict[str, Any] = {"params": slow, "lr": hyper.learning_rate * (CONTENT_RATE if hyper.spectral else 1.0)}
    live = objective.live
    groups = [content, {"params": rest}, *([live.parameters()] if live else [])]
    optimizer = torch.optim.Adam(groups, lr=hyper.learning_rate, weight_decay=hyper.weight_decay)
    steps = max(hyper.epochs * len(batches), 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.05, 1 - step / steps))
    best: dict[str, Any] = {"epoch": epochs, "share": share}
    start, end, waited, losses = state_of(model), None, 0, []
    asked = slice(None, None, max(1, sum(map(len, held)) // ENOUGH_USERS))
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for number in torch.randperm(len(batches), generator=generator).tolist():
            optimizer.zero_grad()
            loss = objective.loss(model, batches[number], held[number], generator)
            loss.backward()
            for group in ([*slow, *rest], live.adapters.parameters if live else []):
                torch.nn.utils.clip_grad_norm_(group, 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        losses.append(round(total / max(len(batches), 1), 4))
        progress("training", epoch + 1, epochs)
        if live:
            objective = replace(objective, items=live.read_again(objective.items))
        if not choose:
            continue
        here = state_of(model)
        waited += 1
        for part in SHARES:
            interpolate(model, start, here, part)
            ndcg = held_out_ndcg(model, objective, batches[asked], held[asked])
            if ndcg > best.get("ndcg_at_10", -1.0):
                best = {"ndcg_at_10": ndcg, "epoch": epoch + 1, "share": part}
                end, waited = here, 0
                if live:
                    live.keep()
        model.load_state_dict(here)
        if waited >= hyper.patience:
            break
    interpolate(model, start, end or state_of(model), best["share"])
    model.eval()
    return {**best, "losses": losses}
