"""The stage collect: stores events, items, users and ties in the graph, every event exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from graphstore.batches import batched, read_ahead
from graphstore.collect.files import Source, open_rows, rows_source
from graphstore.collect.rejects import RejectWriter
from graphstore.collect.store import STORES, Counts, accepted
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
    """Store files (JSONL or CSV; "-" for standard input) in the graph.

    rejected_folder: of files with the rejected rows, which keep raw user ids (see `RejectWriter`).

    Returns:
        For each file given: created, updated, duplicate, rejected, reasons, rejected_file.
    Raises:
        InputError: a file can't be read, or two of them are standard input.
        GraphError: Neo4j failed. Rows that were stored stay; running the same again resumes.
    """
    files = {"items": items, "users": users, "ties": ties, "events": events}
    given = {what: path for what, path in files.items() if path is not None}
    if not given:
        raise InputError("Nothing to collect: give at least one of --items, --users, --events, --ties.")
    if [str(path) for path in given.values()].count("-") > 1:
        raise InputError("Standard input can be only one of the files.")
    with ExitStack() as stack:  # all files are opened before a row is stored, so that a wrong name stores nothing
        sources = {what: stack.enter_context(open_rows(path)) for what, path in given.items()}
        return collect_sources(client, sources, rejected_folder=rejected_folder, progress=progress)


def collect_dataset(
    client: Client,
    dataset: Dataset,
    *,
    rejected_folder: Path | None = None,
    progress: Progress = silent,
) -> dict[str, dict[str, Any]]:
    """Store a published data set; arguments and result as for `collect`."""
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
    """Store open sources, by type of row, in this order, and record a run."""
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
    """Store one open source of `what`: events, items, users or ties."""
    check, write = STORES[what](client.kinds)
    with RejectWriter(rejected_folder, what, source) as rejects:
        counts = Counts(rejects=rejects)
        done = 0
        progress(what, 0, source.size)
        checked = ([check_line(line, check) for line in batch] for batch in batched(source.lines, BATCH_ROWS))
        ahead = 0 if source.name == "-" else READ_AHEAD  # a thread that reads a terminal ignores Ctrl-C
        with closing(read_ahead(checked, ahead) if ahead else checked) as ready:
            for batch in ready:
                write(client, accepted(batch, counts), counts)
                done += sum(len(row.line.raw) for row in batch)
                progress(what, min(done, source.size or done), source.size)
    return counts
