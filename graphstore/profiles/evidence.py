"""Evidence: one interest of a user, when it held, and the events and words that it rests on."""

from __future__ import annotations

import re

from graphstore.database.client import Client
from graphstore.errors import NotFound
from graphstore.extract.canonical import canonical
from graphstore.profiles.users_and_items import Document, read_user

EVENTS = 20
LONGEST = 180  # characters of an excerpt
SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
WORD = re.compile(r"\w{3,}|[\u3400-\u9fff]")


def read_interest(client: Client, user_id: str, name: str, count: int = EVENTS) -> Document:
    """One interest of a user.

    Returns:
        user_id, name, label; periods: when it held, the last one last, each with polarity, horizon, weight,
        extracted_by, valid_from, valid_to (null while it is open) and the number of events in evidence; evidence: the
        latest `count` of the events of the open periods, or else of the last one, each with event_id, type, value, at,
        item_id, title, about (weight of the interest in the item or search, and `by` whom), mentioned (weight in the
        event's own text, below 0 for dislike) and words: an excerpt with what was read, and its source ("text" of the
        user, or "item"); null where neither holds the interest's words.

    Raises:
        NotFound: no such user, or they never had the interest.
    """
    name = canonical(name)
    rows = client.read("profiles/read_interest", user_id=user_id, name=name, count=count)
    if not rows or not rows[0]["periods"]:
        read_user(client, user_id)
        raise NotFound(f"User {user_id[:100]!r} never had an interest {name[:100]!r}.")
    found = rows[0]
    evidence = [_with_words(event, [name, found["label"]]) for event in found["evidence"]]
    return {"user_id": user_id, "name": name, **found, "evidence": evidence}


def _with_words(event: Document, names: list[str]) -> Document:
    """An event with the words that speak of the interest, in place of the whole description of its item."""
    item = ". ".join(part for part in (event["title"], event.pop("description")) if part)
    texts = (("text", event["text"] or ""), ("item", item))
    found = next(((source, words) for source, text in texts if (words := excerpt(text, names))), None)
    if found is None and event["text"]:
        found = ("text", shortened(event["text"]))
    return event | {"words": {"source": found[0], "text": found[1]} if found else None}


def excerpt(text: str, names: list[str]) -> str | None:
    """The first sentence of a text that holds most words of one of the names, shortened; None where none does.

    >>> excerpt("A long trip. Two robots fall in love.", ["robot love"])
    'Two robots fall in love.'
    """
    wanted = {word[: max(4, len(word) - 2)] for name in names for word in WORD.findall(name.casefold())}
    best, most = None, 0
    for sentence in SENTENCE.findall(text[:20_000]):
        held = sum(start in sentence.casefold() for start in wanted)
        if held > most:
            best, most = sentence.strip(), held
    return shortened(best, wanted) if best else None


def shortened(text: str, around: set[str] | None = None) -> str:
    """A text of at most LONGEST characters in one line, with the first of the words `around` in it."""
    line = " ".join(text.split())
    places = [place for word in around or () if (place := line.casefold().find(word)) >= 0]
    start = max(0, min(places, default=0) - LONGEST // 3) if len(line) > LONGEST else 0
    end = start + LONGEST
    return ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")
