"""The input formats: events, items, users and ties as pydantic models, with the reason why a row is rejected."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from graphstore.collect.attributes import OWN, Attributes, Properties
from graphstore.collect.fields import Description, Id, OptionalId, PastTime, Text, Time, Value, as_id
from graphstore.extract.canonical import canonical
from graphstore.kinds import Kind

SEARCH_LENGTH = 1_000


class Record(BaseModel):
    """A row of an input. It has no other columns; `columns` says what becomes of those that a file has besides."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Event(Record):
    """An interaction of a user with an item, or a search.

    item_id: none of a search.  text: what the user wrote, for example a review; of a search what was typed.
    """

    event_id: OptionalId = None
    user_id: Id
    item_id: OptionalId = Field(None, description="The item; every kind but search needs one")
    kind: Annotated[str, BeforeValidator(as_id)]
    timestamp: PastTime = None
    value: Value = None
    session_id: OptionalId = None
    text: Text = Field(
        None,
        description=f"What the user wrote: a review, a comment, a tag. A search needs one, of at most {SEARCH_LENGTH:,}"
        " characters; view and click have none",
    )

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
    description: Description = None
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


def check_parts(event: Event, kind: Kind, kinds: Mapping[str, Kind]) -> None:
    """Check that an event has the item and the text that its kind needs, and none that it can't have.

    kinds: all, to name those that may have a text.

    Raises:
        ValueError: one is missing, or is there and may not be, or is too long for a search.
    """
    if kind.item and event.item_id is None:
        raise ValueError(f"item_id: must be given; {kind.name} is on an item")
    if event.text is not None and not kind.text:
        having = " ".join(other.name for other in kinds.values() if other.text)
        raise ValueError(f"text: {kind.name} has none; kinds with a text are {having}")
    if not kind.item:
        _check_search(event, kind.name)


def _check_search(event: Event, name: str) -> None:
    if event.item_id is not None:
        raise ValueError(
            f"item_id: {name} has none, as it leads to what its text finds; what was done with an item that it found is"
            " an event of its own, for example a click"
        )
    if event.value is not None:
        raise ValueError(f"value: {name} has none")
    if event.text is None:
        raise ValueError(f"text: must be given; it is what the user typed for {name}")
    compared = canonical(event.text)
    if max(len(event.text), len(compared)) > SEARCH_LENGTH:  # the index of Query.text ends at 8 kB
        raise ValueError(f"text: must have at most {SEARCH_LENGTH:,} characters for {name}, not {len(event.text):,}")
    if not compared:
        raise ValueError(f"text: must have a character that can be seen for {name}")


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
    return "; ".join(f"{place}: {text}" if place else text for place, text in problems(error)[:3])


WORDS = {  # by the types of pydantic's errors
    "missing": "must be given",
    "string_type": "must be text",
    "string_unicode": "must be valid Unicode text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length:,} characters",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "less_than_equal": "must be at most {le}",
    "greater_than_equal": "must be at least {ge}",
    "literal_error": "must be {expected}",
    "list_type": "must be a list",
    "dict_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
    "extra_forbidden": "is not known here",
}
OWN_FIELDS = "; fields of your own go into properties"


def problems(error: ValidationError) -> list[tuple[str, str]]:
    """The place and a plain description of each problem."""
    found = []
    for problem in error.errors(include_url=False, include_input=False):
        kind = problem["type"]
        text = problem["msg"].removeprefix("Value error, ")
        if kind == "string_too_short" and problem["ctx"]["min_length"] == 1:
            text = "must not be empty"
        elif kind in WORDS:
            text = WORDS[kind].format_map(problem.get("ctx", {}))
        if kind == "extra_forbidden" and error.title in ("Item", "ItemBody"):
            text += OWN_FIELDS
        found.append((".".join(str(part) for part in problem["loc"]), text))
    return found
