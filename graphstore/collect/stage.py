"""The stage collect: stores events, items, users and ties in the graph, every event exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path
from typing import Any

from graphstore.batches import batched, read_ahead
from graphstore.collect.columns import Columns
from graphstore.collect.diagnosis import check_described, check_header
from graphstore.collect.files import Line, Source, open_rows, rows_source
from graphstore.collect.rejects import RejectWriter
from graphstore.collect.store import STORES, Counts, accepted
from graphstore.collect.validation import Checked, check_line
from graphstore.collect.watch import Watch
from graphstore.database.client import Client
from graphstore.database.runs import run
from graphstore.datasets.dataset import Dataset, no_rows
from graphstore.errors import InputError
from graphstore.progress import Progress, silent

BATCH_ROWS = 5_000
READ_AHEAD = 2
RECORDED = ("created", "updated", "duplicate", "rejected", "rejected_file")


def collect(
    client: Client,
    *,
    events: str | Path | None = None,
    items: str | Path | None = None,
    users: str | Path | None = None,
    ties: str | Path | None = None,
    encoding: str | None = None,
    attributes: tuple[str, ...] = (),
    rejected_folder: Path | None = None,
    progress: Progress = silent,
) -> dict[str, dict[str, Any]]:
    """Store files (JSONL or CSV; "-" for standard input) in the graph.

    encoding: of the files; UTF-8 where None, or UTF-16 where a file has its byte order mark.
    attributes: names of other columns of items and users that are attributes (see `columns`).
    rejected_folder: of files with the rejected rows, which keep raw user ids (see `RejectWriter`).

    Returns:
        For each file given, `Counts.as_dict`; `failed` says why nothing of a file could be stored.
    Raises:
        InputError: a file can't be read, or its header lacks a column, or two of them are standard input.
        GraphError: Neo4j failed. Rows that were stored stay; running the same again resumes.
    """
    files = {"items": items, "users": users, "ties": ties, "events": events}
    given = {what: path for what, path in files.items() if path is not None}
    if not given:
        raise InputError("Nothing to collect: give at least one of --items, --users, --events, --ties.")
    if [str(path) for path in given.values()].count("-") > 1:
        raise InputError("Standard input can be only one of the files.")
    with ExitStack() as stack:  # all files are opened before a row is stored, so that a wrong name stores nothing
        sources = {what: stack.enter_context(open_rows(path, encoding)) for what, path in given.items()}
        columns = {what: Columns(what, attributes) for what in sources}
        for what, source in sources.items():
            check_header(what, source)
        return collect_sources(client, sources, columns, rejected_folder=rejected_folder, progress=progress)


def collect_dataset(
    client: Client,
    dataset: Dataset,
    *,
    texts: bool = False,
    rejected_folder: Path | None = None,
    progress: Progress = silent,
) -> dict[str, dict[str, Any]]:
    """Store a published data set; arguments and result as for `collect`.

    texts: also the events that it has as `Dataset.texts`.

    Raises:
        InputError: also where it has none.
    """
    if texts and dataset.texts is None:
        raise InputError(f"{dataset.name} has no file of texts beside its events.")
    written = dataset.texts() if texts and dataset.texts else no_rows()
    sources = {
        "items": rows_source("items", dataset.items()),
        "users": rows_source("users", dataset.users()),
        **({"ties": rows_source("ties", dataset.ties())} if dataset.ties else {}),
        "events": rows_source("events", chain(dataset.events(), written)),
    }
    return collect_sources(client, sources, rejected_folder=rejected_folder, progress=progress)


def collect_sources(
    client: Client,
    sources: Mapping[str, Source],
    columns: Mapping[str, Columns] | None = None,
    *,
    rejected_folder: Path | None = None,
    progress: Progress = silent,
) -> dict[str, dict[str, Any]]:
    """Store open sources, by type of row, in this order, and record a run.  columns: of each, where they differ."""
    summary = {}
    with run(client, "collect") as current:
        for what, source in sources.items():
            own = (columns or {}).get(what)
            counts = collect_source(client, what, source, own, rejected_folder=rejected_folder, progress=progress)
            summary[what] = counts.as_dict()
            current.counts[what] = {key: summary[what][key] for key in RECORDED}
    return summary


def collect_source(
    client: Client,
    what: str,
    source: Source,
    columns: Columns | None = None,
    *,
    rejected_folder: Path | None = None,
    progress: Progress = silent,
) -> Counts:
    """Store one open source of `what`: events, items, users or ties."""
    check, write = STORES[what](client.kinds)
    columns = columns or Columns(what)
    with RejectWriter(rejected_folder, what, source) as rejects:
        counts = Counts(rejects=rejects)
        watch = Watch(what, source, columns)
        told = _told(what, source, progress)
        told([])
        lines = map(columns.known_line, _checked_first(what, source))
        checked = ([check_line(line, check) for line in batch] for batch in batched(lines, BATCH_ROWS))
        ahead = 0 if source.name == "-" else READ_AHEAD  # a thread that reads a terminal ignores Ctrl-C
        with closing(read_ahead(checked, ahead) if ahead else checked) as ready:
            for batch in ready:
                watch.see(batch)
                write(client, accepted(batch, counts), counts)
                told(batch)
    watch.tell(counts)
    if counts.failed and source.name != "-":  # the file itself has all its rows
        rejects.discard()
        counts.rejected_file = None
    return counts


def _told(what: str, source: Source, progress: Progress) -> Callable[[Sequence[Checked]], None]:
    """A function of each batch that shows the percentage of a file that is stored; of other sources the rows."""
    size, rows, read = source.size, 0, 0

    def tell(batch: Sequence[Checked]) -> None:
        nonlocal rows, read
        rows, read = rows + len(batch), read + sum(len(row.line.raw) for row in batch)
        if size:
            progress(f"{what}, percent of the file", min(100 * read // size, 100), 100)
        else:
            progress(f"{what}, rows", rows, None)

    return tell


def _checked_first(what: str, source: Source) -> Iterator[Line]:
    """The lines of a source, the first row of which is checked to be of `what`."""
    lines = iter(source.lines)
    for line in lines:
        if line.row is not None:
            check_described(what, source.name, source.columns or line.row.keys())
        yield line
        if line.row is not None:
            break
    yield from lines
