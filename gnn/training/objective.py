"""The training objective: predict the next items of a history from the events before a cut.

Names: S seed users of a batch, C cuts a user, T targets a cut, P items of the pool, L longest history.

Reference: sampled softmax with the exact batch items and a uniform sample for the rest, Bengio & Senecal, 2008;
InfoNCE, van den Oord et al., 2018.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from gnn.network.data import ItemFeatures
from gnn.network.history_batch import HistoryBatch
from gnn.network.model import InterestNetwork
from gnn.network.propagation import HeteroData
from gnn.training.hyperparameters import Hyperparameters
from gnn.training.trainable_contents import TrainableContents
from graphstore.clock import UNDATED, GraphClock
from graphstore.kinds import Kind

MASKED = -1e9
FLAT_COLUMNS = ("valid", "relation", "days", "items", "negative")


@dataclass(frozen=True)
class Objective:
    """The loss over cached batches.

    items: features of all items of the table.  candidates: rows of those with behaviour, the only ones that are ranked.
    target_weights: (relations,), see `target_weights`.
    clock: of the training events, from which `recency` is measured.
    trainable: contents that are trained too (`update --end-to-end`); None for fixed contents.
    """

    items: ItemFeatures
    candidates: Tensor
    hyper: Hyperparameters
    target_weights: Tensor
    clock: GraphClock = UNDATED
    trainable: TrainableContents | None = None

    def loss(self, model: InterestNetwork, batch: HeteroData, held: Tensor, generator: torch.Generator) -> Tensor:
        """Cross-entropy of the next items among the pool, at random cuts of each seed user.

        Each kind of behaviour is a task k with a learned weight: sum_k share_k * (exp(-s_k) * loss_k + s_k).
        held: (S,), how many of a user's last events are held out.

        Reference: Kendall et al., "Multi-Task Learning Using Uncertainty", CVPR 2018 (the learned weights).
        """
        hyper = self.hyper
        n_id = batch["item"].n_id
        pool, items, correction = self._pool(n_id, generator)
        if self.trainable:
            items = self.trainable.put_in(items, pool, n_id, generator)
        h_pool = model.item_vectors(items, hyper.without_residual)
        # Items outside the pool, which occur in held-out events alone, share a row of zeros after it.
        place = torch.full((len(self.items.content),), len(pool), dtype=torch.long, device=pool.device)
        place[pool] = torch.arange(len(pool), device=pool.device)
        padded = torch.cat([h_pool, h_pool.new_zeros(1, h_pool.shape[1])])
        seeds = int(batch["user"].seeds)
        everyone = _shuffled(HistoryBatch.of(padded[place[n_id]], batch), held, generator)
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
        seen = seen_before_cuts(history, cuts, place[n_id], len(pool))
        total = logits.masked_fill(seen, MASKED).logsumexp(-1, keepdim=True)
        # A target that the user already had is masked as seen, and is not predicted.
        weight = weight * ~seen.gather(2, columns)
        if not hyper.tasks:
            task = torch.zeros_like(task)
        return _weighted(model, (total - wanted) * weight, weight, task)

    @cached_property
    def _candidates(self) -> ItemFeatures:
        return self.items.restrict(self.candidates)

    def _pool(self, n_id: Tensor, generator: torch.Generator) -> tuple[Tensor, ItemFeatures, Tensor]:
        """The pool: rows (P,), features, and corrections of logits (P,).

        It has all candidates, or those of the batch and a uniform sample of the others, whose logits are corrected for
        the candidates left out.
        """
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


def target_weights(relations: Sequence[str], kinds: Mapping[str, Kind], negative_weight: float) -> Tensor:
    """(2 * relations,) the weight of an event as a target: positive and negative events of each relation in turn.

    relations: behaviour types.  negative_weight: of a low rating; 0 of every event of a kind that tells dislike.
    """
    liked = {kind.type for kind in kinds.values() if kind.weight > 0}
    pairs = [[1.0, negative_weight] if name in liked else [0.0, 0.0] for name in relations]
    return torch.tensor(pairs).flatten()


def _weighted(model: InterestNetwork, losses: Tensor, weight: Tensor, task: Tensor) -> Tensor:
    """The sum of the tasks' mean losses with their learned weights, by their shares of the target weights.

    losses, weight, task: (S, C, T).
    """
    size = len(model.log_task_variance)
    sums = torch.zeros(size, device=losses.device).index_add(0, task.flatten(), losses.flatten())
    weights = torch.zeros(size, device=losses.device).index_add(0, task.flatten(), weight.flatten())
    means = sums / weights.clamp_min(1e-6)
    share = weights / weights.sum().clamp_min(1e-6)
    return (share * (torch.exp(-model.log_task_variance) * means + model.log_task_variance)).sum()


def _shuffled(history: HistoryBatch, held: Tensor, generator: torch.Generator) -> HistoryBatch:
    """The same with the events of users without times in a random order, as the stored order means nothing.

    held: (S,) how many of the last events of the seed users stay last, as they are held out.
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
    return HistoryBatch(vectors=vectors, **columns)


def _draw_cuts(history: HistoryBatch, lengths: Tensor, hyper: Hyperparameters, generator: torch.Generator) -> Tensor:
    """(S, C) cut positions in 1..length-1, and some at 0, where a user has only attributes and ties.

    Without times at least half of the events are before the cut, as a short history is no early one.
    """
    shape = (len(lengths), hyper.cuts)
    uniform = torch.rand(shape, generator=generator).to(lengths.device)
    untimed = history.days.isnan() | ~history.valid
    uniform = torch.where(untimed.all(1, keepdim=True), 0.5 + 0.45 * uniform, uniform)
    cuts = 1 + (uniform * (lengths[:, None] - 1).clamp_min(0)).long()
    empty = torch.rand(shape, generator=generator).to(lengths.device) < hyper.without_history
    return torch.where(empty, 0, cuts).minimum(lengths[:, None])


def _targets(
    history: HistoryBatch, lengths: Tensor, cuts: Tensor, objective: Objective
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch items (S, C, T) of the events after each cut, their tasks, and their weights: 0 past the end."""
    hyper = objective.hyper
    steps = torch.arange(hyper.targets, device=cuts.device)
    places = cuts[:, :, None] + steps
    flat = places.clamp_max(max(history.valid.shape[1] - 1, 0)).flatten(1)

    def at(column: Tensor) -> Tensor:
        return column.gather(1, flat).view(places.shape)

    weight = (places < lengths[:, None, None]).float() * objective.target_weights[at(history.relation)]
    weight = weight * hyper.target_decay**steps
    if hyper.recency:
        age = _ages(objective.clock, at(history.days))
        weight = weight * torch.exp2(-age / hyper.recency).float()
    return at(history.items), at(history.relation) // 2, weight


def _ages(clock: GraphClock, days: Tensor) -> Tensor:
    """Days before the graph's time, as `GraphClock.on` counts them; 0 where a time is unknown."""
    on_clock = torch.where(days > clock.after, (days - clock.pause).clamp_min(clock.after), days)
    return (clock.now - on_clock).nan_to_num(0.0).clamp_min(0.0)


def seen_before_cuts(history: HistoryBatch, cuts: Tensor, place: Tensor, size: int) -> Tensor:
    """(S, C, P) bool: items of the pool that a user had before the cut, which are masked.

    place: (batch items,) their place in the pool.  size: P.
    """
    before = (torch.arange(history.valid.shape[1], device=cuts.device) < cuts[:, :, None]) & history.valid[:, None, :]
    seen = torch.zeros(*cuts.shape, size + 1, dtype=torch.bool, device=cuts.device)
    columns = torch.where(before, place[history.items][:, None, :].expand_as(before), size)
    return seen.scatter_(2, columns, True)[..., :size]
