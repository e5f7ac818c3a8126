"""Catalogue: the items of the graph in memory, with vectors, popularity and interests.

A change makes a new catalogue that shares all unchanged arrays, so that a request keeps the one it began with. Only
`edges`, a cache, is changed in place. Rows are only added; an erased item keeps its row and is never recommended
(`gone`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows
from graphstore.database.client import Client
from graphstore.popularity import WINDOWS
from graphstore.ranking.candidates import NO_ROWS, CandidateItems
from graphstore.ranking.item_vectors import Vectors
from graphstore.ranking.neighbour_table import NeighbourTable

BLOCK_ITEMS = 500
NO_COUNT = -1.0e300  # stands for -inf in columns of the statements
Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Catalogue(CandidateItems):
    """I items.

    edges: to neighbours, read for a source when first needed.  ids, index: id of each row, row of each id.
    by_item: `about` as rows.  version, change: (I,) `Item.version` and `Item.linked_seq`.
    new: (I,) whether the item has few events.  touched: (I,) time of the last change, ms since 1970.
    interests, attributes: columns of `about` and rows of `favours` by name.  gone: rows of erased items.
    """

    edges: NeighbourTable
    by_item: sp.csr_matrix
    ids: list[str]
    index: dict[str, int]
    version: Rows
    change: Rows
    titles: NDArray[np.object_]
    new: NDArray[np.bool_]
    touched: Rows
    interests: dict[str, int]
    attributes: dict[str, int]
    gone: Rows

    @cached_property
    def interest_names(self) -> list[str]:
        """The name of each column of `about`."""
        return list(self.interests)

    @cached_property
    def attribute_names(self) -> list[str]:
        """The name of each row of `favours`."""
        return list(self.attributes)

    def rows(self, item_ids: Iterable[str]) -> Rows:
        """The rows of the items of `item_ids` that the catalogue has."""
        index = self.index
        return np.array([index[item_id] for item_id in item_ids if item_id in index], dtype=np.int64)

    def with_items(self, columns: Columns) -> Catalogue:
        """With changed or new items. columns: the row of `recommend/read_catalogue`."""
        added = [item_id for item_id in columns["item_ids"] if item_id not in self.index]
        wider = self._with_rows_for(added) if added else self
        rows = [wider.index[item_id] for item_id in columns["item_ids"]]
        parts: dict[str, Any] = {
            "vectors": wider.vectors.replaced(len(wider.order), rows, columns["embeddings"]),
            **wider._about(rows, columns),
        }
        for name, values in _scalars(columns).items():
            column = getattr(wider, name).copy()
            column[rows] = values
            parts[name] = column
        return replace(wider, **parts)

    def with_links(self, rows: Rows, change: Rows) -> Catalogue:
        """With other values of `change` for these items, whose neighbours changed."""
        column = self.change.copy()
        column[rows] = change
        return replace(self, change=column)

    def without(self, rows: Rows) -> Catalogue:
        """With these items marked as gone; a later item of the same id gets a new row."""
        removed = set(rows.tolist())
        index = {item_id: row for item_id, row in self.index.items() if row not in removed}
        return replace(self, index=index, gone=np.union1d(self.gone, rows))

    def _with_rows_for(self, added: Sequence[str]) -> Catalogue:
        """With rows for new items, all values 0."""
        ids, index, order = self.ids + list(added), dict(self.index), self.order
        by_id = sorted(range(len(order)), key=order.__getitem__)
        names = [self.ids[row] for row in by_id]
        for row, item_id in enumerate(added, len(order)):
            index[item_id] = row
            place = bisect_left(names, item_id)
            names.insert(place, item_id)
            by_id.insert(place, row)
        order = np.empty(len(ids), dtype=np.int64)
        order[by_id] = np.arange(len(ids))
        more = len(added)
        self.edges.grow(len(ids))
        wider: dict[str, Any] = {
            name: np.concatenate([(own := getattr(self, name)), np.zeros((more, *own.shape[1:]), dtype=own.dtype)])
            for name in ("popularity", "ever_popular", "windows", "version", "change", "titles", "new", "touched")
        }
        shape = len(ids), self.about.shape[1]
        about = sp.csc_matrix((self.about.data, self.about.indices, self.about.indptr), shape)
        ends = np.append(self.by_item.indptr, np.full(more, self.by_item.indptr[-1]))
        by_item = sp.csr_matrix((self.by_item.data, self.by_item.indices, ends), shape)
        favours = self.favours
        favours = sp.csr_matrix((favours.data, favours.indices, favours.indptr), (favours.shape[0], len(ids)))
        wider |= {"about": about, "by_item": by_item, "favours": favours}
        return replace(self, ids=ids, index=index, order=order, **wider)

    def _about(self, rows: Sequence[int], columns: Columns) -> dict[str, Any]:
        """The fields `about`, `by_item` and `interests` with other interests for some items; {} if none differ."""
        by_item, changed = self.by_item, []
        for row, names, weights in zip(rows, columns["names"], columns["weights"], strict=True):
            own = slice(*by_item.indptr[row : row + 2].tolist())
            held = dict(zip(by_item.indices[own].tolist(), by_item.data[own].tolist(), strict=True))
            if held != {
                self.interests.get(name): weight for name, weight in zip(names, weights, strict=True) if weight
            }:
                changed.append((row, names, weights))
        if not changed:
            return {}
        interests = dict(self.interests)
        kept = self.about.tocoo()
        stays = ~np.isin(kept.row, [row for row, _, _ in changed])
        item = kept.row[stays].tolist() + [row for row, names, _ in changed for _ in names]
        column = kept.col[stays].tolist()
        column += [interests.setdefault(name, len(interests)) for _, names, _ in changed for name in names]
        weight = kept.data[stays].tolist() + [value for _, _, weights in changed for value in weights]
        about = _about_matrix(item, column, weight, len(self.order), len(interests))
        return {"about": about, "by_item": about.tocsr(), "interests": interests}


def load_catalogue(client: Client, model: str | None, width: int) -> Catalogue:
    """Read all items. model: the version whose vectors are taken, None for any.  width: D of these."""
    parts: dict[str, list[Any]] = {}
    vectors: list[NDArray[np.float32]] = []
    about: list[tuple[int, int]] = []
    interests: dict[str, int] = {}
    first = 0  # row of the block
    for block in client.stream("recommend/stream_catalogue", model=model, block=BLOCK_ITEMS):
        vectors.append(_matrix(block["embeddings"], width))
        for number, names in enumerate(block["names"]):
            about.extend((first + number, interests.setdefault(name, len(interests))) for name in names)
        parts.setdefault("ids", []).extend(block["item_ids"])
        parts.setdefault("weights", []).extend(weight for weights in block["weights"] for weight in weights)
        for name, values in _scalars(block).items():
            parts.setdefault(name, []).append(values)
        first += len(block["item_ids"])
    ids = parts.get("ids", [])
    size = len(ids)
    scalars = {name: np.concatenate(parts.get(name, [values])) for name, values in _scalars(_EMPTY).items()}
    index = {item_id: row for row, item_id in enumerate(ids)}
    order = np.empty(size, dtype=np.int64)
    order[sorted(range(size), key=ids.__getitem__)] = np.arange(size)
    matrix = np.concatenate([np.zeros((0, width), dtype=np.float32), *vectors])
    items, columns = zip(*about, strict=True) if about else ((), ())
    attributes, favours = _favours(client, index)
    by_interest = _about_matrix(items, columns, parts.get("weights", []), size, len(interests))
    return Catalogue(
        order=order,
        vectors=Vectors.of(matrix),
        edges=NeighbourTable(size),
        about=by_interest,
        by_item=by_interest.tocsr(),
        favours=favours,
        ids=ids,
        index=index,
        interests=interests,
        attributes=attributes,
        gone=NO_ROWS,
        **scalars,
    )


_EMPTY: Columns = {
    name: [] for name in ("popularity", "ever_popular", "windows", "versions", "changes", "titles", "new", "touched")
}


def _scalars(columns: Columns) -> dict[str, NDArray[Any]]:
    """The columns with one value an item, as arrays by field of Catalogue."""
    return {
        "popularity": _logarithms(columns["popularity"]),
        "ever_popular": _logarithms(columns["ever_popular"]),
        "windows": _windows(columns["windows"]),
        "version": np.array(columns["versions"], dtype=np.int64),
        "change": np.array(columns["changes"], dtype=np.int64),
        "titles": np.array([title or None for title in columns["titles"]], dtype=object),
        "new": np.array(columns["new"], dtype=bool),
        "touched": np.array(columns["touched"], dtype=np.int64),
    }


def _logarithms(values: Sequence[float]) -> Floats:
    column = np.array(values, dtype=float)
    return np.where(column > NO_COUNT, column, -np.inf)


def _windows(values: Sequence[Sequence[float]]) -> Floats:
    """(I, W); -inf for items without events, and where the graph was built for other half-lives."""
    none = [-np.inf] * len(WINDOWS)
    return np.array([own if len(own) == len(WINDOWS) else none for own in values], dtype=float).reshape(
        -1, len(WINDOWS)
    )


def _matrix(embeddings: Sequence[Sequence[float]], width: int) -> NDArray[np.float32]:
    if all(len(vector) == width for vector in embeddings):
        return np.array(embeddings, dtype=np.float32).reshape(len(embeddings), width)
    matrix = np.zeros((len(embeddings), width), dtype=np.float32)
    for row, vector in enumerate(embeddings):
        if len(vector) == width:
            matrix[row] = vector
    return matrix


def _about_matrix(
    items: Sequence[int], columns: Sequence[int], weights: Sequence[float], size: int, count: int
) -> sp.csc_matrix:
    return sp.csc_matrix((np.array(weights, dtype=float), (items, columns)), shape=(size, count))


def _favours(client: Client, index: Mapping[str, int]) -> tuple[dict[str, int], sp.csr_matrix]:
    """The FAVOURS relationships: the row of each attribute, and (A, I) scores."""
    attributes: dict[str, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    scores: list[float] = []
    for row in client.stream("recommend/stream_favours"):
        number = attributes.setdefault(row["attribute"], len(attributes))
        found = [(index[i], score) for i, score in zip(row["item_ids"], row["scores"], strict=True) if i in index]
        rows += [number] * len(found)
        columns += [item for item, _ in found]
        scores += [score for _, score in found]
    shape = (len(attributes), len(index))
    return attributes, sp.csr_matrix((np.array(scores, dtype=float), (rows, columns)), shape=shape)
