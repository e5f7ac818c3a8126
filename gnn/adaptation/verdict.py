"""Acceptance test of an adapted encoder, by Recall@20 of held-out items.

Several states of the adapters are scored on both halves of the held-out items (`gnn.adaptation.cold_items`). The best
state on one half is compared with the present encoder on the other half, and the other way round. If these differences
together are above 0 by more than chance, the best state on both halves is saved; else the encoder is rejected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from gnn.adaptation.cold_items import HALVES, ColdCheck
from gnn.encoders.adapters import Adapters
from gnn.encoders.encoder import Vectors
from gnn.evaluation.confidence import half_widths
from graphstore.arrays import Floats
from graphstore.database.client import Client
from graphstore.extract import items as graph
from graphstore.interactions import Interactions
from graphstore.settings import Settings


@dataclass(frozen=True)
class Adapted:
    """Result of the test. name: of the encoder if it was saved, None if it was rejected.  report: for the counts."""

    name: str | None
    report: dict[str, Any]


@dataclass(frozen=True)
class _ScoredState:
    """A scored state of adapters, at a share of the way to it. scores: on each half.  when: of training, to report."""

    state: Sequence[Tensor]
    share: float
    scores: list[Floats]
    when: dict[str, Any]


class AcceptanceTest:
    """An acceptance test on the graph's items.

    items: the texts of the items of `events`.  check: on these items.  texts: of the M `rows` of the check.
    """

    def __init__(self, client: Client, events: Interactions, seed: int) -> None:
        by_id = {item.item_id: item for item in graph.read_items(client)}
        nothing = graph.ItemText("", "", "", (), None)
        self.items = [by_id.get(item_id, nothing) for item_id in events.item_ids]
        self.check = ColdCheck(events, self.items, seed)
        self.texts = [self.items[row].text for row in self.check.rows]
        self._states: list[_ScoredState] = []

    def refused(self) -> Adapted:
        """The result where there is too little for a test."""
        return Adapted(None, {"refused": f"too little to learn from: {self.check.lacks}"})

    def score(self, adapters: Adapters, state: Sequence[Tensor], shares: Sequence[float], **when: Any) -> None:
        """Score several shares of the way to a state, and leave the adapters at it. when: for the report."""
        for share in shares:
            adapters.interpolate(state, share)
            self._states.append(_ScoredState(state, share, self.check.scores(adapters.encode(self.texts)), when))
        adapters.interpolate(state, 1.0)

    def decide(self, adapters: Adapters, before: Vectors, settings: Settings) -> Adapted:
        """The result for the best scored state, which is saved if it is better.

        before: (M, D), contents by the present encoder.
        """
        tried = [state.scores for state in self._states]
        best = self._states[best_of(self.check, tried, HALVES)]
        report = {**compared(self.check, self.check.scores(before), tried), **best.when, "share": best.share}
        adapters.interpolate(best.state, best.share)
        return Adapted(None if "refused" in report else adapters.save(settings.models), report)


def best_of(check: ColdCheck, tried: Sequence[list[Floats]], halves: Sequence[int]) -> int:
    """The index of the best of several scores of a check, on some halves; the first of equals."""
    means = [by_user(check, {half: scores[half] for half in halves}).mean() for scores in tried]
    return int(np.argmax(means))


def by_user(check: ColdCheck, scores: dict[int, Floats]) -> Floats:
    """The mean of each user over the halves in which they have a score."""
    users = np.concatenate([check.users(half) for half in scores])
    _, row = np.unique(users, return_inverse=True)
    return np.bincount(row, np.concatenate(list(scores.values()))) / np.bincount(row)


def compared(check: ColdCheck, before: list[Floats], tried: Sequence[list[Floats]]) -> dict[str, Any]:
    """The best state against the present encoder, chosen on each half and compared on the other.

    before, tried: scores of `check`, of the present encoder and of the states.

    Returns recall_at_20_before, recall_at_20, difference, half_width (95 %, paired over users), users, items (held out)
    and, if it is not better by more than chance, `refused` with that reason.
    """
    after = {half: tried[best_of(check, tried, [1 - half])][half] for half in HALVES}
    scores = [by_user(check, dict(enumerate(before))), by_user(check, after)]
    difference = scores[1] - scores[0]
    half_width = float(half_widths(difference[:, None])[0])
    report: dict[str, Any] = {
        "recall_at_20_before": round(float(scores[0].mean()), 4),
        "recall_at_20": round(float(scores[1].mean()), 4),
        "difference": round(float(difference.mean()), 4),
        "half_width": round(half_width, 4),
        "users": len(difference),
        "items": check.items,
    }
    if difference.mean() <= half_width:
        report["refused"] = "not better on held-out items by more than chance"
    return report
