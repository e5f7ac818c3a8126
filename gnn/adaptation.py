"""extract --adapt: train the encoder further, so that what people do together moves together.

The vectors v that items have from behaviour (`gnn.spectrum`) say what goes together. A step takes some items, the more
often chosen the likelier, and for each one of those whose text lies nearest (a hard negative, unless people use both).
What the text says, z = normalise(W x + b + what attributes say), is to tell among all of these who goes with whom:

    loss = - sum_j p_ij log softmax_j(z_i v_j / TEMPERATURE),        p_ij = softmax_j(v_i v_j / BEHAVIOUR_TEMPERATURE)

W and b start as the ridge regression that `update` begins with too, and learn beside the adapters; they are forgotten.
Items are held out (`gnn.cold_check`): one half says after how many steps, and how much of the way, the encoder foresees
best who will choose new items; on the other half it has to beat the encoder that is there, or it is refused.

Reference: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021 (two kinds
of vectors, contrasted); Wortsman et al., CVPR 2022 (a part of the way).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gnn.adapters import Adapters
from gnn.embedding_cache import CachedEncoder
from gnn.encoders import Vectors
from gnn.trial import Adapted, Trial
from graphstore.client import Client
from graphstore.interactions import pull_interactions
from graphstore.kinds import Kind
from graphstore.progress import Progress
from graphstore.settings import Settings
from graphstore.tuned import tuned_settings

ANCHORS, NEAR = 48, 11  # in a step; by text, among which hard negatives are drawn
LEARNING_RATE, WARM_UP, WEIGHT_DECAY = 1e-4, 20, 0.01
TEMPERATURE, BEHAVIOUR_TEMPERATURE = 0.05, 0.1
STEPS, LEAST_STEPS, VISITS = 240, 40, 4  # at most; at least; each item is an anchor so often
LOOKS = 4
SHARES = (1.0, 0.5)


@dataclass
class Learned:
    """The best adapters so far: their state, the share of the way, and what they reached on the held-out items."""

    state: list[Tensor] = field(default_factory=list)
    share: float = 0.0
    step: int = 0
    recall: float = -1.0


def adapt(
    client: Client,
    settings: Settings,
    present: CachedEncoder,
    kinds: Mapping[str, Kind],
    seed: int,
    progress: Progress,
) -> Adapted:
    """Train adapters of the encoder that is there, and keep them if they are better on held-out items.

    present: the encoder that contents are read by now; where it is adapted already, its base is adapted anew.

    The report is that of `Trial.judged`, with step and share.

    Raises:
        InputError: the encoder can't be adapted.
    """
    negative_weight = tuned_settings(client).build.negative_weight
    events = pull_interactions(client, kinds, negative_weight, progress)
    trial = Trial(client, events, seed)
    if trial.check.lacks:
        return trial.refused()
    adapters = Adapters(present.base.name, seed)
    before = present.encode(trial.texts, progress)
    learned = _train(adapters, trial, present.base.encode(trial.texts, progress), seed, progress)
    adapters.go(learned.state, learned.share)
    return trial.judged(adapters, before, settings, {"step": learned.step, "share": learned.share})


def _train(adapters: Adapters, trial: Trial, before: Vectors, seed: int, progress: Progress) -> Learned:
    """Steps with a look at the held-out items after each LOOKS-th of them. before: (M, D), of the base."""
    rng = np.random.default_rng(seed)
    check, texts = trial.check, trial.texts
    best = Learned(adapters.state())
    places = check.places
    share = check.weight[places].double().numpy()
    near = nearest(before[places])
    line, bias, by_attributes = check.said(before)
    head = [nn.Parameter(line), nn.Parameter(bias)]
    groups = [
        {"params": adapters.parameters, "lr": LEARNING_RATE, "weight_decay": WEIGHT_DECAY},
        {"params": head, "lr": LEARNING_RATE, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups)
    steps = int(np.clip(VISITS * len(places) / ANCHORS, LEAST_STEPS, STEPS))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / WARM_UP) * max(0.05, 1 - step / steps)
    )
    looks = {round(steps * n / LOOKS) for n in range(1, LOOKS + 1)}
    vectors = check.vectors.clone()
    vectors[:, -1] = 0.0  # it only makes up for lengths
    for step in range(1, steps + 1):
        anchors = rng.choice(len(places), min(ANCHORS, len(places)), replace=False, p=share / share.sum())
        rows = places[np.unique(np.concatenate([anchors, rng.permuted(near[anchors], axis=1)[:, 0]]))]
        said = adapters([texts[row] for row in rows]) @ head[0].T + head[1] + by_attributes[rows]
        loss = contrastive_loss(said, vectors[rows])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(adapters.parameters, 1.0)
        optimizer.step()
        schedule.step()
        progress("adapting", step, steps)
        if step in looks:
            state = adapters.state()
            recall, part = trial.best_share(adapters, state, SHARES)
            if recall > best.recall:
                best = Learned(state, part, step, recall)
            adapters.go(state, 1.0)
    return best


def contrastive_loss(said: Tensor, vectors: Tensor) -> Tensor:
    """The loss of N items, see the module. said: (N, D), what texts say.  vectors: (N, D), by behaviour."""
    v = functional.normalize(vectors, dim=-1)
    wanted = (v @ v.T / BEHAVIOUR_TEMPERATURE).softmax(1)
    scores = functional.normalize(said, dim=-1) @ v.T / TEMPERATURE
    return -(wanted * scores.log_softmax(1)).sum(1).mean()


def nearest(vectors: Vectors) -> Any:
    """(N, NEAR) for each the others that lie nearest, of N vectors (N, D), or as many as there are."""
    count = min(NEAR, len(vectors) - 1)
    found = np.zeros((len(vectors), max(count, 1)), dtype=np.int64)
    for start in range(0, len(vectors) if count else 0, 512):
        cosine = vectors[start : start + 512] @ vectors.T
        here = np.arange(len(cosine))
        cosine[here, start + here] = -np.inf
        found[start : start + 512] = np.argpartition(-cosine, count - 1, axis=1)[:, :count]
    return found
