"""Rows written to the graph, one transaction a batch; events exactly once, by `event_id`."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from neo4j.exceptions import ConstraintError

from graphstore.collect.files import Line
from graphstore.collect.rejects import RejectWriter
from graphstore.collect.validation import Check, Checked, check_event, check_item, check_line, check_tie, check_user
from graphstore.database import statements
from graphstore.database.client import Client, Transaction
from graphstore.database.statements import Statement
from graphstore.durations import DAY_MILLIS
from graphstore.errors import GraphError
from graphstore.extract.queries import find_items
from graphstore.kinds import Kind
from graphstore.popularity import NEW

LISTED, MOST_CAUSES = 20, 1_000
VARYING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|0x\w+|\d[\d.,:T+-]*")
CONFLICT_TRIES = 5
ATTRIBUTES_AT_ONCE = 20_000


@dataclass
class Counts:
    """The outcome of storing rows of one type.

    rejected: (line number or index, reason) of rejected rows; the first LISTED where all are written to a file.
    causes: line, reason and count of rejected rows whose reasons differ in figures and quoted text alone.
    rejects: writes rejected rows to a file; None for none.
    notes: sentences about the file as a whole.  failed: why nothing of it could be stored.
    """

    created: int = 0
    updated: int = 0
    duplicate: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    rejected_count: int = 0
    rejected_file: str | None = None
    causes: dict[str, list[Any]] = field(default_factory=dict)
    rejects: RejectWriter | None = None
    notes: list[str] = field(default_factory=list)
    failed: str | None = None

    def reject(self, line: Line, why: str) -> None:
        """Count a rejected row, with its reason, and write it to the file of rejected rows."""
        lines = line.raw.count(b"\n")
        why += f" (a row of {lines:,} lines)" if lines > 1 else ""
        self.rejected_file = self.rejects.add(line, why) if self.rejects else None
        self.rejected_count += 1
        if len(self.rejected) < LISTED or self.rejected_file is None:
            self.rejected.append((line.number, why))
        cause = VARYING.sub("…", why)
        if cause in self.causes or len(self.causes) < MOST_CAUSES:
            self.causes.setdefault(cause, [line.number, why, 0])[2] += 1

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: created, updated, duplicate, rejected (a count), reasons with the first line and the number of
        rows of each, rejected_file, notes, failed."""
        causes = sorted(self.causes.values(), key=lambda cause: -cause[2])[:LISTED]
        reasons = [{"line": number, "reason": why, "rows": rows} for number, why, rows in causes]
        return {
            "created": self.created,
            "updated": self.updated,
            "duplicate": self.duplicate,
            "rejected": self.rejected_count,
            "reasons": reasons,
            "rejected_file": self.rejected_file,
            "notes": self.notes,
            "failed": self.failed,
        }


def accepted(batch: list[Checked], counts: Counts) -> list[Checked]:
    """The rows without a problem; the others are rejected."""
    for row in batch:
        if row.problem is not None:
            counts.reject(row.line, row.problem)
    return [row for row in batch if row.problem is None]


def write_described(what: str, client: Client, rows: list[Checked], counts: Counts) -> None:
    """Store items or users (what: "item" or "user"). A description that differs from the stored one replaces it.

    Of different descriptions in one batch the first is stored and the others are rejected. Properties of items are
    replaced as well, which marks nothing to be read or embedded again.
    """
    key = f"{what}_id"
    first: dict[str, dict[str, Any]] = {}
    for checked in rows:
        row = checked.row
        known = first.setdefault(row[key], row)
        if known is row:
            continue
        if known["row_hash"] == row["row_hash"] and known.get("properties") == row.get("properties"):
            counts.duplicate += 1
        else:
            why = f"{key}: {row[key][:60]!r} is described before in this file, differently; the first wins"
            counts.reject(checked.line, why)
    for portion in _portions(first.values()):
        _write_portion(what, client, portion, counts)


def _portions(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The rows in portions with ATTRIBUTES_AT_ONCE attributes at most, or one row."""
    portion: list[dict[str, Any]] = []
    held = 0
    for row in rows:
        if portion and held + len(row["attributes"]) > ATTRIBUTES_AT_ONCE:
            yield portion
            portion, held = [], 0
        portion.append(row)
        held += len(row["attributes"])
    if portion:
        yield portion


def _write_portion(what: str, client: Client, rows: list[dict[str, Any]], counts: Counts) -> None:
    """Store descriptions with different ids in one transaction."""
    by_id = {row[f"{what}_id"]: row for row in rows}

    def work(tx: Transaction) -> tuple[set[str], set[str]]:
        tx.run("collect/lock_nodes", **{"user_ids": [], "item_ids": [], f"{what}_ids": list(by_id)})
        changed = tx.run(f"collect/merge_{what}s", rows=rows)
        tx.run(f"collect/set_{what}_attributes", rows=[by_id[row[f"{what}_id"]] for row in changed])
        others = tx.run("collect/set_item_properties", rows=rows)[0]["item_ids"] if what == "item" else []
        new = {row[f"{what}_id"] for row in changed if row["before"] is None}
        return new, {*(row[f"{what}_id"] for row in changed), *others} - new

    new, updated = client.transaction(work)
    counts.created += len(new)
    counts.updated += len(updated)
    counts.duplicate += len(rows) - len(new) - len(updated)


def write_ties(client: Client, rows: list[Checked], counts: Counts) -> None:
    """Store ties, each pair once."""
    ties = [row.row for row in rows]
    if not ties:
        return

    def work(tx: Transaction) -> int:
        tx.run("collect/lock_nodes", user_ids=[tie[end] for tie in ties for end in ("user_id", "follows")], item_ids=[])
        return int(tx.run("collect/merge_ties", rows=ties)[0]["created"])

    created = client.transaction(work)
    counts.created += created
    counts.duplicate += len(rows) - created


def write_events(types: Mapping[str, bool], client: Client, rows: list[Checked], counts: Counts) -> None:
    """Store events exactly once, by `event_id`, in one transaction. Later events with other content are rejected.

    types: every relationship type of behaviour, and whether its events count towards the popularity of items.
    """
    first: dict[str, Checked] = {}
    for checked in rows:
        known = first.setdefault(checked.row["event_id"], checked)
        if known is checked:
            continue
        if known.row == checked.row and known.type == checked.type:
            counts.duplicate += 1
        else:
            event_id = checked.row["event_id"]
            counts.reject(checked.line, f"event_id: {event_id[:60]!r} stands before with other content; the first wins")
    if not first:
        return
    known_ids, different = _write_new_events(client, first, types)
    counts.created += len(first) - len(known_ids)
    counts.duplicate += len(known_ids) - len(different)
    for event_id in different:
        counts.reject(
            first[event_id].line, f"event_id: {event_id[:60]!r} is stored already with other content; the first wins"
        )


def _write_new_events(
    client: Client, first: dict[str, Checked], types: Mapping[str, bool]
) -> tuple[set[str], set[str]]:
    """Write the events that are not stored yet; returns the ids of the others, and those of them with other content."""
    of_all_types = statements.load("collect/find_taken").for_types(sorted(types))
    counted = {name for name, counts in types.items() if counts}
    user_ids, item_ids, texts = (_named(first.values(), key) for key in ("user_id", "item_id", "query"))

    def work(tx: Transaction) -> tuple[set[str], set[str]]:
        tx.run("collect/lock_nodes", user_ids=user_ids, item_ids=item_ids)
        if texts:
            tx.run("collect/lock_queries", texts=texts)
        taken = {  # an event of another type has the id
            row["event_id"]
            for row in tx.run(of_all_types, event_ids=list(first))
            if row["type"] != first[row["event_id"]].type
        }
        by_type: dict[str, list[dict[str, Any]]] = {}
        for event_id, checked in first.items():
            if event_id not in taken:
                by_type.setdefault(checked.type, []).append(checked.row)
        stored, different = set(taken), set(taken)
        for behaviour_type, rows in sorted(by_type.items()):
            known, unlike = _create(tx, behaviour_type, rows)
            stored |= known
            different |= unlike
        created = [checked for event_id, checked in first.items() if event_id not in stored]
        if searched := _named(created, "query"):
            find_items(tx, searched)
        if created:
            mark_active(tx, created, counted)
        return stored, different

    for attempt in range(CONFLICT_TRIES):
        try:
            return client.transaction(work)
        except GraphError as error:  # another writer stored one of these events after they were looked up
            if not isinstance(error.__cause__, ConstraintError) or attempt == CONFLICT_TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _create(tx: Transaction, behaviour_type: str, rows: list[dict[str, Any]]) -> tuple[set[str], set[str]]:
    """Create the events of one type that are not stored; returns the ids of the others, and those of them with other
    content."""
    what = "searches" if "query" in rows[0] else "events"
    created = set(tx.run(_of_type(f"create_{what}", behaviour_type), rows=rows)[0]["event_ids"])
    known = [row for row in rows if row["event_id"] not in created]
    if not known:
        return set(), set()
    found = tx.run(_of_type(f"find_{what}", behaviour_type), rows=known)[0]
    return {row["event_id"] for row in known}, set(found["different"])


def _named(events: Iterable[Checked], key: str) -> list[str]:
    """The distinct values of one field of events, sorted, without those that have none."""
    return sorted({checked.row[key] for checked in events if checked.row.get(key) is not None})


def mark_active(tx: Transaction, created: Iterable[Checked], counted: Container[str]) -> None:
    """Record new events on their users and items: activity, work items for `update --follow`, popularity of items. A
    search has no item.

    counted: relationship types whose events count towards popularity.
    """
    days: dict[str, list[float]] = {}
    users = set()
    for checked in created:
        users.add(checked.row["user_id"])
        if checked.row["item_id"] is None:
            continue
        own = days.setdefault(checked.row["item_id"], [])
        if checked.type in counted:
            own.append((checked.row["at"] or 0) / DAY_MILLIS)
    items = [{"item_id": item_id, "days": own} for item_id, own in sorted(days.items())]
    tx.run("collect/touch_nodes", user_ids=sorted(users), items=items, new=NEW)


def _of_type(name: str, behaviour_type: str) -> Statement:
    return statements.load(f"collect/{name}").for_type(behaviour_type)


def collect_events(client: Client, rows: list[Any]) -> Counts:
    """Store events given as JSON values; `rejected` of the result has (index in `rows`, reason), ascending."""
    counts = Counts()
    lines = [
        Line(index, b"", row) if isinstance(row, dict) else Line(index, b"", None, "expected a JSON object")
        for index, row in enumerate(rows)
    ]
    check, write = STORES["events"](client.kinds)
    write(client, accepted([check_line(line, check) for line in lines], counts), counts)
    counts.rejected.sort()
    return counts


Write = Callable[[Client, list[Checked], Counts], None]
STORES: dict[str, Callable[[Mapping[str, Kind]], tuple[Check, Write]]] = {
    "items": lambda kinds: (check_item, partial(write_described, "item")),
    "users": lambda kinds: (check_user, partial(write_described, "user")),
    "ties": lambda kinds: (check_tie, write_ties),
    "events": lambda kinds: (
        partial(check_event, kinds),
        partial(write_events, {kind.type: kind.weight > 0 for kind in kinds.values()}),
    ),
}
