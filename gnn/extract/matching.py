"""Matching of items to interests: by attributes, phrases in the text, and nearness of the text or image."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnn.encoders.encoder import Vectors
from gnn.extract.cosine_scale import DEFAULT_SCALE, Scale
from gnn.extract.terms.noun_phrases import base_form
from gnn.extract.vocabulary import Term, attribute_parts, forms_of, phrases
from gnn.extract.words import clauses
from graphstore.extract.canonical import HAN
from graphstore.extract.items import ItemText

MOST_ABOUT = 12
MOST_ZERO_SHOT = 3
# By the default encoder: of an item with interests by attributes or phrases, and of one without any.
LEAST_COSINE, LEAST_COSINE_ALONE = 0.45, 0.25
NEAREST_SHARE = 0.95  # of the margin of the nearest interest
LEAST_SPREAD = 0.02
BLOCK = 1024

About = dict[str, Any]
Near = tuple[int, float, float]  # number of a term, cosine, margin


class Matcher:
    """Matches items to the interests of a vocabulary.

    terms: V interests.  vectors: their embeddings, (V, D), rows of length 1.
    frequencies: how many of `items` items contain a phrase; 1 for a phrase that is not listed.
    scale: of the encoder; weights by nearness are converted to those of the default encoder.
    background: vectors of texts about many things, (B, D), `gnn.extract.cosine_scale.background`. An interest is near
    an item if their cosine is above its mean with these texts by sqrt(2 ln V) of its standard deviations or more: more
    than the largest of V by chance. Of several, those with nearly the largest margin are. Without them, cosines count.
    """

    def __init__(
        self,
        terms: Sequence[Term],
        vectors: Vectors,
        frequencies: Mapping[str, int],
        items: int,
        scale: Scale = DEFAULT_SCALE,
        background: Vectors | None = None,
    ) -> None:
        self._terms = list(terms)
        self._vectors = vectors
        self._names = {term.name for term in terms}
        self._forms = forms_of(terms)
        self._phrases = set(self._forms.values())
        self._frequencies = frequencies
        self._items = max(items, 2)
        self._line = scale.texts
        self._least, self._least_alone = scale.texts.of(LEAST_COSINE), scale.texts.of(LEAST_COSINE_ALONE)
        self._mean, self._spread, self._least_margin = _margins(vectors, background)
        # Not matched by nearness: decades, and names that the encoder can't read.
        self._near = np.array([not term.name[0].isdigit() for term in terms], dtype=bool)
        self._near &= scale.legible([term.name for term in terms])
        self._legible = scale.legible
        phrase = np.array([term.origin == "phrase" for term in terms], dtype=bool)
        self._near_phrases = self._near & phrase
        # Items with Chinese attributes may be matched to others by nearness, and the other way round.
        han = np.array([bool(HAN.search(term.name)) for term in terms], dtype=bool)
        crosses = np.full(len(terms), scale.reads_han)
        self._near_han = self._near & (phrase | (crosses & han))
        self._near_other = self._near & (phrase | (crosses & ~han))

    @property
    def width(self) -> int:
        """Width D of the vectors."""
        return int(self._vectors.shape[1])

    def match(
        self,
        items: Sequence[ItemText],
        vectors: Vectors,
        has_text: Sequence[bool],
        seen: Mapping[str, Sequence[About]] | None = None,
    ) -> list[list[About]]:
        """For each of N items, at most MOST_ABOUT of {name, weight, extracted_by}, strongest first.

        vectors: the items' content embeddings, (N, D); rows of items without text, or with one that the encoder
            can't read, are ignored.
        seen: interests of their images, by id (`gnn.extract.image_interests`).
        """
        found: list[list[About]] = []
        for start in range(0, len(items), BLOCK):
            block = slice(start, start + BLOCK)
            near = self._near_terms(vectors[block]) if len(self._terms) else [[]] * len(items[block])
            readable = self._legible([item.text for item in items[block]]) & np.array(has_text[block], dtype=bool)
            for item, candidates, can in zip(items[block], near, readable.tolist(), strict=True):
                found.append(self._one(item, candidates if can else [], (seen or {}).get(item.item_id, ())))
        return found

    def _near_terms(self, vectors: Vectors) -> list[list[Near]]:
        """For each of N vectors (N, D) the terms near it, with the largest margin first."""
        cosine = vectors @ self._vectors.T
        margin = (cosine - self._mean) / self._spread
        rows, columns = np.nonzero((cosine >= self._least_alone) & (margin >= self._least_margin) & self._near)
        values, margins = cosine[rows, columns], margin[rows, columns]
        order = np.lexsort((columns, -margins, rows))
        bounds = np.searchsorted(rows, np.arange(len(vectors) + 1)).tolist()
        columns_of = (column[order].tolist() for column in (columns, values, margins))
        found = list(zip(*columns_of, strict=True))
        return [found[start:end] for start, end in itertools.pairwise(bounds)]

    def _one(self, item: ItemText, near: Sequence[Near], seen: Sequence[About]) -> list[About]:
        about: dict[str, About] = {}
        for pair in item.attributes:
            for term in attribute_parts(*pair):
                if term.name in self._names:
                    about[term.name] = {"name": term.name, "weight": 1.0, "extracted_by": "attribute"}
        for name, weight in self._occurring(item):
            about.setdefault(name, {"name": name, "weight": round(weight, 4), "extracted_by": "phrase"})
        for name, cosine in self._nearest(near, about, item):
            weight = round(min(self._line.back(cosine), 1.0), 4)
            about[name] = {"name": name, "weight": weight, "extracted_by": "zero-shot"}
        described = any(not name[0].isdigit() for name in about)
        for one in seen:
            if one["name"] in self._phrases or (not described and one["name"] in self._names):
                about.setdefault(one["name"], dict(one))
        return sorted(about.values(), key=lambda a: (-a["weight"], a["name"]))[:MOST_ABOUT]

    def _nearest(self, near: Sequence[Near], about: Mapping[str, About], item: ItemText) -> list[tuple[str, float]]:
        """At most MOST_ZERO_SHOT terms that the item is not about yet, and their cosines.

        A name of several words, some of which the item has, is near by these words alone ("Final Fantasy" to fantasy).
        """
        has = [name for name in about if not name[0].isdigit()]
        allowed, least = self._allowed(has), self._least if has else self._least_alone
        candidates = [(self._terms[i].name, cosine, margin) for i, cosine, margin in near if allowed[i]]
        largest = max((margin for _, _, margin in candidates), default=0.0)
        nearest = [(n, c) for n, c, margin in candidates if c >= least and margin >= NEAREST_SHARE * largest]
        fresh = [(name, cosine) for name, cosine in nearest if name not in about]
        if not any(" " in name for name, _ in fresh):
            return fresh[:MOST_ZERO_SHOT]
        own = {base_form(word) for words in clauses(item.text) for word in words}
        return [(n, c) for n, c in fresh if " " not in n or own.isdisjoint(map(base_form, n.split(" ")))][
            :MOST_ZERO_SHOT
        ]

    def _allowed(self, has: Sequence[str]) -> NDArray[np.bool_]:
        """(V,) bool: terms that may be matched by nearness. has: interests matched by attributes or phrases.

        Attributes in a script, Chinese or other, that the item has names in are left out: they would have been given.
        """
        if not has:
            return self._near
        written = {bool(HAN.search(name)) for name in has}
        if len(written) == 2:
            return self._near_phrases
        return self._near_other if True in written else self._near_han

    def _occurring(self, item: ItemText) -> list[tuple[str, float]]:
        """Phrases of the vocabulary in the text, with weights (1 - 1/(1 + tf)) * 2 * idf / largest idf, at most 1."""
        found = phrases(f"{item.title}. {item.description}")
        counts = Counter(self._forms[phrase] for phrase in found if phrase in self._forms)
        largest = math.log(self._items)
        weights = []
        for name, count in counts.items():
            idf = math.log(self._items / min(self._frequencies.get(name, 1) or 1, self._items))
            weights.append((name, min(1.0, 2 * (1 - 1 / (1 + count)) * max(idf, 0.1) / largest)))
        return weights


def _margins(vectors: Vectors, background: Vectors | None) -> tuple[Any, Any, float]:
    """(V,) means and standard deviations of the terms' cosines with the background, and the least margin."""
    if background is None or not len(vectors):
        return 0.0, 1.0, -np.inf
    cosine = background @ vectors.T
    return cosine.mean(axis=0), np.maximum(cosine.std(axis=0), LEAST_SPREAD), math.sqrt(2 * math.log(len(vectors) + 1))
