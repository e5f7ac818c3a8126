"""Reviews of items, made of the planted world's words: English sentences that praise and blame topics, no two alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.worlds.titles import WORDS
from benchmarks.worlds.topics import ADJECTIVES, NOUNS

SENTENCES = (
    "I really loved the {a} {w} in it and I would buy it again for my family.",
    "The {w} was boring, but the {n} made up for it in the end.",
    "It arrived on time and looked just like what we had seen on the page.",
    "My friends did not care for the {w} at all, they found it awful and far too long.",
    "If you like {w} and {v}, this {n} is for you.",
    "There is nothing {a} about this {n}, I have to say, which is a pity.",
    "We watched it twice last week and talked about the {w} all evening.",
    "Five stars, it does what it says and the price was fine for me.",
    "A great {n} about {w}; the part on {v} could have been shorter.",
)
SILENT = (2, 5, 7)  # the sentences that name no topic
SILENT_SHARE = 0.4  # of the reviews
FEWEST, MOST = 3, 9  # sentences
REVIEWS_A_USER = 20


def review_rows(count: int, items: list[str], seed: int = 0) -> Iterator[dict[str, Any]]:
    """As many ratings with a text, REVIEWS_A_USER by each user; 90 words a text on average."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        shapes = SILENT if rng.random() < SILENT_SHARE else range(len(SENTENCES))
        chosen = rng.choice(shapes, rng.integers(FEWEST, MOST + 1))
        text = f"Number {number}: " + " ".join(_sentence(SENTENCES[place], rng) for place in chosen.tolist())
        yield {
            "user_id": f"u{number // REVIEWS_A_USER:06}",
            "item_id": items[int(rng.integers(len(items)))],
            "kind": "rate",
            "value": float(rng.integers(1, 6)),
            "timestamp": 1_700_000_000 - int(rng.integers(30_000_000)),
            "event_id": f"r{number:07}",
            "text": text,
        }


def _sentence(shape: str, rng: np.random.Generator) -> str:
    words = {"a": ADJECTIVES, "w": WORDS, "v": WORDS, "n": NOUNS}
    return shape.format(**{letter: own[int(rng.integers(len(own)))] for letter, own in words.items()})
