"""Last.fm, as published by the HetRec 2011 workshop: artists, listens, tags and friends."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from graphstore.datasets.dataset import Dataset, RowIterator, need_file, no_rows, read_lines

TAGGED = "user_taggedartists-timestamps.dat"
FILES = ("artists.dat", "tags.dat", "user_artists.dat", "user_friends.dat", TAGGED)
FIRST_TAGS = 1_104_537_600  # 2005; Last.fm has tags since August 2005, and a few rows are dated decades before
LEAST_TAGGERS = 2
MOST_TAGS = 10


def read_lastfm(folder: Path) -> Dataset:
    """hetrec2011-lastfm-2k: each artist that a user listened to is one event of kind "like".

    The value of an event is the play count; it has no time. Friends are ties in both directions, as in the file. As
    texts, each tag that a user gave an artist is an event of kind "tag"; a time before tags were there is left out.

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

    return Dataset("lastfm", items, no_rows, events, ties, lambda: _tags_given(folder))


def _tags_given(folder: Path) -> RowIterator:
    names = _tag_names(folder)

    def tag(fields: list[str]) -> dict[str, Any]:
        user_id, item_id, tag_id, millis = fields
        event = {"user_id": user_id, "item_id": item_id, "kind": "tag", "text": names.get(tag_id, "")}
        seconds = int(millis) // 1000
        return event | ({"timestamp": seconds} if seconds >= FIRST_TAGS else {})

    return read_lines(need_file(folder, TAGGED), "\t", tag, first=2)


def _tag_names(folder: Path) -> dict[str, str]:
    return dict(read_lines(need_file(folder, "tags.dat"), "\t", lambda fields: (fields[0], fields[1].strip()), first=2))


def tags_by_artist(folder: Path) -> dict[str, list[str]]:
    """The tags of each artist that at least LEAST_TAGGERS users gave it, the most frequent first, at most MOST_TAGS."""
    names = _tag_names(folder)
    path = need_file(folder, TAGGED)
    given = set(read_lines(path, "\t", lambda fields: (fields[0], fields[1], names.get(fields[2], "")), first=2))
    taggers = Counter((artist, tag) for _, artist, tag in given if tag)
    tags: dict[str, list[str]] = {}
    for (artist, tag), count in sorted(taggers.items(), key=lambda pair: (-pair[1], pair[0])):
        own = tags.setdefault(artist, [])
        if count >= LEAST_TAGGERS and len(own) < MOST_TAGS:
            own.append(tag)
    return tags
