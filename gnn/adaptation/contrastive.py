"""extract --adapt: contrastive training of the text encoder on vectors of items from behaviour.

v is an item's vector from behaviour (`gnn.network.spectral_start`), and z = normalise(W x + b + attributes) that from
its text x. z is trained to have the same similarities to the items j as v:

    loss = - sum_j p_j log softmax_j(z v_j / TEMPERATURE + log s_j)
    p_j = softmax_j(v v_j / BEHAVIOUR_TEMPERATURE + log s_j)

s_j is the root of an item's number of events; items are drawn in proportion to it. W and b start as the ridge
regression that `update` starts with, are trained beside the adapters, and are dropped. Held-out items choose the number
of steps and the share of the way, and decide whether the encoder is better than the present one; else it is rejected
(`gnn.adaptation.verdict`).

No event is held out here. So the adapters see the events that `update` holds out later to learn the blend weights and
to choose the epoch, and what it measures on these may be too high for an adapted encoder.

Reference: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021 (two kinds
of vectors, contrasted); Wortsman et al., CVPR 2022 (interpolation of weights).
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

AT_ONCE, TOKENS = 96, 48  # items in a step; tokens of a text to train on
LEARNING_RATE, WARM_UP, WEIGHT_DECAY = 1e-3, 20, 0.01
TEMPERATURE, BEHAVIOUR_TEMPERATURE = 0.05, 0.1
STEPS, LEAST_STEPS, VISITS = 240, 40, 12  # at most; at least; times that an item is drawn, on average
EVALUATIONS = 4
SHARES = (1.0, 0.5)


def adapt(
    client: Client,
    settings: Settings,
    present: CachedEncoder,
    seed: int,
    progress: Progress,
) -> Adapted:
    """Train adapters of the present encoder, and save them if they are better on held-out items.

    present: the encoder of the items' contents; if it is adapted already, its base is adapted anew.

    The report is that of `AcceptanceTest.decide`, with step and share.

    Raises:
        InputError: the encoder can't be adapted.
    """
    negative_weight = tuned_settings(client).build.negative_weight
    events = pull_interactions(client, negative_weight, progress)
    acceptance = AcceptanceTest(client, events, seed)
    if acceptance.check.lacks:
        return acceptance.refused()
    adapters = Adapters(present.base.name, seed, TOKENS)
    before = present.encode(acceptance.texts, progress)
    _train(adapters, acceptance, present.base.encode(acceptance.texts, progress), seed, progress)
    return acceptance.decide(adapters, before, settings)


def _train(adapters: Adapters, acceptance: AcceptanceTest, before: Vectors, seed: int, progress: Progress) -> None:
    """Train, and score the held-out items EVALUATIONS times on the way. before: (M, D), contents by the base."""
    rng = np.random.default_rng(seed)
    check, texts = acceptance.check, acceptance.texts
    places = check.places
    share = check.weight[places].double()
    share /= share.sum()
    vectors = check.vectors[places].clone()
    vectors[:, -1] = 0.0  # it only brings vectors to length 1
    line, bias, by_attributes = check.regression(before)
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
    evaluated = {round(steps * n / EVALUATIONS) for n in range(1, EVALUATIONS + 1)}
    for step in range(1, steps + 1):
        drawn = rng.choice(len(places), min(AT_ONCE, len(places)), replace=False, p=share.numpy())
        rows = places[drawn]
        predicted = adapters([texts[row] for row in rows]).to(vectors) @ head[0].T + head[1] + by_attributes[rows]
        loss = contrastive_loss(predicted, torch.from_numpy(drawn), vectors, share.float())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(adapters.parameters, 1.0)
        optimizer.step()
        schedule.step()
        progress("adapting", step, steps)
        if step in evaluated:
            acceptance.score(adapters, adapters.state(), SHARES, step=step)


def contrastive_loss(predicted: Tensor, drawn: Tensor, vectors: Tensor, share: Tensor) -> Tensor:
    """The loss of B items among N, as in the module's formula.

    predicted: (B, D), z before it is normalised.  drawn: (B,), which of the N these are.  vectors: (N, D), v of all.
    share: (N,), s of all, with sum 1.
    """
    v = functional.normalize(vectors, dim=-1)
    prior = share.log()
    wanted = (v[drawn] @ v.T / BEHAVIOUR_TEMPERATURE + prior).softmax(1)
    scores = functional.normalize(predicted, dim=-1) @ v.T / TEMPERATURE + prior
    return -(wanted * scores.log_softmax(1)).sum(1).mean()
