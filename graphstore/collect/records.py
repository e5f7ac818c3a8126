"""The input formats: events, items, users and ties as pydantic models, with the reason why a row is rejected."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from graphstore.collect.attributes import OWN, Attributes, Properties
from graphstore.collect.fields import Id, OptionalId, PastTime, Text, Time, Value, as_id
from graphstore.kinds import Kind


class Record(BaseModel):
    """A row of an input. It has no other columns; `columns` says what becomes of those that a file has besides."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Event(Record):
    """An interaction of a user with an item.  text: what the user wrote, for example a review."""

    event_id: OptionalId = None
    user_id: Id
    item_id: Id
    kind: Annotated[str, BeforeValidator(as_id)]
    timestamp: PastTime = None
    value: Value = None
    session_id: OptionalId = None
    text: Text = None

    def with_id(self) -> str:
        """The event id: the given one, or the first 32 hexadecimal digits of the SHA-256 of the row."""
        if self.event_id is not None:
            return self.event_id
        row: tuple[Any, ...] = (self.user_id, self.item_id, self.kind, self.epoch_millis(), self.value, self.session_id)
        row += () if self.text is None else (self.text,)  # ids that were made before events had texts stay
        return hashlib.sha256(json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def epoch_millis(self) -> int | None:
        """Milliseconds since 1970, or None without a time."""
        return None if self.timestamp is None else round(self.timestamp.timestamp() * 1000)


class Described(Record):
    """A row with attributes: an item or a user."""

    attributes: Attributes = Field(default_factory=dict)

    def attribute_rows(self) -> list[dict[str, str]]:
        """The distinct attributes as maps of kind and value, sorted."""
        pairs = {(kind, value) for kind, values in self.attributes.items() for value in values}
        return [{"kind": kind, "value": value} for kind, value in sorted(pairs)]

    def row_hash(self) -> str:
        """A hash of the row without `properties`, which shows whether two descriptions are equal."""
        document = self.model_dump_json(exclude={"properties"})
        return hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Item(Described):
    """An item that can be recommended.  properties: kept on the item, without a part in recommending."""

    item_id: Id
    title: Text = None
    description: Text = None
    kind: OptionalId = None
    image: Text = None
    audio: Text = None
    published_at: Time = None
    properties: Properties = Field(default_factory=dict)

    def property_row(self) -> dict[str, Any]:
        """The properties by the names that they have in the graph."""
        return {f"{OWN}{name}": value for name, value in self.properties.items()}


class User(Described):
    """A user."""

    user_id: Id


class Tie(Record):
    """A tie: one user follows another."""

    user_id: Id
    follows: Id
    timestamp: PastTime = None

    @field_validator("follows")
    @classmethod
    def _not_oneself(cls, follows: str, info: Any) -> str:
        if follows == info.data.get("user_id"):
            raise ValueError("a user can't follow themselves")
        return follows


RECORDS: dict[str, type[Record]] = {"events": Event, "items": Item, "users": User, "ties": Tie}


def checked_value(value: float | None, kind: Kind) -> float | None:
    """The value of an event of this kind.

    Raises:
        ValueError: it is outside the range of the kind.
    """
    if value is not None and not kind.lowest <= value <= kind.highest:
        raise ValueError(
            f"value: {value:g} is not between {kind.lowest:g} and {kind.highest:g}, the range of {kind.name}"
            " (INTERESTGRAPH_KINDS can set another)"
        )
    return value


KIND_ALIASES = {"rating": "rate", "watch": "complete", "listen": "view", "visit": "view"}


def known_kind(name: str, kinds: Mapping[str, Kind]) -> Kind:
    """The kind of this name.

    Raises:
        ValueError: it is not in the table.
    """
    kind = kinds.get(name)
    if kind is None:
        close = get_close_matches(name.lower(), kinds, 1, 0.7)
        meant = f"; did you mean {close[0]}?" if close else ""
        raise ValueError(f"kind: {name[:60]!r} is not one of {' '.join(kinds)}{meant}")
    return kind


def reason(error: ValidationError) -> str:
    """The first three problems of a row, in one line."""
    parts = []
    for problem in error.errors(include_url=False)[:3]:
        place = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        parts.append(f"{place}: {message}" if place else message)
    return "; ".join(parts)
