"""Training and test parts: reading them, checking them against each other, and notes on what limits their scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from graphstore.collect.columns import Columns
from graphstore.collect.fields import clean_id, parse_time
from graphstore.collect.files import open_rows
from graphstore.collect.records import Item
from graphstore.durations import DAY_SECONDS
from graphstore.errors import InputError
from graphstore.interactions import Interactions

EventRows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Split:
    """Training and test events, as rows with user_id, item_id, kind and seconds since 1970 (or None).

    items: attributes of the described items by id.  users: ids of the described users.
    """

    train: EventRows
    test: EventRows
    items: Mapping[str, set[Hashable]] = field(default_factory=dict)
    users: frozenset[str] = frozenset()

    @cached_property
    def known(self) -> dict[str, set[str]]:
        """The items of each user in training."""
        return by_user(self.train)

    @cached_property
    def later(self) -> dict[str, set[str]]:
        """The items of each user in the test part."""
        return by_user(self.test)

    @cached_property
    def catalogue(self) -> list[str]:
        """The ids of all items: described, in training or in the test part."""
        return sorted({row["item_id"] for part in (self.train, self.test) for row in part} | self.items.keys())

    @cached_property
    def known_items(self) -> frozenset[str]:
        """The ids of items with a training event."""
        return frozenset(row["item_id"] for row in self.train)

    @property
    def history(self) -> dict[str, int]:
        """The number of training events of each user."""
        return Counter(row["user_id"] for row in self.train)

    @property
    def cut(self) -> float | None:
        """The time of the latest training event in seconds since 1970, or None."""
        return max((row["seconds"] for row in self.train if row["seconds"] is not None), default=None)

    def unknown(self) -> dict[str, int]:
        """Test users and items without a training event or a description, and test events with either, as counts."""
        users = {row["user_id"] for row in self.test} - self.known.keys() - self.users
        items = {row["item_id"] for row in self.test} - self.known_items - self.items.keys()
        events = sum(row["user_id"] in users or row["item_id"] in items for row in self.test)
        return {"users": len(users), "items": len(items), "events": events}

    def notes(self, k: int) -> list[str]:
        """Sentences on this split for readers of the report."""
        notes = []
        unknown = self.unknown()
        if unknown["events"]:
            notes.append(
                f"{unknown['events']:,} of {len(self.test):,} test events name {unknown['users']:,} users or"
                f" {unknown['items']:,} items that nothing given for training names: they count where they can (unknown"
                " items stay relevant and can't be hit), and users without training events are not in the main view."
            )
        if len(self.catalogue) < k:
            notes.append(f"The catalogue has {len(self.catalogue):,} items, fewer than k = {k}: lists are shorter.")
        if k < 20:
            notes.append(f"Lists have at most k = {k} items: recall@20 and ndcg@20 are of those.")
        return notes + self._notes_on_time()

    def _notes_on_time(self) -> list[str]:
        untimed = sum(row["seconds"] is None for row in self.train)
        times = [row["seconds"] for row in self.test if row["seconds"] is not None]
        if untimed == len(self.train):
            return ["No training event has a time: nothing that uses time can help, and the split can't be checked."]
        notes = [f"{untimed:,} of {len(self.train):,} training events have no time."] if untimed else []
        if times:
            first = min(times)
            after = sum(row["seconds"] is not None and row["seconds"] > first for row in self.train)
            if after:
                notes.append(
                    f"{after:,} of {len(self.train):,} training events are later than the first test event: the split"
                    " is not by time alone, and events of others may tell of a user's future."
                )
        return notes


def read_split(
    train_file: str | Path, test_file: str | Path, items_file: str | Path | None, users_file: str | Path | None
) -> Split:
    """Read a split from files of `collect`'s formats.

    Raises:
        InputError: a file can't be read or has a bad event, or the parts share events.
    """
    train, test = read_events(train_file), read_events(test_file)
    check_overlap(train, test)
    return Split(train, test, _item_attributes(items_file), _user_ids(users_file))


def read_events(path: str | Path) -> list[dict[str, Any]]:
    """The rows of an events file (JSONL or CSV) as `event` has them.

    Raises:
        InputError: the file can't be read, or has a row without user_id and item_id or with a bad timestamp.
    """
    rows = []
    with open_rows(path) as source:
        for line in source.lines:
            try:
                rows.append(event(line.row or {}, line.problem))
            except ValueError as error:
                raise InputError(f"{path}, line {line.number}: {error}.") from error
    if not rows:
        raise InputError(f"{path}: there are no events in it.")
    return rows


def event(row: Mapping[str, Any], problem: str | None = None) -> dict[str, Any]:
    """An event for scoring: user_id and item_id as text, kind, seconds since 1970 or None.

    problem: with the row as such, if any.

    Raises:
        ValueError: an id is missing, the timestamp can't be read, or there is a problem with the row as such.
    """
    user_id, item_id = row.get("user_id"), row.get("item_id")
    if problem or user_id in (None, "") or item_id in (None, ""):
        raise ValueError(problem or "an event needs user_id and item_id")
    value = row.get("timestamp")
    try:
        seconds = None if value is None or value == "" else parse_time(value).timestamp()
    except ValueError as error:
        raise ValueError(f"timestamp {str(value)[:60]!r}: {error}") from error
    ids = {"user_id": clean_id(str(user_id)), "item_id": clean_id(str(item_id))}
    return {**ids, "kind": row.get("kind"), "seconds": seconds}


def check_overlap(train: EventRows, test: EventRows) -> None:
    """Refuse test events that are training events too, as they would count as predicted.

    The same user and item at another time is no overlap; without times it is.

    Raises:
        InputError: with the number of shared events.
    """
    known = {_key(row) for row in train}
    shared = sum(_key(row) in known for row in test)
    if shared:
        raise InputError(f"{shared:,} of {len(test):,} test events are training events too: split them by time.")


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row["user_id"], row["item_id"], row["kind"], row["seconds"])


def by_user(rows: EventRows) -> dict[str, set[str]]:
    """The items of each user."""
    users: dict[str, set[str]] = {}
    for row in rows:
        users.setdefault(row["user_id"], set()).add(row["item_id"])
    return users


def _item_attributes(path: str | Path | None) -> dict[str, set[Hashable]]:
    """The attributes of each item that `collect` would accept; it reports the rows that it rejects."""
    found: dict[str, set[Hashable]] = {}
    if path is not None:
        columns = Columns("items")
        with open_rows(path) as source:
            for line in map(columns.known_line, source.lines):
                try:
                    item = Item.model_validate(line.row or {})
                except ValidationError:
                    if line.row and line.row.get("item_id"):
                        found.setdefault(clean_id(str(line.row["item_id"])), set())
                    continue
                pairs = {(row["kind"], row["value"]) for row in item.attribute_rows()}
                found.setdefault(item.item_id, set()).update(pairs)
    return found


def _user_ids(path: str | Path | None) -> frozenset[str]:
    if path is None:
        return frozenset()
    with open_rows(path) as source:
        ids = (line.row.get("user_id") for line in source.lines if line.row)
        return frozenset(clean_id(str(user_id)) for user_id in ids if user_id)


def interactions(rows: EventRows) -> Interactions:
    """Events as columns for the baselines, all of weight 1."""
    user_ids = sorted({row["user_id"] for row in rows})
    item_ids = sorted({row["item_id"] for row in rows})
    user_index = {user_id: index for index, user_id in enumerate(user_ids)}
    item_index = {item_id: index for index, item_id in enumerate(item_ids)}
    return Interactions(
        user_ids,
        item_ids,
        np.array([user_index[row["user_id"]] for row in rows], dtype=np.int64),
        np.array([item_index[row["item_id"]] for row in rows], dtype=np.int64),
        np.array([np.nan if row["seconds"] is None else row["seconds"] / DAY_SECONDS for row in rows], dtype=float),
        np.ones(len(rows)),
    )


def ties_until(path: str | Path | None, cut: float | None, folder: Path) -> tuple[str | Path | None, int]:
    """A file of the ties that are not later than the cut, and how many later ones it leaves out.

    cut: in seconds since 1970.  folder: where such a file is written; `path` itself is returned where no tie is later.
    """
    if path is None or cut is None:
        return path, 0
    kept, late = [], 0
    with open_rows(path) as source:
        header, ending = source.header, source.format
        for line in source.lines:
            is_late = _dated_later(line.row, cut)
            late += is_late
            if not is_late:
                kept.append(line.raw)
    if not late:
        return path, 0
    target = folder / f"ties.{ending}"
    target.write_bytes(header + b"".join(raw if raw.endswith(b"\n") else raw + b"\n" for raw in kept))
    return target, late


def _dated_later(row: Mapping[str, Any] | None, cut: float) -> bool:
    try:
        return bool(row and row.get("timestamp")) and parse_time((row or {})["timestamp"]).timestamp() > cut
    except ValueError:
        return False  # collect rejects it, and says why
