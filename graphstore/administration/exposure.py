"""The exposure report: how the lists of all users distribute exposure over items, compared with what users choose.

The exposure of an item in a list is 1 / log2(rank + 1), because the first places are seen most.

Reference: Singh and Joachims, "Fairness of Exposure in Rankings", KDD 2018 (exposure by place, disparate exposure);
Gini coefficient as in Fleder and Hosanagar, "Blockbuster Culture's Next Rise or Fall", Management Science 2009;
novelty as self-information, Vargas and Castells, "Rank and Relevance in Novelty and Diversity Metrics", RecSys 2011;
head, middle and tail by Abdollahpouri et al., "The Unfairness of Popularity Bias in Recommendation", RMSE 2019.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graphstore.arrays import Floats
from graphstore.database.client import Client
from graphstore.errors import InputError

HEAD, MIDDLE = 0.2, 0.8
MOST_VALUES, EXAMPLES = 10, 10


def exposure_report(client: Client, lists: Iterable[Mapping[str, Any]], k: int) -> dict[str, Any]:
    """The report on the top k of `lists` (rows with user_id and items), over the items of the graph.

    Raises:
        InputError: there are no items, or no list has one.
    """
    items = list(client.stream("administration/stream_exposed_items"))
    if not items:
        raise InputError("There are no items in the graph.")
    exposure, users = counted({row["item_id"]: n for n, row in enumerate(items)}, lists, k)
    if not exposure.sum():
        raise InputError("No list shows an item of the graph.")
    return {"k": k, "users": users} | report(items, exposure)


def counted(index: Mapping[str, int], lists: Iterable[Mapping[str, Any]], k: int) -> tuple[Floats, int]:
    """(I,) the exposure of each item, and the number of lists.  index: row numbers of items; others are skipped."""
    exposure, users = np.zeros(len(index)), 0
    for row in lists:
        users += 1
        for rank, item_id in enumerate(row["items"][:k]):
            if item_id in index:
                exposure[index[item_id]] += 1 / np.log2(rank + 2)
    return exposure, users


def report(items: Sequence[Mapping[str, Any]], exposure: Floats) -> dict[str, Any]:
    """The measures of I items with exposure (I,): coverage, concentration, novelty, and shares by group."""
    chosen = np.array([row["users"] for row in items], dtype=float)
    share = exposure / exposure.sum()
    ordered = np.sort(share)[::-1]
    never = np.flatnonzero(exposure == 0)
    most_chosen = never[np.argsort(-chosen[never], kind="stable")]
    return {
        "items": len(items),
        "shown": int((exposure > 0).sum()),
        "coverage": float((exposure > 0).mean()),
        "gini": gini(exposure),
        "novelty": novelty(share, chosen),
        "share_of_top_1_percent": float(ordered[: max(1, round(0.01 * len(items)))].sum()),
        "share_of_top_10_percent": float(ordered[: max(1, round(0.1 * len(items)))].sum()),
        "groups": {
            "popularity": _groups(popularity_groups(chosen), share, chosen),
            "kind": _groups([[row["kind"] or "none"] for row in items], share, chosen),
            **_attributes(items, share, chosen),
        },
        "never_shown": {
            "items": len(never),
            "examples": [items[n]["title"] or items[n]["item_id"] for n in most_chosen[:EXAMPLES].tolist()],
        },
    }


def gini(exposure: Floats) -> float:
    """The Gini coefficient of exposure (I,): 0 where all are equal, 1 - 1 / I where one item has all."""
    ordered, size = np.sort(exposure), len(exposure)
    return float((2 * np.arange(1, size + 1) - size - 1) @ ordered / (size * ordered.sum()))


def novelty(share: Floats, chosen: Floats) -> float:
    """The mean of -log2(share of all choices) over what is shown, in bits; items without a choice count as chosen once.

    share: (I,) of exposure.  chosen: (I,) users who chose each item.
    """
    if not chosen.sum():
        return 0.0
    return float(share @ -np.log2(np.maximum(chosen, 1.0) / chosen.sum()))


def popularity_groups(chosen: Floats) -> list[list[str]]:
    """The group of each item, as a list of one name, for `_groups`.

    head: the most chosen items, with a fifth of all choices.  middle: up to four fifths.  tail: the rest.  new: never
    chosen.
    """
    order = np.argsort(-chosen, kind="stable")
    before = (np.cumsum(chosen[order]) - chosen[order]) / max(chosen.sum(), 1.0)
    groups = [[""] for _ in chosen]
    for place, share in zip(order.tolist(), before.tolist(), strict=True):
        name = "head" if share < HEAD else "middle" if share < MIDDLE else "tail"
        groups[place] = [name if chosen[place] else "new"]
    return groups


def _attributes(items: Sequence[Mapping[str, Any]], share: Floats, chosen: Floats) -> dict[str, list[dict[str, Any]]]:
    kinds = sorted({attribute.partition("=")[0] for row in items for attribute in row["attributes"]})
    found = {}
    for kind in kinds:
        own = [[a.partition("=")[2] for a in row["attributes"] if a.startswith(f"{kind}=")] for row in items]
        found[f"{kind} (attribute)" if kind in ("popularity", "kind") else kind] = _groups(own, share, chosen)
    return found


def _groups(names: Sequence[Sequence[str]], share: Floats, chosen: Floats) -> list[dict[str, Any]]:
    """Shares of exposure, choices and catalogue by group, the most exposed first, at most MOST_VALUES.

    names: the groups of each item.  Result `ratio`: exposure / choices, 1 where they are equal; None without choices.
    """
    total = max(chosen.sum(), 1.0)
    sums: dict[str, Floats] = {}
    for row, own in enumerate(names):
        for name in own:
            sums[name] = sums.get(name, np.zeros(3)) + (share[row], chosen[row] / total, 1 / len(names))
    rows: list[dict[str, Any]] = [
        {
            "group": name,
            "exposure": float(shown),
            "choices": float(picked),
            "catalogue": float(size),
            "ratio": float(shown / picked) if picked else None,
        }
        for name, (shown, picked, size) in sums.items()
    ]
    return sorted(rows, key=lambda row: (-row["exposure"], row["group"]))[:MOST_VALUES]


def read_lists(path: Path) -> list[dict[str, Any]]:
    """The lists of a file that `recommend --all` wrote: user_id and items.

    Raises:
        InputError: the file can't be read, or a line is not such a list.
    """
    try:
        with path.open(encoding="utf-8") as file:
            lines = list(file)  # ids may hold what str.splitlines takes for a line break
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: can't be read: {error}.") from error
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            rows.append({"user_id": str(row["user_id"]), "items": [str(item) for item in row["items"]]})
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f'{path}, line {number}: expected {{"user_id": …, "items": […]}}.') from error
    return rows
