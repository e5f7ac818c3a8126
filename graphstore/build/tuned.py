"""The settings of build and update where none are given: the defaults, or those that `tune` found for this graph.

`tune` stores them in the graph with its run, so that every later build uses them.
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
    """Settings of build and training.

    build: options of a build.  training: hyperparameters by name, those that differ from the defaults.
    origin: the run id of the `tune` that found them; None for the defaults.
    """

    build: BuildOptions = DEFAULT_OPTIONS
    training: dict[str, Any] = field(default_factory=dict)
    origin: str | None = None

    @property
    def label(self) -> str:
        """The name of these settings in the counts of a run."""
        return self.origin or "defaults"


def tuned_settings(client: Client) -> TunedSettings:
    """The settings that the last complete `tune` adopted; the defaults if there was none or it found none better."""
    found = last_run(client, STAGE)
    if found is None or not found["counts"].get("adopted"):
        return TunedSettings()
    best: dict[str, Any] = found["counts"]["best"]
    return TunedSettings(
        replace(DEFAULT_OPTIONS, **{name: value for name, value in best.items() if name in BUILD_NAMES}),
        {name: value for name, value in best.items() if name not in BUILD_NAMES},
        found["run_id"],
    )
