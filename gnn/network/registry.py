"""The registry of model weights: one file for each version, written atomically."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from gnn.network.data import GraphVocabulary
from gnn.network.model import Configuration, InterestNetwork
from gnn.network.sampler import FanOut
from graphstore.errors import NotReady

FAMILY = "interest-network"


def new_version() -> str:
    """A new version name; names sort by time."""
    return f"{FAMILY}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def save(folder: Path, version: str, model: InterestNetwork, vocabulary: GraphVocabulary, fan_out: FanOut) -> Path:
    """Write weights, configuration, vocabulary and fan-out to `<folder>/<version>.pt`, atomically; returns the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{version}.pt"
    unfinished = path.with_suffix(".unfinished")
    content: dict[str, Any] = {
        "configuration": model.configuration.as_dict(),
        "vocabulary": vocabulary.as_dict(),
        "fan_out": vars(fan_out),
        "state": {name: value.cpu() for name, value in model.state_dict().items()},
    }
    try:
        with unfinished.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def load(folder: Path, version: str) -> tuple[InterestNetwork, GraphVocabulary, FanOut]:
    """A saved model, its vocabulary and its fan-out.

    Raises:
        NotReady: the file of the version is missing or can't be read.
    """
    path = folder / f"{version}.pt"
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        model = InterestNetwork(Configuration(**content["configuration"]))
        model.load_state_dict(content["state"])
    except (OSError, RuntimeError, KeyError, TypeError, EOFError, ValueError) as error:
        raise NotReady(f"The weights of model {version} can't be read from {path}; run a full update.") from error
    model.eval()
    return model, GraphVocabulary(**content["vocabulary"]), FanOut(**content["fan_out"])
