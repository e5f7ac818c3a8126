"""The graph side of images and sounds: which items have one, what of it was read, and the vectors that came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.batches import ITEM_ROWS, batched
from graphstore.database.client import Client
from graphstore.database.runs import last_run

MODALITIES = {"image": "images", "audio": "sounds"}  # the property that refers to it, and what many of it are called
VECTOR_ROWS = 200  # of up to some thousand numbers
COLUMNS = {"image": ("image_positions", "images"), "audio": ("audio_positions", "sounds")}

Positions = NDArray[np.int64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Reference:
    """What an item says of one modality. reference: a path or address, None where it has none (any more).

    read: of what the vector that stands in the graph was read; None where there is none.
    """

    item_id: str
    reference: str | None
    read: str | None


def read_references(client: Client, item_ids: Sequence[str] | None = None) -> dict[str, list[Reference]]:
    """By modality the items (of these, or of all) that have a reference, or had one that was read."""
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
    """Write {item_id, embedding, read}: these items are other ones now."""
    for batch in batched(rows, VECTOR_ROWS):
        client.write(
            "extract/media/write_item_media", rows=batch, vector=f"{modality}_embedding", read=f"{modality}_read"
        )


def note_looked_at(client: Client, modality: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note {item_id, read} where what is there now holds what was read before."""
    for batch in batched(rows, ITEM_ROWS):
        client.write("extract/media/note_item_media", rows=batch, read=f"{modality}_read")


def remove_vectors(client: Client, modality: str, item_ids: Sequence[str]) -> None:
    """Take the vector of a modality from items."""
    for batch in batched(item_ids, ITEM_ROWS):
        client.write(
            "extract/media/remove_item_media", item_ids=batch, vector=f"{modality}_embedding", read=f"{modality}_read"
        )


def forget_read(client: Client, item_ids: Sequence[str]) -> None:
    """Have a follower look at these items again."""
    for batch in batched(item_ids, ITEM_ROWS):
        client.write("extract/items/forget_read", item_ids=batch)


def read_vectors(client: Client, item_ids: Sequence[str]) -> Iterator[tuple[str, Positions, Vectors]]:
    """For each modality that one of the items has: its name, positions (N,) in `item_ids`, and vectors (N, D)."""
    row = client.read("update/sampling/read_media", item_ids=list(item_ids))[0]
    for modality, (positions, vectors) in COLUMNS.items():
        for width in sorted({len(vector) for vector in row[vectors]}):  # two, while another encoder reads all anew
            found = [(p, v) for p, v in zip(row[positions], row[vectors], strict=True) if len(v) == width]
            yield (
                modality,
                np.asarray([p for p, _ in found], dtype=np.int64),
                np.asarray([v for _, v in found], np.float32),
            )


def last_reading(client: Client) -> dict[str, Any]:
    """What the last extraction said of how it read images and sounds: image_encoder, audio_encoder, media_folder,
    media_fetched, media_private, as far as it read some."""
    last = last_run(client, "extract")
    counts = last["counts"] if last else {}
    known = (*(f"{modality}_encoder" for modality in MODALITIES), "media_folder", "media_fetched", "media_private")
    return {name: counts[name] for name in known if name in counts}
