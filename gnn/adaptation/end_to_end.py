"""update --end-to-end: the encoder's adapters and the network learn under one loss.

1. The network is trained as in a held-out run, on what came before the held-out events, with contents of which some are
   embedded anew in each step (`gnn.training.trainable_contents`): what it is told of who chooses what reaches the
   encoder.
2. The adapters are judged as by `extract --adapt`: on held-out items, against the encoder that is there.
3. Kept, they read all contents, and a full update trains the network that is served on these.
"""

from __future__ import annotations

import torch

from gnn.adaptation.verdict import AcceptanceTest, Adapted
from gnn.encoders import by_name
from gnn.encoders.adapters import Adapters
from gnn.encoders.cache import CachedEncoder
from gnn.training.fitting import Training
from gnn.training.trainable_contents import TrainableContents
from graphstore.build.pull import pull_interactions
from graphstore.database.client import Client
from graphstore.extract import content_index
from graphstore.progress import Progress
from graphstore.settings import Settings

SHARES = (1.0, 0.5, 0.25)
TOKENS, LAST_LAYERS = 64, 2  # of a text, to learn from; of the encoder, to learn


def learn_encoder(
    client: Client,
    settings: Settings,
    training: Training,
    seed: int,
    progress: Progress,
) -> Adapted:
    """Train adapters with a network, and keep them if they are better on held-out items.

    training: its sampler has pulled all items.  The report is that of `AcceptanceTest.judged`, with epoch and share.

    Raises:
        InputError: the encoder can't be adapted.
    """
    present = CachedEncoder(by_name.encoder(content_index.encoder_of(client), settings.models), settings.cache)
    events = pull_interactions(client, training.options.negative_weight)
    trial = AcceptanceTest(client, events, seed)
    if trial.check.lacks:
        return trial.refused()
    before = present.encode(trial.texts, progress)
    index = training.sampler.items.index
    table = [""] * len(index)
    learned = torch.zeros(len(index), dtype=torch.bool, device=training.device)
    rows = {row: index[item.item_id] for row, item in enumerate(trial.items) if item.item_id in index}
    for row, place in rows.items():
        table[place] = trial.items[row].text
    learned[[rows[row] for row in trial.check.learned.tolist() if row in rows]] = True
    adapters = Adapters(present.base.name, seed, TOKENS, LAST_LAYERS)
    live = TrainableContents(adapters, table, learned)
    found = training.learn_contents(live, events)
    trial.look(adapters, live.kept, SHARES, epoch=found["epoch"])
    return trial.judged(adapters, before, settings)
