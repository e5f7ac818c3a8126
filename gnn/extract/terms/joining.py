"""Forms of one meaning: singular and plural, parts of a longer name, and names that the encoder takes for equal."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gnn.encoders.encoder import Encoder
from gnn.extract.cosine_scale import scale_of
from gnn.extract.terms.noun_phrases import base_form, is_known
from graphstore.extract.canonical import HAN

SAME_MEANING = 0.9  # cosine of two names, by the default encoder
RARER = 0.1  # what a possessive or an unknown word counts beside another spelling
APART = re.compile(r"[\s'’-]+")
INSIDE = 0.75  # share of the texts with a phrase, in which it is a part of one longer phrase


def join_forms(counts: Mapping[str, int]) -> dict[str, list[str]]:
    """Phrase → its other forms.  counts: the number of texts with each phrase.

    The most common of several that are spelled alike stands for all; a possessive, or an unknown word in which a space
    was lost, only if it is much more common.
    """
    by_form: dict[str, list[str]] = defaultdict(list)
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        by_form[spelling(name)].append(name)
    groups = (names if len(names) == 1 else _readable_first(names, counts) for names in by_form.values())
    return {names[0]: names[1:] for names in groups}


def _readable_first(names: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    most = max(name.count(" ") for name in names)

    def counted(name: str) -> float:
        glued = name.count(" ") < most and not all(map(is_known, name.split(" ")))
        return counts[name] * (RARER if glued or _possessed(name) else 1)

    return sorted(names, key=lambda name: (-counted(name), name))


def spelling(name: str) -> str:
    """What forms of one phrase have in common: its letters in the singular, without spaces, apostrophes and "the".

    >>> spelling("Eye shadows".casefold()), spelling("eyeshadow"), spelling("microsoft's"), spelling("the hobbit")
    ('eyeshadow', 'eyeshadow', 'microsoft', 'hobbit')
    """
    bare = name.removeprefix("the ")
    bare = bare[:-2] if _possessed(bare) else bare
    return APART.sub("", base_form(bare))


def _possessed(name: str) -> bool:
    return name.endswith(("'s", "’s"))


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
