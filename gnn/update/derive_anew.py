"""update --anew: derive and embed everything anew by the active model, and tell how far the graph had drifted.

What is compared is what is stored and served before and after: the vectors of items and of some users, and the ten best
items of these users, through the code that serves. Whatever the drift was, it is gone then.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnn.update.stage import update
from graphstore.build.stage import build
from graphstore.database.client import Client
from graphstore.errors import NotReady
from graphstore.progress import Progress, silent
from graphstore.recommend.stage import recommend_all
from graphstore.settings import Settings
from graphstore.update import drift, embeddings, models, sampling
from graphstore.update.drift import Drift

ASKED = 300


def derive_anew(
    client: Client,
    settings: Settings,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> Drift:
    """Build and embed everything anew, and leave a Run that says how far it had drifted.

    Raises:
        NotReady: no model is active, or nothing was extracted.
    """
    active = models.active_model(client)
    if active is None:
        raise NotReady("No model is active: train one with `interestgraph update --full`.")
    users = sampling.user_ids(client)
    drawn = np.random.default_rng(seed).choice(len(users), min(ASKED, len(users)), replace=False)
    asked = [users[n] for n in sorted(drawn.tolist())]
    before = _state(client, asked, active["version"])
    counts = build(client, progress=progress)
    update(client, settings, progress=progress)
    after = _state(client, asked, active["version"])
    found = Drift(
        drift.fifth_percentile(drift.cosines(before["items"], after["items"])),
        drift.fifth_percentile(drift.cosines(before["users"], after["users"])),
        float(np.mean([drift.overlap(before["lists"][u], after["lists"][u]) for u in asked])) if asked else 1.0,
        int(counts["events"]),
        len(asked),
    )
    drift.note(client, found, repaired=True)
    return found


def _state(client: Client, asked: list[str], version: str) -> dict[str, Any]:
    """What is stored and served: vectors of items and of the users asked, and their lists."""
    items = {row["item_id"]: np.asarray(row["embedding"]) for row in embeddings.stream_items(client, version)}
    rows = embeddings.read_users(client, asked, version)
    users = {row["user_id"]: np.asarray(row["embedding"]) for row in rows}
    lists = {user_id: [] for user_id in asked} | {
        row["user_id"]: row["items"] for row in recommend_all(client, drift.LIST, user_ids=asked)
    }
    return {"items": items, "users": users, "lists": lists}
