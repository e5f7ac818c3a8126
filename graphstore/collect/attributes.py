"""Attributes of items and users, which count in recommending, and properties of items, which are only kept."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from graphstore.collect.fields import ID_LENGTH, TEXT_LENGTH, as_id, clean_id, none_if_blank

MOST_PROPERTIES = 500
MOST_ATTRIBUTES = 5_000  # of one description, which is written in one transaction
OWN = "own_"  # before the name of a property, so that it is none of the program's
INT64 = range(-(1 << 63), 1 << 63)


def read_attributes(value: object) -> object:
    """Attributes, as text (genre=Drama|Comedy;year=1995) or a map, as a map of kind to values; others as they are.

    Raises:
        ValueError: text of another form.
    """
    value = none_if_blank(value)
    if value is None:
        return {}
    if isinstance(value, str):
        pairs = [part.partition("=") for part in value.split(";") if part.strip()]
        if not all(equals and kind.strip() for kind, equals, _ in pairs):
            raise ValueError("attributes must look like genre=Drama|Comedy;year=1995")
        return _by_kind((kind, values.split("|")) for kind, _, values in pairs)
    return _by_kind(value.items()) if isinstance(value, Mapping) else value


def _by_kind(pairs: Iterable[tuple[str, object]]) -> dict[str, list[object]]:
    """The values of each kind in a list, without blank ones."""
    found: dict[str, list[object]] = {}
    for kind, values in pairs:
        given = values if isinstance(values, list) else [values]
        found.setdefault(clean_id(kind), []).extend(one for one in given if none_if_blank(one) is not None)
    return found


def _as_attribute(value: object) -> object:
    """Booleans and numbers as JSON writes them; 9.0 as 9."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return as_id(value)


def _bounded(attributes: dict[str, list[str]]) -> dict[str, list[str]]:
    count = sum(len(values) for values in attributes.values())
    if count > MOST_ATTRIBUTES:
        raise ValueError(f"{count:,} values; at most {MOST_ATTRIBUTES:,}")
    return attributes


AttributeValue = Annotated[str, Field(min_length=1, max_length=ID_LENGTH), BeforeValidator(_as_attribute)]
Attributes = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=ID_LENGTH)], list[AttributeValue]],
    BeforeValidator(read_attributes),
    AfterValidator(_bounded),
]


def _properties(value: object) -> object:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        return value
    try:
        kept = {name: own for name, given in value.items() if (own := _property(given)) is not None}
    except RecursionError:
        raise ValueError("nested too deep") from None
    if len(kept) > MOST_PROPERTIES or not all(map(is_property_name, kept)):
        raise ValueError(f"at most {MOST_PROPERTIES} names, each of 1 to {ID_LENGTH} characters")
    return kept


def is_property_name(name: str) -> bool:
    """Whether a text can name a property in Neo4j: 1 to ID_LENGTH characters that UTF-8 has, but for NUL."""
    return 0 < len(name.strip()) <= len(name) <= ID_LENGTH and not re.search("[\0\ud800-\udfff]", name)


def _property(value: object) -> object:
    """A value that Neo4j can store: text, boolean, number, or a list of one of them. Maps become JSON text.

    None for what says nothing: null, blank text, NaN, an empty list. Neither JSON nor a map in it has infinite numbers.
    """
    if isinstance(value, list):
        return _list_property([own for one in value if (own := _property(one)) is not None])
    if isinstance(value, Mapping):
        try:
            value = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except ValueError:
            raise ValueError("a number in a map must be finite") from None
    if isinstance(value, str):
        value.encode("utf-8")  # an unpaired surrogate can't be stored
        if len(value) > TEXT_LENGTH:
            raise ValueError(f"a text has at most {TEXT_LENGTH} characters")
        return none_if_blank(value)
    if isinstance(value, int) and value not in INT64:
        return str(value)
    if isinstance(value, float) and math.isinf(value):
        raise ValueError("a number must be finite")
    return None if isinstance(value, float) and math.isnan(value) else value


def _list_property(values: list[object]) -> object:
    """Neo4j's lists hold one type: whole numbers beside others become floats; anything else mixed becomes text."""
    types = {type(one) for one in values}
    if types == {int, float}:
        return [float(one) for one in values]  # type: ignore[arg-type]
    if len(types) > 1 or list in types:
        return [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in values]
    return values or None


Properties = Annotated[dict[str, Any], BeforeValidator(_properties)]
