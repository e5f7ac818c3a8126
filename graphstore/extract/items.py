"""Items for extraction: their text and attributes, and the content vectors and interests written for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphstore.batches import ITEM_ROWS, VECTOR_ROWS, batched
from graphstore.database.client import Client

READ_BY = ("attribute", "phrase", "zero-shot", "image")


@dataclass(frozen=True)
class ItemText:
    """The text of one item.  attributes: (kind, value) pairs, sorted.

    content_hash: `hash` at the last extraction.  row_hash: of the description, from collect.
    """

    item_id: str
    title: str
    description: str
    attributes: tuple[tuple[str, str], ...]
    content_hash: str | None
    row_hash: str | None = None

    @property
    def text(self) -> str:
        """The text to embed: title, description and up to ten attribute values; empty without title or description."""
        if not (self.title or self.description):
            return ""
        words = [value for _, value in self.attributes if any(letter.isalpha() for letter in value)][:10]
        return ". ".join(part for part in (self.title, self.description, ", ".join(words)) if part)

    def hash(self, encoder: str) -> str:
        """A hash of everything that extraction reads about the item, and of the encoder's name."""
        content = [self.title, self.description, self.attributes, encoder]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()


def read_items(client: Client, since: datetime | None = None) -> list[ItemText]:
    """Items with their text and attributes: all, or those changed since a time or never read."""
    return [_item_text(row) for row in client.stream("extract/items/read_items", since=since)]


def read_some_items(client: Client, item_ids: Sequence[str]) -> list[ItemText]:
    """Some items with their text and attributes."""
    return [_item_text(row) for row in client.read("extract/items/read_some_items", item_ids=list(item_ids))]


def _item_text(row: Mapping[str, Any]) -> ItemText:
    return ItemText(
        item_id=row["item_id"],
        title=(row["title"] or "").strip(),
        description=(row["description"] or "").strip(),
        attributes=tuple((kind, value) for kind, value in row["attributes"]),
        content_hash=row["content_hash"],
        row_hash=row["row_hash"],
    )


def count_items(client: Client) -> int:
    """The number of items in the graph."""
    return int(client.read("extract/items/count_items")[0]["items"])


def count_other_items(client: Client, item_ids: Sequence[str]) -> tuple[int, int]:
    """The number of other items in the graph, and the number of events."""
    row = client.read("extract/items/count_other_items", item_ids=list(item_ids))[0]
    return int(row["other_items"]), int(row["events"])


def note_read(client: Client, items: Sequence[ItemText]) -> None:
    """Record that these descriptions were read."""
    for batch in batched(items, ITEM_ROWS):
        rows = [{"item_id": item.item_id, "row_hash": item.row_hash} for item in batch]
        client.write("extract/items/note_read", rows=rows)


def write_contents(client: Client, rows: Sequence[Mapping[str, Any]], encoder: str) -> None:
    """Write content vectors {item_id, embedding} and the name of their encoder."""
    for batch in batched(rows, VECTOR_ROWS):
        client.write("extract/items/write_item_contents", rows=batch, encoder=encoder)


def remove_contents(client: Client, item_ids: Sequence[str]) -> None:
    """Delete the content vectors of items that have no text any more."""
    for batch in batched(item_ids, ITEM_ROWS):
        client.write("extract/items/remove_item_contents", item_ids=batch)


def write_about(client: Client, rows: Sequence[Mapping[str, Any]], last: bool = True) -> dict[str, int]:
    """Replace the interests of items: rows {item_id, content_hash, interests: [{name, weight, extracted_by}]}.

    last: whether this is the last call of a run, which counts the items of each interest.

    Returns:
        Counts of relationships: "about" (written) and "about_removed".
    """
    counts = {"about": 0, "about_removed": 0}
    for batch in batched(rows, ITEM_ROWS):
        row = client.write("extract/items/write_item_interests", rows=batch, own=list(READ_BY))[0]
        counts["about"] += row["about"]
        counts["about_removed"] += row["removed"]
    if rows and last:
        client.write("extract/interests/count_interest_items")
    return counts
