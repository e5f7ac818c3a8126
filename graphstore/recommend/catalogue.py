"""The items of the graph in memory: vectors, popularity, what they are about; a snapshot that never changes.

A change makes a new snapshot that shares what did not change, so that an answer that is being computed keeps the one it
began with. Rows are only ever added; an item that was erased keeps its row and is never shown (`gone`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows
from graphstore.database.client import Client
from graphstore.ranking.candidates import NO_ROWS, CandidateItems
from graphstore.ranking.item_vectors import Vectors
from graphstore.ranking.neighbour_table import NeighbourTable

BLOCK_ITEMS = 500
LITTLE = -1.0e300  # stands for -inf in columns out of the graph
Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Catalogue(CandidateItems):
    """What serving holds of I items.

    edges: those of items that were asked for.  ids, index: ids, and the row of each.  by_item: `about` by rows.
    version, change: (I,) `Item.version` and `Item.linked_seq`.
    new: (I,) whether behaviour says little of it.  touched: (I,) when it was touched last, in milliseconds.
    interests, attributes: the columns of `about` and the rows of `favours` by name.  gone: rows of erased items.
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

    def rows(self, item_ids: Iterable[str]) -> Rows:
        """The rows of those items that are known."""
        index = self.index
        return np.array([index[item_id] for item_id in item_ids if item_id in index], dtype=np.int64)

    def with_items(self, columns: Columns) -> Catalogue:
        """With some items as `read_catalogue` found them: changed, or new."""
        fresh = [item_id for item_id in columns["item_ids"] if item_id not in self.index]
        wider = self._with_room(fresh) if fresh else self
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
        """With these items leading elsewhere than before, under other numbers of the feed."""
        column = self.change.copy()
        column[rows] = change
        return replace(self, change=column)

    def without(self, rows: Rows) -> Catalogue:
        """With these items gone; an item of the same id that comes later is another one."""
        dead = set(rows.tolist())
        index = {item_id: row for item_id, row in self.index.items() if row not in dead}
        return replace(self, index=index, gone=np.union1d(self.gone, rows))

    def _with_room(self, fresh: Sequence[str]) -> Catalogue:
        """With rows for new items, about which nothing is known yet."""
        ids, index, order = self.ids + list(fresh), dict(self.index), self.order
        known = sorted(range(len(order)), key=order.__getitem__)
        names = [self.ids[row] for row in known]
        for row, item_id in enumerate(fresh, len(order)):
            index[item_id] = row
            place = bisect_left(names, item_id)
            names.insert(place, item_id)
            known.insert(place, row)
        order = np.empty(len(ids), dtype=np.int64)
        order[known] = np.arange(len(ids))
        more = len(fresh)
        self.edges.grow(len(ids))
        wider: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), np.zeros(more, dtype=getattr(self, name).dtype)])
            for name in ("popularity", "ever_popular", "version", "change", "titles", "new", "touched")
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
        """What some items are about, where it differs from what is held."""
        by_item, changed = self.by_item, []
        for row, names, weights in zip(rows, columns["names"], columns["weights"], strict=True):
            mine = slice(*by_item.indptr[row : row + 2].tolist())
            held = dict(zip(by_item.indices[mine].tolist(), by_item.data[mine].tolist(), strict=True))
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
    """Read all items. model: whose vectors count; None for any.  width: of these."""
    parts: dict[str, list[Any]] = {}
    vectors: list[NDArray[np.float32]] = []
    about: list[tuple[int, int]] = []
    interests: dict[str, int] = {}
    starts = 0
    for block in client.stream("recommend/stream_catalogue", model=model, block=BLOCK_ITEMS):
        vectors.append(_matrix(block["embeddings"], width))
        for number, names in enumerate(block["names"]):
            about.extend((starts + number, interests.setdefault(name, len(interests))) for name in names)
        parts.setdefault("ids", []).extend(block["item_ids"])
        parts.setdefault("weights", []).extend(weight for weights in block["weights"] for weight in weights)
        for name, values in _scalars(block).items():
            parts.setdefault(name, []).append(values)
        starts += len(block["item_ids"])
    ids = parts.get("ids", [])
    size = len(ids)
    scalars = {name: np.concatenate(parts.get(name, [values])) for name, values in _scalars(_NOTHING).items()}
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


_NOTHING: Columns = {
    name: [] for name in ("popularity", "ever_popular", "versions", "changes", "titles", "new", "touched")
}


def _scalars(columns: Columns) -> dict[str, NDArray[Any]]:
    """The columns of one value an item, as arrays."""
    return {
        "popularity": _logarithms(columns["popularity"]),
        "ever_popular": _logarithms(columns["ever_popular"]),
        "version": np.array(columns["versions"], dtype=np.int64),
        "change": np.array(columns["changes"], dtype=np.int64),
        "titles": np.array([title or None for title in columns["titles"]], dtype=object),
        "new": np.array(columns["new"], dtype=bool),
        "touched": np.array(columns["touched"], dtype=np.int64),
    }


def _logarithms(values: Sequence[float]) -> Floats:
    column = np.array(values, dtype=float)
    return np.where(column > LITTLE, column, -np.inf)


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
    """What users with an attribute favour: the row of each attribute, and (A, I) scores."""
    attributes: dict[str, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    scores: list[float] = []
    for row in client.stream("recommend/stream_favours"):
        number = attributes.setdefault(row["attribute"], len(attributes))
        known = [(index[i], score) for i, score in zip(row["item_ids"], row["scores"], strict=True) if i in index]
        rows += [number] * len(known)
        columns += [item for item, _ in known]
        scores += [score for _, score in known]
    shape = (len(attributes), len(index))
    return attributes, sp.csr_matrix((np.array(scores, dtype=float), (rows, columns)), shape=shape)
