"""Whether a phrase names something that one can care about: asked of the encoder, by examples.

`worth.json` holds general English examples: hobbies, genres, subjects, places, foods, products and brands; and
measures, packaging, trade, colours, given names, roles of a story and words for anything at all; and levels and acts
that items have as attributes. A logistic regression
on their vectors tells the two apart: 91 % of 1,546 by the default encoder, in 10-fold cross-validation. An encoder by
which it is right for LEAST_RIGHT or less is not asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from gnn.encoders.encoder import Encoder
from gnn.extract.cosine_scale import scale_of
from gnn.extract.terms.noun_phrases import base_form
from graphstore.extract.canonical import canonical

EXAMPLES = Path(__file__).with_name("worth.json")
LEAST_RIGHT = 0.8
LEAST_WORTH, DOUBTFUL = 0.6, 0.2  # probabilities; between them behaviour decides
STRENGTH = 10.0  # of the regression: the inverse of its L2 penalty
_judges: dict[str, LogisticRegression | None] = {}


def worth(names: Sequence[str], encoder: Encoder) -> NDArray[np.float64]:
    """(N,) probabilities that phrases name something that one can care about; 1 where the encoder can't tell, 0 for the
    examples of what does not."""
    judge = _judge(encoder)
    if judge is None or not len(names):
        return np.ones(len(names))
    found: NDArray[np.float64] = judge.predict_proba(encoder.encode(list(names)))[:, 1]
    found[[n for n, name in enumerate(names) if base_form(name) in refused("others")]] = 0.0
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


def _judge(encoder: Encoder) -> LogisticRegression | None:
    """The regression by an encoder, learned once in a process; None if it can't tell the examples apart."""
    if encoder.name not in _judges:
        examples = _examples()
        vectors = encoder.encode([*examples["interests"], *examples["others"]])
        wanted = np.repeat([1, 0], [len(examples["interests"]), len(examples["others"])])
        judge = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1000)
        right = float(cross_val_score(judge, vectors, wanted, cv=10, scoring="balanced_accuracy").mean())
        _judges[encoder.name] = judge.fit(vectors, wanted) if right > LEAST_RIGHT else None
    return _judges[encoder.name]
