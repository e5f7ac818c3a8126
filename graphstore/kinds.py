"""Kinds of behaviour: their names in files and in the graph, their weights and their half-lives."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphstore.errors import InputError


@dataclass(frozen=True)
class Kind:
    """One kind of behaviour.

    name: in event files.  type: relationship type in the graph.  weight: of one event, negative for dislike.
    half_life_days: the age at which an event counts half.
    """

    name: str
    type: str
    weight: float
    half_life_days: float


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("view", "VIEWED", 0.3, 60),
        Kind("click", "CLICKED", 0.4, 60),
        Kind("like", "LIKED", 1.0, 180),
        Kind("rate", "RATED", 1.0, 180),
        Kind("save", "SAVED", 0.8, 120),
        Kind("share", "SHARED", 1.0, 120),
        Kind("purchase", "PURCHASED", 1.5, 180),
        Kind("enroll", "ENROLLED", 1.2, 180),
        Kind("complete", "COMPLETED", 1.5, 365),
        Kind("dislike", "DISLIKED", -1.0, 365),
        Kind("post", "POSTED", 1.0, 120),
    )
}

RESERVED_TYPES = frozenset(
    "FOLLOWS HAS_ATTRIBUTE ABOUT INTERESTED_IN BROADER SIMILAR_TO FOLLOWED_BY FAVOURS BEHAVIOUR".split()
)


def kind_table(kinds: Mapping[str, Kind]) -> list[dict[str, Any]]:
    """The parameter `kinds` of statements: maps of type, weight and half_life_days."""
    return [{"type": k.type, "weight": k.weight, "half_life_days": k.half_life_days} for k in kinds.values()]


def read_kinds(path: Path | None) -> dict[str, Kind]:
    """The built-in kinds, changed and extended by a TOML file with a table `[name]` of type, weight and half_life_days
    for each kind; the built-in ones where None.

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
        known = kinds.get(name)
        try:
            kind = Kind(
                name,
                str(table.get("type", known.type if known else name.upper())),
                float(table.get("weight", known.weight if known else 1.0)),
                float(table.get("half_life_days", known.half_life_days if known else 180)),
            )
        except (AttributeError, TypeError, ValueError) as error:
            raise InputError(f"{path}: kind {name!r}: {error}") from error
        if not TYPE_NAME.fullmatch(kind.type) or kind.type in RESERVED_TYPES or kind.half_life_days <= 0:
            raise InputError(
                f"{path}: kind {name!r}: type must be upper case and not {kind.type!r} if that is taken,"
                " and half_life_days above 0."
            )
        kinds[name] = kind
    return kinds


TYPE_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
