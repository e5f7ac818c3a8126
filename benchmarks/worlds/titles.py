"""Distinct titles of many items, made of the planted world's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.worlds.topics import ADJECTIVES, NOUNS, TOPICS

WORDS = tuple(word for words in TOPICS.values() for word in words)


def titles(count: int, seed: int = 0) -> list[str]:
    """As many titles, no two alike: "The quiet galaxy and sourdough notebook"; nine tokens each on average.

    Raises:
        ValueError: there are not so many.
    """
    most = len(ADJECTIVES) * len(WORDS) * (len(WORDS) - 1) * len(NOUNS)
    if count > most:
        raise ValueError(f"{count:,} titles: there are {most:,} different ones at most")
    numbers = np.random.default_rng(seed).choice(most, count, replace=False)
    return [_title(int(number)) for number in numbers]


def _title(number: int) -> str:
    rest, adjective = divmod(number, len(ADJECTIVES))
    rest, noun = divmod(rest, len(NOUNS))
    first, second = divmod(rest, len(WORDS) - 1)
    return f"The {ADJECTIVES[adjective]} {WORDS[first]} and {WORDS[(first + 1 + second) % len(WORDS)]} {NOUNS[noun]}"


def item_rows(count: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Items with a title each and nothing else."""
    for number, title in enumerate(titles(count, seed)):
        yield {"item_id": f"i{number:06}", "title": title, "kind": "post"}
