"""Hyperparameters of training, their defaults for a graph, and the shape of the network that follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from gnn.network.data import GraphVocabulary, ItemTable
from gnn.network.model import Configuration
from gnn.training.holdout import HoldOut
from graphstore.interactions import Interactions
from graphstore.kinds import Kind
from graphstore.ranking.history import DIMENSION

MOST_CUTS, LEAST_CUTS, LEAST_BATCH = 8, 2, 64
QUERIES, STEPS = 60_000, 150  # of an epoch, about so many, however many users there are
RECENCY_DAYS = 25.0
TEMPERATURE, TEMPERATURE_WITHOUT_TIMES = 0.1, 0.05
LEARNING_RATE, LEARNING_RATE_WITHOUT_TIMES = 5e-3, 1.5e-3
PARTS = ("content", "attributes", "neighbours", "residual")
ALL_THAT_FOLLOWS, WHAT_COMES_NEXT = (50, 1.0), (5, 0.8)  # targets, and how much each counts of the one before


@dataclass(frozen=True)
class Hyperparameters:
    """Hyperparameters of one training. Fields that are 0 are set by `sized` and `with_defaults`.

    batch_users, cuts: users in a step, and cut positions drawn for each of them.  history: events pulled a user.
    targets: how many items after the cut are predicted, each with `target_decay` times the weight of the one before.
    recency: half-life in days of a target's weight; None: its age does not matter.
    pool: up to how many items the softmax is full; above, as many are sampled.  spectral: whether residuals start from
    the spectrum of the interactions.  temperature: of the softmax, at the start of training.
    content, attributes, neighbours, residual: the parts of an item's vector.  tasks: whether kinds of behaviour are
    tasks with learned weights.  without: channels without weight in the blend.
    without_residual: share of items that are trained without their residual.  without_history: share of cuts at 0.
    patience: epochs without a better one after which training stops.
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
        """The same with cuts and batch_users set, where they are 0, for training on so many users."""
        cuts = self.cuts or min(MOST_CUTS, max(LEAST_CUTS, QUERIES // max(users, 1)))
        return replace(self, cuts=cuts, batch_users=self.batch_users or max(LEAST_BATCH, -(-users // STEPS)))

    def as_dict(self) -> dict[str, Any]:
        """For the registry."""
        return asdict(self)


def with_defaults(hyper: Hyperparameters, events: Interactions, held: HoldOut) -> Hyperparameters:
    """The same with recency, temperature, learning_rate, targets and target_decay set, where they are 0.

    Targets count by recency only if one cut in time holds events out. Then, and where no event has a time, all events
    after a cut are targets of the same weight; else the next ones count most. Without times the softmax is sharper and
    steps are smaller: there is no recency to learn, and the spectral start already ranks well.
    """
    without_times = bool(np.isnan(events.latest_day))
    if hyper.recency == 0.0:
        hyper = replace(hyper, recency=RECENCY_DAYS if held.by_time else None)
    if hyper.temperature == 0.0:
        hyper = replace(hyper, temperature=TEMPERATURE_WITHOUT_TIMES if without_times else TEMPERATURE)
    if hyper.learning_rate == 0.0:
        hyper = replace(hyper, learning_rate=LEARNING_RATE_WITHOUT_TIMES if without_times else LEARNING_RATE)
    targets, decay = ALL_THAT_FOLLOWS if held.by_time or without_times else WHAT_COMES_NEXT
    return replace(hyper, targets=hyper.targets or targets, target_decay=hyper.target_decay or decay)


def network_configuration(
    hyper: Hyperparameters, vocabulary: GraphVocabulary, items: ItemTable, kinds: Mapping[str, Kind]
) -> Configuration:
    """The shape of a network for these attributes, items and kinds of behaviour.

    The weight of a kind is where that of its events starts to learn; that of its negative events, such as low ratings,
    starts at half of it.
    """
    by_type = {kind.type: kind for kind in kinds.values()}
    weights, half_lives = [], []
    for name in vocabulary.relations:
        kind = by_type[name]
        weights += [kind.weight, (0.5 if kind.weight > 0 else 1.0) * kind.weight]
        half_lives += [kind.half_life_days, kind.half_life_days]
    return Configuration(
        attributes=len(vocabulary.attributes),
        items=len(vocabulary.items),
        content=items.content_width,
        relation_weights=weights,
        relation_half_lives=half_lives,
        dimension=hyper.dimension,
        temperature=hyper.temperature,
        without=tuple(part for part in PARTS if not getattr(hyper, part)),
        media=items.media_widths if hyper.content else (),
    )
