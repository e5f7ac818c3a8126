"""Items without any training event: what chance and the text alone reach on them, ranked among themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gnn.encoders.encoder import Encoder, Vectors
from gnn.encoders.sentence import SentenceEncoder
from gnn.evaluation import metrics
from gnn.evaluation.splits import by_user
from graphstore.collect.fields import parse_time
from graphstore.collect.records import Item
from graphstore.extract.items import ItemText

Events = Sequence[Mapping[str, Any]]
K = 20
LAST_ITEMS = 20


def cold_items(
    train: Events, test: Events, items: Iterable[Mapping[str, Any]], encoder: Encoder | None = None
) -> dict[str, Any]:
    """Recall@20 on the cold items of a catalogue, which is `items` and all that train and test name.

    Returns:
        candidates (cold items), and where somebody chose one: users, random (what a random order is expected to
        reach), and where the items have text content-kNN (its recall@20 and recall@20_ci).
    """
    known, later = by_user(train), by_user(test)
    texts = {item.item_id: _text(item) for item in map(Item.model_validate, items)}
    used = {item_id for chosen in known.values() for item_id in chosen}
    catalogue = texts.keys() | used | {item_id for chosen in later.values() for item_id in chosen}
    cold = sorted(catalogue - used)
    users = [user for user, chosen in later.items() if user in known and not chosen.isdisjoint(cold)]
    if not users:
        return {"candidates": len(cold)}
    found: dict[str, Any] = {"candidates": len(cold), "users": len(users), "random": min(1.0, K / len(cold))}
    if any(texts.get(item_id) for item_id in cold):
        lists = content_knn(train, users, cold, texts, encoder or SentenceEncoder())
        view = metrics.score(known, later, lists, sorted(catalogue))["cold_items"]
        found["content-kNN"] = {key: view[key] for key in ("recall@20", "recall@20_ci")}
    return found


def content_knn(
    train: Events, users: Sequence[str], cold: Sequence[str], texts: Mapping[str, str], encoder: Encoder
) -> dict[str, list[str]]:
    """The cold items (those with text) nearest to the mean embedding of each user's last 20 items, at most 20.

    Without times every item of the user counts. Similarity is the cosine.
    """
    readable = [item_id for item_id in cold if texts.get(item_id)]
    recent = {user: [i for i in items if texts.get(i)] for user, items in last_items(train, users).items()}
    needed = sorted({item_id for items in recent.values() for item_id in items} | set(readable))
    row = {item_id: number for number, item_id in enumerate(needed)}
    vectors: Vectors = encoder.encode([texts[item_id] for item_id in needed])  # (N, D), rows of length 1
    candidates = vectors[[row[item_id] for item_id in readable]]
    lists = {}
    for user, items in recent.items():
        if items and readable:
            nearness = candidates @ vectors[[row[item_id] for item_id in items]].mean(axis=0)
            lists[user] = [readable[n] for n in np.argsort(-nearness, kind="stable")[:K]]
    return lists


def last_items(train: Events, users: Sequence[str]) -> dict[str, list[str]]:
    """Each of these users' last 20 distinct items, the latest first; all items of one with an event without a time."""
    own: dict[str, list[tuple[float | None, str]]] = {user: [] for user in users}
    for event in train:
        if event["user_id"] in own:
            time = event.get("timestamp")
            seconds = None if time in (None, "") else parse_time(time).timestamp()
            own[event["user_id"]].append((seconds, event["item_id"]))
    lists = {}
    for user, events in own.items():
        if any(seconds is None for seconds, _ in events):
            lists[user] = list(dict.fromkeys(item for _, item in events))
        else:
            ordered = sorted(events, key=lambda event: (-(event[0] or 0.0), event[1]))
            lists[user] = list(dict.fromkeys(item for _, item in ordered))[:LAST_ITEMS]
    return lists


def _text(item: Item) -> str:
    pairs = tuple((row["kind"], row["value"]) for row in item.attribute_rows())
    return ItemText(item.item_id, item.title or "", item.description or "", pairs, None).text
