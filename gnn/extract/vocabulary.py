"""The vocabulary of interests: attributes of items, and key phrases of their text."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from gnn.extract.words import HAN, clauses, joined, letters, says_nothing
from graphstore.extract.canonical import canonical
from graphstore.extract.items import ItemText

YEAR = re.compile(r"(?:^|\D)(1[89]\d\d|20\d\d)(?:\D|$)")
DATED = ("date", "year", "年", "日期")
PLACEHOLDERS = frozenset(
    {"unknown", "none", "other", "others", "n/a", "na", "misc", "various", "null", "undefined"}
    | {"未知", "未分类", "其他", "其它", "其他类型", "暂无", "不详", "无", "没有", "默认"}
)
LONGEST_NAME, LEAST_LETTERS = 60, 2
MOST_ATTRIBUTES, MOST_PHRASES = 5_000, 2_000
LEAST_DOCUMENTS, LEAST_DOCUMENTS_ONE_WORD, LARGEST_SHARE = 3, 5, 0.1
LONGEST_PHRASE = 3
LEAST_ASSOCIATION = 0.3  # of the outer words of a phrase: -1 never together, 0 by chance, 1 always


@dataclass(frozen=True)
class Term:
    """One interest of the vocabulary. name: canonical, lower case.  origin: "attribute" or "phrase"."""

    name: str
    label: str
    origin: str


def attribute_term(kind: str, value: str) -> Term | None:
    """The interest of an attribute: its value; the decade of a year or date; None for bare numbers.

    >>> attribute_term("genre", "Film-Noir").name, attribute_term("year", "1994").name, attribute_term("pages", "320")
    ('film-noir', '1990s', None)
    """
    label = " ".join(value.split())
    name = canonical(value)
    year = YEAR.search(name)
    if year and (not any(map(str.isalpha, name)) or any(word in kind.casefold() for word in DATED)):
        decade = f"{year.group(1)[:3]}0s"
        return Term(decade, decade, "attribute")
    if not is_name(name) or name.startswith("(no "):
        return None
    return Term(name, label, "attribute")


def is_name(name: str) -> bool:
    """Whether a lower-case text can name an interest: LEAST_LETTERS, at most LONGEST_NAME, and no placeholder."""
    return letters(name) >= LEAST_LETTERS and len(name) <= LONGEST_NAME and name not in PLACEHOLDERS


def attribute_terms(items: Iterable[ItemText]) -> list[Term]:
    """Interests from the items' attributes, the MOST_ATTRIBUTES most common, sorted by name."""
    counts: Counter[str] = Counter()
    terms: dict[str, Term] = {}
    for item in items:
        found = {term.name: term for pair in item.attributes if (term := attribute_term(*pair))}
        counts.update(found.keys())
        for name, term in found.items():
            terms.setdefault(name, term)
    chosen = sorted(counts, key=lambda name: (-counts[name], name))[:MOST_ATTRIBUTES]
    return sorted((terms[name] for name in chosen), key=lambda term: term.name)


def phrases(text: str) -> list[str]:
    """N-grams of one to three neighbouring words that neither start nor end with a stop word, lower case."""
    found = []
    for words in clauses(text):
        bare = [says_nothing(word) for word in words]
        for start in range(len(words)):
            for end in range(start, min(start + LONGEST_PHRASE, len(words))):
                if not (bare[start] or bare[end]):
                    found.append(joined(words[start : end + 1]))
    return found


def phrase_terms(items: Sequence[ItemText], taken: Iterable[str] = ()) -> list[Term]:
    """Key phrases of the items' titles and descriptions, at most MOST_PHRASES, sorted by name.

    A phrase has to occur in at least LEAST_DOCUMENTS items (a single word, in a catalogue of 500 items, in
    LEAST_DOCUMENTS_ONE_WORD) and in at most LARGEST_SHARE of them, and its score df * ln(N / df) * words has to be
    among the best. The outer words of a phrase have to occur together more often than by chance, by LEAST_ASSOCIATION
    (not "quiet telescope"). A phrase that nearly always occurs inside a longer one that was chosen ("trek" in "star
    trek") is left out, as are those `taken`.

    References: Grootendorst, BERTopic, 2022 (c-TF-IDF), with the catalogue as the only class; Bouma, "Normalized
    (Pointwise) Mutual Information in Collocation Extraction", GSCL 2009.
    """
    texts = [f"{item.title}. {item.description}" for item in items]
    if len(texts) < LEAST_DOCUMENTS:
        return []
    vectorizer = CountVectorizer(analyzer=phrases, min_df=LEAST_DOCUMENTS, binary=True)
    try:
        matrix = vectorizer.fit_transform(texts)
    except ValueError:  # nothing occurs often enough
        return []
    names = vectorizer.get_feature_names_out()
    frequency = np.asarray(matrix.sum(axis=0)).ravel()
    ceiling = max(LEAST_DOCUMENTS, int(LARGEST_SHARE * len(texts)))
    words = np.array([_length(name) for name in names])
    score = frequency * np.log(len(texts) / frequency + 1e-9) * words
    together = _associated(names, frequency, len(texts))
    taken = set(taken)
    chosen: dict[str, int] = {}
    for index in np.lexsort((names, -score)):
        if len(chosen) >= MOST_PHRASES:
            break
        least = LEAST_DOCUMENTS_ONE_WORD if words[index] == 1 and len(texts) >= 500 else LEAST_DOCUMENTS
        if together[index] and least <= frequency[index] <= ceiling and names[index] not in taken:
            chosen[str(names[index])] = int(frequency[index])
    longer = {name: count for name, count in chosen.items() if " " in name or HAN.search(name)}
    kept = [name for name, count in chosen.items() if not _inside_longer(name, count, longer)]
    return [Term(name, name, "phrase") for name in sorted(kept)]


def _length(name: str) -> int:
    """The number of words of a phrase."""
    return sum(map(len, clauses(name))) if HAN.search(name) else name.count(" ") + 1


def _associated(names: Sequence[str], frequency: NDArray[np.int64], documents: int) -> NDArray[np.bool_]:
    """(V,) bool: phrases whose outer words a, b have ln(p(ab) / p(a) p(b)) / -ln p(ab) of LEAST_ASSOCIATION or more.

    frequency: (V,) of the `documents` texts that contain each. True for single words, and where a word is not listed.
    """
    counts = dict(zip(names, frequency.tolist(), strict=True))
    found = np.ones(len(names), dtype=bool)
    for index, name in enumerate(names):
        words = name.split(" ")
        first, last, both = counts.get(words[0]), counts.get(words[-1]), counts[name]
        if len(words) > 1 and first and last and both < documents:
            association = math.log(both * documents / (first * last)) / math.log(documents / both)
            found[index] = association >= LEAST_ASSOCIATION
    return found


def _inside_longer(name: str, count: int, longer: Mapping[str, int]) -> bool:
    if HAN.search(name):
        return any(
            name != other and other_count >= 0.8 * count and name in other for other, other_count in longer.items()
        )
    padded = f" {name} "
    return any(
        len(other) > len(name) and other_count >= 0.8 * count and padded in f" {other} "
        for other, other_count in longer.items()
    )
