"""Floor: for histories of each length, the blend beside the best single signal, on the users' held-out choices.

Where one signal alone ranks better beyond chance, the blend of that length is corrected towards it. That a blend loses
to a part of itself happens where few users have such histories: weights are then mostly those of other lengths.

Names: U users, F signals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnn.evaluation.confidence import half_widths
from gnn.training.blend_weights import Example, cross_validated, list_quality
from graphstore.arrays import Floats
from graphstore.ranking.blend import CONTRASTS, LENGTHS, NAMES, PLACE, SEGMENTS, SIGNALS, Blend, segment_of

FEWEST = 20  # users of a length, of whom anything is said
SURE = 3.0 / 1.96  # half-widths: the best of some twenty signals is chosen on the same users
KEPT = 0.1  # of the weights of the other signals, where one signal takes over
Row = dict[str, Any]


def with_floor(
    blend: Blend, found: Sequence[Example], without: Sequence[str] = (), seed: int = 0
) -> tuple[Blend, list[Row]]:
    """The blend, corrected where it has to be, and a row for each length that FEWEST users have, and for all users.

    without: channels that get no weight.

    Rows: events ("all", "1", "2-5", …), users, ndcg_at_10 and recall_at_20 of the blend (each user under weights that
    were learned on the other half of the users), signal (the best single one by NDCG@10), signal_ndcg_at_10,
    signal_recall_at_20, half_width (1.96 standard errors of the difference in NDCG@10), corrected.
    """
    names = [n for channel, own in SIGNALS.items() if channel not in without for n in own if n not in CONTRASTS]
    if not names or len(found) < FEWEST or not blend.by_length:
        return blend, []
    served = cross_validated(found, without, seed)
    alone = np.array([[list_quality(example, example.scores[:, PLACE[name]]) for name in names] for example in found])
    segment = np.array([segment_of(example.events) for example in found])
    rows = [_row("all", names, served, alone)]
    by_length = [dict(weights) for weights in blend.by_length]
    for number in range(SEGMENTS):
        own = segment == number
        if own.sum() < FEWEST:
            continue
        row = _row(length_name(number), names, served[own], alone[own])
        lost = row["signal_ndcg_at_10"] - row["ndcg_at_10"]
        if lost > SURE * row["half_width"] and row["signal_recall_at_20"] >= row["recall_at_20"]:
            row["corrected"] = True
            seen = np.any([e.scores.any(axis=0) for e, at in zip(found, segment, strict=True) if at == number], axis=0)
            by_length[number] = _led_by(by_length[number], row["signal"], seen)
        rows.append(row)
    return replace(blend, weights=by_length[-1], by_length=by_length), rows


def _row(events: str, names: Sequence[str], served: Floats, alone: Floats) -> Row:
    """served: (U, 2) NDCG@10 and Recall@20.  alone: (U, F, 2) the same of each signal."""
    best = int(alone[:, :, 0].mean(axis=0).argmax())
    blend, signal = served.mean(axis=0).tolist(), alone[:, best].mean(axis=0).tolist()
    return {
        "events": events,
        "users": len(served),
        "ndcg_at_10": blend[0],
        "recall_at_20": blend[1],
        "signal": names[best],
        "signal_ndcg_at_10": signal[0],
        "signal_recall_at_20": signal[1],
        "half_width": float(half_widths(alone[:, best, :1] - served[:, :1])[0]),
        "corrected": False,
    }


def _led_by(weights: dict[str, float], signal: str, seen: NDArray[np.bool_]) -> dict[str, float]:
    """These weights with one signal above the others.  seen: (F,) the signals that the examples have: of others, as of
    searches, nothing is known, and they keep their weights."""
    largest = max(weights[name] for name, there in zip(NAMES, seen, strict=True) if there or name == signal)
    led = {name: round(KEPT * weights[name], 6) for name, there in zip(NAMES, seen, strict=True) if there}
    return {**weights, **led, signal: max(largest, 1e-3)}


def length_name(number: int) -> str:
    """The lengths of a segment as text: "0", "1", "2-5", "6-20", "over 20"."""
    if number == len(LENGTHS):
        return f"over {LENGTHS[-1]}"
    low, high = (LENGTHS[number - 1] + 1 if number else 0), LENGTHS[number]
    return f"{low}-{high}" if high > low else str(high)
