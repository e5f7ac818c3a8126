"""Fragments of longer phrases: what nearly always stands beside one and the same word is no phrase of its own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set

from gnn.extract.terms.generic import EMPTY_BEFORE
from gnn.extract.terms.noun_phrases import LONGEST_PHRASE
from gnn.extract.words import clauses

BESIDE = 0.75  # share of a phrase's occurrences beside the same word
BESIDE_TWO, OFTEN = 0.9, 8  # … beside one of two words, of phrases that occur so often
LINKS = frozenset({"of", "de", "du", "des", "and", "to"})


def fragments(names: Iterable[str], nouns: Set[str], texts: Iterable[str]) -> set[str]:
    """Those phrases that are a part of one longer phrase which is none of them.

    Of LONGEST_PHRASE words: "clay flower pot" of "clay flower pot stand". Of two: those whose longer phrase can't be
    named, but not the end of the former kind, as "pot stand" then stands for the whole. Of any number: those that one
    of LINKS, or one of the same two words, follows: "bed" of "bed and breakfast".
    nouns: all phrases that end with a noun.  texts: where they occur.
    """
    several = set(names)
    beside = _Beside(several, nouns, texts)
    before, behind = beside.before(), beside.behind()
    longest = {name for name in before.keys() | behind.keys() if name.count(" ") == LONGEST_PHRASE - 1}
    begun = {name for name, longer in behind.items() if len(longer) > 1 or several.isdisjoint(longer)}
    return longest | begun | {name for name, longer in before.items() if (longest | several).isdisjoint(longer)}


class _Beside:
    """The words before and behind each phrase of texts."""

    def __init__(self, names: Set[str], nouns: Set[str], texts: Iterable[str]) -> None:
        self._nouns = nouns
        self._total: Counter[str] = Counter()
        self._before: dict[str, Counter[str]] = defaultdict(Counter)
        self._behind: dict[str, Counter[str]] = defaultdict(Counter)
        for text in texts:
            for words in clauses(text):
                for start in range(len(words)):
                    for end in range(start + 1, min(start + LONGEST_PHRASE, len(words)) + 1):
                        name = " ".join(words[start:end])
                        if name in names:
                            self._count(name, words, start, end)

    def _count(self, name: str, words: Sequence[str], start: int, end: int) -> None:
        self._total[name] += 1
        if start and words[start - 1] in self._nouns and words[start - 1] not in EMPTY_BEFORE:
            self._before[name][words[start - 1]] += 1
        if end < len(words) and (words[end] in LINKS or f"{words[end - 1]} {words[end]}" in self._nouns):
            self._behind[name][words[end]] += 1

    def before(self) -> dict[str, list[str]]:
        """Phrase of several words → it with the word, or two words, that nearly always stand before it."""
        found = {n: _nearly_always(self._before[n], count) for n, count in self._total.items() if " " in n}
        return {name: [f"{word} {name}" for word in words] for name, words in found.items() if words}

    def behind(self) -> dict[str, list[str]]:
        """The same of those behind it.

        A single word is more than a part of its compounds ("cake" of "cake tin"), but not of what a link joins.
        """
        found = {name: _nearly_always(self._behind[name], count) for name, count in self._total.items()}
        found = {name: [w for w in words if " " in name or w in LINKS] for name, words in found.items()}
        return {name: [f"{name} {word}" for word in words] for name, words in found.items() if words}


def _nearly_always(beside: Counter[str], count: int) -> list[str]:
    """The word that BESIDE of `count` occurrences are beside, or the two that BESIDE_TWO are."""
    words = beside.most_common(2)
    if words and words[0][1] >= BESIDE * count:
        return [words[0][0]]
    if count >= OFTEN and sum(times for _, times in words) >= BESIDE_TWO * count:
        return [word for word, _ in words]
    return []
