"""Faithfulness of reasons: whether what is named as a reason made the score, and whether it was liked."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measures.deletion import Deletions
from graphstore.database.client import Client
from graphstore.ranking.attribution import attribute
from graphstore.ranking.request import Request, make_request
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.rank import best_candidates
from graphstore.recommend.snapshot import RequestContext
from graphstore.recommend.stage import recommend

RATINGS = Path(__file__).parents[1] / "cypher" / "read_opinions.cypher"
LENGTHS = {"1–5": (1, 5), "6–20": (6, 20), "more": (21, 2**31), "all": (1, 2**31)}
NOT_LISTED = -1e9  # the score of an item that is no candidate any more


@dataclass
class Found:
    """What was found of one answer (an item for a user).

    shares: of the named parts.  words: characters of the sentence.  low: items given as a reason though rated low.
    named, largest, needed: whether an item of the user is named, has the largest part, and is the one without which the
    score falls most.  other: the same as the last for another item of the user in its place, None where there is none.
    """

    shares: float
    words: int
    low: int
    named: bool = False
    largest: bool = False
    needed: bool = False
    other: bool | None = None


@dataclass
class Faithfulness:
    """Answers by the number of items that the user chose."""

    answers: list[tuple[int, Found]] = field(default_factory=list)

    def rows(self) -> list[dict[str, Any]]:
        """A row of the table for each length of history."""
        return [row for name in LENGTHS if (row := self._row(name))]

    def _row(self, name: str) -> dict[str, Any] | None:
        low, high = LENGTHS[name]
        found = [one for length, one in self.answers if low <= length <= high]
        if not found:
            return None
        named = [one for one in found if one.named]
        return {
            "items chosen": name,
            "answers": len(found),
            "name an item": _percent([one.named for one in found]),
            "it is the largest part": _percent([one.largest for one in named]),
            "score falls most without it": _percent([one.needed for one in named]),
            "without another": _percent([one.other for one in named if one.other is not None]),
            "share named, median": f"{median(one.shares for one in found):.0%}",
            "reasons rated low": sum(one.low for one in found),
            "characters, median": round(median(one.words for one in found)),
        }


def _percent(values: Sequence[bool]) -> str:
    return f"{sum(values) / len(values):.1%}" if values else "-"


def measure(client: Client, users: int, k: int, seed: int) -> Faithfulness:
    """Ask for k items for each user of a sample, and once more without each item of theirs."""
    rng = random.Random(seed)
    names = sorted(str(row["user_id"]) for row in client.stream("recommend/stream_users"))
    cache, request = ServingCache(client), make_request(None, None, client.kinds)
    found = Faithfulness()
    for user_id in rng.sample(names, min(users, len(names))):
        context = cache.context(user_id)
        if context is None or not len(context.user.history.item_ids):
            continue
        answer = recommend(client, user_id, k, cache=cache)["recommendations"]
        own = _Own(client, cache, context, request, k)
        opinions = _opinions(client, user_id)
        length = len(set(context.user.history.item_ids))
        found.answers += [(length, own.found(one, opinions, rng)) for one in answer]
    return found


class _Own:
    """One user: the parts of their items in the scores, and the scores without each of them."""

    def __init__(self, client: Client, cache: ServingCache, context: RequestContext, request: Request, k: int) -> None:
        self.items = context.catalogue
        ranking = best_candidates(context, request, k, k)
        rows = ranking.rows.tolist()
        self.scores = dict(zip(rows, ranking.scores.tolist(), strict=True))
        history = context.user.events(self.items.vectors)
        apart = attribute(
            self.items, context.features, history, context.blend.readout, ranking.rows, ranking.pools, ranking.pool_of
        )
        parts = apart.parts.sum(axis=2)
        own = [n for n, (sort, _) in enumerate(apart.origins) if sort == "event"]
        self.parts = {row: {apart.origins[n][1]: float(parts[n, k]) for n in own} for k, row in enumerate(rows)}
        deletions = Deletions(client, cache, context)
        ids = {row: self.items.ids[row] for row in dict.fromkeys(context.user.history.item_ids)}
        self.without = {row: deletions.scores(item_id, request, k) for row, item_id in ids.items()}

    def found(self, answer: Mapping[str, Any], opinions: Mapping[str, bool], rng: random.Random) -> Found:
        """opinions: by item whether the user thinks well of it."""
        row = self.items.index[answer["item_id"]]
        parts = [part for part in answer["reason"]["parts"] if "title" in part]  # the named ones
        given = {item for part in parts for item in part.get("items", ())}
        found = Found(
            sum(part["share"] for part in parts),
            len(answer["because"]),
            sum(not opinions.get(item, True) for item in given),
        )
        event = next((part for part in parts if part["origin"] == "event" and part["key"]), None)
        if event is not None:
            named = self.items.index[event["key"]]
            fall = {own: self.scores[row] - scores.get(row, NOT_LISTED) for own, scores in self.without.items()}
            found.named = True
            found.largest = self.parts[row][named] >= max(self.parts[row].values()) - 1e-9
            found.needed = fall[named] >= max(fall.values()) - 1e-9
            others = [own for own in fall if own != named]
            found.other = fall[rng.choice(others)] >= max(fall.values()) - 1e-9 if others else None
        return found


def _opinions(client: Client, user_id: str) -> dict[str, bool]:
    """By item whether no event of the user tells dislike, and each rating is above .6 of the graph's highest."""
    rows = client.run_text(RATINGS.read_text(encoding="utf-8"), {"user_id": user_id})
    return {
        row["item_id"]: not row["disliked"] and all(value > 0.6 * row["highest"] for value in row["values"])
        for row in rows
    }
