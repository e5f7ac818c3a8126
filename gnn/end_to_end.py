"""update --end-to-end: the encoder's adapters and the network learn under one loss.

1. The network is trained as in a rehearsal, on what came before the held-out events, with contents of which some are
   embedded anew in each step (`gnn.live_contents`): what it is told of who chooses what reaches the encoder.
2. The adapters are judged as by `extract --adapt`: on held-out items, against the encoder that is there.
3. Kept, they read all contents, and a full update trains the network that is served on these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from gnn import encoders
from gnn.adaptation import Adapted, items_of, judged
from gnn.adapters import Adapters
from gnn.cold_check import CHOOSE, ColdCheck
from gnn.embedding_cache import CachedEncoder
from gnn.fitting import Training
from gnn.live_contents import LiveContents
from graphstore import contents
from graphstore.client import Client
from graphstore.interactions import pull_interactions
from graphstore.kinds import Kind
from graphstore.progress import Progress
from graphstore.settings import Settings

SHARES = (1.0, 0.5, 0.25)


def learn_encoder(
    client: Client,
    settings: Settings,
    training: Training,
    kinds: Mapping[str, Kind],
    seed: int,
    progress: Progress,
) -> Adapted:
    """Train adapters with a network, and keep them if they are better on held-out items.

    training: its sampler has pulled all items.  The report is that of `gnn.adaptation.adapt`, with epoch.

    Raises:
        InputError: the encoder can't be adapted.
    """
    present = CachedEncoder(encoders.encoder(contents.encoder_of(client), settings.models), settings.cache)
    events = pull_interactions(client, kinds, training.options.negative_weight)
    items = items_of(client, events)
    check = ColdCheck(events, items, seed)
    if check.lacks:
        return Adapted(None, {"refused": f"too little to learn from: {check.lacks}"})
    texts = [item.text for item in items]
    judging = [texts[row] for row in check.rows]
    before = present.encode(judging, progress)
    index = training.sampler.items.index
    table = [""] * len(index)
    learned = torch.zeros(len(index), dtype=torch.bool, device=training.device)
    for item in items:
        if item.item_id in index:
            table[index[item.item_id]] = item.text
    learned[[index[items[row].item_id] for row in check.learned.tolist() if items[row].item_id in index]] = True
    adapters = Adapters(present.base.name, seed)
    live = LiveContents(adapters, table, learned)
    found = training.learn_contents(live)
    report: dict[str, Any] = {"epoch": found["epoch"], "share": 0.0}
    best = -1.0
    for share in SHARES:
        adapters.go(live.kept, share)
        recall = float(check.score(adapters.encode(judging), CHOOSE).mean())
        if recall > best:
            best, report["share"] = recall, share
    adapters.go(live.kept, report["share"])
    report |= judged(check, before, adapters.encode(judging))
    return Adapted(None if "refused" in report else adapters.save(settings.models), report)
