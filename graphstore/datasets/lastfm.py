"""Last.fm, as published by the HetRec 2011 workshop: artists, listens, tags and friends."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from graphstore.datasets.dataset import Dataset, RowIterator, need_file, no_rows, read_lines

FILES = ("artists.dat", "tags.dat", "user_artists.dat", "user_friends.dat", "user_taggedartists-timestamps.dat")
LEAST_TAGGERS = 2
MOST_TAGS = 10


def read_lastfm(folder: Path) -> Dataset:
    """hetrec2011-lastfm-2k: each artist that a user listened to is one event of kind "like".

    The value of an event is the play count; it has no time. Friends are ties in both directions, as in the file.

    Reference: Cantador, Brusilovsky and Kuflik, HetRec 2011.
    """

    def items() -> RowIterator:
        tags = tags_by_artist(folder)

        def artist(fields: list[str]) -> dict[str, Any]:
            given = tags.get(fields[0], [])
            attributes = {"tag": given} if given else {}
            return {"item_id": fields[0], "title": fields[1], "kind": "artist", "attributes": attributes}

        return read_lines(need_file(folder, "artists.dat"), "\t", artist, first=2)

    def events() -> RowIterator:
        def listen(fields: list[str]) -> dict[str, Any]:
            user_id, item_id, plays = fields
            return {"user_id": user_id, "item_id": item_id, "kind": "like", "value": float(plays)}

        return read_lines(need_file(folder, "user_artists.dat"), "\t", listen, first=2)

    def ties() -> RowIterator:
        def friend(fields: list[str]) -> dict[str, Any]:
            user_id, follows = fields
            return {"user_id": user_id, "follows": follows}

        return read_lines(need_file(folder, "user_friends.dat"), "\t", friend, first=2)

    return Dataset("lastfm", items, no_rows, events, ties)


def tags_by_artist(folder: Path) -> dict[str, list[str]]:
    """The tags of each artist that at least LEAST_TAGGERS users gave it, the most frequent first, at most MOST_TAGS."""
    names = dict(
        read_lines(need_file(folder, "tags.dat"), "\t", lambda fields: (fields[0], fields[1].strip()), first=2)
    )
    path = need_file(folder, "user_taggedartists-timestamps.dat")
    given = set(read_lines(path, "\t", lambda fields: (fields[0], fields[1], names.get(fields[2], "")), first=2))
    taggers = Counter((artist, tag) for _, artist, tag in given if tag)
    tags: dict[str, list[str]] = {}
    for (artist, tag), count in sorted(taggers.items(), key=lambda pair: (-pair[1], pair[0])):
        own = tags.setdefault(artist, [])
        if count >= LEAST_TAGGERS and len(own) < MOST_TAGS:
            own.append(tag)
    return tags
