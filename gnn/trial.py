"""An encoder that learned, on trial: kept only if it is better on held-out items than the one that is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from gnn.adapters import Adapters
from gnn.bootstrap import half_widths
from gnn.cold_check import CHOOSE, JUDGE, ColdCheck
from gnn.encoders import Vectors
from graphstore import extract as graph
from graphstore.client import Client
from graphstore.interactions import Interactions
from graphstore.settings import Settings


@dataclass(frozen=True)
class Adapted:
    """What came of it. name: of the encoder that was kept, None if it was refused.  report: for the counts."""

    name: str | None
    report: dict[str, Any]


class Trial:
    """items: what can be read of the items of the events.  check: on them.  texts: of its M `rows`."""

    def __init__(self, client: Client, events: Interactions, seed: int) -> None:
        by_id = {item.item_id: item for item in graph.read_items(client)}
        nothing = graph.ItemText("", "", "", (), None)
        self.items = [by_id.get(item_id, nothing) for item_id in events.item_ids]
        self.check = ColdCheck(events, self.items, seed)
        self.texts = [self.items[row].text for row in self.check.rows]

    def refused(self) -> Adapted:
        """Where there is too little for a trial."""
        return Adapted(None, {"refused": f"too little to learn from: {self.check.lacks}"})

    def best_share(self, adapters: Adapters, state: Sequence[Tensor], shares: Sequence[float]) -> tuple[float, float]:
        """What the best share of the way to a state reaches on the items to choose by, and the share; the first of
        equals. The adapters are left at the last."""
        tried = []
        for share in shares:
            adapters.go(state, share)
            tried.append((float(self.check.score(adapters.encode(self.texts), CHOOSE).mean()), share))
        return max(tried, key=lambda pair: pair[0])

    def judged(self, adapters: Adapters, before: Vectors, settings: Settings, more: Mapping[str, Any]) -> Adapted:
        """The verdict on adapters as they are, which are kept on disk if they are better.

        before: (M, D) by the encoder that is there.  more: for the report.
        """
        report = {**compared(self.check, before, adapters.encode(self.texts)), **more}
        return Adapted(None if "refused" in report else adapters.save(settings.models), report)


def compared(check: ColdCheck, before: Vectors, after: Vectors) -> dict[str, Any]:
    """How the vectors of an encoder compare with those of the present one on items that neither was chosen by.

    before, after: (M, D), of `check.rows`.
    Returns recall_at_20_before, recall_at_20, difference, half_width (95 %, paired over users), users, items (held out)
    and, where it is not better by more than chance, `refused`, which says so.
    """
    scores = [check.score(vectors, JUDGE) for vectors in (before, after)]
    difference = scores[1] - scores[0]
    half_width = float(half_widths(difference[:, None])[0])
    report: dict[str, Any] = {
        "recall_at_20_before": round(float(scores[0].mean()), 4),
        "recall_at_20": round(float(scores[1].mean()), 4),
        "difference": round(float(difference.mean()), 4),
        "half_width": round(half_width, 4),
        "users": len(difference),
        "items": check.size(JUDGE),
    }
    if difference.mean() <= half_width:
        report["refused"] = "not better on held-out items by more than chance"
    return report
