"""Texts that users wrote with events on items, and what they mention: `MENTIONED`.

What is read of a user is a function of their latest texts, of their ratings and of the reader. The property
`texts_read` of a user says of which state of these it is; only users with another state are read again, as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphstore.batches import batched
from graphstore.database.client import Client, Transaction
from graphstore.interests import RECENT_EVENTS
from graphstore.kinds import Kind

USERS_AT_ONCE = 100
LONGEST_READ = 20_000  # letters of a text
COMMONPLACE = 0.2  # share of the users who write
SAMPLED_TEXTS, SAMPLED_LENGTH, SAMPLED_LETTERS = 5, 400, 2_000_000  # of a user; letters of each, and in all
UNDECIDED = frozenset({"REVIEWED", "COMMENTED", "POSTED", "TAGGED"})  # the act alone tells neither liking nor dislike


@dataclass(frozen=True)
class WrittenText:
    """The text of an event on an item. at: as the graph has it, or None.  text: its first LONGEST_READ letters.
    deed: 1 where the event tells that the user likes the item, -1 for dislike, 0 for neither.  rated: whether they
    rated the item.
    """

    event_id: str
    type: str
    at: Any
    text: str
    deed: int
    rated: bool


@dataclass
class UserTexts:
    """The latest texts of a user.  state: of these, of the user's ratings and of the reader."""

    state: str | None
    texts: list[WrittenText] = field(default_factory=list)


def read_texts(client: Client, user_ids: Sequence[str], by: str, anew: bool = False) -> dict[str, UserTexts]:
    """The latest RECENT_EVENTS texts of each of some users whose state is not the one that was read.

    by: names the reader.  anew: also of those whose state was read.
    """
    kinds = {kind.type: kind for kind in client.kinds.values()}
    users: dict[str, UserTexts] = {}
    rows = client.stream(
        "extract/writing/read_texts",
        user_ids=list(user_ids),
        by=by,
        anew=anew,
        events=RECENT_EVENTS,
        letters=LONGEST_READ,
    )
    for row in rows:
        own = users.setdefault(row["user_id"], UserTexts(row["state"]))
        if row["event_id"] is not None and row["type"] in kinds:
            deed = _deed(kinds[row["type"]], row["value"], row["low"])
            rated = row["value"] is not None
            own.texts.append(WrittenText(row["event_id"], row["type"], row["at"], row["text"], deed, rated))
    return users


def sample_texts(client: Client) -> list[tuple[str, str]]:
    """(user_id, text) of what users wrote, for phrases: at most SAMPLED_TEXTS of each, SAMPLED_LETTERS in all."""
    found: list[tuple[str, str]] = []
    left = SAMPLED_LETTERS
    for row in client.stream("extract/writing/stream_texts", each=SAMPLED_TEXTS, letters=SAMPLED_LENGTH):
        left -= sum(map(len, row["texts"]))
        if left < 0:
            break
        found += [(row["user_id"], text) for text in row["texts"]]
    return found


def outdated_users(client: Client, by: str) -> list[str]:
    """Users whose texts were read by another reader or vocabulary.  by: names the present one."""
    return [row["user_id"] for row in client.stream("extract/writing/find_outdated_users", by=by)]


def writers(client: Client, user_ids: Sequence[str]) -> list[str]:
    """Those of some users who wrote a text or searched, or of whom a text was read before."""
    return [row["user_id"] for row in client.read_once("extract/writing/find_writers", user_ids=list(user_ids))]


def write_mentions(client: Client, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace what users mention.

    rows: {user_id, state, mentions: [{event_id, type, at, name, weight, extracted_by}], against: [event_id]}; against
    are the events whose text speaks against the item as a whole.
    """
    for batch in batched(rows, USERS_AT_ONCE):

        def work(tx: Transaction, batch: list[Mapping[str, Any]] = batch) -> None:
            tx.run("collect/lock_nodes", user_ids=[row["user_id"] for row in batch], item_ids=[])
            tx.run("extract/writing/write_mentions", rows=batch)

        client.transaction(work)


def count_mentions(client: Client) -> None:
    """Note which interests are a commonplace, mentioned by more than COMMONPLACE of those who write."""
    client.write("extract/writing/count_mentions", most=COMMONPLACE)


def _deed(kind: Kind, value: float | None, low: float) -> int:
    """What an event tells of its item. value: of it or of the user's rating of the item, None without.  low: a rating
    up to it tells dislike (`graphstore.feedback`)."""
    if kind.weight <= 0:
        return -1
    if value is not None:
        return -1 if value <= low else 1
    return 0 if kind.type in UNDECIDED else 1
