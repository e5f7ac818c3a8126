"""The settings that build and update use where none are given: the defaults, or what `tune` found for this graph.

They are kept in the graph, with the last run of `tune`, so that whoever builds it next uses the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from graphstore.build.derive import DEFAULT_OPTIONS, BuildOptions
from graphstore.database.client import Client
from graphstore.database.runs import last_run

STAGE = "tune"
BUILD_NAMES = frozenset(option.name for option in fields(BuildOptions))


@dataclass(frozen=True)
class TunedSettings:
    """build: options for what is derived.  training: hyperparameters by name, only those that differ from the defaults.

    origin: the run of `tune` that found them, None for the defaults.
    """

    build: BuildOptions = DEFAULT_OPTIONS
    training: dict[str, Any] = field(default_factory=dict)
    origin: str | None = None

    @property
    def label(self) -> str:
        """What a run notes about the settings it used."""
        return self.origin or "defaults"


def tuned_settings(client: Client) -> TunedSettings:
    """What the last run of `tune` that ended adopted; the defaults if there was none, or nothing better was found."""
    found = last_run(client, STAGE)
    if found is None or not found["counts"].get("adopted"):
        return TunedSettings()
    best: dict[str, Any] = found["counts"]["best"]
    return TunedSettings(
        replace(DEFAULT_OPTIONS, **{name: value for name, value in best.items() if name in BUILD_NAMES}),
        {name: value for name, value in best.items() if name not in BUILD_NAMES},
        found["run_id"],
    )
