"""Ranking metrics under full ranking, with their definitions, edge cases and confidence intervals.

* Scored users have at least one training event and at least one test item that they do not have in training. These new
  test items are relevant, with equal weight. Lists are over the whole catalogue without the user's training items.
* A scored user without a list counts zero; a short list is scored as it is.
* Recall@k = hits / relevant. HitRate@k = 1 if there is a hit. NDCG@k: gain 1, discount 1 / log2(rank + 1), the ideal
  being min(k, relevant) hits. MRR = 1 / rank of the first hit in the whole list as given, 0 without one.
* Each is the mean over users: `<metric>_ci` is 1.96 standard errors of it, `<metric>_interval` the 95 % percentile
  interval of 1,000 resamples of users.
* coverage@10 = distinct items in the scored users' top 10, as a share of the catalogue.
* novelty@10 = mean over the top 10 of -log2(training users of the item / training users); an item without users counts
  as one with one user.
* diversity@10 = mean over scored users of the mean over the pairs in their top 10 of 1 - |A and B| / |A or B|, A and B
  being the attributes of the two items. Items without attributes are in no pair, users without a pair are left out;
  None where no user has a pair.

Views: all; known (lists and relevant items restricted to items with a training event); cold_items (to those without);
cold_users (test users without a training event, where the lists have at least one of them); history (scored users by
their number of training events).

Reference: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002 (NDCG);
Voorhees, "The TREC-8 Question Answering Track Report", TREC 1999 (MRR); Krichene and Rendle, "On Sampled Metrics for
Item Recommendation", KDD 2020 (why the ranking is full); Vargas and Castells, "Rank and Relevance in Novelty and
Diversity Metrics", RecSys 2011 (novelty); Ziegler et al., "Improving Recommendation Lists Through Topic
Diversification", WWW 2005 (diversity within a list).

Names: U users, M metrics, I items, N entries of lists.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from gnn.evaluation.confidence import Bootstrap, half_widths
from gnn.evaluation.diversity import AttributeDistance
from gnn.evaluation.list_metrics import METRICS, metrics_of_hits, user_metrics

Items = Mapping[str, set[str]]
Lists = Mapping[str, Sequence[str]]
Attributes = Mapping[str, Collection[Hashable]]
HISTORY = (("1", 1, 1), ("2-5", 2, 5), ("6-20", 6, 20), ("more than 20", 21, None))
SHOWN = 10

__all__ = ["METRICS", "Scorer", "score", "user_metrics"]


@dataclass(frozen=True)
class Entries:
    """Lists as columns (N,), by user and best first: number of the user, place from 0, number of the item."""

    user: np.ndarray
    place: np.ndarray
    item: np.ndarray


@dataclass(frozen=True)
class View:
    """A view: users (U,) by number, sorted keys of relevant (user, item) pairs, and relevant items of each user (U,).

    allowed: (I,) bool, the items that count; None for all.
    """

    users: np.ndarray
    relevant: np.ndarray
    count: np.ndarray
    allowed: np.ndarray | None = None


class Scorer:
    """Scores the lists of any number of systems on one pair of training and test part.

    Args:
        train, test: the items of each user.
        catalogue: the ids of all items.
        attributes: of items, where known; diversity is None without.
        history: the number of training events of each user; the number of their items where None.
        seed: of the resamples.
    Raises:
        ValueError: no user can be scored.
    """

    def __init__(
        self,
        train: Items,
        test: Items,
        catalogue: Collection[str],
        *,
        attributes: Attributes | None = None,
        history: Mapping[str, int] | None = None,
        seed: int = 0,
    ) -> None:
        relevant = {user: new for user in sorted(test) if user in train and (new := test[user] - train[user])}
        if not relevant:
            raise ValueError("no user has a training event and a test item that is new to them")
        new_users = {user: test[user] for user in sorted(test) if user not in train}
        self.train, self.catalogue_size = train, len(catalogue)
        self.bootstrap = Bootstrap(seed)
        known_ids = chain(catalogue, *train.values(), *test.values())
        self.item = {item: number for number, item in enumerate(dict.fromkeys(known_ids))}
        self.user = {user: number for number, user in enumerate(chain(relevant, new_users))}
        self.scored, self.new_users = list(relevant), list(new_users)
        self.counts = np.bincount([self.item[i] for own in train.values() for i in own], minlength=len(self.item))
        self.distance = AttributeDistance(list(self.item), attributes) if attributes else None
        everything = self._view(relevant, None)
        seen = self.counts > 0
        of_seen = seen[everything.relevant % len(self.item)]
        self.cold_relevant = int((~of_seen).sum())
        self.views = {
            "all": everything,
            "known": self._restricted(everything, of_seen, seen),
            "cold_items": self._restricted(everything, ~of_seen, ~seen),
            "cold_users": self._view(new_users, None),
        }
        lengths = (history or {}).get
        self.history = np.array([lengths(user) or len(train[user]) for user in self.scored])

    def _view(self, relevant: Items, allowed: np.ndarray | None) -> View:
        users = np.array([self.user[user] for user in relevant], dtype=np.int64)
        count = np.array([len(items) for items in relevant.values()], dtype=np.int64)
        items = np.array([self.item[item] for own in relevant.values() for item in own], dtype=np.int64)
        return View(users, np.sort(np.repeat(users, count) * len(self.item) + items), count, allowed)

    def _restricted(self, view: View, keep: np.ndarray, allowed: np.ndarray) -> View:
        relevant = view.relevant[keep]
        users, count = np.unique(relevant // len(self.item), return_counts=True)
        return View(users, relevant, count, allowed)

    def score(self, lists: Lists) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The report of one system's lists, and for each view the metrics of its users (U, M).

        Returns:
            all, known, cold_items, cold_users, history (each with users, users_missing, and every metric with its
            `_ci` and `_interval`; a view without users is left out), coverage@10, novelty@10, diversity@10,
            lists_not_scored, cold.
        Raises:
            ValueError: a list names an item twice, one that its user has in training, or one not in the catalogue.
        """
        entries = self._entries(lists)
        missing = np.array([user not in lists for user in self.user])
        rows, report = {}, {}
        for name, view in self.views.items():
            if len(view.users) and (name != "cold_users" or not missing[view.users].all()):
                rows[name] = self._values(view, entries)
                report[name] = self._summary(rows[name], missing[view.users])
        report["history"] = self._by_history(rows["all"], missing[self.views["all"].users])
        return report | self._beyond_accuracy(entries, lists), rows

    def _entries(self, lists: Lists) -> Entries:
        names = [user for user in self.user if lists.get(user)]
        lengths = np.array([len(lists[user]) for user in names], dtype=np.int64)
        unknown = next((item for user in names for item in lists[user] if item not in self.item), None)
        if unknown is not None:
            raise ValueError(f"a list names item {unknown!r}, which is not in the catalogue")
        for user in names:
            if len(set(lists[user])) < len(lists[user]) or not self.train.get(user, set()).isdisjoint(lists[user]):
                raise ValueError(f"the list of user {user!r} names an item twice, or one that they have in training")
        numbers = np.repeat(np.array([self.user[name] for name in names], dtype=np.int64), lengths)
        items = np.array([self.item[item] for name in names for item in lists[name]], dtype=np.int64)
        return Entries(numbers, _places(numbers), items)

    def _values(self, view: View, entries: Entries) -> np.ndarray:
        """(U, M) of the users of a view."""
        row = np.full(len(self.user), -1)
        row[view.users] = np.arange(len(view.users))
        keep = row[entries.user] >= 0
        if view.allowed is not None:
            keep &= view.allowed[entries.item]
        user, item = entries.user[keep], entries.item[keep]
        place = _places(user)
        key = user * len(self.item) + item
        found = np.minimum(np.searchsorted(view.relevant, key), len(view.relevant) - 1)
        hit = view.relevant[found] == key
        return metrics_of_hits(row[user[hit]], place[hit], view.count)

    def _summary(self, values: np.ndarray, missing: np.ndarray) -> dict[str, Any]:
        summary: dict[str, Any] = {"users": len(values), "users_missing": int(missing.sum())}
        columns = zip(values.mean(axis=0), half_widths(values), self.bootstrap.intervals(values).T, strict=True)
        for metric, (mean, half_width, interval) in zip(METRICS, columns, strict=True):
            summary[metric], summary[metric + "_ci"] = float(mean), float(half_width)
            summary[metric + "_interval"] = interval.tolist()
        return summary

    def _by_history(self, values: np.ndarray, missing: np.ndarray) -> dict[str, Any]:
        views = {}
        for name, least, most in HISTORY:
            inside = (self.history >= least) & (self.history <= (most or np.inf))
            if inside.any():
                views[name] = self._summary(values[inside], missing[inside])
        return views

    def _beyond_accuracy(self, entries: Entries, lists: Lists) -> dict[str, Any]:
        shown = (entries.place < SHOWN) & (entries.user < len(self.scored))
        user, item = entries.user[shown], entries.item[shown]
        surprise = -np.log2(np.maximum(self.counts[item], 1) / len(self.train))
        return {
            "coverage@10": len(np.unique(item)) / self.catalogue_size,
            "novelty@10": float(surprise.mean()) if len(item) else 0.0,
            "diversity@10": self.distance.mean_within(user, item) if self.distance else None,
            "lists_not_scored": len(lists.keys() - set(self.scored)),
            "cold": {
                "users_without_train": len(self.new_users),
                "relevant": len(self.views["all"].relevant),
                "relevant_never_in_train": self.cold_relevant,
            },
        }


def _places(user: np.ndarray) -> np.ndarray:
    """The place from 0 of each entry in its user's list; the entries of a user stand together."""
    first = np.flatnonzero(np.concatenate([[True], user[1:] != user[:-1]])) if len(user) else np.zeros(0, dtype=int)
    return np.arange(len(user)) - np.repeat(first, np.diff(np.append(first, len(user))))


def score(train: Items, test: Items, lists: Lists, catalogue: Collection[str], **known: Any) -> dict[str, Any]:
    """The report of one system's lists: `Scorer(train, test, catalogue, **known).score(lists)`, without the users."""
    return Scorer(train, test, catalogue, **known).score(lists)[0]
