"""What users wrote, read as a part of `extract`, and by the event workers of `update --follow`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gnn.encoders import by_name
from gnn.encoders.cache import CachedEncoder
from gnn.encoders.encoder import Encoder
from gnn.extract.writing.reading import Reader
from graphstore.database.client import Client
from graphstore.extract import content_index, interests, queries, writing
from graphstore.progress import Progress, silent
from graphstore.settings import Settings


def read_all(
    client: Client,
    encoder: CachedEncoder,
    since: datetime | None,
    full: bool,
    items_changed: bool,
    progress: Progress = silent,
) -> tuple[list[str], dict[str, Any]]:
    """Read texts and searches that are new, or were read by another vocabulary.

    since: of the last run; None for the first.  full: read all again.  items_changed: since then, so that all searches
    are looked up again.

    Returns the users whose interests may have changed, sorted, and counts: writers (users whose texts were read),
    queries (read).
    """
    if full or items_changed:
        queries.forget_readings(client)
    reader = Reader(client, encoder)
    if since is None:
        users = interests.all_users(client)
    else:
        users = sorted({*interests.touched_users(client, since), *writing.outdated_users(client, reader.by)})
    wrote = reader.read_texts(users, full, progress)
    writing.count_mentions(client)
    texts = reader.read_queries(None, progress)
    return sorted({*wrote, *queries.users_of(client, texts)}), {"writers": len(wrote), "queries": len(texts)}


class WritingFollower:
    """Reads what users wrote soon after; the encoder of the items is loaded when somebody first writes or searches."""

    def __init__(self, client: Client, settings: Settings, encoder: Encoder | None = None) -> None:
        self._client, self._settings, self._given = client, settings, encoder
        self._reader: Reader | None = None
        self._generation: int | None = None

    def read(self, user_ids: Sequence[str], generation: int) -> None:
        """Read the texts and searches of some users that were not read; nothing before the first `extract`.

        generation: of the graph; with a new one the vocabulary is read again.
        """
        wrote = writing.writers(self._client, user_ids)
        if not wrote:
            return
        if generation != self._generation:
            self._reader, self._generation = self._made(), generation
        if self._reader is not None:
            self._reader.read_texts(wrote)
            self._reader.read_queries(wrote)

    def _made(self) -> Reader | None:
        name = content_index.encoder_of(self._client)
        if name is None:
            return None
        encoder = self._given or by_name.encoder(name, self._settings.models)
        return Reader(self._client, CachedEncoder(encoder, self._settings.cache))
