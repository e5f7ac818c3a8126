"""From columns to tensors: the vocabulary a model knows, the table of item features, and PyG `HeteroData` batches.

Dimensions: I items of the table, C width of content, S seed users, F followed users, E edges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gnn.encoders.encoder import DEFAULT_DIMENSION
from gnn.network.propagation import HeteroData, MeanAggregation
from graphstore.durations import DAY_SECONDS
from graphstore.feedback import low_among
from graphstore.kinds import Kind
from graphstore.update.sampling import BehaviourColumns, EdgeColumns

MOST_ATTRIBUTES = 50_000
RATED = "RATED"


@dataclass
class GraphVocabulary:
    """What a model has parameters for. Others are met too, and are skipped (attributes) or have no residual (items).

    relations: behaviour types; each has two, 2t for positive and 2t + 1 for negative events.
    attributes: "kind=value" to index.  items: item_id to index of its residual.  growing: learn new attributes.
    """

    relations: list[str]
    attributes: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    negative_types: list[str] = field(default_factory=list)
    growing: bool = False

    @classmethod
    def of_kinds(cls, kinds: Mapping[str, Kind]) -> GraphVocabulary:
        """An empty vocabulary that grows, for these kinds of behaviour."""
        types = {kind.type: kind.weight for kind in kinds.values()}
        return cls(sorted(types), negative_types=sorted(t for t, weight in types.items() if weight < 0), growing=True)

    def attribute(self, key: str) -> int | None:
        """Index of an attribute, or None if the model does not know it."""
        index = self.attributes.get(key)
        if index is None and self.growing and len(self.attributes) < MOST_ATTRIBUTES:
            index = self.attributes[key] = len(self.attributes)
        return index

    def as_dict(self) -> dict[str, Any]:
        """For saving with the weights; `GraphVocabulary(**saved)` restores it, not growing."""
        return {
            "relations": self.relations,
            "attributes": self.attributes,
            "items": self.items,
            "negative_types": self.negative_types,
        }


@dataclass(frozen=True)
class ItemFeatures:
    """Features of the I items of a table as tensors.

    content: (I, C), zero where there is none.  known: (I,) index of the residual, -1 for none.
    media: other modalities than text by name, (I, W) each, zero where there is none.
    attributes: (2, A) pairs of attribute and item.  similar: (2, N) pairs of neighbour and item.  scores: (N,).
    first: how many of the items are wanted, from the first; the others are their neighbours. None for all.
    """

    content: Tensor
    has_content: Tensor
    known: Tensor
    attributes: Tensor
    similar: Tensor
    scores: Tensor
    first: int | None = None
    media: Mapping[str, Tensor] = field(default_factory=dict)

    def to(self, device: torch.device) -> ItemFeatures:
        """The same on a device."""
        moved: dict[str, Any] = {n: value.to(device) for n, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, **moved, media={name: rows.to(device) for name, rows in self.media.items()})

    @cached_property
    def present(self) -> Tensor:
        """Which items have each of the media, (I, number of media) bool."""
        size = (len(self.content), 0)
        found = [rows.any(1) for rows in self.media.values()]
        return torch.stack(found, 1) if found else torch.zeros(size, dtype=torch.bool, device=self.content.device)

    @cached_property
    def neighbours(self) -> MeanAggregation:
        """The mean over an item's similar items, weighted by their scores."""
        return MeanAggregation(self.similar, self.scores, len(self.content), len(self.content))

    @cached_property
    def described(self) -> MeanAggregation:
        """The mean over an item's attributes, up to the highest index that occurs."""
        return MeanAggregation(self.attributes, None, int(self.attributes[0].max()) + 1, len(self.content))

    def with_contents(self, content: Tensor, known: Tensor) -> ItemFeatures:
        """The same with other contents (I, C) and residuals (I,)."""
        other = replace(self, content=content, known=known)
        kept = {name: value for name, value in vars(self).items() if name in ("neighbours", "described", "present")}
        vars(other).update(kept)  # which rest on neither
        return other

    def restrict(self, rows: Tensor) -> ItemFeatures:
        """The features of some rows, then of their neighbours that are not among them."""
        size = len(self.content)
        wanted = torch.zeros(size, dtype=torch.bool, device=rows.device)
        wanted[rows] = True
        near = wanted[self.similar[1]]
        extra = wanted.clone()
        extra[self.similar[0][near]] = True
        extra &= ~wanted
        chosen = torch.cat([rows, extra.nonzero().ravel()])
        local = torch.full((size,), -1, dtype=torch.long, device=rows.device)
        local[chosen] = torch.arange(len(chosen), device=rows.device)
        held = local[self.attributes[1]] >= 0
        return ItemFeatures(
            self.content[chosen],
            self.has_content[chosen],
            self.known[chosen],
            torch.stack([self.attributes[0][held], local[self.attributes[1][held]]]),
            local[self.similar[:, near]],
            self.scores[near],
            len(rows),
            {name: vectors[chosen] for name, vectors in self.media.items()},
        )


class ItemTable:
    """Items met so far, by index, with content, attributes and similar items; grows."""

    def __init__(self, vocabulary: GraphVocabulary) -> None:
        self._vocabulary = vocabulary
        self.ids: list[str] = []
        self.index: dict[str, int] = {}
        self._content: dict[int, Any] = {}
        self._media: dict[str, dict[int, Any]] = {}
        self._attributes: dict[int, list[int]] = {}
        self._similar: dict[int, list[tuple[int, float]]] = {}
        self._read: set[int] = set()

    def row(self, item_id: str) -> int:
        """Index of an item, new if it was not met before."""
        index = self.index.get(item_id)
        if index is None:
            index = self.index[item_id] = len(self.ids)
            self.ids.append(item_id)
        return index

    def without_neighbours(self, item_ids: Sequence[str]) -> list[str]:
        """Those of the items whose neighbourhood was not pulled yet."""
        return [item_id for item_id in item_ids if self.row(item_id) not in self._similar]

    def without_content(self) -> list[str]:
        """Items of the table whose own features were not pulled yet."""
        return [item_id for item_id in self.ids if self.index[item_id] not in self._read]

    def add_neighbours(self, item_ids: Sequence[str], attributes: EdgeColumns, similar: EdgeColumns) -> None:
        """Put in the similar items of `item_ids` (their attributes come with the content)."""
        rows = [self.row(item_id) for item_id in item_ids]
        for row in rows:
            self._similar[row] = []
        for position, other, score in zip(similar.positions.tolist(), similar.others, similar.scores, strict=True):
            self._similar[rows[position]].append((self.row(other), float(score)))

    def add_content(self, item_ids: Sequence[str], attributes: EdgeColumns, positions: Any, vectors: Any) -> None:
        """Put in attributes and content embeddings of `item_ids`."""
        rows = [self.row(item_id) for item_id in item_ids]
        self._read.update(rows)
        for row in rows:
            self._attributes[row] = []
        for position, key in zip(attributes.positions.tolist(), attributes.others, strict=True):
            index = self._vocabulary.attribute(key)
            if index is not None:
                self._attributes[rows[position]].append(index)
        for position, vector in zip(positions.tolist(), vectors, strict=True):
            self._content[rows[position]] = vector

    def add_media(self, item_ids: Sequence[str], name: str, positions: Any, vectors: Any) -> None:
        """Put in the embeddings of another modality than text of `item_ids`."""
        known = self._media.setdefault(name, {})
        known |= {self.row(item_ids[n]): vector for n, vector in zip(positions.tolist(), vectors, strict=True)}

    @property
    def media_widths(self) -> tuple[tuple[str, int], ...]:
        """Names of the other modalities that items have, and how many numbers one's embedding has: mostly, if some
        differ."""
        counts = {name: Counter(len(vector) for vector in known.values()) for name, known in self._media.items()}
        return tuple(sorted((name, found.most_common(1)[0][0]) for name, found in counts.items() if found))

    @property
    def content_width(self) -> int:
        """How many numbers a content embedding has; that of the default encoder where there is none."""
        return len(next(iter(self._content.values()), range(DEFAULT_DIMENSION)))

    def features(self, content_width: int, media: Iterable[Sequence[Any]] = ()) -> ItemFeatures:
        """Everything in the table as tensors. media: names and widths of the other modalities that are wanted."""
        size = len(self.ids)
        content = torch.zeros(size, content_width)
        has_content = torch.zeros(size, dtype=torch.bool)
        for row, vector in self._content.items():
            if len(vector) == content_width:
                content[row] = torch.from_numpy(np.ascontiguousarray(vector))
                has_content[row] = True
        attributes = [(index, row) for row, found in self._attributes.items() for index in found]
        similar = [(other, row, score) for row, found in self._similar.items() for other, score in found]
        known = self._vocabulary.items
        return ItemFeatures(
            content,
            has_content,
            torch.tensor([known.get(item_id, -1) for item_id in self.ids], dtype=torch.long),
            torch.tensor(attributes, dtype=torch.long).reshape(-1, 2).T.contiguous(),
            torch.tensor([s[:2] for s in similar], dtype=torch.long).reshape(-1, 2).T.contiguous(),
            torch.tensor([s[2] for s in similar], dtype=torch.float32),
            media={name: self._media_rows(name, width) for name, width in media},
        )

    def _media_rows(self, name: str, width: int) -> Tensor:
        rows = torch.zeros(len(self.ids), width)
        for row, vector in self._media.get(name, {}).items():
            if len(vector) == width:
                rows[row] = torch.from_numpy(np.ascontiguousarray(vector))
        return rows


def negative_events(behaviour: BehaviourColumns, negative_types: Sequence[str]) -> Any:
    """Which events tell dislike, (E,) bool: a negative type, or a low rating by `graphstore.feedback.low_among`."""
    types = np.asarray(behaviour.types, dtype=object)
    return np.isin(types, list(negative_types)) | low_among(behaviour.values, types == RATED, behaviour.users)


def user_batch(
    items: ItemTable,
    vocabulary: GraphVocabulary,
    user_ids: Sequence[str],
    behaviour: BehaviourColumns,
    attributes: EdgeColumns,
    follows: EdgeColumns,
    followed_ids: Sequence[str],
    followed: BehaviourColumns,
) -> HeteroData:
    """A batch of S seed users (nodes 0..S-1) and the F users they follow (after them).

    `item.n_id` are rows of the item table. The edges `(item, interacts, user)` run from each user's oldest event to
    the newest, with `relation`, `days` (days since 1970, NaN unknown) and `negative`.
    """
    data = HeteroData()
    data["user"].user_id = list(user_ids)
    data["user"].num_nodes = len(user_ids) + len(followed_ids)
    data["user"].seeds = len(user_ids)
    parts = [
        _edges(items, vocabulary, behaviour, 0),
        _edges(items, vocabulary, followed, len(user_ids)),
    ]
    rows, users, relation, days, negative = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    n_id, local = np.unique(rows, return_inverse=True)
    data["item"].n_id = torch.from_numpy(n_id.astype(np.int64))
    data["item"].num_nodes = len(n_id)
    edges = data["item", "interacts", "user"]
    edges.edge_index = torch.from_numpy(np.stack([local.ravel(), users]).astype(np.int64))
    edges.relation = torch.from_numpy(relation)
    edges.days = torch.from_numpy(days)
    edges.negative = torch.from_numpy(negative)
    pairs = [
        (index, position)
        for position, key in zip(attributes.positions.tolist(), attributes.others, strict=True)
        if (index := vocabulary.attribute(key)) is not None
    ]
    data["attribute"].num_nodes = len(vocabulary.attributes)
    data["attribute", "describes", "user"].edge_index = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).T
    place = {key: len(user_ids) + n for n, key in enumerate(followed_ids)}
    ties = [
        (place[other], position) for position, other in zip(follows.positions.tolist(), follows.others, strict=True)
    ]
    data["user", "follows", "user"].edge_index = torch.tensor(ties, dtype=torch.long).reshape(-1, 2).T
    return data


def _edges(items: ItemTable, vocabulary: GraphVocabulary, behaviour: BehaviourColumns, offset: int) -> tuple[Any, ...]:
    """Edge columns from oldest to newest by user: item rows, users, relations, days, negative."""
    place = {name: number for number, name in enumerate(vocabulary.relations)}
    types = np.asarray([place.get(name, -1) for name in behaviour.types], dtype=np.int64)
    negative = negative_events(behaviour, vocabulary.negative_types)
    rows = np.asarray([items.row(item_id) for item_id in behaviour.items], dtype=np.int64)
    backwards = np.arange(len(rows))[::-1]
    order = backwards[np.argsort(behaviour.users[::-1], kind="stable")]
    order = order[types[order] >= 0]
    relation = 2 * types + negative
    return (
        rows[order],
        behaviour.users[order] + offset,
        relation[order],
        behaviour.seconds[order] / DAY_SECONDS,
        negative[order],
    )
