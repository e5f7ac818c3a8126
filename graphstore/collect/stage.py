"""collect: behaviour events, items, users and ties into the graph, every event exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from graphstore.batches import batched as batches
from graphstore.batches import read_ahead
from graphstore.collect.files import Line, Source, open_rows, rows_source
from graphstore.collect.rejects import RejectWriter
from graphstore.collect.store import STORES, Counts, _valid
from graphstore.collect.validation import check_line
from graphstore.database.client import Client
from graphstore.database.runs import run
from graphstore.datasets.dataset import Dataset
from graphstore.errors import InputError
from graphstore.progress import Progress, silent

BATCH_ROWS = 5_000
READ_AHEAD = 2


def collect(
    client: Client,
    *,
    events: str | Path | None = None,
    items: str | Path | None = None,
    users: str | Path | None = None,
    ties: str | Path | None = None,
    rejected_folder: Path | None = None,
    progress: Progress = silent,
) -> dict[str, dict[str, Any]]:
    """Read files (JSONL or CSV, "-" for standard input) into the graph.

    Returns:
        For each file given: created, updated, duplicate, rejected, reasons, rejected_file.
    Raises:
        InputError: a file can't be read, or two of them are standard input.
        GraphError: Neo4j failed; what was stored stays, and running the same again resumes.
    """
    files = {"items": items, "users": users, "ties": ties, "events": events}
    given = {what: path for what, path in files.items() if path is not None}
    if not given:
        raise InputError("Nothing to collect: give at least one of --items, --users, --events, --ties.")
    if [str(path) for path in given.values()].count("-") > 1:
        raise InputError("Standard input can be only one of the files.")
    with ExitStack() as stack:  # every file is opened before any row is stored: a wrong name costs nothing
        sources = {what: stack.enter_context(open_rows(path)) for what, path in given.items()}
        return collect_sources(client, sources, rejected_folder=rejected_folder, progress=progress)


def collect_dataset(
    client: Client,
    dataset: Dataset,
    *,
    rejected_folder: Path | None = None,
    progress: Progress = silent,
) -> dict[str, dict[str, Any]]:
    """Store a published data set; returns the same summary as `collect`."""
    sources = {
        "items": rows_source("items", dataset.items()),
        "users": rows_source("users", dataset.users()),
        **({"ties": rows_source("ties", dataset.ties())} if dataset.ties else {}),
        "events": rows_source("events", dataset.events()),
    }
    return collect_sources(client, sources, rejected_folder=rejected_folder, progress=progress)


def collect_sources(
    client: Client,
    sources: Mapping[str, Source],
    *,
    rejected_folder: Path | None = None,
    progress: Progress = silent,
) -> dict[str, dict[str, Any]]:
    """Store opened sources, by what they hold, in the order given, and leave a Run."""
    summary = {}
    with run(client, "collect") as current:
        for what, source in sources.items():
            counts = collect_source(client, what, source, rejected_folder=rejected_folder, progress=progress)
            summary[what] = counts.as_dict()
            current.counts[what] = {key: value for key, value in summary[what].items() if key != "reasons"}
    return summary


def collect_source(
    client: Client,
    what: str,
    source: Source,
    *,
    rejected_folder: Path | None = None,
    progress: Progress = silent,
) -> Counts:
    """Store one opened source of `what`: events, items, users or ties."""
    counts = Counts()
    check, write = STORES[what](client.kinds)
    with RejectWriter(rejected_folder, what, source) as rejects:

        def reject(line: Line, why: str) -> None:
            counts.rejected_file = rejects.add(line, why)
            counts.reject(line.number, why)

        done = 0
        progress(what, 0, source.size)
        checked = ([check_line(line, check) for line in batch] for batch in batches(source.lines, BATCH_ROWS))
        ahead = 0 if source.name == "-" else READ_AHEAD  # a thread that waits for a terminal would not let go on Ctrl-C
        with closing(read_ahead(checked, ahead) if ahead else checked) as ready:
            for batch in ready:
                write(client, _valid(batch, reject), counts, reject)
                done += sum(len(row.line.raw) for row in batch)
                progress(what, min(done, source.size or done), source.size)
    return counts
