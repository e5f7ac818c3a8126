"""The graph network: inductive item and user vectors from content, attributes, neighbours and behaviour.

Items      z_i = W_c content_i + mean of attribute vectors + residual_i              (residual only for trained items)
           where items have images or sounds, W_c content_i is a weighted mean over modalities: see gnn.network.fusion
           h_i = (z_i + W_s * weighted mean of z_j over SIMILAR_TO neighbours j) / norm
Users      m_ur = sum_e w_er h_item(e) / sum_e |w_er|         over the events e before the cut, for each half-life r
           w_er = w_relation(e) * 2^(-rank_e / half-life r) * 2^(-age_e / half-life of the relation)
           h_u = sum_r mix_r W_r m_ur / norm                  where there are events, as in `graphstore.ranking.history`
           h_u = (mean of attribute vectors + W_f * mean of m_v over followed v) / norm    where there are none
           with w_relation, the half-lives, mix and every W learned. An undated event counts in full: no rank, no age.
Score      cosine of h_u and h_i, which is what a cosine vector index ranks by.

The step over neighbours has the form h_i(t+1) = sigma(W * Agg(h_j(t) : j in N(i))), one step with sigma the identity:
no sigmoid, vectors are only divided by their lengths. See `gnn.network.propagation.Neighbourhood`.

Shapes: I items, D width, S users, L longest history, C cuts a user.
Reference: Hamilton et al., GraphSAGE, NeurIPS 2017 (inductive aggregation); He et al., LightGCN, SIGIR 2020 (light
propagation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from gnn.network.data import ItemFeatures
from gnn.network.fusion import Fusion
from gnn.network.history_batch import HistoryBatch
from gnn.network.propagation import HeteroData, MeanAggregation, Neighbourhood, scatter
from gnn.network.ridge import fit_features
from graphstore.ranking.history import Readout


@dataclass(frozen=True)
class Configuration:
    """The shape of a network, and where its learned numbers start.

    attributes, items: how many have a vector of their own.  content: width of content embeddings.
    relation_weights, relation_half_lives: where the learned ones start, one for each relation; half-lives in days.
    rank_half_lives: in events from the latest one.
    without: parts of an item's vector that are left out: content, attributes, neighbours, residual.
    media: names and widths of the modalities beside text.
    """

    attributes: int
    items: int
    relation_weights: list[float] = field(default_factory=list)
    relation_half_lives: list[float] = field(default_factory=list)
    content: int = 384
    dimension: int = 128
    rank_half_lives: tuple[float, ...] = (4.0, 40.0)
    temperature: float = 0.1
    without: tuple[str, ...] = ()
    media: tuple[tuple[str, int], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For the registry and the weights file."""
        return asdict(self)


class InterestNetwork(nn.Module):
    """Vectors of items and users in one space of width D, by the formulas of the module."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        c = configuration
        self.configuration = c
        self.content = nn.Linear(c.content, c.dimension)
        self.attribute = nn.Embedding(max(c.attributes, 1), c.dimension)
        self.residual = nn.Embedding(max(c.items, 1), c.dimension)
        self.similar = Neighbourhood(c.dimension)
        self.user = nn.ModuleList(nn.Linear(c.dimension, c.dimension, bias=False) for _ in c.rank_half_lives)
        self.mix = nn.Parameter(torch.tensor([1.0, *[0.5] * (len(c.rank_half_lives) - 1)]))
        self.follows = Neighbourhood(c.dimension)
        self.user_attribute = nn.Embedding(max(c.attributes, 1), c.dimension)
        self.relation_weight = nn.Parameter(torch.tensor(c.relation_weights))
        self.log_relation_half_life = nn.Parameter(torch.tensor(c.relation_half_lives).log())
        self.log_rank_half_lives = nn.Parameter(torch.tensor(c.rank_half_lives).log())
        self.log_scale = nn.Parameter(torch.tensor(1 / c.temperature).log())
        self.log_task_variance = nn.Parameter(torch.zeros(max(len(c.relation_weights) // 2, 1)))
        for matrix in self.user.parameters():
            nn.init.eye_(matrix)
        for embedding in (self.attribute, self.residual, self.user_attribute):
            nn.init.normal_(embedding.weight, std=0.1)
        with torch.no_grad():
            self.similar.linear.weight.mul_(0.5)
            self.follows.linear.weight.mul_(0.1)
            self.user_attribute.weight.mul_(0.1)
        self.fusion = Fusion(c.media, c.dimension) if c.media else None

    @torch.no_grad()
    def start_from(self, vectors: Tensor, items: ItemFeatures, weight: Tensor) -> None:
        """Start the parameters so that z of an item with a residual is its vector here plus the part of its attributes.

        Content and attributes are fitted to the vectors by a ridge regression. A residual starts as the difference of
        the vector and the content part; the attribute part is added on top, for items with few events.

        vectors: (N, D), by number of the residual. Their last dimension only brings them to length 1
        (`gnn.network.spectral_start`), so user vectors start with 0 there.
        weight: (N,), of each item in the regression.
        """
        has = items.known >= 0
        wanted, weights = (torch.zeros(len(has), *part.shape[1:], device=part.device) for part in (vectors, weight))
        wanted[has], weights[has] = vectors[items.known[has]], weight[items.known[has]]
        without = self.configuration.without
        content = items.content if "content" not in without else torch.zeros_like(items.content)
        described = items.described if "attributes" not in without and items.attributes.numel() else None
        line, bias, attributes = fit_features(wanted, content, described, weights)
        self.content.weight.copy_(line)
        self.content.bias.copy_(bias)
        self.attribute.weight[: len(attributes)] = attributes
        if self.fusion is not None and "content" not in without:
            rest = wanted - described(attributes) if described else wanted
            self.fusion.start_from(rest, items.content, items.has_content, items.media, items.present, weights)
        self.residual.weight[: len(vectors)] = 0.0
        self.residual.weight[items.known[has]] = (wanted - self._content(items))[has]
        for matrix in self.user.parameters():
            matrix[-1, -1] = 0.0

    def item_vectors(self, items: ItemFeatures, without_residual: float = 0.0) -> Tensor:
        """(`items.first`, D) vectors of the first items of the features: of length 1, or 0 where nothing is known.

        without_residual: share of items whose residual is left out, so that content learns to do without it.
        """
        z = self.by_themselves(items, without_residual)
        return self.among_neighbours(z, items.neighbours if items.similar.numel() else None)[: items.first]

    def by_themselves(self, items: ItemFeatures, without_residual: float = 0.0) -> Tensor:
        """(I, D) z of the items: everything but the step over neighbours."""
        z = self._described(items)
        if "residual" not in self.configuration.without:
            has = items.known >= 0
            if without_residual:
                has = has & (torch.rand(len(z), device=z.device) >= without_residual)
            z = z + self.residual(items.known.clamp_min(0)) * has[:, None]
        return z

    def among_neighbours(self, z: Tensor, neighbours: MeanAggregation | None) -> Tensor:
        """(I, D) h of the items, from z and the mean over similar items; of length 1 or 0."""
        if "neighbours" not in self.configuration.without and neighbours is not None:
            z = z + self.similar(z, neighbours)
        return functional.normalize(z, dim=-1)

    def _described(self, items: ItemFeatures) -> Tensor:
        """(I, D) the content part and the attribute part of z."""
        z = self._content(items)
        if "attributes" not in self.configuration.without and items.attributes.numel():
            z = z + items.described(self.attribute.weight[: items.described.sources])
        return z

    def _content(self, items: ItemFeatures) -> Tensor:
        """(I, D) the content part of z."""
        if self.fusion is not None and "content" not in self.configuration.without:
            return self.fusion(self.content(items.content), items.has_content, items.media, items.present)
        if "content" in self.configuration.without or not bool(items.has_content.any()):
            return torch.zeros(len(items.content), self.configuration.dimension, device=items.content.device)
        return self.content(items.content) * items.has_content[:, None]

    def user_vectors(self, batch: HeteroData, history: HistoryBatch, cuts: Tensor | None = None) -> Tensor:
        """(S, C, D) vectors of the seed users at each cut: of length 1, or 0 where nothing is known.

        history: `HistoryBatch.of` the batch.  cuts: (S, C), how many of a user's events, from the oldest, are before
        the cut; None for one cut after the last event.
        """
        seeds = int(batch["user"].seeds)
        now = cuts is None
        if cuts is None:
            cuts = history.lengths[:seeds, None]
        means, until = self._aggregate(history.rows(slice(0, seeds)), cuts)
        if now:
            until = torch.full_like(until, torch.inf)
        own = self._read_out(means)
        return functional.normalize(
            torch.where(cuts[:, :, None] > 0, own, self._context(batch, history, until)), dim=-1
        )

    def _read_out(self, means: Tensor) -> Tensor:
        """One vector from the means by half-life: (R, ..., D) to (..., D)."""
        parts = [mix * linear(mean) for mix, linear, mean in zip(self.mix, self.user, means, strict=True)]
        return torch.stack(parts).sum(0)

    def _context(self, batch: HeteroData, history: HistoryBatch, until: Tensor) -> Tensor:
        """(S, C, D) vectors of the seeds at each cut from attributes and followed users, without their own events."""
        seeds = len(until)
        described = batch["attribute", "describes", "user"].edge_index
        vectors = _mean(self.user_attribute.weight, described, seeds)[:, None].expand(-1, until.shape[1], -1)
        ties = batch["user", "follows", "user"].edge_index
        if ties.numel():
            theirs = history.rows(ties[0])
            known = (theirs.days[:, None, :] <= until[ties[1]][:, :, None]) | theirs.days.isnan()[:, None, :]
            counts = (known & theirs.valid[:, None, :]).sum(-1)
            messages = self._aggregate(theirs, counts)[0][-1]  # (ties, C, D)
            flat = messages.flatten(1)
            mean = scatter(flat, ties[1], dim=0, dim_size=seeds, reduce="mean").view(seeds, *messages.shape[1:])
            vectors = vectors + self.follows.linear(mean)
        return vectors

    def _aggregate(self, history: HistoryBatch, cuts: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted means of histories before each cut, (R, N, C, D) for R half-lives; the days of the cuts, (N, C).

        A cut has the time of the last event before it: minus infinity at a cut of 0, infinity if that event has none.
        """
        length = history.valid.shape[1]
        place = torch.arange(length, device=cuts.device)
        rank = (cuts[:, :, None] - 1 - place).float()
        known = (rank >= 0) & history.valid[:, None, :]
        last = (cuts - 1).clamp_min(0)
        at = history.days.gather(1, last) if length else torch.zeros_like(cuts, dtype=history.days.dtype)
        age = (at[:, :, None] - history.days[:, None, :]).nan_to_num(0.0).clamp_min(0).float()
        half_life = self.log_relation_half_life.exp()[history.relation]
        weight = self.relation_weight[history.relation][:, None, :] * torch.exp2(-age / half_life[:, None, :]) * known
        rank = rank.clamp_min(0).masked_fill(history.days.isnan()[:, None, :], 0.0)
        means = []
        for log_half_life in self.log_rank_half_lives:
            decayed = weight * torch.exp2(-rank / log_half_life.exp())
            means.append((decayed / decayed.abs().sum(-1, keepdim=True).clamp_min(1e-12)) @ history.vectors)
        until = torch.where(cuts > 0, at, torch.full_like(at, -torch.inf)).nan_to_num(torch.inf, torch.inf, -torch.inf)
        return torch.stack(means), until

    @torch.no_grad()
    def readout(self, relations: Sequence[str]) -> Readout:
        """The readout with which serving makes user vectors, without torch.

        relations: behaviour types in the order of the vocabulary.
        """
        weights, half_lives = self.relation_weight.tolist(), self.log_relation_half_life.exp().tolist()
        return Readout(
            self.log_rank_half_lives.exp().tolist(),
            self.mix.tolist(),
            [[[round(cell, 6) for cell in row] for row in matrix.tolist()] for matrix in self.user.parameters()],
            {
                name: (weights[2 * n], weights[2 * n + 1], half_lives[2 * n], half_lives[2 * n + 1])
                for n, name in enumerate(relations)
            },
        )


def widths(model: InterestNetwork) -> tuple[int, tuple[tuple[str, int], ...]]:
    """The widths of the features that a model takes: content, and names and widths of the media."""
    return model.configuration.content, model.configuration.media


def _mean(table: Tensor, pairs: Tensor, size: int) -> Tensor:
    """(size, D) mean of the table's rows pairs[0] by target pairs[1]; zero without any."""
    return scatter(table[pairs[0]], pairs[1], dim=0, dim_size=size, reduce="mean")
