"""Validation of input rows, and their conversion to rows of statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from graphstore.collect.files import Line
from graphstore.collect.records import KIND_ALIASES, Event, Item, Tie, User, known_kind, reason
from graphstore.kinds import Kind


@dataclass(frozen=True)
class Checked:
    """A line and its row for a statement, with the relationship type of an event; or the problem why it is rejected."""

    line: Line
    row: dict[str, Any] = field(default_factory=dict)
    type: str = ""
    problem: str | None = None


Check = Callable[[Line], Checked]


def check_line(line: Line, check: Check) -> Checked:
    """Check one line; an error of the check becomes its problem."""
    if line.problem is not None:
        return Checked(line, problem=line.problem)
    try:
        return check(line)
    except ValidationError as error:
        return Checked(line, problem=reason(error))
    except ValueError as error:
        return Checked(line, problem=str(error))


def check_event(kinds: Mapping[str, Kind], line: Line) -> Checked:
    """The row of an event: event_id, user_id, item_id, at (milliseconds since 1970), value, session_id."""
    event = Event.model_validate(line.row)
    kind = known_kind(KIND_ALIASES.get(event.kind, event.kind), kinds)
    row = {
        "event_id": event.with_id(),
        "user_id": event.user_id,
        "item_id": event.item_id,
        "at": event.epoch_millis(),
        "value": event.value,
        "session_id": event.session_id,
    }
    return Checked(line, row, kind.type)


def check_item(line: Line) -> Checked:
    """The row of an item, with its attributes as maps and a hash of its description."""
    item = Item.model_validate(line.row)
    row = item.model_dump(exclude={"attributes", "published_at"}) | {"published_at": millis(item.published_at)}
    return Checked(line, row | {"attributes": item.attribute_rows(), "row_hash": item.row_hash()})


def check_user(line: Line) -> Checked:
    """The row of a user, with the attributes as maps and a hash of them."""
    user = User.model_validate(line.row)
    row = {"user_id": user.user_id, "attributes": user.attribute_rows(), "row_hash": user.row_hash()}
    return Checked(line, row)


def check_tie(line: Line) -> Checked:
    """The row of a tie: user_id, follows, at (milliseconds since 1970)."""
    tie = Tie.model_validate(line.row)
    return Checked(line, {"user_id": tie.user_id, "follows": tie.follows, "at": millis(tie.timestamp)})


def millis(time: datetime | None) -> int | None:
    """Milliseconds since 1970, the form of times in rows of statements."""
    return None if time is None else round(time.timestamp() * 1000)
