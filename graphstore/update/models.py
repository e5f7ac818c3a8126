"""The model registry in the graph: which model is active, and activating one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from graphstore.database.client import Client, Transaction
from graphstore.ranking.blend import DEFAULT_BLEND, Blend


def active_model(client: Client) -> dict[str, Any] | None:
    """The active model: version, family, trained_at, configuration, metrics, dimension, and whether its blend is
    readable by Cypher; None without one."""
    rows = client.read("update/models/read_active_model")
    if not rows:
        return None
    row = rows[0]
    return {**row, **{name: json.loads(row[name] or "{}") for name in ("configuration", "metrics")}}


def fresh_users(client: Client, version: str) -> set[str]:
    """Users that changed since a model was trained."""
    return {row["user_id"] for row in client.read("update/models/read_fresh_users", version=version)}


def complete(client: Client, version: str) -> None:
    """Give a model of an earlier version of the program its blend as lists too, which Cypher can read."""
    blend = Blend.from_json(client.read("recommend/read_blend", version=version)[0]["blend"])
    client.write("update/models/set_blend_columns", version=version, columns=blend.columns())


def activate(
    client: Client,
    version: str,
    *,
    family: str,
    configuration: Mapping[str, Any],
    metrics: Mapping[str, Any],
    dimension: int,
    blend: Blend = DEFAULT_BLEND,
) -> None:
    """Register a model and make it the active one, in one transaction."""
    text = blend.to_json()

    def register_and_switch(transaction: Transaction) -> None:
        transaction.run(
            "update/models/register_model",
            version=version,
            family=family,
            configuration=json.dumps(configuration),
            metrics=json.dumps(metrics),
            dimension=dimension,
            blend=text,
            blend_hash=hashlib.sha256(text.encode()).hexdigest(),
            columns=blend.columns(),
            trained_at=datetime.now(UTC),
        )
        transaction.run("update/models/activate_model", version=version)

    client.transaction(register_and_switch)
