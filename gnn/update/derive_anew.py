"""update --anew: derive and embed everything anew by the active model, and measure how far the graph had drifted.

Compared are the stored vectors of items and of some users, and the ten best items served to these users, before and
after.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnn.update.stage import update
from graphstore.build.stage import build
from graphstore.database.client import Client
from graphstore.database.leases import hold
from graphstore.errors import NotReady
from graphstore.progress import Progress, silent
from graphstore.recommend.stage import recommend_all
from graphstore.settings import Settings
from graphstore.update import drift, embeddings, models, sampling
from graphstore.update.drift import Drift

MOST_USERS = 300  # whose vectors and lists are compared


def derive_anew(
    client: Client,
    settings: Settings,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> Drift:
    """Build and embed everything anew; the drift before, which is noted as a Run.

    Raises:
        NotReady: no model is active, or nothing was extracted.
    """
    with hold(client, "update --anew", progress) as held:
        return _derive_anew(held, settings, seed, progress)


def _derive_anew(client: Client, settings: Settings, seed: int, progress: Progress) -> Drift:
    active = models.active_model(client)
    if active is None:
        raise NotReady("No model is active: train one with `interestgraph update --full`.")
    users = sampling.user_ids(client)
    drawn = np.random.default_rng(seed).choice(len(users), min(MOST_USERS, len(users)), replace=False)
    compared = [users[n] for n in sorted(drawn.tolist())]
    before = _served(client, compared, active["version"])
    counts = build(client, progress=progress)
    update(client, settings, progress=progress)
    after = _served(client, compared, active["version"])
    found = Drift(
        drift.fifth_percentile(drift.cosines(before["items"], after["items"])),
        drift.fifth_percentile(drift.cosines(before["users"], after["users"])),
        float(np.mean([drift.overlap(before["lists"][u], after["lists"][u]) for u in compared])) if compared else 1.0,
        int(counts["events"]),
        len(compared),
    )
    drift.note(client, found, repaired=True)
    return found


def _served(client: Client, user_ids: list[str], version: str) -> dict[str, Any]:
    """The stored vectors of all items and of some users, and the lists served to these users."""
    items = {row["item_id"]: np.asarray(row["embedding"]) for row in embeddings.stream_items(client, version)}
    rows = embeddings.read_users(client, user_ids, version)
    users = {row["user_id"]: np.asarray(row["embedding"]) for row in rows}
    lists = {user_id: [] for user_id in user_ids} | {
        row["user_id"]: row["items"] for row in recommend_all(client, drift.LIST, user_ids=user_ids)
    }
    return {"items": items, "users": users, "lists": lists}
