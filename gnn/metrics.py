"""Ranking metrics under full ranking, with their definitions, edge cases and confidence intervals.

* Scored users have at least one training event and at least one test item that they do not have in training. Those new
  test items are relevant, all alike. Lists are over the whole catalogue without what the user has in training.
* A scored user without a list counts zero; a short list is scored as it is.
* Recall@k = hits / relevant. HitRate@k = 1 if there is a hit. NDCG@k: gain 1, discount 1 / log2(rank + 1), the ideal
  being min(k, relevant) hits. Means over scored users, with 1.96 standard errors.
* coverage@10 = distinct items in the scored users' top 10, as a share of the catalogue.
* novelty@10 = mean over the top 10 of -log2(training users of the item / training users); an item that nobody has
  counts as one user.

Views: all; known (lists and relevant items restricted to items with a training event); cold_items (to those without);
cold_users (test users without a training event, where the lists have at least one of them).

Reference: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002 (NDCG);
Krichene and Rendle, "On Sampled Metrics for Item Recommendation", KDD 2020 (why the ranking is full);
Vargas and Castells, "Rank and Relevance in Novelty and Diversity Metrics", RecSys 2011 (novelty).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

Items = Mapping[str, set[str]]
Lists = Mapping[str, Sequence[str]]
METRICS = ("recall@20", "ndcg@10", "ndcg@20", "hitrate@10")
DEPTH = 20


def user_metrics(relevant: set[str], items: Sequence[str]) -> dict[str, float]:
    """The metrics of one user's list, best first; `relevant` is not empty."""
    hits = [item in relevant for item in items[:DEPTH]]
    return {
        "recall@20": sum(hits) / len(relevant),
        "ndcg@10": _ndcg(hits, 10, len(relevant)),
        "ndcg@20": _ndcg(hits, 20, len(relevant)),
        "hitrate@10": float(any(hits[:10])),
    }


def _ndcg(hits: Sequence[bool], k: int, relevant: int) -> float:
    gain = sum(1 / math.log2(rank + 2) for rank, hit in enumerate(hits[:k]) if hit)
    return gain / sum(1 / math.log2(rank + 2) for rank in range(min(k, relevant)))


def mean_and_half_width(values: Sequence[float]) -> tuple[float, float]:
    """The mean and 1.96 standard errors of it (0 for a single value)."""
    count = len(values)
    mean = math.fsum(values) / count
    deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (count - 1)) if count > 1 else 0.0
    return mean, 1.96 * deviation / math.sqrt(count)


def score(train: Items, test: Items, lists: Lists, catalogue: Collection[str]) -> dict[str, Any]:
    """The report of one system's lists: a summary for each view, coverage, novelty, and what is cold.

    Returns:
        all, known, cold_items, cold_users (each with users, users_missing, every metric and its half-width as
        `<metric>_ci`; a view without users is left out), coverage@10, novelty@10, lists_not_scored, cold.
    Raises:
        ValueError: no user can be scored.
    """
    counts = Counter(item for items in train.values() for item in items)
    relevant = {user: new for user in sorted(test) if user in train and (new := test[user] - train[user])}
    if not relevant:
        raise ValueError("no user has a training event and a test item that is new to them")
    report: dict[str, Any] = {"all": _view(relevant, lists)}
    shown = [item for user in relevant for item in lists.get(user, [])[:10]]
    report["coverage@10"] = len(set(shown)) / len(catalogue)
    surprise = [-math.log2(max(1, counts[item]) / len(train)) for item in shown]
    report["novelty@10"] = sum(surprise) / len(surprise) if surprise else 0.0
    report["lists_not_scored"] = sum(user not in relevant for user in lists)
    new_users = {user: test[user] for user in sorted(test) if user not in train}
    views: dict[str, tuple[Items, Callable[[str], bool] | None]] = {
        "known": ({u: k for u, s in relevant.items() if (k := {i for i in s if i in counts})}, lambda i: i in counts),
        "cold_items": (
            {u: k for u, s in relevant.items() if (k := {i for i in s if i not in counts})},
            lambda i: i not in counts,
        ),
        "cold_users": (new_users if any(user in lists for user in new_users) else {}, None),
    }
    report |= {name: _view(users, lists, allowed) for name, (users, allowed) in views.items() if users}
    report["cold"] = {
        "users_without_train": len(new_users),
        "relevant": sum(map(len, relevant.values())),
        "relevant_never_in_train": sum(item not in counts for items in relevant.values() for item in items),
    }
    return report


def _view(relevant: Items, lists: Lists, allowed: Callable[[str], bool] | None = None) -> dict[str, Any]:
    rows = []
    for user, items in relevant.items():
        shown = lists.get(user, [])
        rows.append(user_metrics(items, [i for i in shown if allowed(i)] if allowed else shown))
    summary: dict[str, Any] = {"users": len(rows), "users_missing": sum(user not in lists for user in relevant)}
    for metric in METRICS:
        summary[metric], summary[metric + "_ci"] = mean_and_half_width([row[metric] for row in rows])
    return summary
