"""update --end-to-end: training of the encoder's adapters and the network under one loss.

1. The network is trained as in a held-out run, on the events before the held-out ones. Some contents are re-embedded in
   each step (`gnn.training.trainable_contents`), so that the gradient of the loss reaches the encoder.
2. The adapters are accepted or rejected as by `extract --adapt`, on held-out items against the present encoder.
3. If accepted they embed all contents, and a full update trains the network that is served on these.
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
TOKENS, LAST_LAYERS = 64, 2  # tokens of a text to train on; layers of the encoder with adapters


def learn_encoder(
    client: Client,
    settings: Settings,
    training: Training,
    seed: int,
    progress: Progress,
) -> Adapted:
    """Train adapters with a network, and save them if they are better on held-out items.

    training: with a sampler that has pulled all items.

    The report is that of `AcceptanceTest.decide`, with epoch and share.

    Raises:
        InputError: the encoder can't be adapted.
    """
    present = CachedEncoder(by_name.encoder(content_index.encoder_of(client), settings.models), settings.cache)
    events = pull_interactions(client, training.options.negative_weight)
    acceptance = AcceptanceTest(client, events, seed)
    if acceptance.check.lacks:
        return acceptance.refused()
    before = present.encode(acceptance.texts, progress)
    index = training.sampler.items.index
    table = [""] * len(index)
    learned = torch.zeros(len(index), dtype=torch.bool, device=training.device)
    rows = {row: index[item.item_id] for row, item in enumerate(acceptance.items) if item.item_id in index}
    for row, place in rows.items():
        table[place] = acceptance.items[row].text
    learned[[rows[row] for row in acceptance.check.learned.tolist() if row in rows]] = True
    adapters = Adapters(present.base.name, seed, TOKENS, LAST_LAYERS)
    contents = TrainableContents(adapters, table, learned)
    found = training.learn_contents(contents, events)
    acceptance.score(adapters, contents.kept, SHARES, epoch=found["epoch"])
    return acceptance.decide(adapters, before, settings)
