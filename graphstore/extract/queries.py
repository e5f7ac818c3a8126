"""Queries: what users searched for, and the items and interests that these texts find.

    FINDS   items, by the words of their title and description (the full-text index), at once, and by meaning (the index
            of content vectors), when `extract` or a follower reads the query by the encoder; items that a follower
            reads later, by words
    ABOUT   interests whose name or label occurs in the text, at once, and those near it, by the encoder

Everything here is a function of the query and of the graph as it is, so that repeating it does no harm.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import nlargest
from typing import Any

from graphstore.batches import batched
from graphstore.database.client import Client, Transaction
from graphstore.extract.canonical import HAN, HAN_RANGE, canonical
from graphstore.extract.function_words import FUNCTION_WORDS
from graphstore.extract.items import ItemText

MOST_FOUND = 30  # items of a query
LOOKED_AT = 100  # items that the full-text index gives
MOST_WORDS = 64  # of a query, that are looked up
MOST_ABOUT = 12  # interests of a query
LONGEST_SPAN = 8  # words of a name of an interest; a Chinese character is a word
AT_ONCE = 100
LEAST_SHARE, MOST_ANEW = 0.5, 500  # share of the words of a query that a new item has; queries looked up for new items
BY_NAME = "words"
# A run of letters and digits with their accents and vowel signs, or one Chinese character.
WORD = re.compile(rf"[{HAN_RANGE}]|[^\W_{HAN_RANGE}](?:[^\W_{HAN_RANGE}]|[\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff])*")
Row = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """What an encoder reads in a query. text: canonical.  vector: (D,) by the encoder of the items, None where it can't
    read the text.  near: interests near it, {name, weight, extracted_by}.
    """

    text: str
    vector: Sequence[float] | None
    near: Sequence[Mapping[str, Any]]


def find_items(tx: Transaction, texts: Sequence[str]) -> None:
    """Create FINDS and ABOUT of those Queries, of some, that have none, in the transaction that stores their searches.

    texts: canonical, distinct, of Query nodes that are stored and locked (collect/lock_queries).
    """
    fresh = [row["text"] for row in tx.run("extract/queries/find_fresh_queries", texts=list(texts))]
    if not fresh:
        return
    about = _about(fresh, tx.run("extract/queries/find_named_interests", names=_names(fresh)))
    rows = [_row(text) | {"about": about[text]} for text in fresh]
    tx.run("extract/queries/write_queries", rows=rows, by=None, **_limits(None))


def find_new_items(client: Client, items: Sequence[ItemText]) -> int:
    """Have the queries that are stored find some items by words as they are now; returns the number of FINDS.

    Those queries are looked up that found one of the items by words, and those of which an item has at least half of
    the words, MOST_ANEW at most, the best first.
    items: that were read after the queries.
    """
    having: dict[str, set[int]] = {}
    for number, item in enumerate(items):
        for word in _every_word(canonical(f"{item.title} {item.description}")):
            having.setdefault(word, set()).add(number)
    shares: dict[str, float] = {}
    for row in client.stream("extract/queries/read_texts"):
        own = words(row["text"])
        counts = Counter(number for word in own for number in having.get(word, ()))
        if counts and (share := max(counts.values()) / len(own)) >= LEAST_SHARE:
            shares[row["text"]] = share
    item_ids = [item.item_id for item in items]

    def find(tx: Transaction, texts: Sequence[str]) -> int:
        given = {"item_ids": item_ids, "most": MOST_FOUND, "looked_at": LOOKED_AT}
        rows = [_row(text) for text in texts]
        return int(tx.run("extract/queries/find_new_items", rows=rows, **given)[0]["found"])

    def find_again(tx: Transaction) -> tuple[list[str], int]:
        texts = [row["text"] for row in tx.run("extract/queries/forget_found_items", item_ids=item_ids)]
        return texts, sum(find(tx, batch) for batch in batched(texts, AT_ONCE))

    looked_up, found = client.transaction(find_again)
    for text in looked_up:
        shares.pop(text, None)
    for batch in batched(nlargest(MOST_ANEW, shares, key=shares.__getitem__), AT_ONCE):
        found += client.transaction(partial(find, texts=batch))
    return found


def queries_to_read(client: Client, by: str, user_ids: Sequence[str] | None = None) -> list[str]:
    """Queries, of some users or of all, that were not read by an encoder and a vocabulary, the latest searched last.

    by: names both (`gnn.extract.writing_reading`).
    """
    if user_ids is not None:
        rows = client.read("extract/queries/read_unread_queries_of", by=by, user_ids=list(user_ids))
        return [row["text"] for row in rows]
    return [row["text"] for row in client.stream("extract/queries/read_unread_queries", by=by)]


def write_readings(
    client: Client, readings: Sequence[Reading], by: str, least: float, scale: tuple[float, float]
) -> int:
    """Find the items and interests of queries anew, by words and by meaning; returns the number of queries.

    by: as in `queries_to_read`.  least: cosine of a query and an item from which on it is found.
    scale: slope and offset of the score of a cosine.
    """
    for batch in batched(readings, AT_ONCE):
        named = client.read("extract/queries/find_named_interests", names=_names(one.text for one in batch))
        about = _about([one.text for one in batch], named)
        rows = []
        for one in batch:
            known = {row["name"] for row in about[one.text]}
            others = [dict(row) for row in one.near if row["name"] not in known]
            found = [*about[one.text], *others][:MOST_ABOUT]
            rows.append(_row(one.text) | {"vector": one.vector, "about": found})
        client.write("extract/queries/write_queries", rows=rows, by=by, **_limits(least, *scale))
    return len(readings)


def forget_readings(client: Client) -> None:
    """Have all queries read again."""
    client.autocommit("extract/queries/forget_readings")


def users_of(client: Client, texts: Sequence[str]) -> list[str]:
    """The users who searched for some queries, sorted."""
    found: set[str] = set()
    for batch in batched(texts, AT_ONCE):
        found.update(row["user_id"] for row in client.read("extract/queries/read_searchers", texts=batch))
    return sorted(found)


def lucene(text: str) -> str:
    """A query for the full-text index that any of the first MOST_WORDS words of a text matches; "" without words.

    Only letters and digits reach the index. Chinese, which it cuts into characters, is looked up by pairs of these.

    >>> lucene('the "sci-fi" film +new'), lucene("科幻片")
    ('sci fi film new', '"科幻" "幻片"')
    """
    return " ".join(f'"{word}"' if HAN.match(word) else word for word in words(text))


def words(text: str) -> list[str]:
    """The different words of a canonical text without function words, at most MOST_WORDS; of Chinese, pairs of
    neighbouring characters."""
    found: dict[str, None] = {}
    for word in _every_word(text):
        found[word] = None
        if len(found) == MOST_WORDS:
            break
    return list(found)


def spans(text: str) -> dict[str, tuple[int, int]]:
    """The parts of a canonical text that can be a name: up to LONGEST_SPAN neighbouring words, as they are written,
    with the place where each begins and ends first.

    >>> sorted(spans("sci-fi film"))
    ['fi', 'fi film', 'film', 'sci', 'sci-fi', 'sci-fi film']
    """
    found: dict[str, tuple[int, int]] = {}
    places = [match.span() for match in WORD.finditer(text)]
    for first, (start, _) in enumerate(places):
        for _, end in places[first : first + LONGEST_SPAN]:
            found.setdefault(text[start:end], (start, end))
    return found


def _every_word(text: str) -> Iterator[str]:
    for part in re.findall(rf"[{HAN_RANGE}]+|[^{HAN_RANGE}]+", text):
        if not HAN.match(part):
            yield from (word for word in WORD.findall(part) if word not in FUNCTION_WORDS)
        elif len(part) == 1:
            yield part
        else:
            yield from (part[n : n + 2] for n in range(len(part) - 1))


def _names(texts: Iterable[str]) -> list[str]:
    return sorted({name for text in texts for name in spans(text)})


def _about(texts: Sequence[str], named: Sequence[Mapping[str, Any]]) -> dict[str, list[Row]]:
    """The interests of each text whose name or label is a part of it, and not of the name of a longer one there."""
    by_part: dict[str, list[str]] = {}
    for row in named:
        for part in {row["name"], row["label"]}:
            by_part.setdefault(part, []).append(row["name"])
    about: dict[str, list[Row]] = {}
    for text in texts:
        inside = [(place, part) for part, place in spans(text).items() if part in by_part]
        inside.sort(key=lambda one: (one[0][0] - one[0][1], one[0]))
        kept: list[tuple[int, int]] = []
        names: dict[str, None] = {}
        for (start, end), part in inside:
            if not any(first <= start and end <= last for first, last in kept):
                kept.append((start, end))
                names.update(dict.fromkeys(sorted(by_part[part])))
        about[text] = [{"name": name, "weight": 1.0, "extracted_by": BY_NAME} for name in list(names)[:MOST_ABOUT]]
    return about


def _row(text: str) -> Row:
    return {"text": text, "lucene": lucene(text), "words": words(text), "vector": None}


def _limits(least: float | None, slope: float = 1.0, offset: float = 0.0) -> Row:
    return {"most": MOST_FOUND, "looked_at": LOOKED_AT, "least": least, "slope": slope, "offset": offset}
