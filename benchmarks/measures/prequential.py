"""Test, then learn: events in the order of time, each foreseen before it is revealed; the parts that need no server.

Names: N trials, A arms, U users, W windows.

Reference: Gama, Sebastião and Rodrigues, "On evaluating stream learning algorithms", Machine Learning 90, 2013;
Vinagre, Jorge and Gama, "Evaluation of recommender systems in streaming environments", 2014.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnn.evaluation.confidence import LEVEL, Bootstrap
from gnn.evaluation.list_metrics import user_metrics
from graphstore.durations import DAY_SECONDS

K = 10
METRICS = ("hit@10", "NDCG@10")
Event = Mapping[str, Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PrequentialTrial:
    """An event to be foreseen. place: among the events of the stream.  before: what its user chose in it by then."""

    place: int
    user_id: str
    item_id: str
    seconds: int
    before: frozenset[str]


@dataclass
class PrequentialTrials:
    """The trials of a stream, and what each arm scored: (N, 2) of hit@10 and NDCG@10."""

    trials: list[PrequentialTrial]
    scores: dict[str, Floats] = field(default_factory=dict)


def trials_of(history: Iterable[Event], stream: Sequence[Event]) -> list[PrequentialTrial]:
    """Those events whose user has had nothing to do with their item yet, in the history or in the stream."""
    seen: dict[str, set[str]] = {}
    lately: dict[str, set[str]] = {}
    for event in history:
        seen.setdefault(event["user_id"], set()).add(event["item_id"])
    found = []
    for place, event in enumerate(stream):
        user_id, item_id = event["user_id"], event["item_id"]
        own = seen.setdefault(user_id, set())
        since = lately.setdefault(user_id, set())
        if item_id not in own:
            found.append(PrequentialTrial(place, user_id, item_id, event["timestamp"], frozenset(since)))
            since.add(item_id)
        own.add(item_id)
    return found


def score(items: Sequence[str], wanted: str) -> tuple[float, float]:
    """hit@10 and NDCG@10 of a list, best first, of which one item is wanted."""
    found = user_metrics({wanted}, items[:K])
    return found["hitrate@10"], found["ndcg@10"]


class Popularity:
    """What was chosen most in the last days of event time, by the events that it was given in order of time."""

    def __init__(self, days: float) -> None:
        self._window = days * DAY_SECONDS
        self._events: deque[tuple[int, str]] = deque()
        self._counts: Counter[str] = Counter()

    def add(self, event: Event) -> None:
        """An event that everybody knows of now."""
        self._events.append((event["timestamp"], event["item_id"]))
        self._counts[event["item_id"]] += 1
        while self._events[0][0] < event["timestamp"] - self._window:
            item_id = self._events.popleft()[1]
            self._counts[item_id] -= 1
            if not self._counts[item_id]:
                del self._counts[item_id]

    def best(self, without: Collection[str]) -> list[str]:
        """The first ten that are not left out; of equals the one that was met first."""
        found: list[str] = []
        for item_id, _ in self._counts.most_common(K + len(without)):
            if item_id not in without:
                found.append(item_id)
                if len(found) == K:
                    break
        return found


def popular_scores(
    history: Iterable[Event], stream: Sequence[Event], trials: Sequence[PrequentialTrial], days: float
) -> Floats:
    """(N, 2) what the popularity of the last days scores."""
    popularity = Popularity(days)
    seen: dict[str, set[str]] = {}
    for event in history:
        popularity.add(event)
        seen.setdefault(event["user_id"], set()).add(event["item_id"])
    asked = {trial.place: trial for trial in trials}
    found = []
    for place, event in enumerate(stream):
        own = seen.setdefault(event["user_id"], set())
        if place in asked:
            found.append(score(popularity.best(own), event["item_id"]))
        popularity.add(event)
        own.add(event["item_id"])
    return np.array(found).reshape(-1, 2)


def windows(size: int, count: int) -> list[slice]:
    """(W,) equal parts of so many trials, and all of them; empty ones are left out."""
    edges = np.linspace(0, size, count + 1).round().astype(int).tolist()
    parts = [slice(start, stop) for start, stop in itertools.pairwise(edges) if stop > start]
    return [*parts, slice(0, size)] if size else []


def paired_interval(users: Sequence[str], difference: Floats, bootstrap: Bootstrap) -> Floats:
    """(2, M) the 95 % percentile interval of the mean over trials of a difference (N, M), users being resampled.

    A user's trials are not independent of each other, so they are drawn together.
    """
    names, row = np.unique(np.array(users), return_inverse=True)
    sums = np.zeros((len(names), difference.shape[1] + 1))
    np.add.at(sums, row, np.column_stack([difference, np.ones(len(row))]))
    means = bootstrap.means(sums)
    return np.quantile(means[:, :-1] / means[:, -1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)


def rows(found: PrequentialTrials, arm: str, against: str, count: int) -> list[dict[str, Any]]:
    """A row for each window and one for all: every arm's scores, and one minus another, paired, with its interval."""
    bootstrap = Bootstrap()
    table = []
    parts = windows(len(found.trials), count)
    for number, part in enumerate(parts, 1):
        trials = found.trials[part]
        users = [trial.user_id for trial in trials]
        difference = found.scores[arm][part] - found.scores[against][part]
        low, high = paired_interval(users, difference, bootstrap)
        row: dict[str, Any] = {
            "window": "all" if number == len(parts) else str(number),
            "until": datetime.fromtimestamp(trials[-1].seconds, UTC).date().isoformat(),
            "trials": len(trials),
            "users": len(set(users)),
        }
        for place, metric in enumerate(METRICS):
            row |= {f"{name} {metric}": float(scores[part, place].mean()) for name, scores in found.scores.items()}
            interval = [round(float(end), 4) for end in (low[place], high[place])]
            row[f"{arm} − {against} {metric}"] = round(float(difference[:, place].mean()), 4)
            row[f"interval {metric}"] = interval
        table.append(row)
    return table


def scores_shown(rows: Sequence[Mapping[str, Any]], arms: Sequence[str], metric: str) -> list[dict[str, Any]]:
    """A table of one metric: a column for each arm, and the first minus the second with its interval."""
    difference = f"{arms[0]} − {arms[1]}"
    return [
        {
            **{name: row[name] for name in ("window", "until", "trials")},
            **{arm: f"{row[f'{arm} {metric}']:.4f}" for arm in arms},
            difference: _with_interval(row[f"{difference} {metric}"], row[f"interval {metric}"]),
        }
        for row in rows
    ]


def _with_interval(value: float, interval: Sequence[float]) -> str:
    low, high = interval
    return f"{value:+.4f} [{low:+.4f}, {high:+.4f}]"
