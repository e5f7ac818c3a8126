"""extract --adapt: train the encoder further, so that what people do together moves together.

The vectors v that items have from behaviour (`gnn.network.spectral_start`) say what goes together. What an item's
text says,
z = normalise(W x + b + what attributes say), is to tell among all items j who goes with it, those most alike included:

    loss = - sum_j p_j log softmax_j(z v_j / TEMPERATURE + log s_j)
    p_j = softmax_j(v v_j / BEHAVIOUR_TEMPERATURE + log s_j)

s_j is how much there is to know an item by; items are drawn in proportion to it. W and b start as the ridge regression
that `update` begins with too, and learn beside the adapters; they are forgotten.
Held-out items say after how many steps, and how much of the way, the encoder foresees best who will choose new items,
and whether it beats the encoder that is there; else it is refused (`gnn.adaptation.verdict`).

Reference: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021 (two kinds
of vectors, contrasted); Wortsman et al., CVPR 2022 (a part of the way).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gnn.adaptation.verdict import AcceptanceTest, Adapted
from gnn.encoders.adapters import Adapters
from gnn.encoders.cache import CachedEncoder
from gnn.encoders.encoder import Vectors
from graphstore.build.pull import pull_interactions
from graphstore.build.tuned import tuned_settings
from graphstore.database.client import Client
from graphstore.progress import Progress
from graphstore.settings import Settings

AT_ONCE, TOKENS = 96, 48  # items in a step; of a text, to learn from
LEARNING_RATE, WARM_UP, WEIGHT_DECAY = 1e-3, 20, 0.01
TEMPERATURE, BEHAVIOUR_TEMPERATURE = 0.05, 0.1
STEPS, LEAST_STEPS, VISITS = 240, 40, 12  # at most; at least; each item is drawn so often
LOOKS = 4
SHARES = (1.0, 0.5)


def adapt(
    client: Client,
    settings: Settings,
    present: CachedEncoder,
    seed: int,
    progress: Progress,
) -> Adapted:
    """Train adapters of the encoder that is there, and keep them if they are better on held-out items.

    present: the encoder that contents are read by now; where it is adapted already, its base is adapted anew.

    The report is that of `AcceptanceTest.judged`, with step and share.

    Raises:
        InputError: the encoder can't be adapted.
    """
    negative_weight = tuned_settings(client).build.negative_weight
    events = pull_interactions(client, negative_weight, progress)
    trial = AcceptanceTest(client, events, seed)
    if trial.check.lacks:
        return trial.refused()
    adapters = Adapters(present.base.name, seed, TOKENS)
    before = present.encode(trial.texts, progress)
    _train(adapters, trial, present.base.encode(trial.texts, progress), seed, progress)
    return trial.judged(adapters, before, settings)


def _train(adapters: Adapters, trial: AcceptanceTest, before: Vectors, seed: int, progress: Progress) -> None:
    """Steps with a look at the held-out items after each LOOKS-th of them. before: (M, D), of the base."""
    rng = np.random.default_rng(seed)
    check, texts = trial.check, trial.texts
    places = check.places
    share = check.weight[places].double()
    share /= share.sum()
    vectors = check.vectors[places].clone()
    vectors[:, -1] = 0.0  # it only makes up for lengths
    line, bias, by_attributes = check.said(before)
    head = [nn.Parameter(line), nn.Parameter(bias)]
    groups = [
        {"params": adapters.parameters, "lr": LEARNING_RATE, "weight_decay": WEIGHT_DECAY},
        {"params": head, "lr": LEARNING_RATE, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups)
    steps = int(np.clip(VISITS * len(places) / AT_ONCE, LEAST_STEPS, STEPS))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / WARM_UP) * max(0.05, 1 - step / steps)
    )
    looks = {round(steps * n / LOOKS) for n in range(1, LOOKS + 1)}
    for step in range(1, steps + 1):
        drawn = rng.choice(len(places), min(AT_ONCE, len(places)), replace=False, p=share.numpy())
        rows = places[drawn]
        said = adapters([texts[row] for row in rows]).to(vectors) @ head[0].T + head[1] + by_attributes[rows]
        loss = contrastive_loss(said, torch.from_numpy(drawn), vectors, share.float())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(adapters.parameters, 1.0)
        optimizer.step()
        schedule.step()
        progress("adapting", step, steps)
        if step in looks:
            trial.look(adapters, adapters.state(), SHARES, step=step)


def contrastive_loss(said: Tensor, drawn: Tensor, vectors: Tensor, share: Tensor) -> Tensor:
    """The loss of B items among N, see the module.

    said: (B, D), what texts say.  drawn: (B,), which of the N these are.  vectors: (N, D), by behaviour.  share: (N,).
    """
    v = functional.normalize(vectors, dim=-1)
    prior = share.log()
    wanted = (v[drawn] @ v.T / BEHAVIOUR_TEMPERATURE + prior).softmax(1)
    scores = functional.normalize(said, dim=-1) @ v.T / TEMPERATURE + prior
    return -(wanted * scores.log_softmax(1)).sum(1).mean()
