"""Columns of input files beside those that the program knows: kept, taken as attributes, or ignored, and said once.

A column of items becomes a property of the item. Columns of events, users and ties are ignored: what a file says of a
person is kept only where it was asked for. A column that the caller names is an attribute of the item or user.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from graphstore.collect.attributes import OWN, is_property_name, read_attributes
from graphstore.collect.files import Line
from graphstore.collect.records import RECORDS, Described
from graphstore.errors import InputError

MOST_COUNTED = 1_000
SHOWN = 12


class Columns:
    """The columns of one file of `what` (events, items, users or ties), and how many rows had each unknown one.

    attributes: names of columns that are attributes of the item or user.  first: the columns of the first row.
    """

    def __init__(self, what: str, attributes: tuple[str, ...] = ()) -> None:
        fields = RECORDS[what].model_fields
        self.what = what
        self.known = tuple(fields)
        self.needed = tuple(
            name for name, field in fields.items() if field.is_required() or (what, name) == ("events", "item_id")
        )
        self.attributes = attributes if issubclass(RECORDS[what], Described) else ()
        self.taken: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.nameless = 0
        self.first: tuple[str, ...] | None = None
        self._fields = frozenset(fields)
        clash = self._fields.intersection(self.attributes)
        if clash:
            raise InputError(f"--attribute {min(clash)}: a column of that name has a meaning of its own.")

    def lacking(self, found: Collection[str]) -> list[str]:
        """The needed columns that are not among those found. A file of searches has a text and no item_id."""
        searches = self.what == "events" and "text" in found
        return [name for name in self.needed if name not in found and not (searches and name == "item_id")]

    def known_line(self, line: Line) -> Line:
        """The line with a row of known columns only."""
        if line.row is None:
            return line
        if self.first is None:
            self.first = tuple(line.row)
        if line.row.keys() <= self._fields and isinstance(line.row.get("properties"), Mapping | None):
            return line
        return replace(line, row=self._known_row(line.row))

    def _known_row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        known = {name: value for name, value in row.items() if name in self._fields}
        others = {name.strip(): value for name, value in row.items() if name not in self._fields and value is not None}
        if "properties" in known and not isinstance(known["properties"], Mapping | None):
            others["properties"] = known.pop("properties")  # a column that happens to have this name
        own = {}
        for name, value in others.items():
            if name in self.attributes:
                self.taken[name] += 1
                known["attributes"] = _with_attribute(known.get("attributes"), name, value)
            elif self.what == "items" and not is_property_name(name):
                self.nameless += 1
            else:
                if name in self.unknown or len(self.unknown) < MOST_COUNTED:
                    self.unknown[name] += 1
                own[name] = value
        if own and self.what == "items":
            known["properties"] = own | (known.get("properties") or {})
        return known

    def notes(self) -> list[str]:
        """What is said once about the unknown columns: their names and counts, and what became of them."""
        found = []
        if self.unknown:
            names = [f"{name or '(no name)'} ({count:,})" for name, count in self.unknown.most_common(SHOWN)]
            more = len(self.unknown) - len(names)
            listed = ", ".join(names) + (f" and {more:,} more" if more else "")
            if self.what == "items":
                fate = f"kept as properties that begin with {OWN} and take no part in recommending"
            else:
                fate = f"ignored; {self.what} have {', '.join(self.known)}"
            also = "" if self.what in ("events", "ties") else ". --attribute NAME takes a column as an attribute"
            found.append(f"Other columns (rows): {listed}: {fate}{also}.")
        if self.nameless:
            found.append(f"Fields of columns without a name that Neo4j can hold: {self.nameless:,}: left out.")
        found += [f"No row has the column {name}." for name in self.attributes if name not in self.taken]
        found += [f"Column {name}: did you mean {meant}?" for name, meant in self._misspelt()]
        return found

    def _misspelt(self) -> list[tuple[str, str]]:
        close = {name: get_close_matches(name.lower(), self.known, 1, 0.8) for name in self.unknown}
        return [(name, meant[0]) for name, meant in close.items() if meant][:SHOWN]


def _with_attribute(attributes: Any, name: str, value: Any) -> Any:
    """The attributes of a row with one more; as they are where they can't be read, which rejects the row."""
    try:
        found = read_attributes(attributes)
    except ValueError:
        return attributes
    values = value.split("|") if isinstance(value, str) else value
    return {**found, name: values} if isinstance(found, Mapping) else attributes
