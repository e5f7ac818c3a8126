"""Reading of what users write: `MENTIONED` from texts of events, `FINDS` and `ABOUT` of searches.

A text tells of an interest of the vocabulary where a phrase of its name occurs in a sentence; where no phrase does, one
short sentence of the text may lie near to interests by the encoder. No text makes a new interest. What a text tells is
a function of the text and the vocabulary: equal texts are read once, and the user's deeds come in afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from cachetools import LRUCache

from gnn.encoders.cache import CachedEncoder
from gnn.extract.cosine_scale import scale_of
from gnn.extract.matching import Matcher
from gnn.extract.plain_text import pieces, plain
from gnn.extract.vocabulary import Term, phrases
from gnn.extract.writing.polarity import combined, is_english, of_words
from graphstore.batches import batched
from graphstore.database.client import Client
from graphstore.extract import interests, queries, writing
from graphstore.extract.items import ItemText, count_items
from graphstore.extract.writing import WrittenText
from graphstore.progress import Progress, silent

VERSION = 2  # of what is read in a text; another one has all texts read again
MOST_MENTIONED = 12  # interests of a text
SHORT = range(4, 26)  # words of a sentence that the encoder reads
LEAST_COSINE = 0.3  # of a search and an item, by the default encoder
LEAST_NEAR = 0.45  # of a text or search and an interest, by the default encoder
LEAST_WEIGHT = 0.05
AGAINST, JUDGED = (
    -0.4,
    40,
)  # mean polarity of a text's first sentences, of so many, that says that its item is not liked
KNOWN_TEXTS = 20_000
QUERIES_AT_ONCE = 200
By = str
Row = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What a text tells of an interest. share: how surely it is meant, up to 1.  words: polarity of the words beside
    it, None where they say nothing.  by: "phrase" or "zero-shot".
    """

    name: str
    share: float
    words: float | None
    by: By


class Vocabulary:
    """The interests of the graph that items are about, as a reader of texts has them.

    by: names the vocabulary, the encoder and this reader; what was read by another one is read again.
    """

    def __init__(self, client: Client, encoder: CachedEncoder) -> None:
        rows = [row for row in interests.read_interests(client) if row["items"]]
        self._terms = [Term.of_row(row) for row in rows]
        names = "\n".join(f"{row['name']}\t{row['label']}\t{row['forms']}" for row in rows)
        self.by = hashlib.sha256(f"{VERSION}\n{encoder.name}\n{names}".encode("utf-8", "replace")).hexdigest()[:16]
        self._encoder, self._rows, self._total = encoder, rows, count_items(client)
        self._by_phrase = {key: row["name"] for row in reversed(rows) for key in _keys(row)}
        self._matcher: Matcher | None = None

    def named(self, piece: str) -> dict[str, None]:
        """The interests whose name occurs in a sentence, and not inside of a longer one there."""
        found = [phrase for phrase in phrases(piece) if phrase in self._by_phrase]
        longest = [p for p in found if not any(p != other and f" {p} " in f" {other} " for other in found)]
        return dict.fromkeys(self._by_phrase[phrase] for phrase in longest)

    def near(self, texts: Sequence[str]) -> list[list[Row]]:
        """For each of N texts the interests near to it by the encoder, {name, weight, extracted_by}."""
        if not texts or not self._terms:
            return [[] for _ in texts]
        if self._matcher is None:
            labels = self._encoder.base.encode([term.label for term in self._terms])
            frequencies = {row["name"]: row["items"] for row in self._rows}
            self._matcher = Matcher(self._terms, labels, frequencies, self._total, scale_of(self._encoder.base))
        items = [ItemText(str(number), text, "", (), None) for number, text in enumerate(texts)]
        found = self._matcher.match(items, self._encoder.base.uncached.encode(texts), [True] * len(texts))
        near = ((row for row in rows if row["extracted_by"] == "zero-shot") for rows in found)
        return [[row for row in rows if row["weight"] >= LEAST_NEAR] for rows in near]


def _keys(row: Row) -> list[str]:
    """The name, the label and other forms of an interest as `phrases` gives them: "film-noir" as "film noir"."""
    texts = (row["name"], row["label"], *row["forms"])
    return [longest for text in texts if (longest := _longest(text))]


def _longest(name: str) -> str:
    """The one phrase that is the whole of a name; empty if it is none, as of a number or a stop word."""
    found = max(phrases(name), key=len, default="")
    return found if sum(map(str.isalnum, found)) == sum(map(str.isalnum, name)) else ""


class Reader:
    """Reads what users wrote, by the vocabulary that the graph has when the reader is made."""

    def __init__(self, client: Client, encoder: CachedEncoder) -> None:
        self._client, self._encoder = client, encoder
        self._vocabulary = Vocabulary(client, encoder)
        self._told: LRUCache[bytes, list[Told]] = LRUCache(KNOWN_TEXTS)
        self._judged: LRUCache[bytes, bool] = LRUCache(KNOWN_TEXTS)

    @property
    def by(self) -> By:
        """Names the vocabulary, the encoder and this reader."""
        return self._vocabulary.by

    def read_texts(self, user_ids: Sequence[str], anew: bool = False, progress: Progress = silent) -> list[str]:
        """Read the texts of those users, of some, whose texts or ratings changed; returns these users.

        anew: read all of them.
        """
        changed: list[str] = []
        done = 0
        for batch in batched(user_ids, writing.USERS_AT_ONCE):
            texts = writing.read_texts(self._client, batch, self.by, anew)
            told = self._read([one.text for own in texts.values() for one in own.texts])
            rows = []
            for user_id, own in texts.items():
                mentions = [mention for one in own.texts for mention in _mentions(one, told[one.text])]
                against = [one.event_id for one in own.texts if not one.rated and self._against(one.text)]
                rows.append({"user_id": user_id, "state": own.state, "mentions": mentions, "against": against})
            writing.write_mentions(self._client, rows)
            changed += texts
            done += len(batch)
            progress("users' texts", done, len(user_ids))
        return changed

    def read_queries(self, user_ids: Sequence[str] | None = None, progress: Progress = silent) -> list[str]:
        """Read the queries, of some users or of all, that were not read by this vocabulary; returns their texts."""
        waiting = queries.queries_to_read(self._client, self.by, user_ids)
        legible, scale = scale_of(self._encoder.base).legible, scale_of(self._encoder.base).texts
        done = 0
        for batch in batched(waiting, QUERIES_AT_ONCE):
            vectors, near = self._encoder.uncached.encode(batch), self._vocabulary.near(batch)
            readings = [
                queries.Reading(text, vector if can else None, own if can else [])
                for text, vector, own, can in zip(batch, vectors.tolist(), near, legible(batch), strict=True)
            ]
            line = (1 / scale.slope, -scale.offset / scale.slope)
            done += queries.write_readings(self._client, readings, self.by, scale.of(LEAST_COSINE), line)
            progress("searches", done, len(waiting))
        return waiting

    def _read(self, texts: Iterable[str]) -> dict[str, list[Told]]:
        """What each text tells; equal ones are read once."""
        told: dict[str, list[Told]] = {}
        without: dict[str, tuple[str, str]] = {}  # a short sentence, and the whole text
        for text in dict.fromkeys(texts):
            known = self._told.get(_key(text))
            if known is not None:
                told[text] = known
                continue
            readable = plain(text)
            split = list(pieces(readable))
            told[text] = self._told[_key(text)] = self._by_words(readable, split)
            if not told[text] and (short := next((p for p in split if len(p.split()) in SHORT), None)):
                without[text] = short, readable
        near = self._vocabulary.near([piece for piece, _ in without.values()])
        for (text, (piece, readable)), rows in zip(without.items(), near, strict=True):
            words = of_words(piece) if is_english(readable) else None
            told[text] = [Told(row["name"], row["weight"], words, "zero-shot") for row in rows]
            self._told[_key(text)] = told[text]
        return told

    def _against(self, text: str) -> bool:
        """Whether an English text speaks strongly against what it is about."""
        key = _key(text)
        if key not in self._judged:
            readable = plain(text)
            said = [of_words(piece) for piece in islice(pieces(readable), JUDGED)] if is_english(readable) else []
            known = [words for words in said if words is not None]
            self._judged[key] = bool(known) and float(np.mean(known)) <= AGAINST
        return self._judged[key]

    def _by_words(self, readable: str, split: Sequence[str]) -> list[Told]:
        english: bool | None = None
        spoken: dict[str, list[float]] = {}
        count: dict[str, int] = {}
        for piece in split:
            names = self._vocabulary.named(piece)
            if not names:
                continue
            english = is_english(readable) if english is None else english
            words = of_words(piece, names) if english else None
            for name in names:
                count[name] = count.get(name, 0) + 1
                if words is not None:
                    spoken.setdefault(name, []).append(words)
        chosen = sorted(count, key=lambda name: (-count[name], name))[:MOST_MENTIONED]
        return [Told(n, 1.0, float(np.mean(spoken[n])) if n in spoken else None, "phrase") for n in chosen]


def _mentions(one: WrittenText, told: Sequence[Told]) -> list[Row]:
    """Rows {event_id, type, at, name, weight, extracted_by} of one event."""
    rows = []
    for found in told:
        weight = round(found.share * combined(found.words, one.deed), 4)
        if abs(weight) >= LEAST_WEIGHT:
            event: Mapping[str, Any] = {"event_id": one.event_id, "type": one.type, "at": one.at}
            rows.append({**event, "name": found.name, "weight": weight, "extracted_by": found.by})
    return rows


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
