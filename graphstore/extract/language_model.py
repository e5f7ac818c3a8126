"""The graph side of what a language model reads: who is to be read, what they did, and what was found.

`extracted_by` of all it writes begins with OWN, so that what another model or prompt wrote before is replaced, and what
the encoder and behaviour say is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphstore.database.client import Client
from graphstore.interests import WEAKENED

OWN = "llm "
LEAST_EVENTS, MOVED_EVENTS, SHOWN_EVENTS = 5, 5, 15
USERS_AT_ONCE = 500


def extracted_by(model: str, prompt: str) -> str:
    """How what a model read by a prompt is marked.

    >>> extracted_by("smollm2", "interests/1")
    'llm smollm2 interests/1'
    """
    return f"{OWN}{model} {prompt}"


def users_to_read(client: Client, by: str) -> list[str]:
    """Users with LEAST_EVENTS events of whom MOVED_EVENTS came or went since they were read, or whom another read;
    those with most that is new first."""
    rows = client.stream("extract/language_model/read_moved_users", by=by, least=LEAST_EVENTS, moved=MOVED_EVENTS)
    return [row["user_id"] for row in rows]


def behaviour(client: Client, user_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Of each user how many events there are, and the latest {event_id, item_id, type, value, at}, newest first."""
    return client.read("extract/language_model/read_recent_events", user_ids=list(user_ids), count=SHOWN_EVENTS)


def items_to_read(client: Client, by: str) -> list[str]:
    """Items with text that this model has not read by this prompt as they are now."""
    return [row["item_id"] for row in client.stream("extract/language_model/read_ungenerated_items", by=by)]


def write_interests_of(client: Client, rows: Sequence[Mapping[str, Any]], by: str) -> dict[str, int]:
    """Replace what was read about users: rows {user_id, events, interests: [{name, said, polarity, horizon, weight,
    evidence, since}]}. Interests that no longer hold are closed at the user's latest event."""
    found = client.write(
        "extract/language_model/write_generated_interests", rows=list(rows), by=by, own=OWN, weakened=WEAKENED
    )
    return {name: sum(row[name] for row in found) for name in ("opened", "kept", "closed")}


def write_about(client: Client, rows: Sequence[Mapping[str, Any]], by: str) -> int:
    """Replace what was read about items: {item_id, about: [{name, said, weight}]}; how much there is now."""
    return int(
        client.write("extract/language_model/write_generated_about", rows=list(rows), by=by, own=OWN)[0]["about"]
    )


def read_aliases(client: Client) -> list[dict[str, Any]]:
    """Names that were taken for another: name, interest (null where that is undone or gone), cosine, apart."""
    return client.read("extract/language_model/read_aliases")


def write_aliases(client: Client, rows: Sequence[Mapping[str, Any]], by: str) -> int:
    """Note that names {name, interest, cosine} are taken for interests; how many there are."""
    return (
        int(client.write("extract/language_model/merge_aliases", rows=list(rows), by=by)[0]["aliases"]) if rows else 0
    )


def split_alias(client: Client, name: str, embedding: Sequence[float]) -> dict[str, int] | None:
    """Make an alias an interest of its own, and move to it what was said in its name; None if there is none."""
    rows = client.write("extract/language_model/split_alias", name=name, embedding=list(embedding))
    return rows[0] if rows else None
