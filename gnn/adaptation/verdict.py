"""An encoder that learned, on trial: kept only if it is better on held-out items than the one that is there.

States that it was in are looked at on both halves of the held-out items (`gnn.adaptation.cold_items`). The best on
one half is
judged by the other, and the other way round; the best on both is kept, if these verdicts together speak for it by more
than chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from gnn.adaptation.cold_items import HALVES, ColdCheck, Floats
from gnn.encoders.adapters import Adapters
from gnn.encoders.encoder import Vectors
from gnn.evaluation.confidence import half_widths
from graphstore.database.client import Client
from graphstore.extract import items as graph
from graphstore.interactions import Interactions
from graphstore.settings import Settings


@dataclass(frozen=True)
class Adapted:
    """What came of it. name: of the encoder that was kept, None if it was refused.  report: for the counts."""

    name: str | None
    report: dict[str, Any]


@dataclass(frozen=True)
class _Look:
    """A state of adapters, a share of the way to it, what it reached on each half, and when it was, for the report."""

    state: Sequence[Tensor]
    share: float
    scores: list[Floats]
    when: dict[str, Any]


class AcceptanceTest:
    """items: what can be read of the items of the events.  check: on them.  texts: of its M `rows`."""

    def __init__(self, client: Client, events: Interactions, seed: int) -> None:
        by_id = {item.item_id: item for item in graph.read_items(client)}
        nothing = graph.ItemText("", "", "", (), None)
        self.items = [by_id.get(item_id, nothing) for item_id in events.item_ids]
        self.check = ColdCheck(events, self.items, seed)
        self.texts = [self.items[row].text for row in self.check.rows]
        self._looks: list[_Look] = []

    def refused(self) -> Adapted:
        """Where there is too little for a trial."""
        return Adapted(None, {"refused": f"too little to learn from: {self.check.lacks}"})

    def look(self, adapters: Adapters, state: Sequence[Tensor], shares: Sequence[float], **when: Any) -> None:
        """Look at shares of the way to a state, at which the adapters are left. when: for the report."""
        for share in shares:
            adapters.interpolate(state, share)
            self._looks.append(_Look(state, share, self.check.scores(adapters.encode(self.texts)), when))
        adapters.interpolate(state, 1.0)

    def judged(self, adapters: Adapters, before: Vectors, settings: Settings) -> Adapted:
        """The verdict on the best that was looked at; it is kept on disk if it is better.

        before: (M, D) by the encoder that is there.
        """
        tried = [look.scores for look in self._looks]
        best = self._looks[best_of(self.check, tried, HALVES)]
        report = {**compared(self.check, self.check.scores(before), tried), **best.when, "share": best.share}
        adapters.interpolate(best.state, best.share)
        return Adapted(None if "refused" in report else adapters.save(settings.models), report)


def best_of(check: ColdCheck, tried: Sequence[list[Floats]], halves: Sequence[int]) -> int:
    """Which of several scores of a check is best by some halves; the first of equals."""
    means = [by_user(check, {half: scores[half] for half in halves}).mean() for scores in tried]
    return int(np.argmax(means))


def by_user(check: ColdCheck, scores: dict[int, Floats]) -> Floats:
    """The mean of each user over the halves in which they have a score."""
    users = np.concatenate([check.users(half) for half in scores])
    _, row = np.unique(users, return_inverse=True)
    return np.bincount(row, np.concatenate(list(scores.values()))) / np.bincount(row)


def compared(check: ColdCheck, before: list[Floats], tried: Sequence[list[Floats]]) -> dict[str, Any]:
    """How what was tried compares with the present encoder, each half judging what is best by the other.

    before, tried: scores of `check`.
    Returns recall_at_20_before, recall_at_20, difference, half_width (95 %, paired over users), users, items (held out)
    and, where it is not better by more than chance, `refused`, which says so.
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
