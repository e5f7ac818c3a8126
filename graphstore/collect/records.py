"""The input formats: events, items, users and ties as pydantic models, with the reason why a row is rejected."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from graphstore.kinds import Kind

ID_LENGTH = 512
TEXT_LENGTH = 200_000
MOST_ATTRIBUTES = 5_000  # of one description, which is written in one transaction
FUTURE_SECONDS = 300
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
FIRST, LAST = -2_208_988_800, 4_102_444_800  # the years 1900 and 2100


def _as_text(value: object) -> object:
    if isinstance(value, bool):
        return value
    return str(value) if isinstance(value, int) else value


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def parse_time(value: object) -> datetime:
    """A UTC time from ISO 8601 or Unix seconds.

    Raises:
        ValueError: neither, or outside 1900 to 2100 (milliseconds are a usual mistake).
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"a time must be ISO 8601 or Unix seconds, not {value!r}")
    if isinstance(value, str) and not NUMBER.fullmatch(value.strip()):
        try:
            parsed = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"a time must be ISO 8601 or Unix seconds, not {value[:60]!r}") from None
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    seconds = float(value)
    if not math.isfinite(seconds) or not FIRST <= seconds <= LAST:
        raise ValueError(f"{value} is not a time in Unix seconds between 1900 and 2100 (milliseconds?)")
    return datetime.fromtimestamp(seconds, UTC)


def _past(value: object) -> datetime:
    time = parse_time(value)
    if time.timestamp() > datetime.now(UTC).timestamp() + FUTURE_SECONDS:
        raise ValueError(f"{time.isoformat()} is in the future")
    return time


Id = Annotated[str, Field(min_length=1, max_length=ID_LENGTH), BeforeValidator(_as_text)]
Text = Annotated[
    Annotated[str, Field(max_length=TEXT_LENGTH)] | None,
    BeforeValidator(_none_if_blank),
]
Time = Annotated[datetime | None, BeforeValidator(lambda v: None if _none_if_blank(v) is None else parse_time(v))]
PastTime = Annotated[datetime | None, BeforeValidator(lambda v: None if _none_if_blank(v) is None else _past(v))]
Value = Annotated[Annotated[float, Field(allow_inf_nan=False)] | None, BeforeValidator(_none_if_blank)]


class Record(BaseModel):
    """A row of an input file. Unknown columns are rejected, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Event(Record):
    """An interaction of a user with an item."""

    event_id: Annotated[Id | None, BeforeValidator(_none_if_blank)] = None
    user_id: Id
    item_id: Id
    kind: str
    timestamp: PastTime = None
    value: Value = None
    session_id: Annotated[Id | None, BeforeValidator(_none_if_blank)] = None

    def with_id(self) -> str:
        """The event id: the given one, or the first 32 hexadecimal digits of the SHA-256 of the row."""
        if self.event_id is not None:
            return self.event_id
        row = (self.user_id, self.item_id, self.kind, self.epoch_millis(), self.value, self.session_id)
        return hashlib.sha256(json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def epoch_millis(self) -> int | None:
        """Milliseconds since 1970, or None without a time."""
        return None if self.timestamp is None else round(self.timestamp.timestamp() * 1000)


def _attributes(value: object) -> object:
    value = _none_if_blank(value)
    if value is None:
        return {}
    if isinstance(value, str):
        pairs = [part.partition("=") for part in value.split(";") if part.strip()]
        if not all(equals and kind.strip() for kind, equals, _ in pairs):
            raise ValueError("attributes must look like genre=Drama|Comedy;year=1995")
        return {kind.strip(): [v.strip() for v in values.split("|") if v.strip()] for kind, _, values in pairs}
    if isinstance(value, Mapping):
        return {kind: values if isinstance(values, list) else [values] for kind, values in value.items()}
    return value


def _bounded(attributes: dict[str, list[str]]) -> dict[str, list[str]]:
    count = sum(len(values) for values in attributes.values())
    if count > MOST_ATTRIBUTES:
        raise ValueError(f"{count:,} values; at most {MOST_ATTRIBUTES:,}")
    return attributes


Attributes = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=ID_LENGTH)], list[Id]],
    BeforeValidator(_attributes),
    AfterValidator(_bounded),
]


class Described(Record):
    """A row with attributes: an item or a user."""

    attributes: Attributes = Field(default_factory=dict)

    def attribute_rows(self) -> list[dict[str, str]]:
        """The distinct attributes as maps of kind and value, sorted."""
        pairs = {(kind, value) for kind, values in self.attributes.items() for value in values}
        return [{"kind": kind, "value": value} for kind, value in sorted(pairs)]

    def row_hash(self) -> str:
        """A hash of the row, which shows whether two descriptions are equal."""
        return hashlib.sha256(self.model_dump_json().encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Item(Described):
    """An item that can be recommended."""

    item_id: Id
    title: Text = None
    description: Text = None
    kind: Text = None
    image: Text = None
    audio: Text = None
    published_at: Time = None


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


KIND_ALIASES = {"rating": "rate", "watch": "complete", "listen": "view", "visit": "view"}


def known_kind(name: str, kinds: Mapping[str, Kind]) -> Kind:
    """The kind of this name.

    Raises:
        ValueError: it is not in the table.
    """
    kind = kinds.get(name)
    if kind is None:
        raise ValueError(f"kind: {name[:60]!r} is not one of {' '.join(kinds)}")
    return kind


def reason(error: ValidationError) -> str:
    """The first three problems of a row, in one line."""
    parts = []
    for problem in error.errors(include_url=False)[:3]:
        place = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        parts.append(f"{place}: {message}" if place else message)
    return "; ".join(parts)
