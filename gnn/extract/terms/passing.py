"""What long texts name in passing: a transcript says a word once that it is not about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from gnn.extract.words import clauses
from graphstore.extract.items import ItemText

LONG = 150  # words of a text, on average, from which on it counts how often it names a phrase
REPEATED = 1.6  # times that a text names what it is about, on average


def are_long(items: Sequence[ItemText]) -> bool:
    """Whether the items' texts have LONG words or more on average."""
    return sum(len(words) for item in items for words in clauses(item.text)) >= LONG * max(len(items), 1)


def in_passing(found: Iterable[tuple[Mapping[str, int], Iterable[str]]]) -> set[str]:
    """The names that no title has, and that texts with them have less than REPEATED times on average.

    found: of each item the number of times that its text has each name, and those in its title.
    """
    times: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    titled: set[str] = set()
    for counts, names in found:
        times.update(counts)
        texts.update(counts.keys())
        titled.update(names)
    return {name for name, count in times.items() if name not in titled and count < REPEATED * texts[name]}
