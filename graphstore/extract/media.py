"""Images and sounds of items in the graph: references, what was read of them, and their vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Rows
from graphstore.batches import ITEM_ROWS, batched
from graphstore.database.client import Client
from graphstore.database.runs import last_run

MODALITIES = {"image": "images", "audio": "sounds"}  # property with the reference: plural for messages
VECTOR_ROWS = 200  # vectors have up to some thousand numbers
COLUMNS = {"image": ("image_positions", "images"), "audio": ("audio_positions", "sounds")}


@dataclass(frozen=True)
class Reference:
    """The medium of one modality of an item.

    reference: path or address; None if the item has none any more.
    read: the source of the vector in the graph; None if there is no vector.
    """

    item_id: str
    reference: str | None
    read: str | None


def read_references(client: Client, item_ids: Sequence[str] | None = None) -> dict[str, list[Reference]]:
    """By modality, the items that have a reference, or had one that was read; of these items or of all."""
    if item_ids is None:
        rows = list(client.stream("extract/media/read_media"))
    else:
        rows = client.read("extract/media/read_some_media", item_ids=list(item_ids))
    return {
        modality: [
            Reference(row["item_id"], row[modality], row[f"{modality}_read"])
            for row in rows
            if row[modality] is not None or row[f"{modality}_read"] is not None
        ]
        for modality in MODALITIES
    }


def write_vectors(client: Client, modality: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write vectors {item_id, embedding, read}, and queue the items for an update."""
    for batch in batched(rows, VECTOR_ROWS):
        client.write(
            "extract/media/write_item_media", rows=batch, vector=f"{modality}_embedding", read=f"{modality}_read"
        )


def note_looked_at(client: Client, modality: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record {item_id, read} for media that were checked and have the content that was read before."""
    for batch in batched(rows, ITEM_ROWS):
        client.write("extract/media/note_item_media", rows=batch, read=f"{modality}_read")


def remove_vectors(client: Client, modality: str, item_ids: Sequence[str]) -> None:
    """Delete the vectors of a modality from items."""
    for batch in batched(item_ids, ITEM_ROWS):
        client.write(
            "extract/media/remove_item_media", item_ids=batch, vector=f"{modality}_embedding", read=f"{modality}_read"
        )


def forget_read(client: Client, item_ids: Sequence[str]) -> None:
    """Have `update --follow` read these items again."""
    for batch in batched(item_ids, ITEM_ROWS):
        client.write("extract/items/forget_read", item_ids=batch)


def read_vectors(client: Client, item_ids: Sequence[str]) -> Iterator[tuple[str, Rows, NDArray[np.float32]]]:
    """For each modality of these items: its name, positions (N,) in `item_ids`, and vectors (N, D)."""
    row = client.read("update/sampling/read_media", item_ids=list(item_ids))[0]
    for modality, (positions, vectors) in COLUMNS.items():
        for width in sorted({len(vector) for vector in row[vectors]}):  # two while another encoder replaces them
            found = [(p, v) for p, v in zip(row[positions], row[vectors], strict=True) if len(v) == width]
            yield (
                modality,
                np.asarray([p for p, _ in found], dtype=np.int64),
                np.asarray([v for _, v in found], np.float32),
            )


def last_reading(client: Client) -> dict[str, Any]:
    """The settings by which the last extraction read images and sounds, if it did: image_encoder, audio_encoder,
    media_folder, media_fetched, media_private."""
    last = last_run(client, "extract")
    counts = last["counts"] if last else {}
    known = (*(f"{modality}_encoder" for modality in MODALITIES), "media_folder", "media_fetched", "media_private")
    return {name: counts[name] for name in known if name in counts}
