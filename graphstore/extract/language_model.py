"""Interests that a language model extracts: users and items to read, their events and texts, and the results.

`extracted_by` of the results begins with OWN. Writing replaces the results of every model and prompt, and leaves those
of the encoder and of behaviour unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphstore.database.client import Client
from graphstore.interests import WEAKENED

OWN = "llm "
LEAST_EVENTS, MOVED_EVENTS, SHOWN_EVENTS = 5, 5, 15
SHOWN_LETTERS = 2_000  # of a text, of which a question holds less
USERS_AT_ONCE = 500


def extracted_by(model: str, prompt: str) -> str:
    """The value of `extracted_by` for a model and a prompt.

    >>> extracted_by("smollm2", "interests/1")
    'llm smollm2 interests/1'
    """
    return f"{OWN}{model} {prompt}"


def users_to_read(client: Client, by: str) -> list[str]:
    """Users to read, most changed events first: with at least LEAST_EVENTS events and searches, of which MOVED_EVENTS
    are new or deleted since they were read, or who were read by another model or prompt.  by: see `extracted_by`."""
    rows = client.stream("extract/language_model/read_moved_users", by=by, least=LEAST_EVENTS, moved=MOVED_EVENTS)
    return [row["user_id"] for row in rows]


def behaviour(client: Client, user_ids: Sequence[str]) -> list[dict[str, Any]]:
    """For each user the number of events and searches, and the latest {event_id, item_id, type, value, at, text},
    newest first; a search has no item."""
    return client.read(
        "extract/language_model/read_recent_events",
        user_ids=list(user_ids),
        count=SHOWN_EVENTS,
        letters=SHOWN_LETTERS,
    )


def items_to_read(client: Client, by: str) -> list[str]:
    """Items whose present text was not read by this model and prompt.  by: see `extracted_by`."""
    return [row["item_id"] for row in client.stream("extract/language_model/read_ungenerated_items", by=by)]


def write_interests_of(client: Client, rows: Sequence[Mapping[str, Any]], by: str) -> dict[str, int]:
    """Replace the extracted interests of users; those that are no longer found are closed at the user's latest event.

    rows: {user_id, events, interests: [{name, said, polarity, horizon, weight, evidence, since}]}.  by: see
    `extracted_by`.  Returns the number of interests opened, kept and closed.
    """
    found = client.write(
        "extract/language_model/write_generated_interests", rows=list(rows), by=by, own=OWN, weakened=WEAKENED
    )
    return {name: sum(row[name] for row in found) for name in ("opened", "kept", "closed")}


def write_about(client: Client, rows: Sequence[Mapping[str, Any]], by: str) -> int:
    """Replace the extracted interests of items {item_id, about: [{name, said, weight}]}; returns their number."""
    return int(
        client.write("extract/language_model/write_generated_about", rows=list(rows), by=by, own=OWN)[0]["about"]
    )


def read_aliases(client: Client) -> list[dict[str, Any]]:
    """Aliases: name, interest (None where it was split off or deleted), cosine, apart (whether it was split off)."""
    return client.read("extract/language_model/read_aliases")


def write_aliases(client: Client, rows: Sequence[Mapping[str, Any]], by: str) -> int:
    """Store aliases {name, interest, cosine} of interests; returns their number."""
    return (
        int(client.write("extract/language_model/merge_aliases", rows=list(rows), by=by)[0]["aliases"]) if rows else 0
    )


def split_alias(client: Client, name: str, embedding: Sequence[float]) -> dict[str, int] | None:
    """Make an alias an interest of its own, with what was extracted under its name; returns counts, None if unknown."""
    rows = client.write("extract/language_model/split_alias", name=name, embedding=list(embedding))
    return rows[0] if rows else None
