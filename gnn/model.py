"""The graph network: inductive item and user vectors from content, attributes, neighbours and behaviour.

Items      z_i = MLP(content_i) + mean of attribute vectors + residual_i          (residual only for trained items)
           h_i = (z_i + W_s * weighted mean of z_j over SIMILAR_TO neighbours j) / norm
Users      m_u = sum_e w_e h_item(e) / sum_e |w_e| over the events e before the cut,
           w_e = w_relation(e) * 2^(-rank_e / half-life) * 2^(-age_e / half-life of the relation)
           h_u = (W_u m_u + mean of attribute vectors + W_f * mean of m_v over followed v) / norm
           with w_relation, the half-lives and every W learned.
Score      cosine of h_u and h_i, which is what a cosine vector index ranks by.

This generalises h_i(t+1) = sigma(W * Agg(h_j(t) : j in N(i))): see `Neighbourhood`.

Shapes: I items, D width, S users, L longest history, C cuts a user.
Reference: Hamilton et al., GraphSAGE, NeurIPS 2017 (inductive aggregation); He et al., LightGCN, SIGIR 2020 (light
propagation).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from gnn.data import ItemFeatures
from gnn.geometric import HeteroData, scatter, to_dense_batch


@dataclass(frozen=True)
class Configuration:
    """Shape of a model. relation_weights, relation_half_lives: where the learned ones start, one a relation."""

    attributes: int
    items: int
    relation_weights: list[float] = field(default_factory=list)
    relation_half_lives: list[float] = field(default_factory=list)
    content: int = 384
    dimension: int = 64
    hidden: int = 128
    rank_half_life: float = 5.0
    temperature: float = 0.1

    def as_dict(self) -> dict[str, Any]:
        """For the registry and the weights file."""
        return asdict(self)


class Neighbourhood(nn.Module):
    """One step of propagation, h_i' = sigma(W * weighted mean of h_j over edges j -> i); zero without an edge.

    Shapes: x (N, D); edge_index (2, E) from j to i; weight (E,), may be negative; result (size, D).
    """

    def __init__(self, dimension: int, activation: Callable[[Tensor], Tensor] | None = None) -> None:
        super().__init__()
        self.linear = nn.Linear(dimension, dimension, bias=False)
        nn.init.eye_(self.linear.weight)
        self.activation = activation or nn.Identity()

    def forward(self, x: Tensor, edge_index: Tensor, weight: Tensor, size: int) -> Tensor:
        summed = scatter(x[edge_index[0]] * weight[:, None], edge_index[1], dim=0, dim_size=size)
        norm = scatter(weight.abs(), edge_index[1], dim=0, dim_size=size).clamp_min(1e-12)
        return self.activation(self.linear(summed / norm[:, None]))


class InterestNetwork(nn.Module):
    """Items and users in one space of width D; see the module."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        c = configuration
        self.configuration = c
        self.content = nn.Sequential(nn.Linear(c.content, c.hidden), nn.GELU(), nn.Linear(c.hidden, c.dimension))
        self.attribute = nn.Embedding(max(c.attributes, 1), c.dimension)
        self.residual = nn.Embedding(max(c.items, 1), c.dimension)
        self.similar = Neighbourhood(c.dimension)
        self.user = nn.Linear(c.dimension, c.dimension, bias=False)
        self.follows = Neighbourhood(c.dimension)
        self.user_attribute = nn.Embedding(max(c.attributes, 1), c.dimension)
        self.relation_weight = nn.Parameter(torch.tensor(c.relation_weights))
        self.log_relation_half_life = nn.Parameter(torch.tensor(c.relation_half_lives).log())
        self.log_rank_half_life = nn.Parameter(torch.tensor(c.rank_half_life).log())
        self.log_scale = nn.Parameter(torch.tensor(1 / c.temperature).log())
        nn.init.eye_(self.user.weight)
        for embedding in (self.attribute, self.residual, self.user_attribute):
            nn.init.normal_(embedding.weight, std=0.1)
        with torch.no_grad():
            self.similar.linear.weight.mul_(0.5)
            self.follows.linear.weight.mul_(0.1)

    def item_vectors(self, items: ItemFeatures, rows: Tensor | None = None, without_residual: float = 0.0) -> Tensor:
        """Vectors of all items of a table, or of some rows: (I, D), of length 1, or 0 where nothing is known.

        without_residual: share of items that go without their residual, so that content learns to stand alone.
        """
        first = len(items.content)
        if rows is not None:
            items, first = items.restrict(rows)
        z = self.content(items.content) * items.has_content[:, None]
        z = z + _mean(self.attribute.weight, items.attributes, len(z))
        has = items.known >= 0
        if without_residual:
            has = has & (torch.rand(len(z), device=z.device) >= without_residual)
        z = z + self.residual(items.known.clamp_min(0)) * has[:, None]
        return functional.normalize(z + self.similar(z, items.similar, items.scores, len(z)), dim=-1)[:first]

    def user_vectors(self, batch: HeteroData, history: History, cuts: Tensor | None = None) -> Tensor:
        """Vectors of the seed users at each cut: (S, C, D), of length 1, or 0 where nothing is known.

        history: `History.of` the batch.  cuts: (S, C), how many of a user's events, from the oldest, are known at the
        cut; None stands for one cut after the last event.
        """
        seeds = int(batch["user"].seeds)
        if cuts is None:
            cuts = history.lengths[:seeds, None]
        own, until = self._aggregate(history.rows(slice(0, seeds)), cuts)
        vectors = self.user(own)
        vectors = (
            vectors
            + _mean(self.user_attribute.weight, batch["attribute", "describes", "user"].edge_index, seeds)[:, None]
        )
        ties = batch["user", "follows", "user"].edge_index
        if ties.numel():
            theirs = history.rows(ties[0])
            known = (theirs.days[:, None, :] <= until[ties[1]][:, :, None]) | theirs.days.isnan()[:, None, :]
            counts = (known & theirs.valid[:, None, :]).sum(-1)
            messages, _ = self._aggregate(theirs, counts)  # (ties, C, D)
            flat = messages.flatten(1)
            mean = scatter(flat, ties[1], dim=0, dim_size=seeds, reduce="mean").view(seeds, *messages.shape[1:])
            vectors = vectors + self.follows.linear(mean)
        return functional.normalize(vectors, dim=-1)

    def _aggregate(self, history: History, cuts: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted means of histories before each cut (N, C, D), and the time of each cut (N, C), in days."""
        length = history.valid.shape[1]
        place = torch.arange(length, device=cuts.device)
        rank = (cuts[:, :, None] - 1 - place).float()
        known = (rank >= 0) & history.valid[:, None, :]
        last = (cuts - 1).clamp_min(0)
        at = history.days.gather(1, last) if length else torch.zeros_like(cuts, dtype=history.days.dtype)
        age = (at[:, :, None] - history.days[:, None, :]).nan_to_num(0.0).clamp_min(0).float()
        half_life = self.log_relation_half_life.exp()[history.relation]
        decay = torch.exp2(-rank.clamp_min(0) / self.log_rank_half_life.exp() - age / half_life[:, None, :])
        weight = self.relation_weight[history.relation][:, None, :] * decay * known
        norm = weight.abs().sum(-1, keepdim=True).clamp_min(1e-12)
        until = torch.where(cuts > 0, at, torch.full_like(at, -torch.inf)).nan_to_num(torch.inf, torch.inf, -torch.inf)
        return (weight / norm) @ history.vectors, until


@dataclass(frozen=True)
class History:
    """Events of N users side by side, oldest first: vectors (N, L, D), the others (N, L); items are a batch's own."""

    vectors: Tensor
    valid: Tensor
    relation: Tensor
    days: Tensor
    items: Tensor
    negative: Tensor

    @classmethod
    def of(cls, h: Tensor, batch: HeteroData) -> History:
        """The histories of all users of a batch, seeds first. h: vectors of the batch's items."""
        edges = batch["item", "interacts", "user"]
        source, user = edges.edge_index
        size = int(batch["user"].num_nodes)
        columns = [h[source], edges.relation, edges.days, source, edges.negative]
        dense = [to_dense_batch(column, user, batch_size=size) for column in columns]
        vectors, relation, days, items, negative = (part for part, _ in dense)
        return cls(vectors, dense[0][1], relation, days, items, negative)

    @property
    def lengths(self) -> Tensor:
        """How many events each user has, (N,)."""
        return self.valid.sum(-1)

    def rows(self, which: Any) -> History:
        """The histories of some users."""
        return History(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def _mean(table: Tensor, pairs: Tensor, size: int) -> Tensor:
    """Mean of table rows pairs[0] for each of `size` targets pairs[1]; zero without any."""
    return scatter(table[pairs[0]], pairs[1], dim=0, dim_size=size, reduce="mean")
