"""collect: behaviour events, items, users and ties into the graph, every event exactly once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from neo4j.exceptions import ConstraintError
from pydantic import ValidationError

from graphstore import queries
from graphstore.adapters import Dataset
from graphstore.client import Client, Transaction
from graphstore.errors import GraphError, InputError
from graphstore.kinds import KINDS, Kind
from graphstore.progress import Progress, silent
from graphstore.reading import Line, Source, open_rows, rows_source
from graphstore.records import KIND_ALIASES, Event, Item, Tie, User, known_kind, reason
from graphstore.rejects import RejectWriter
from graphstore.runs import run

BATCH_ROWS = 5_000
LISTED = 20
CONFLICT_TRIES = 5


@dataclass
class Counts:
    """What became of one kind of rows. `rejected` are (line or index, reason) pairs."""

    created: int = 0
    updated: int = 0
    duplicate: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    rejected_count: int = 0
    rejected_file: str | None = None

    def reject(self, number: int, why: str) -> None:
        """Count a rejected row; only the first are kept with their reasons, all stand in the file."""
        self.rejected_count += 1
        if len(self.rejected) < LISTED or self.rejected_file is None:
            self.rejected.append((number, why))

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: created, updated, duplicate, rejected (a count), reasons, rejected_file."""
        row = asdict(self)
        reasons = [{"line": number, "reason": why} for number, why in self.rejected[:LISTED]]
        return {
            **{key: row[key] for key in ("created", "updated", "duplicate")},
            "rejected": self.rejected_count,
            "reasons": reasons,
            "rejected_file": self.rejected_file,
        }


Rejecter = Callable[[Line, str], None]
Numbered = tuple[Line, Any]


def collect(
    client: Client,
    *,
    events: str | Path | None = None,
    items: str | Path | None = None,
    users: str | Path | None = None,
    ties: str | Path | None = None,
    kinds: Mapping[str, Kind] = KINDS,
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
        return collect_sources(client, sources, kinds=kinds, rejected_folder=rejected_folder, progress=progress)


def collect_dataset(
    client: Client,
    dataset: Dataset,
    *,
    kinds: Mapping[str, Kind] = KINDS,
    rejected_folder: Path | None = None,
    progress: Progress = silent,
) -> dict[str, dict[str, Any]]:
    """Store a published data set; returns the same summary as `collect`."""
    sources = {
        "items": rows_source("items", dataset.items()),
        "users": rows_source("users", dataset.users()),
        "events": rows_source("events", dataset.events()),
    }
    return collect_sources(client, sources, kinds=kinds, rejected_folder=rejected_folder, progress=progress)


def collect_sources(
    client: Client,
    sources: Mapping[str, Source],
    *,
    kinds: Mapping[str, Kind] = KINDS,
    rejected_folder: Path | None = None,
    progress: Progress = silent,
) -> dict[str, dict[str, Any]]:
    """Store opened sources, by what they hold, in the order given, and leave a Run."""
    summary = {}
    with run(client, "collect") as current:
        for what, source in sources.items():
            counts = collect_source(
                client, what, source, kinds=kinds, rejected_folder=rejected_folder, progress=progress
            )
            summary[what] = counts.as_dict()
            current.counts[what] = {key: value for key, value in summary[what].items() if key != "reasons"}
    return summary


def collect_source(
    client: Client,
    what: str,
    source: Source,
    *,
    kinds: Mapping[str, Kind] = KINDS,
    rejected_folder: Path | None = None,
    progress: Progress = silent,
) -> Counts:
    """Store one opened source of `what`: events, items, users or ties."""
    counts = Counts()
    with RejectWriter(rejected_folder, what, source) as rejects:

        def reject(line: Line, why: str) -> None:
            counts.rejected_file = rejects.add(line, why)
            counts.reject(line.number, why)

        done = 0
        progress(what, 0, source.size)
        for batch in _batches(source.lines):
            _store(client, what, batch, counts, kinds, reject)
            done += sum(len(line.raw) for line in batch)
            progress(what, min(done, source.size or done), source.size)
    return counts


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    iterator = iter(lines)
    while batch := list(itertools.islice(iterator, BATCH_ROWS)):
        yield batch


def _store(
    client: Client, what: str, batch: list[Line], counts: Counts, kinds: Mapping[str, Kind], reject: Rejecter
) -> None:
    if what == "events":
        store_events(client, _valid(Event, batch, reject), counts, kinds, reject)
    elif what == "items":
        _store_described(client, "item", _valid(Item, batch, reject), counts, reject)
    elif what == "users":
        _store_described(client, "user", _valid(User, batch, reject), counts, reject)
    else:
        rows = [
            {"user_id": t.user_id, "follows": t.follows, "at": _millis(t.timestamp)}
            for _, t in _valid(Tie, batch, reject)
        ]
        created = client.write("collect/merge_ties", rows=rows)[0]["created"] if rows else 0
        counts.created += created
        counts.duplicate += len(rows) - created


def _valid(model: type[Any], batch: list[Line], reject: Rejecter) -> list[Numbered]:
    valid = []
    for line in batch:
        if line.problem is not None:
            reject(line, line.problem)
            continue
        try:
            valid.append((line, model.model_validate(line.row)))
        except ValidationError as error:
            reject(line, reason(error))
    return valid


def _millis(time: Any) -> int | None:
    return None if time is None else round(time.timestamp() * 1000)


def _store_described(client: Client, what: str, rows: list[Numbered], counts: Counts, reject: Rejecter) -> None:
    """Items or users: the first description in a batch wins; one that differs from the graph's replaces it."""
    key = f"{what}_id"
    first: dict[str, dict[str, Any]] = {}
    for line, record in rows:
        row = record.model_dump(exclude={"attributes", "published_at"})
        row |= {"attributes": record.attribute_rows(), "row_hash": record.row_hash()}
        if what == "item":
            row["published_at"] = _millis(record.published_at)
        known = first.setdefault(row[key], row)
        if known is not row:
            if known["row_hash"] == row["row_hash"]:
                counts.duplicate += 1
            else:
                reject(line, f"{key}: {row[key][:60]!r} is described before in this file, differently; the first wins")
    if not first:
        return

    def work(tx: Transaction) -> list[dict[str, Any]]:
        changed = tx.run(f"collect/merge_{what}s", rows=list(first.values()))
        tx.run(f"collect/set_{what}_attributes", rows=[first[row[key]] for row in changed])
        return changed

    changed = client.transaction(work)
    created = sum(row["before"] is None for row in changed)
    counts.created += created
    counts.updated += len(changed) - created
    counts.duplicate += len(first) - len(changed)


def store_events(
    client: Client, rows: list[Numbered], counts: Counts, kinds: Mapping[str, Kind], reject: Rejecter
) -> None:
    """Store events exactly once: by `event_id`, in one transaction, the first content wins."""
    first: dict[str, tuple[Line, str, dict[str, Any]]] = {}
    for line, event in rows:
        try:
            kind = known_kind(KIND_ALIASES.get(event.kind, event.kind), kinds)
        except ValueError as error:
            reject(line, str(error))
            continue
        event_id = event.with_id()
        row = {
            "event_id": event_id,
            "user_id": event.user_id,
            "item_id": event.item_id,
            "at": event.epoch_millis(),
            "value": event.value,
            "session_id": event.session_id,
        }
        known = first.setdefault(event_id, (line, kind.type, row))
        if known[2] is not row:
            if known[1:] == (kind.type, row):
                counts.duplicate += 1
            else:
                reject(line, f"event_id: {event_id[:60]!r} stands before with other content; the first wins")
    if not first:
        return
    types = sorted({kind.type for kind in kinds.values()})
    stored = _write_events(client, first, types)
    for event_id, (line, behaviour_type, row) in first.items():
        if event_id not in stored:
            counts.created += 1
        elif stored[event_id] == (behaviour_type, row):
            counts.duplicate += 1
        else:
            reject(line, f"event_id: {event_id[:60]!r} is stored already with other content; the first wins")


def _write_events(
    client: Client, first: dict[str, tuple[Line, str, dict[str, Any]]], types: list[str]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Write what is new and return what was stored before, by event id."""

    def work(tx: Transaction) -> dict[str, tuple[str, dict[str, Any]]]:
        present = set(tx.run("collect/read_types")[0]["types"]) & set(types)
        stored = {}
        for behaviour_type in sorted(present):
            statement = queries.load("collect/find_events").for_type(behaviour_type)
            for found in tx.run(statement, event_ids=list(first)):
                stored[found["event_id"]] = (behaviour_type, found)
        new: dict[str, list[dict[str, Any]]] = {}
        for event_id, (_, behaviour_type, row) in first.items():
            if event_id not in stored:
                new.setdefault(behaviour_type, []).append(row)
        for behaviour_type, rows in new.items():
            tx.run(queries.load("collect/create_events").for_type(behaviour_type), rows=rows)
        created = [row for rows in new.values() for row in rows]
        if created:
            tx.run(
                "collect/touch_nodes",
                user_ids=sorted({row["user_id"] for row in created}),
                item_ids=sorted({row["item_id"] for row in created}),
            )
        return stored

    for attempt in range(CONFLICT_TRIES):
        try:
            return client.transaction(work)
        except GraphError as error:  # another writer stored one of these events between our look and our write
            if not isinstance(error.__cause__, ConstraintError) or attempt == CONFLICT_TRIES - 1:
                raise
    raise AssertionError("unreachable")


def collect_events(client: Client, rows: list[Any], kinds: Mapping[str, Kind] = KINDS) -> Counts:
    """Store events that came as JSON values; `rejected` holds (index in `rows`, reason)."""
    counts = Counts()

    def reject(line: Line, why: str) -> None:
        counts.reject(line.number, why)

    lines = [
        Line(index, b"", row) if isinstance(row, dict) else Line(index, b"", None, "expected a JSON object")
        for index, row in enumerate(rows)
    ]
    store_events(client, _valid(Event, lines, reject), counts, kinds, reject)
    counts.rejected.sort()
    return counts
