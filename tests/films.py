"""A small film club with known tastes, and an encoder that needs no model."""

import hashlib

import numpy as np

from gnn.scale import DEFAULT_SCALE

DAY = 86_400
NOW = 1_700_000_000
GENRES = ("Comedy", "Horror")


class CountingEncoder:
    """Embeds words by hashing; counts the texts it was given."""

    name = "counting"
    dimension = 384
    scale = DEFAULT_SCALE

    def __init__(self):
        self.texts = []

    def encode(self, texts):
        self.texts += texts
        rows = []
        for text in texts:
            row = np.zeros(384)
            for word in text.casefold().replace(".", " ").replace(",", " ").split():
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
                row += np.random.default_rng(seed).normal(size=384)
            rows.append(row / max(np.linalg.norm(row), 1e-9))
        return np.asarray(rows, dtype=np.float32).reshape(len(texts), 384)


class BrokenEncoder(CountingEncoder):
    """Must not be asked."""

    def encode(self, texts):
        raise AssertionError(f"asked to embed {texts}")


def film(item_id, genre=None, title=None, **more):
    """An item; a title is made up of its id."""
    attributes = {"genre": [genre]} if genre else {}
    return {"item_id": item_id, "title": title or f"Tale {item_id}", "kind": "film", "attributes": attributes} | more


def event(user, item, day, kind="rate", value=None, **more):
    """One event `day` days before NOW; ratings are 5 unless said."""
    value = 5.0 if kind == "rate" and value is None else value
    row = {"user_id": user, "item_id": item, "kind": kind, "event_id": f"{user}|{item}|{kind}|{day}"}
    return (
        row
        | ({"value": value} if value is not None else {})
        | ({} if day is None else {"timestamp": NOW - int(day * DAY)})
        | more
    )


def club(users=8, films=10):
    """Two halves, each of `users` users and `films` films of one genre; user n has not seen film n."""
    items = [film(f"{genre[0]}{n}", genre) for genre in GENRES for n in range(films)]
    people = [
        {"user_id": f"{genre[0].lower()}{n}", "attributes": {"group": [f"fans of {genre}"]}}
        for genre in GENRES
        for n in range(users)
    ]
    events = [
        event(f"{genre[0].lower()}{u}", f"{genre[0]}{n}", 1 + ((n * 7 + u * 3) % films) + u / 100)
        for genre in GENRES
        for u in range(users)
        for n in range(films)
        if n != u
    ]
    return {"items": items, "users": people, "events": events}
