"""Forms of one meaning: singular and plural, parts of a longer name, and names that the encoder takes for equal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gnn.encoders.encoder import Encoder
from gnn.extract.cosine_scale import scale_of
from gnn.extract.terms.noun_phrases import base_form
from graphstore.extract.canonical import HAN

SAME_MEANING = 0.9  # cosine of two names, by the default encoder
INSIDE = 0.75  # share of the texts with a phrase, in which it is a part of one longer phrase


def join_forms(counts: Mapping[str, int]) -> dict[str, list[str]]:
    """Phrase → its other forms.  counts: the number of texts with each phrase.

    The most common of several forms that differ in the number of the last word stands for all.
    """
    by_form: dict[str, list[str]] = defaultdict(list)
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        by_form[base_form(name)].append(name)
    return {names[0]: names[1:] for names in by_form.values()}


def join_parts(counts: Mapping[str, int]) -> dict[str, list[str]]:
    """Phrase → the parts of it that mean the same: they occur in it alone, nearly, and have two words or more.

    A single word that does is no phrase of its own, and no form of the longer one. counts: texts with each phrase.
    """
    kept: dict[str, list[str]] = {}
    whole: dict[str, str] = {}
    inside = _Inside(counts)
    for name in sorted(counts, key=lambda name: (-_length(name), -counts[name], name)):
        longer = inside.longer_of(name)
        if longer is None:
            kept[name] = []
            continue
        whole[name] = whole.get(longer, longer)
        if " " in name:
            kept[whole[name]].append(name)
    return kept


def _length(name: str) -> int:
    return len(name) if HAN.search(name) else name.count(" ") + 1


class _Inside:
    """Finds for a phrase the longer one that it nearly always stands in."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        self._with: dict[str, list[str]] = defaultdict(list)
        for name in counts:
            for piece in set(name if HAN.search(name) else name.split(" ")):
                self._with[piece].append(name)

    def longer_of(self, name: str) -> str | None:
        least = INSIDE * self._counts[name]
        piece = name[0] if HAN.search(name) else name.split(" ")[0]
        longer = [
            other
            for other in self._with[piece]
            if len(other) > len(name) and self._counts[other] >= least and _part_of(name, other)
        ]
        return max(longer, key=lambda other: (self._counts[other], other), default=None)


def _part_of(name: str, other: str) -> bool:
    return name in other if HAN.search(name) else f" {name} " in f" {other} "


def join_equal(names: Sequence[str], counts: Mapping[str, int], encoder: Encoder) -> dict[str, list[str]]:
    """Phrase → others that mean the same: their cosine is SAME_MEANING or more, and each is the nearest of the other.

    names: the best first.  counts: the number of texts with each; the more common one of two stands for both.
    """
    kept: dict[str, list[str]] = {name: [] for name in names}
    if len(names) < 2:
        return kept
    scale = scale_of(encoder)
    vectors = encoder.encode(list(names))
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -1)
    cosine[~scale.legible(names)] = -1
    nearest = cosine.argmax(axis=1)
    least = scale.names.of(SAME_MEANING)
    for one, other in enumerate(nearest.tolist()):
        if one < other and nearest[other] == one and cosine[one, other] >= least:
            first, second = sorted((names[one], names[other]), key=lambda name: (-counts[name], name))
            kept[first] += [second, *kept.pop(second)]
    return kept


def mean_any_of(names: Sequence[str], others: Sequence[str], encoder: Encoder) -> NDArray[np.bool_]:
    """(N,) bool: which of N names mean the same as any of `others`."""
    if not (len(names) and len(others)):
        return np.zeros(len(names), dtype=bool)
    scale = scale_of(encoder)
    cosine = encoder.encode(list(names)) @ encoder.encode(list(others)).T
    nearest: NDArray[np.float32] = cosine.max(axis=1)
    return (nearest >= scale.names.of(SAME_MEANING)) & scale.legible(names)
