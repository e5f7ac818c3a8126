"""Whether a phrase names something that one can care about: asked of the encoder, by examples.

`worth.json` holds general English examples: hobbies, genres, subjects, places, foods, products and brands; and
measures, packaging, trade, colours, given names, acts, claims and words for anything at all; and levels that items
have as attributes. A support vector machine on their vectors tells the two apart: 91 % of 2,563 by the default encoder,
in cross-validation. An encoder by which it is right for LEAST_RIGHT or less is not asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

from gnn.encoders.encoder import Encoder
from gnn.extract.cosine_scale import scale_of
from gnn.extract.terms.noun_phrases import base_form
from graphstore.extract.canonical import canonical

EXAMPLES = Path(__file__).with_name("worth.json")
LEAST_RIGHT = 0.8
LEAST_WORTH, DOUBTFUL = 0.1, -0.2  # margins; between them behaviour decides
STRENGTH, NEARNESS = 3.0, 2.0  # C and gamma of the machine
_judges: dict[str, SVC | None] = {}


def worth(names: Sequence[str], encoder: Encoder) -> NDArray[np.float64]:
    """(N,) how surely phrases name something that one can care about: the margin from the line between the two kinds of
    examples, 1 at most of them; 1 where the encoder can't tell, -1 for the examples of what does not."""
    judge = _judge(encoder)
    if judge is None or not len(names):
        return np.ones(len(names))
    found: NDArray[np.float64] = judge.decision_function(encoder.encode(list(names)))
    found[[n for n, name in enumerate(names) if base_form(name) in refused("others")]] = -1.0
    return np.where(scale_of(encoder).legible(names), found, 1.0)


@cache
def _examples() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return found


@cache
def refused(of: str) -> frozenset[str]:
    """The examples of what nobody cares about, names in lower case, the last word in the singular.  of: "others", as
    phrases, or "values", as attributes."""
    return frozenset(base_form(canonical(name)) for name in _examples()[of])


def _judge(encoder: Encoder) -> SVC | None:
    """The machine by an encoder, learned once in a process; None if it can't tell the examples apart."""
    if encoder.name not in _judges:
        examples = _examples()
        vectors = encoder.encode([*examples["interests"], *examples["others"]])
        wanted = np.repeat([1, 0], [len(examples["interests"]), len(examples["others"])])
        judge = SVC(C=STRENGTH, gamma=NEARNESS, class_weight="balanced")
        learned, others, known, held = train_test_split(vectors, wanted, test_size=0.2, stratify=wanted, random_state=0)
        right = balanced_accuracy_score(held, judge.fit(learned, known).predict(others))
        _judges[encoder.name] = judge.fit(vectors, wanted) if right > LEAST_RIGHT else None
    return _judges[encoder.name]
