"""Tags: what items have in common, the interests that they are about and their attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows, ranges
from graphstore.database.client import Client
from graphstore.ranking.candidates import CandidateItems
from graphstore.recommend.snapshot import RequestContext

DATED = re.compile(r"(^|=)\d{4}s?$")
MOST, MANY = 0.5, 20
Tag = tuple[str, str]  # "interest" and its name, or "attribute" and "kind=value"


@dataclass(frozen=True)
class Common:
    """What K shown items have in common with L items of the user: T tags that any of the shown ones has.

    tags: T.  rows: (L,) of the user's items.  shown: (K, T) and own: (L, T) whether an item has a tag.  shown_weight,
    own_weight: of ABOUT, 0 for attributes.
    """

    tags: Sequence[Tag]
    rows: Rows
    shown: NDArray[np.bool_]
    own: NDArray[np.bool_]
    shown_weight: Floats
    own_weight: Floats


def read_common(client: Client, context: RequestContext, shown: Rows, own: Rows) -> Common:
    """What these items (rows of the catalogue) have in common, without years and decades, which nobody likes one for,
    and without what most items have. Attributes come from memory while an item is at the same version."""
    items, every = context.catalogue, np.concatenate([shown, own])
    start = items.by_item.indptr[every]
    place, index = ranges(start, items.by_item.indptr[every + 1] - start)
    column, weight = items.by_item.indices[index], items.by_item.data[index]
    names = items.interest_names
    of_shown, having = np.unique(column[place < len(shown)]), np.diff(items.about.indptr)
    columns = [n for n in of_shown[having[of_shown] <= _most(items)].tolist() if not DATED.search(names[n])]
    number = np.full(len(names), -1)
    number[columns] = np.arange(len(columns))
    tags: list[Tag] = [("interest", names[n]) for n in columns]
    attributes = _attributes(client, context, every.tolist())
    used = dict.fromkeys(name for name in chain(*attributes[: len(shown)]) if not DATED.search(name))
    numbers = dict(zip(used, range(len(tags), len(tags) + len(used)), strict=True))
    tags += [("attribute", name) for name in numbers]
    has, weights = np.zeros((len(every), len(tags)), dtype=bool), np.zeros((len(every), len(tags)))
    there = np.flatnonzero(number[column] >= 0)
    cell = place[there], number[column[there]]
    has[cell], weights[cell] = True, weight[there]
    cells = [(row, numbers[name]) for row, own_names in enumerate(attributes) for name in own_names if name in numbers]
    if cells:
        has[tuple(zip(*cells, strict=True))] = True
    k = len(shown)
    return Common(tags, own, has[:k], has[k:], weights[:k], weights[k:])


def _attributes(client: Client, context: RequestContext, rows: Sequence[int]) -> list[Sequence[str]]:
    """The attributes of each item that not most items have, as "kind=value"."""
    items, personal = context.catalogue, context.personal
    cached = personal.attributes(rows).items()
    held = {row: names for row, (version, names) in cached if version == items.version[row]}
    if missing := [row for row in dict.fromkeys(rows) if row not in held]:
        found: dict[int, list[str]] = {row: [] for row in missing}
        for one in client.read_once("recommend/read_attributes", item_ids=[items.ids[row] for row in missing]):
            if one["holders"] <= _most(items):
                found[missing[one["position"]]].append(one["attribute"])
        for row in missing:
            held[row] = tuple(found[row])
            personal.keep_attributes(row, int(items.version[row]), held[row])
    return [held[row] for row in rows]


def _most(items: CandidateItems) -> float:
    """How many items may have what is named as a reason: MOST of them, where they are MANY."""
    return MOST * len(items) if len(items) >= MANY else len(items)


def read_labels(client: Client, context: RequestContext, names: Iterable[str]) -> Mapping[str, str]:
    """How these interests are called, by name; from memory where they were read before."""
    personal = context.personal
    found = {name: label for name in names if (label := personal.label(name)) is not None}
    if missing := [name for name in dict.fromkeys(names) if name not in found]:
        for row in client.read_once("recommend/reasons/read_labels", names=missing):
            found[row["name"]] = row["label"]
            personal.keep_label(row["name"], row["label"])
    return found
