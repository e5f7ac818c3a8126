"""A graph in a scratch managed server, after the stages collect, extract, build and update have run on some files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gnn.encoders.encoder import Encoder
from gnn.llm.language_model import LanguageModel
from graphstore.build.stage import build
from graphstore.collect.stage import collect
from graphstore.connection import managed_server
from graphstore.database.client import Client
from graphstore.database.schema import migrate
from graphstore.kinds import KINDS, Kind
from graphstore.progress import Progress, silent
from graphstore.settings import Settings


@dataclass(frozen=True)
class StageOptions:
    """Options of the stages.

    learn: whether extract and update run, which load a language model and train; without them only channels from
    behaviour and attributes are served.  media: the folder of items' images and sounds, the current one if None.
    seed: of the training.  encoder: of items' texts, the default one if None.  encoder_learns: "adapt" or
    "end-to-end" to train it on the events first (`extract --adapt`, `update --end-to-end`).  kinds: of behaviour.
    model: a generative model that reads as well; context: its tokens.
    """

    learn: bool = True
    media: str | Path | None = None
    seed: int = 0
    encoder: Encoder | None = None
    encoder_learns: str | None = None
    kinds: Mapping[str, Kind] = field(default_factory=lambda: KINDS)
    model: LanguageModel | None = None
    context: int = 16_384


DEFAULT_OPTIONS = StageOptions()


@contextmanager
def scratch_graph(
    events_file: str | Path,
    items_file: str | Path | None = None,
    *,
    users_file: str | Path | None = None,
    ties_file: str | Path | None = None,
    options: StageOptions = DEFAULT_OPTIONS,
    progress: Progress = silent,
) -> Iterator[tuple[Client, dict[str, Any]]]:
    """A scratch managed server in which the stages have run on these files, and their counts; deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="interestgraph-evaluate-") as folder:
        settings = Settings(home=Path(folder))
        server = managed_server(settings)
        files: dict[str, Any] = {"events": events_file, "items": items_file, "users": users_file, "ties": ties_file}
        try:
            address = server.start()
            with Client(address.bolt_uri, address.username, address.password, kinds=options.kinds) as client:
                migrate(client)
                stages: dict[str, Any] = {"collect": collect(client, **files, progress=progress)}
                yield client, stages | run_stages(client, settings, options, progress)
        finally:
            server.kill()


def run_stages(
    client: Client, settings: Settings, options: StageOptions = DEFAULT_OPTIONS, progress: Progress = silent
) -> dict[str, Any]:
    """extract, build and a full update of a graph; returns their counts."""
    stages: dict[str, Any] = {}
    if options.learn:
        from gnn.extract.stage import extract  # loads torch
        from gnn.media.files import MediaFiles

        adapting = options.encoder_learns == "adapt"
        more: dict[str, Any] = {"encoder": options.encoder, "adapting": adapting, "seed": options.seed}
        more |= {"model": options.model, "context": options.context}
        files = MediaFiles(Path(options.media or "."))
        stages["extract"] = extract(client, settings, files=files, progress=progress, **more)
    stages["build"] = build(client, progress=progress)
    if options.learn:
        from gnn.update.stage import update

        end_to_end = options.encoder_learns == "end-to-end"
        stages["update"] = update(
            client, settings, full=True, end_to_end=end_to_end, seed=options.seed, progress=progress
        )
    return stages
