"""Training: predict the next items of a history from what stood before a cut.

Reference: sampled softmax with the exact batch items and a uniform sample for the rest, Bengio & Senecal, 2008;
InfoNCE, van den Oord et al., 2018.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from gnn.averaging import SHARES, go, state_of
from gnn.data import ItemFeatures
from gnn.geometric import HeteroData
from gnn.live_contents import LiveContents
from gnn.model import History, InterestNetwork
from graphstore.blend import DIMENSION
from graphstore.progress import Progress, silent

OUT_OF_THE_RACE = -1e9
MOST_CUTS, LEAST_CUTS, LEAST_BATCH = 8, 2, 64
QUERIES, STEPS = 60_000, 150  # an epoch asks and takes about so many, however many users there are
CONTENT_RATE = 0.02  # of the learning rate, for what starts as a regression: its many inputs are few directions
SLOW = ("content.", "fusion.")
ENOUGH_USERS = 8_000  # to choose an epoch by
FLAT_COLUMNS = ("valid", "relation", "days", "items", "negative")


@dataclass(frozen=True)
class Hyperparameters:
    """How a model is trained.

    batch_users, cuts: users in a step, and cut positions drawn for each of them (0: `sized`).  history: events pulled a
    user.  targets: how many items after the cut are to be predicted, each counting `target_decay` of the one before.
    recency: half-life in days of training targets (None: all times alike).
    pool: up to how many items the softmax is full; above, as many are sampled.  spectral: whether residuals start from
    the spectrum of the interactions.  temperature: of the softmax, to begin with.
    content, attributes, neighbours, residual: the parts of an item's vector.  tasks: whether kinds of behaviour are
    tasks with learned weights.  without: channels that count nothing in the blend.  What is 0 is decided by
    `gnn.fitting.decided`.
    """

    epochs: int = 6
    batch_users: int = 0
    history: int = 200
    cuts: int = 0
    targets: int = 0
    target_decay: float = 0.0
    recency: float | None = 0.0
    learning_rate: float = 0.0
    weight_decay: float = 1e-6
    pool: int = 50_000
    spectral: bool = True
    content: bool = True
    attributes: bool = True
    neighbours: bool = True
    residual: bool = True
    tasks: bool = True
    without: tuple[str, ...] = ()
    without_residual: float = 0.1
    without_history: float = 0.05
    patience: int = 2
    dimension: int = DIMENSION
    temperature: float = 0.0

    def sized(self, users: int) -> Hyperparameters:
        """With the cuts and the batches that training on so many users takes, where they are 0."""
        cuts = self.cuts or min(MOST_CUTS, max(LEAST_CUTS, QUERIES // max(users, 1)))
        return replace(self, cuts=cuts, batch_users=self.batch_users or max(LEAST_BATCH, -(-users // STEPS)))

    def as_dict(self) -> dict[str, Any]:
        """For the registry."""
        return asdict(self)


@dataclass(frozen=True)
class Objective:
    """The training task over cached batches. candidates: rows of items with behaviour, the only ones to be ranked.

    telling: (relations,) how much an event of each relation counts as a target.
    latest: days since 1970 of the latest training event, from which `recency` is measured.
    live: contents of which some are embedded in each step, with gradients (`update --end-to-end`); None for none.
    """

    items: ItemFeatures
    candidates: Tensor
    hyper: Hyperparameters
    telling: Tensor
    latest: float = float("nan")
    live: LiveContents | None = None

    def loss(self, model: InterestNetwork, batch: HeteroData, held: Tensor, generator: torch.Generator) -> Tensor:
        """Cross-entropy of the next items among the pool, at random cuts of each seed user.

        Each kind of behaviour is a task k with a learned weight: sum_k share_k * (exp(-s_k) * loss_k + s_k).
        held: (S,), how many of a user's last events are held out.

        Reference: Kendall et al., "Multi-Task Learning Using Uncertainty", CVPR 2018 (the learned weights).
        """
        hyper = self.hyper
        n_id = batch["item"].n_id
        pool, items, correction = self._pool(n_id, generator)
        if self.live:
            items = self.live.put_in(items, pool, n_id, generator)
        h_pool = model.item_vectors(items, hyper.without_residual)
        # Items outside the pool, met in held-out events alone, are all one row of zeros after it.
        place = torch.full((len(self.items.content),), len(pool), dtype=torch.long, device=pool.device)
        place[pool] = torch.arange(len(pool), device=pool.device)
        padded = torch.cat([h_pool, h_pool.new_zeros(1, h_pool.shape[1])])
        seeds = int(batch["user"].seeds)
        everyone = _shuffled(History.of(padded[place[n_id]], batch), held, generator)
        history = everyone.rows(slice(0, seeds))
        lengths = history.lengths - held
        cuts = _draw_cuts(history, lengths, hyper, generator)
        q = model.user_vectors(batch, everyone, cuts)
        target, task, weight = _targets(history, lengths, cuts, self)
        logits = q @ h_pool.T * model.log_scale.exp().clamp_max(100.0) + correction
        columns = place[n_id][target]
        weight = weight * (columns < len(pool))
        columns = columns.clamp_max(len(pool) - 1)
        wanted = logits.gather(2, columns)
        seen = _seen(history, cuts, place[n_id], len(pool))
        total = logits.masked_fill(seen, OUT_OF_THE_RACE).logsumexp(-1, keepdim=True)
        # An item that is met again was masked as seen: it says nothing about what is new.
        weight = weight * ~seen.gather(2, columns)
        if not hyper.tasks:
            task = torch.zeros_like(task)
        return _weighted(model, (total - wanted) * weight, weight, task)

    @cached_property
    def _candidates(self) -> ItemFeatures:
        return self.items.restrict(self.candidates)

    def _pool(self, n_id: Tensor, generator: torch.Generator) -> tuple[Tensor, ItemFeatures, Tensor]:
        """Rows to rank (P,), features, and what is added to logits (P,): sampled ones stand for the rest."""
        if len(self.candidates) <= self.hyper.pool:
            return self.candidates, self._candidates, torch.zeros(len(self.candidates), device=n_id.device)
        n_id = n_id[torch.isin(n_id, self.candidates)]
        draw = torch.randint(len(self.candidates), (self.hyper.pool,), generator=generator)
        sampled = self.candidates[draw.to(n_id.device)].unique()
        outside = sampled[~torch.isin(sampled, n_id)]
        rest = max(len(self.candidates) - len(n_id), 1)
        pool = torch.cat([n_id, outside])
        correction = torch.zeros(len(pool), device=pool.device)
        correction[len(n_id) :] = math.log(max(rest / max(len(outside), 1), 1.0))
        return pool, self.items.restrict(pool), correction


def _weighted(model: InterestNetwork, losses: Tensor, weight: Tensor, task: Tensor) -> Tensor:
    """The tasks' mean losses, each with its learned weight, by their shares of what is to be predicted."""
    size = len(model.log_task_variance)
    sums = torch.zeros(size, device=losses.device).index_add(0, task.flatten(), losses.flatten())
    weights = torch.zeros(size, device=losses.device).index_add(0, task.flatten(), weight.flatten())
    means = sums / weights.clamp_min(1e-6)
    share = weights / weights.sum().clamp_min(1e-6)
    return (share * (torch.exp(-model.log_task_variance) * means + model.log_task_variance)).sum()


def _shuffled(history: History, held: Tensor, generator: torch.Generator) -> History:
    """The same with the events of users who have no times in a random order: theirs means nothing.

    held: (S,) how many of the last events of the first users stay last, as nothing may be learned from them.
    """
    untimed = (history.days.isnan() | ~history.valid).all(1)
    if not bool(untimed.any()):
        return history
    lengths = history.lengths
    lengths[: len(held)] -= held
    key = torch.rand(history.valid.shape, generator=generator).to(history.valid.device)
    place = torch.arange(history.valid.shape[1], device=key.device).expand_as(history.valid)
    order = torch.where(untimed[:, None] & (place < lengths[:, None]), key, 1.0 + place).argsort(1)
    columns = {name: getattr(history, name).gather(1, order) for name in FLAT_COLUMNS}
    vectors = history.vectors.gather(1, order[:, :, None].expand_as(history.vectors))
    return History(vectors=vectors, **columns)


def _draw_cuts(history: History, lengths: Tensor, hyper: Hyperparameters, generator: torch.Generator) -> Tensor:
    """(S, C) cut positions in 1..length-1, and some at 0, where only attributes and ties speak.

    Without times at least half of the items are known, as there is no first and no last.
    """
    shape = (len(lengths), hyper.cuts)
    uniform = torch.rand(shape, generator=generator).to(lengths.device)
    untimed = history.days.isnan() | ~history.valid
    uniform = torch.where(untimed.all(1, keepdim=True), 0.5 + 0.45 * uniform, uniform)
    cuts = 1 + (uniform * (lengths[:, None] - 1).clamp_min(0)).long()
    empty = torch.rand(shape, generator=generator).to(lengths.device) < hyper.without_history
    return torch.where(empty, 0, cuts).minimum(lengths[:, None])


def _targets(history: History, lengths: Tensor, cuts: Tensor, objective: Objective) -> tuple[Tensor, Tensor, Tensor]:
    """Batch items (S, C, T) of the events after each cut, their kinds, and their weights: 0 past the end."""
    hyper = objective.hyper
    steps = torch.arange(hyper.targets, device=cuts.device)
    places = cuts[:, :, None] + steps
    flat = places.clamp_max(max(history.valid.shape[1] - 1, 0)).flatten(1)

    def at(column: Tensor) -> Tensor:
        return column.gather(1, flat).view(places.shape)

    weight = (places < lengths[:, None, None]).float() * objective.telling[at(history.relation)]
    weight = weight * hyper.target_decay**steps
    if hyper.recency:
        age = (objective.latest - at(history.days)).nan_to_num(0.0).clamp_min(0.0)
        weight = weight * torch.exp2(-age / hyper.recency).float()
    return at(history.items), at(history.relation) // 2, weight


def _seen(history: History, cuts: Tensor, place: Tensor, size: int) -> Tensor:
    """(S, C, P) items of the pool that the user had before the cut: they compete with nobody."""
    before = (torch.arange(history.valid.shape[1], device=cuts.device) < cuts[:, :, None]) & history.valid[:, None, :]
    seen = torch.zeros(*cuts.shape, size + 1, dtype=torch.bool, device=cuts.device)
    columns = torch.where(before, place[history.items][:, None, :].expand_as(before), size)
    return seen.scatter_(2, columns, True)[..., :size]


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
        everyone = History.of(everything[n_id], batch)
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
            go(model, start, here, part)
            ndcg = held_out_ndcg(model, objective, batches[asked], held[asked])
            if ndcg > best.get("ndcg_at_10", -1.0):
                best = {"ndcg_at_10": ndcg, "epoch": epoch + 1, "share": part}
                end, waited = here, 0
                if live:
                    live.keep()
        model.load_state_dict(here)
        if waited >= hyper.patience:
            break
    go(model, start, end or state_of(model), best["share"])
    model.eval()
    return {**best, "losses": losses}
