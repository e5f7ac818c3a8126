"""What an item is about: attributes it has, phrases that occur in its text, and interests its embedding lies near."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from gnn.encoders import Vectors
from gnn.vocabulary import Term, attribute_term, phrases
from graphstore.extract import ItemText

MOST_ABOUT = 12
MOST_ZERO_SHOT = 3
LEAST_COSINE = 0.45
BLOCK = 1024

About = dict[str, Any]


class Matcher:
    """Matches items to the interests of a vocabulary.

    terms: V interests.  vectors: their embeddings, (V, D), rows of length 1.
    frequencies: how many of `items` items contain a phrase; a phrase not listed counts as rare.
    """

    def __init__(self, terms: Sequence[Term], vectors: Vectors, frequencies: Mapping[str, int], items: int) -> None:
        self._terms = list(terms)
        self._vectors = vectors
        self._names = {term.name for term in terms}
        self._phrases = {term.name for term in terms if term.origin == "phrase"}
        self._frequencies = frequencies
        self._items = max(items, 2)
        # A decade is not something a text lies near.
        self._near = np.array([not term.name[0].isdigit() for term in terms], dtype=bool)

    @property
    def width(self) -> int:
        """Numbers of a vector, D."""
        return int(self._vectors.shape[1])

    def match(self, items: Sequence[ItemText], vectors: Vectors, has_text: Sequence[bool]) -> list[list[About]]:
        """For each of N items, at most MOST_ABOUT of {name, weight, extracted_by}, strongest first.

        vectors: the items' content embeddings, (N, D); rows of items without text are not looked at.
        """
        found: list[list[About]] = []
        for start in range(0, len(items), BLOCK):
            block = slice(start, start + BLOCK)
            near = self._near_terms(vectors[block]) if len(self._terms) else [[]] * len(items[block])
            for item, candidates, readable in zip(items[block], near, has_text[block], strict=True):
                found.append(self._one(item, candidates if readable else []))
        return found

    def _near_terms(self, vectors: Vectors) -> list[list[tuple[int, float]]]:
        """For each of N vectors (N, D) the terms that lie near it and their cosines, nearest first."""
        cosine = vectors @ self._vectors.T
        rows, columns = np.nonzero((cosine >= LEAST_COSINE) & self._near)
        values = cosine[rows, columns]
        order = np.lexsort((columns, -values, rows))
        bounds = np.searchsorted(rows, np.arange(len(vectors) + 1)).tolist()
        pairs = list(zip(columns[order].tolist(), values[order].tolist(), strict=True))
        return [pairs[start:end] for start, end in itertools.pairwise(bounds)]

    def _one(self, item: ItemText, near: Sequence[tuple[int, float]]) -> list[About]:
        about: dict[str, About] = {}
        for pair in item.attributes:
            term = attribute_term(*pair)
            if term and term.name in self._names:
                about[term.name] = {"name": term.name, "weight": 1.0, "extracted_by": "attribute"}
        for name, weight in self._occurring(item):
            about.setdefault(name, {"name": name, "weight": round(weight, 4), "extracted_by": "phrase"})
        # An item whose attributes are given does not have the others: nearness adds only phrases to it.
        described = any(not name[0].isdigit() for name in about)
        allowed = (pair for pair in near if not described or self._terms[pair[0]].origin == "phrase")
        candidates = ((self._terms[i].name, cosine) for i, cosine in islice(allowed, 4 * MOST_ZERO_SHOT))
        for name, cosine in list(islice((c for c in candidates if c[0] not in about), MOST_ZERO_SHOT)):
            about[name] = {"name": name, "weight": round(min(cosine, 1), 4), "extracted_by": "zero-shot"}
        return sorted(about.values(), key=lambda a: (-a["weight"], a["name"]))[:MOST_ABOUT]

    def _occurring(self, item: ItemText) -> list[tuple[str, float]]:
        """Phrases of the vocabulary in the text with weight (1 - 1/(1 + tf)) * 2 * idf / largest idf, at most 1."""
        counts = Counter(p for p in phrases(f"{item.title}. {item.description}") if p in self._phrases)
        largest = math.log(self._items)
        weights = []
        for name, count in counts.items():
            idf = math.log(self._items / min(self._frequencies.get(name, 1) or 1, self._items))
            weights.append((name, min(1.0, 2 * (1 - 1 / (1 + count)) * max(idf, 0.1) / largest)))
        return weights
