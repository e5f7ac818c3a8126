"""Validation of input rows, and their conversion to rows of statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from graphstore.collect.files import Line
from graphstore.collect.records import (
    KIND_ALIASES,
    Event,
    Item,
    Tie,
    User,
    check_parts,
    checked_value,
    known_kind,
    reason,
)
from graphstore.extract.canonical import canonical
from graphstore.kinds import Kind

LAST_MILLIS = 253_402_300_799_999  # of the year 9999, after which ISO 8601 has no agreed form


@dataclass(frozen=True)
class Checked:
    """A line and its row for a statement, with the relationship type of an event; or the problem why it is rejected.

    named: whether an event had an event_id, rather than one made from its content.
    """

    line: Line
    row: dict[str, Any] = field(default_factory=dict)
    type: str = ""
    problem: str | None = None
    named: bool = True


Check = Callable[[Line], Checked]


def check_line(line: Line, check: Check) -> Checked:
    """Check one line; an error of the check becomes its problem."""
    if line.problem is not None:
        return Checked(line, problem=line.problem)
    try:
        return check(line)
    except ValidationError as error:
        return Checked(line, problem=reason(error))
    except (ValueError, OverflowError) as error:
        return Checked(line, problem=str(error))
    except RecursionError:
        return Checked(line, problem="nested too deep")


def check_event(kinds: Mapping[str, Kind], line: Line) -> Checked:
    """The row of an event: event_id, user_id, item_id, at (milliseconds since 1970), value, session_id, text; of a
    search also query, the canonical text."""
    event = Event.model_validate(line.row)
    kind = known_kind(KIND_ALIASES.get(event.kind, event.kind), kinds)
    check_parts(event, kind, kinds)
    row = {
        "event_id": event.with_id(),
        "user_id": event.user_id,
        "item_id": event.item_id,
        "at": event.epoch_millis(),
        "value": checked_value(event.value, kind),
        "session_id": event.session_id,
        "text": event.text,
    }
    if not kind.item:
        row["query"] = canonical(event.text or "")
    return Checked(line, row, kind.type, named=event.event_id is not None)


def check_item(line: Line) -> Checked:
    """The row of an item."""
    return Checked(line, item_row(Item.model_validate(line.row)))


def item_row(item: Item) -> dict[str, Any]:
    """The row of an item for statements: attributes as maps, properties by their names in the graph, a hash."""
    row = item.model_dump(exclude={"attributes", "properties", "published_at"})
    row |= {"published_at": millis(item.published_at), "properties": item.property_row()}
    return row | {"attributes": item.attribute_rows(), "row_hash": item.row_hash()}


def check_user(line: Line) -> Checked:
    """The row of a user."""
    return Checked(line, user_row(User.model_validate(line.row)))


def user_row(user: User) -> dict[str, Any]:
    """The row of a user for statements: the attributes as maps and a hash of them."""
    return {"user_id": user.user_id, "attributes": user.attribute_rows(), "row_hash": user.row_hash()}


def check_tie(line: Line) -> Checked:
    """The row of a tie: user_id, follows, at (milliseconds since 1970)."""
    tie = Tie.model_validate(line.row)
    return Checked(line, {"user_id": tie.user_id, "follows": tie.follows, "at": millis(tie.timestamp)})


def millis(time: datetime | None) -> int | None:
    """Milliseconds since 1970, the form of times in rows of statements."""
    return None if time is None else min(round(time.timestamp() * 1000), LAST_MILLIS)
