"""The graph side of extract: what is read about items and users, and what is written about their interests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from graphstore import queries
from graphstore.client import Client
from graphstore.kinds import Kind, kind_table
from graphstore.progress import Progress, silent

T = TypeVar("T")
READ_BY = ("attribute", "phrase", "zero-shot", "image")
BEHAVIOUR = "behaviour"
RECENT_EVENTS = 500
SHORT_DAYS = 7.0
LIKES, DISLIKES = 20, 10
WEAKENED = 0.25  # of what an interest counts whose user says it counts less
ITEM_ROWS, VECTOR_ROWS, USER_ROWS = 500, 1_000, 100
AFFECTED_USERS = 10_000


@dataclass(frozen=True)
class ItemText:
    """What can be read about one item. attributes: (kind, value) pairs, sorted."""

    item_id: str
    title: str
    description: str
    attributes: tuple[tuple[str, str], ...]
    content_hash: str | None
    row_hash: str | None = None

    @property
    def text(self) -> str:
        """What is embedded: title, description, and attribute values as words; empty when there is no text at all."""
        if not (self.title or self.description):
            return ""
        words = [value for _, value in self.attributes if any(letter.isalpha() for letter in value)][:10]
        return ". ".join(part for part in (self.title, self.description, ", ".join(words)) if part)

    def hash(self, encoder: str) -> str:
        """Fingerprint of everything extraction reads about the item, and of the encoder that reads it."""
        content = [self.title, self.description, self.attributes, encoder]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()


@dataclass
class InterestCounts:
    """What became of users' interests: users looked at; interests opened, kept open, closed."""

    users: int = 0
    opened: int = 0
    kept: int = 0
    closed: int = 0


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def read_items(client: Client, since: datetime | None = None) -> list[ItemText]:
    """Items with their text and attributes; with `since`, only those touched since or never read."""
    return [_item_text(row) for row in client.stream("extract/read_items", since=since)]


def read_some_items(client: Client, item_ids: Sequence[str]) -> list[ItemText]:
    """Some items with their text and attributes."""
    return [_item_text(row) for row in client.read("extract/read_some_items", item_ids=list(item_ids))]


def _item_text(row: Mapping[str, Any]) -> ItemText:
    return ItemText(
        item_id=row["item_id"],
        title=(row["title"] or "").strip(),
        description=(row["description"] or "").strip(),
        attributes=tuple((kind, value) for kind, value in row["attributes"]),
        content_hash=row["content_hash"],
        row_hash=row["row_hash"],
    )


def note_read(client: Client, items: Sequence[ItemText]) -> None:
    """Note that these descriptions were read."""
    for batch in batched(items, ITEM_ROWS):
        rows = [{"item_id": item.item_id, "row_hash": item.row_hash} for item in batch]
        client.write("extract/note_read", rows=rows)


def read_interests(client: Client) -> list[dict[str, Any]]:
    """The vocabulary as it stands: name, label, origin, items."""
    return client.read("extract/read_interests")


def write_interests(client: Client, rows: Sequence[Mapping[str, Any]]) -> int:
    """Merge interests {name, label, origin, embedding}; return how many are new."""
    batches = batched(rows, VECTOR_ROWS)
    return sum(client.write("extract/merge_interests", rows=batch)[0]["created"] for batch in batches)


def write_contents(client: Client, rows: Sequence[Mapping[str, Any]], encoder: str) -> None:
    """Write content embeddings {item_id, embedding}."""
    for batch in batched(rows, VECTOR_ROWS):
        client.write("extract/write_item_contents", rows=batch, encoder=encoder)


def remove_contents(client: Client, item_ids: Sequence[str]) -> None:
    """Take the content embedding from items that have no text any more."""
    for batch in batched(item_ids, ITEM_ROWS):
        client.write("extract/remove_item_contents", item_ids=batch)


def write_about(client: Client, rows: Sequence[Mapping[str, Any]], last: bool = True) -> dict[str, int]:
    """Replace what items are about: rows {item_id, content_hash, interests: [{name, weight, extracted_by}]}.

    last: count how many items each interest is about, since no more of this run comes.
    """
    counts = {"about": 0, "about_removed": 0}
    for batch in batched(rows, ITEM_ROWS):
        row = client.write("extract/write_item_interests", rows=batch, own=list(READ_BY))[0]
        counts["about"] += row["about"]
        counts["about_removed"] += row["removed"]
    if rows and last:
        client.write("extract/count_interest_items")
    return counts


def delete_unused(client: Client, names: Sequence[str]) -> int:
    """Drop interests outside the vocabulary `names` that nothing refers to; return how many."""
    return int(client.write("extract/delete_unused_interests", names=list(names))[0]["deleted"])


def latest_event(client: Client, kinds: Mapping[str, Kind]) -> datetime:
    """Time of the graph's latest event, from which all ages are measured; the present without dated events."""
    known = set(client.read("collect/read_types")[0]["types"])
    statement = queries.load("extract/read_latest_event")
    latest = []
    for behaviour_type in sorted({kind.type for kind in kinds.values()} & known):
        value = client.read(statement.for_type(behaviour_type))[0]["latest"]
        if value is not None:
            latest.append(value.to_native())
    return max(latest, default=datetime.now(UTC))


def users_to_read(
    client: Client, as_of: datetime, since: datetime | None, changed_items: Sequence[str] = ()
) -> list[str]:
    """Users whose interests may have changed: all of them without `since`; otherwise those touched since, those with
    behaviour on items whose interests changed (at most AFFECTED_USERS), and those whose short-term interests lapsed.
    """
    if since is None:
        return [row["user_id"] for row in client.stream("extract/read_all_users")]
    rows = client.read("extract/read_touched_users", since=since)
    rows += client.read("extract/read_lapsed_users", recent=as_of - timedelta(days=4 * SHORT_DAYS))
    for batch in batched(changed_items, ITEM_ROWS):
        rows += client.read("extract/read_affected_users", item_ids=batch, bound=AFFECTED_USERS)
    return sorted({row["user_id"] for row in rows})


def interest_parameters(as_of: datetime, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """What `extract/write_user_interests` takes beside the users."""
    return {
        "kinds": kind_table(kinds),
        "as_of": as_of,
        "events": RECENT_EVENTS,
        "short_days": SHORT_DAYS,
        "likes": LIKES,
        "dislikes": DISLIKES,
        "weakened": WEAKENED,
        "extracted_by": BEHAVIOUR,
    }


def write_user_interests(
    client: Client, user_ids: Sequence[str], as_of: datetime, kinds: Mapping[str, Kind], progress: Progress = silent
) -> InterestCounts:
    """Aggregate users' interests from their behaviour, in Cypher, batch by batch; each batch is one transaction."""
    counts = InterestCounts()
    parameters = interest_parameters(as_of, kinds)
    for batch in batched(user_ids, USER_ROWS):
        counts.users += len(batch)
        for row in client.write("extract/write_user_interests", user_ids=batch, **parameters):
            counts.opened += len(row["opened"])
            counts.kept += row["kept"]
            counts.closed += len(row["closed"])
        progress("users' interests", counts.users, len(user_ids))
    if user_ids:
        client.write("extract/count_interest_users")
    return counts
