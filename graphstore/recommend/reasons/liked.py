"""Liked items: those of the user's that may be named as a reason."""

from __future__ import annotations

import numpy as np

from graphstore.feedback import ABOVE
from graphstore.ranking.history import History

SCALES = (1.0, 5.0, 10.0, 100.0)  # highest ratings, where the graph does not say which is its own


def liked_items(history: History, highest: float | None) -> frozenset[int]:
    """The items of a history on which no event expresses dislike, and no rating is too low.

    A rating must be above ABOVE of the highest one of the graph and not below the user's own mean.
    highest: of the graph; None where unknown: then the smallest of SCALES that covers the user's ratings,
    from 5 where all of these are whole numbers.
    """
    values = np.where(np.asarray(history.types, dtype=object) == "RATED", history.values, np.nan)
    known = values[~np.isnan(values)]
    bad = history.negative.copy()
    if len(known):
        most = float(known.max())
        whole = bool((known == np.round(known)).all())  # then nobody rates from 0 to 1
        scale = max(highest, most) if highest else next((s for s in SCALES[whole:] if s >= most), most)
        with np.errstate(invalid="ignore"):
            bad |= (values <= ABOVE * scale) | (values < known.mean() - 1e-9)
    items = np.asarray(history.item_ids, dtype=np.int64)
    return frozenset(items.tolist()) - frozenset(items[bad].tolist())
