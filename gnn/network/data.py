"""Items as a model sees them: the vocabulary that it has parameters for, the table of items, their features as tensors.

Names: I items of the table, C width of content, W width of another modality, A pairs of attribute and item, N pairs of
neighbours.
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
from gnn.network.propagation import MeanAggregation
from graphstore.kinds import Kind
from graphstore.update.sampling import EdgeColumns

MOST_ATTRIBUTES = 50_000


@dataclass
class GraphVocabulary:
    """The behaviour types, attributes and items that a model has parameters for.

    Other attributes are skipped; other items have no residual.

    relations: behaviour types; type t has two relations, 2t for positive and 2t + 1 for negative events.
    attributes: "kind=value" to index.  items: item_id to index of its residual.  negative_types: types whose events
    tell dislike.  growing: whether an attribute that is new gets an index.
    """

    relations: list[str]
    attributes: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    negative_types: list[str] = field(default_factory=list)
    growing: bool = False

    @classmethod
    def of_kinds(cls, kinds: Mapping[str, Kind]) -> GraphVocabulary:
        """An empty vocabulary, to grow, for these kinds of behaviour."""
        types = {kind.type: kind.weight for kind in kinds.values()}
        return cls(sorted(types), negative_types=sorted(t for t, weight in types.items() if weight < 0), growing=True)

    def attribute(self, key: str) -> int | None:
        """Index of an attribute, or None if the model has none for it."""
        index = self.attributes.get(key)
        if index is None and self.growing and len(self.attributes) < MOST_ATTRIBUTES:
            index = self.attributes[key] = len(self.attributes)
        return index

    def as_dict(self) -> dict[str, Any]:
        """The fields saved with the weights; `GraphVocabulary(**saved)` restores them, not growing."""
        return {
            "relations": self.relations,
            "attributes": self.attributes,
            "items": self.items,
            "negative_types": self.negative_types,
        }


@dataclass(frozen=True)
class ItemFeatures:
    """Features of the I items of a table as tensors.

    content: (I, C), zero where there is none.  has_content: (I,).  known: (I,) index of the residual, -1 for none.
    attributes: (2, A) pairs of attribute and item.  similar: (2, N) pairs of neighbour and item.  scores: (N,).
    first: how many of the items, from the first, are to be embedded; the others are their neighbours. None for all.
    media: modalities beside text by name, (I, W) each, zero where there is none.
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
        tensors: dict[str, Any] = {n: value.to(device) for n, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, **tensors, media={name: rows.to(device) for name, rows in self.media.items()})

    @cached_property
    def present(self) -> Tensor:
        """(I, number of media) bool: which items have each of the media."""
        size = (len(self.content), 0)
        found = [rows.any(1) for rows in self.media.values()]
        return torch.stack(found, 1) if found else torch.zeros(size, dtype=torch.bool, device=self.content.device)

    @cached_property
    def neighbours(self) -> MeanAggregation:
        """The mean over each item's similar items, weighted by their scores."""
        return MeanAggregation(self.similar, self.scores, len(self.content), len(self.content))

    @cached_property
    def described(self) -> MeanAggregation:
        """The mean over each item's attributes, up to the highest index that occurs."""
        return MeanAggregation(self.attributes, None, int(self.attributes[0].max()) + 1, len(self.content))

    def with_contents(self, content: Tensor, known: Tensor) -> ItemFeatures:
        """The same with other contents (I, C) and residuals (I,)."""
        other = replace(self, content=content, known=known)
        cached = {name: value for name, value in vars(self).items() if name in ("neighbours", "described", "present")}
        vars(other).update(cached)  # which depend on neither
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
    """Items by index, with what was pulled of them: content, media, attributes and similar items. It grows."""

    def __init__(self, vocabulary: GraphVocabulary) -> None:
        self._vocabulary = vocabulary
        self.ids: list[str] = []
        self.index: dict[str, int] = {}
        self._content: dict[int, Any] = {}
        self._media: dict[str, dict[int, Any]] = {}
        self._attributes: dict[int, list[int]] = {}
        self._similar: dict[int, list[tuple[int, float]]] = {}
        self._with_content: set[int] = set()

    def row(self, item_id: str) -> int:
        """Index of an item; a new one if it is not in the table."""
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
        return [item_id for item_id in self.ids if self.index[item_id] not in self._with_content]

    def add_neighbours(self, item_ids: Sequence[str], similar: EdgeColumns) -> None:
        """Put in the similar items of `item_ids`; these are in the table afterwards, too."""
        rows = [self.row(item_id) for item_id in item_ids]
        for row in rows:
            self._similar[row] = []
        for position, other, score in zip(similar.positions.tolist(), similar.others, similar.scores, strict=True):
            self._similar[rows[position]].append((self.row(other), float(score)))

    def add_content(self, item_ids: Sequence[str], attributes: EdgeColumns, positions: Any, vectors: Any) -> None:
        """Put in the features of `item_ids`: attributes, and content embeddings.

        vectors: (N, C), of the items at `positions`, (N,).
        """
        rows = [self.row(item_id) for item_id in item_ids]
        self._with_content.update(rows)
        for row in rows:
            self._attributes[row] = []
        for position, key in zip(attributes.positions.tolist(), attributes.others, strict=True):
            index = self._vocabulary.attribute(key)
            if index is not None:
                self._attributes[rows[position]].append(index)
        for position, vector in zip(positions.tolist(), vectors, strict=True):
            self._content[rows[position]] = vector

    def add_media(self, item_ids: Sequence[str], name: str, positions: Any, vectors: Any) -> None:
        """Put in the embeddings of a modality beside text: `vectors`, (N, W), of those at `positions`, (N,)."""
        embedded = self._media.setdefault(name, {})
        embedded |= {self.row(item_ids[n]): vector for n, vector in zip(positions.tolist(), vectors, strict=True)}

    @property
    def media_widths(self) -> tuple[tuple[str, int], ...]:
        """Names of the modalities beside text that items have, and the width W of each: the commonest one."""
        counts = {name: Counter(len(vector) for vector in found.values()) for name, found in self._media.items()}
        return tuple(sorted((name, found.most_common(1)[0][0]) for name, found in counts.items() if found))

    @property
    def content_width(self) -> int:
        """The width C of content embeddings; that of the default encoder where there are none."""
        return len(next(iter(self._content.values()), range(DEFAULT_DIMENSION)))

    def features(self, content_width: int, media: Iterable[Sequence[Any]] = ()) -> ItemFeatures:
        """All items of the table as tensors. media: names and widths of the modalities beside text to include.

        Vectors of another width count as none.
        """
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
