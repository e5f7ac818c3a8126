"""Hyperparameters of training."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from graphstore.ranking.history import DIMENSION

MOST_CUTS, LEAST_CUTS, LEAST_BATCH = 8, 2, 64
QUERIES, STEPS = 60_000, 150  # an epoch asks and takes about so many, however many users there are


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
    `gnn.training.fitting.with_defaults`.
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
