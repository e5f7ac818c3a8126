"""Kinds of behaviour: their names in files and in the graph, their weights, half-lives and ranges of values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graphstore.errors import InputError

WIDEST = 1e12  # of a value, where the kind declares nothing


@dataclass(frozen=True)
class Kind:
    """One kind of behaviour.

    name: in event files.  type: relationship type in the graph.  weight: of one event, negative for dislike.
    half_life_days: the age at which an event counts half.  lowest, highest: the range of `value`.
    text: whether its events may have a text that the user wrote.  item: whether its events are on an item; where not,
    they are searches, which have a text and lead to a Query.
    """

    name: str
    type: str
    weight: float
    half_life_days: float
    lowest: float = -WIDEST
    highest: float = WIDEST
    text: bool = False
    item: bool = True


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("view", "VIEWED", 0.3, 60),
        Kind("click", "CLICKED", 0.4, 60),
        Kind("like", "LIKED", 1.0, 180, text=True),
        Kind("rate", "RATED", 1.0, 180, -1000, 1000, text=True),
        Kind("save", "SAVED", 0.8, 120, text=True),
        Kind("share", "SHARED", 1.0, 120, text=True),
        Kind("purchase", "PURCHASED", 1.5, 180, text=True),
        Kind("enroll", "ENROLLED", 1.2, 180, text=True),
        Kind("complete", "COMPLETED", 1.5, 365, text=True),
        Kind("dislike", "DISLIKED", -1.0, 365, text=True),
        Kind("post", "POSTED", 1.0, 120, text=True),
        Kind("review", "REVIEWED", 1.0, 180, text=True),
        Kind("comment", "COMMENTED", 0.6, 120, text=True),
        Kind("tag", "TAGGED", 0.8, 180, text=True),
        Kind("search", "SEARCHED", 0.8, 14, text=True, item=False),
    )
}

RESERVED_TYPES = frozenset(
    (
        "FOLLOWS HAS_ATTRIBUTE ABOUT INTERESTED_IN CORRECTED BROADER MEANS SIMILAR_TO FOLLOWED_BY FAVOURS BEHAVIOUR"
        " FINDS MENTIONED"
    ).split()
)
SETTINGS = ("type", "weight", "half_life_days", "lowest", "highest", "text", "item")  # of a table of a kind
FLAGS = ("text", "item")


def kind_table(kinds: Mapping[str, Kind]) -> list[dict[str, Any]]:
    """The parameter `kinds` of statements: maps of type, weight and half_life_days."""
    return [{"type": k.type, "weight": k.weight, "half_life_days": k.half_life_days} for k in kinds.values()]


def read_kinds(path: Path | None) -> dict[str, Kind]:
    """The built-in kinds, changed and extended by a TOML file with a table `[name]` of SETTINGS for each kind; the
    built-in ones where None.

    Raises:
        InputError: the file can't be read, or a kind in it can't be used.
    """
    kinds = dict(KINDS)
    if path is None:
        return kinds
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: the table of kinds can't be read: {error}") from error
    for name, table in tables.items():
        try:
            kinds[name] = _kind(name, table, kinds)
        except ValueError as error:
            raise InputError(f"{path}: kind {name!r}: {error}") from error
    return kinds


def _kind(name: str, table: Any, kinds: Mapping[str, Kind]) -> Kind:
    """The kind of one table, with what the table leaves out as the known kind of that name has it.

    Raises:
        ValueError: something in the table can't be used.
    """
    if not isinstance(table, dict):
        raise ValueError(f"expected a table [kind], not {name} = {table!r:.60}")
    unknown = [key for key in table if key not in SETTINGS]
    if unknown:
        raise ValueError(f"there is no setting {unknown[0]!r}; known: {', '.join(SETTINGS)}")
    settings = {key: _setting(key, value) for key, value in table.items()}
    kind = replace(kinds.get(name) or Kind(name, name.upper(), 1.0, 180), **settings)
    taken = {other.type: other.name for other in kinds.values() if other.name != name}
    if not TYPE_NAME.fullmatch(kind.type) or kind.type in RESERVED_TYPES:
        raise ValueError(f"type must be upper case, like BOOKMARKED, and none of the graph's own, not {kind.type!r}")
    if kind.type in taken:
        raise ValueError(f"type {kind.type!r} is that of kind {taken[kind.type]!r} already")
    if kind.half_life_days <= 0:
        raise ValueError(f"half_life_days must be above 0, not {kind.half_life_days:g}")
    if kind.lowest > kind.highest:
        raise ValueError(f"lowest, {kind.lowest:g}, is above highest, {kind.highest:g}")
    if not kind.item and not kind.text:
        raise ValueError("item = false needs text = true: an event without an item is a search, which is a text")
    return kind


def _setting(key: str, value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if (key == "type" and isinstance(value, str)) or (key in FLAGS and isinstance(value, bool)):
        return value
    if key not in ("type", *FLAGS) and is_number and abs(value) <= WIDEST:  # nan is not
        return float(value)
    wanted = f"a number between {-WIDEST:g} and {WIDEST:g}"
    if key in ("type", *FLAGS):
        wanted = "text" if key == "type" else "true or false"
    raise ValueError(f"{key} must be {wanted}, not {value!r:.60}")


TYPE_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
