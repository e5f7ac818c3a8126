"""A user's interests, now or as of a moment, and the user's corrections of them."""

from __future__ import annotations

from datetime import datetime

from graphstore.database.client import Client, Transaction
from graphstore.errors import NotFound
from graphstore.extract.canonical import canonical
from graphstore.interests import WEAKENED
from graphstore.popularity import NEW
from graphstore.profiles.users_and_items import Document, read_user

PAST = 30
SHOWN_LETTERS = 1_000


def read_interests(client: Client, user_id: str, at: datetime | None = None) -> list[Document]:
    """A user's interests that are open now, or those with valid_from <= at < valid_to.

    Weight and evidence of an interval are those written last in it, and `broader` (labels of interests that it belongs
    to) is of the last build: neither is stored as of `at`.

    Raises:
        NotFound: no such user.
    """
    interests = client.read("profiles/read_interests", user_id=user_id, at=at)
    if not interests:
        read_user(client, user_id)
    return interests


def read_past_interests(client: Client, user_id: str, count: int = PAST) -> list[Document]:
    """Closed intervals of a user's interests, the last first: name, label, polarity, horizon, valid_from, valid_to,
    extracted_by."""
    return client.read("profiles/read_past_interests", user_id=user_id, count=count)


def read_corrections(client: Client, user_id: str) -> list[Document]:
    """A user's corrections of interests, the latest first: name, label, correction, at."""
    return client.read("profiles/read_corrections", user_id=user_id)


def correct_interest(client: Client, user_id: str, name: str, correction: str) -> Document:
    """Store a user's correction of an interest: "pin", "weaken" or "delete", obeyed by all later extraction; "none"
    withdraws it. name: in any case, as its label has it.

    Returns:
        name, and closed: how many open intervals it closed.

    Raises:
        NotFound: no such user, or no such interest.
    """

    name = canonical(name)

    def work(tx: Transaction) -> list[Document]:
        tx.run("collect/lock_nodes", user_ids=[user_id], item_ids=[])
        found = tx.run("profiles/correct_interest", user_id=user_id, name=name, how=correction, weakened=WEAKENED)
        if found:
            tx.run("collect/touch_nodes", user_ids=[user_id], items=[], new=NEW)
        return found

    rows = client.transaction(work)
    if not rows:
        read_user(client, user_id)
        raise NotFound(f"There is no interest {name!r}.")
    return rows[0]


def read_reading(client: Client, user_id: str, count: int) -> Document:
    """A user's interests beside the events they were extracted from.

    Returns:
        read: the latest `count` events and searches with a number, the first SHOWN_LETTERS letters of their texts, what
        each item or search is about and by whom, and what each text mentions.
        concluded: the open interests, each with the numbers of these events that are its evidence, and how many older
        events are.
        past: closed intervals.  corrections: the user's own.

    Raises:
        NotFound: no such user.
    """
    events = client.read("profiles/read_reading", user_id=user_id, count=count, letters=SHOWN_LETTERS)
    numbers = {event["event_id"]: number for number, event in enumerate(events, 1)}
    concluded = []
    for row in read_interests(client, user_id):
        listed = sorted(numbers[event_id] for event_id in row["evidence"] if event_id in numbers)
        concluded.append({**row, "numbers": listed, "older": len(row["evidence"]) - len(listed)})
    read = [{"number": number, **event} for number, event in enumerate(events, 1)]
    corrections = read_corrections(client, user_id)
    past = read_past_interests(client, user_id)
    return {"user_id": user_id, "read": read, "concluded": concluded, "past": past, "corrections": corrections}
