"""Fields of input rows: ids, texts, times and values, each as a type of pydantic that says how it is read."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

ID_LENGTH = 512
TEXT_LENGTH = 200_000
FUTURE_SECONDS = 300
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
FIRST, LAST = -2_208_988_800, 4_102_444_800  # the years 1900 and 2100
UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6))  # below 1e11 a Unix time is in seconds, below 1e14 in milliseconds, …
TIME_EXPECTED = "a time must be ISO 8601 or Unix time"
MOMENT_EXPECTED = "must be an ISO 8601 date or time in the years 1 to 9999, like 2018-01-01 or 2018-01-01T00:00:00Z"


def clean_id(text: str) -> str:
    """An id as it is stored: without the blanks around it, so that " 7 " and "7" are one user."""
    return text.strip()


def as_text(value: object) -> object:
    """A whole number as text; anything else as it is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def as_id(value: object) -> object:
    """Text or a whole number as an id; anything else as it is."""
    text = as_text(value)
    return clean_id(text) if isinstance(text, str) else text


def none_if_blank(value: object) -> object:
    """None for text of blanks only; anything else as it is."""
    return None if isinstance(value, str) and not value.strip() else value


def parse_time(value: object) -> datetime:
    """A UTC time from ISO 8601 or Unix time, whose size tells seconds, milliseconds, microseconds and nanoseconds.

    Raises:
        ValueError: neither, or Unix time outside 1900 to 2100.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{TIME_EXPECTED}, not {value!r:.60}")
    if isinstance(value, str) and not NUMBER.fullmatch(value.strip()):
        try:
            parsed = datetime.fromisoformat(value.strip())
            return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        except (ValueError, OverflowError):  # in UTC it may lie before the year 1
            raise ValueError(f"{TIME_EXPECTED}, not {value[:60]!r}") from None
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    seconds = number / next((parts for limit, parts in UNITS if abs(number) < limit), 1e9)
    if not FIRST <= seconds <= LAST:
        raise ValueError(f"{value!s:.60} is not a Unix time between 1900 and 2100")
    return datetime.fromtimestamp(seconds, UTC)


def parse_moment(text: str) -> datetime:
    """A time from an ISO 8601 date (its beginning, UTC) or time (UTC, where it names no zone).

    A blank before the zone is taken for the + that it was in an address.

    Raises:
        ValueError: it is neither, or lies outside the years 1 to 9999 in UTC.
    """
    for form in (text.strip(), text.strip().replace(" ", "+")):
        try:
            moment = datetime.fromisoformat(form)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            moment.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        return moment
    raise ValueError(f"{MOMENT_EXPECTED}, not {text[:60]!r}")


def joined(value: object) -> object:
    """A list of texts as one text with a line each; anything else as it is."""
    is_texts = isinstance(value, list) and all(isinstance(part, str) for part in value)
    return "\n".join(value) if is_texts else value  # type: ignore[arg-type]


def _past(value: object) -> datetime:
    time = parse_time(value)
    if time.timestamp() > datetime.now(UTC).timestamp() + FUTURE_SECONDS:
        raise ValueError(f"{time.isoformat()} is in the future")
    if time.timestamp() < FIRST:
        raise ValueError(f"{time.isoformat()} is before 1900")
    return time


def _number(value: object) -> object:
    value = none_if_blank(value)
    if isinstance(value, bool):
        raise ValueError(f"a value must be a number, not {str(value).lower()}")
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+,\d+\s*", value):
        raise ValueError(f"{value[:60]!r} has a comma: write a number with a point")
    return value


Id = Annotated[str, Field(min_length=1, max_length=ID_LENGTH), BeforeValidator(as_id)]
OptionalId = Annotated[Id | None, BeforeValidator(none_if_blank)]
Text = Annotated[
    Annotated[str, Field(max_length=TEXT_LENGTH)] | None,
    BeforeValidator(lambda value: none_if_blank(as_text(value))),
]
Description = Annotated[Text, BeforeValidator(joined)]
Time = Annotated[datetime | None, BeforeValidator(lambda v: None if none_if_blank(v) is None else parse_time(v))]
PastTime = Annotated[datetime | None, BeforeValidator(lambda v: None if none_if_blank(v) is None else _past(v))]
Value = Annotated[Annotated[float, Field(allow_inf_nan=False)] | None, BeforeValidator(_number)]
