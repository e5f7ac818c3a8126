"""What goes together, row by row: stored neighbours of items, read once and kept, and what becomes of them written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.batches import batched
from graphstore.build.write import BY
from graphstore.database.client import Client, Transaction
from graphstore.incremental.item_rows import row_with

Pair = tuple[float, float]
NeighbourRow = dict[str, Pair]
SLIGHT = 2e-3  # a score that moves by less stays as it is
READ_ROWS = 200
SOURCES_AT_ONCE, ITEMS_AT_ONCE = 16, 16  # in a transaction: whoever acts meanwhile waits for it


class StoredNeighbours:
    """The rows (target to score and recent_score) of one sort of relationship between items, kept once they are read.

    sort: "similar" or "following". Whoever holds this has to be the only one who writes them.
    """

    def __init__(self, client: Client, sort: str) -> None:
        self._client = client
        self._sort = sort
        self._rows: dict[str, NeighbourRow] = {}

    def of(self, sources: Iterable[str]) -> dict[str, NeighbourRow]:
        """The rows of some items."""
        sources = list(sources)
        missing = [source for source in sources if source not in self._rows]
        for start in range(0, len(missing), READ_ROWS):
            batch = missing[start : start + READ_ROWS]
            for row in self._client.read(f"incremental/read_{self._sort}_rows", item_ids=batch):
                pairs = zip(row["scores"], row["recent_scores"], strict=True)
                self._rows[row["source"]] = dict(zip(row["targets"], pairs, strict=True))
            for source in batch:
                self._rows.setdefault(source, {})
        return {source: self._rows[source] for source in sources}

    def put(self, source: str, row: NeighbourRow) -> None:
        """A row was written."""
        self._rows[source] = row

    def forget(self) -> None:
        """Read everything again."""
        self._rows.clear()


@dataclass
class NeighbourUpdates:
    """Relationships of one sort to be written and to be taken away, and what the rows are then.

    rows: each with `fresh`, whether there is no such relationship yet.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    gone: list[dict[str, str]] = field(default_factory=list)
    after: dict[str, NeighbourRow] = field(default_factory=dict)

    def parts(self, count: int) -> Iterator[NeighbourUpdates]:
        """The same, some sources at a time."""
        for sources in map(set, batched(list(self.after), count)):
            yield NeighbourUpdates(
                [row for row in self.rows if row["source"] in sources],
                [row for row in self.gone if row["source"] in sources],
                {source: self.after[source] for source in sources},
            )

    def ends(self) -> set[str]:
        """The items that get a relationship or lose one. Another score is written to the relationship alone."""
        return {row["target"] for row in self.rows if row["fresh"]} | {row["target"] for row in self.gone}

    def change(self, source: str, before: NeighbourRow, after: NeighbourRow) -> None:
        """A row becomes another; what moves only slightly stays."""
        gone = [target for target in before if target not in after]
        moved = [target for target, pair in after.items() if _moved(before.get(target), pair)]
        if not gone and not moved:
            return
        self.gone += [{"source": source, "target": target} for target in gone]
        for target in moved:
            score, recent_score = after[target]
            pair = {"score": score, "recent_score": recent_score, "fresh": target not in before}
            self.rows.append({"source": source, "target": target, **pair})
        kept = {target: after[target] if target in set(moved) else before[target] for target in after}
        self.after[source] = kept


def _moved(before: Pair | None, after: Pair) -> bool:
    return before is None or any(abs(new - old) > SLIGHT for old, new in zip(before, after, strict=True))


def with_column(
    rows: Mapping[str, NeighbourRow], target: str, column: Mapping[str, Pair], top: int
) -> Iterator[tuple[str, NeighbourRow]]:
    """The rows of sources when the column of one target is another.

    rows: of those that have the target now and of those in the column.
    """
    for source, before in rows.items():
        yield source, row_with(before, {target: column.get(source)}, top).scores


def sources_of(client: Client, targets: Sequence[str]) -> dict[str, list[str]]:
    """The items that have each of these among their most similar."""
    rows = client.read("incremental/read_similar_sources", item_ids=list(targets))
    return {row["target"]: row["sources"] for row in rows}


def write_neighbourhoods(
    client: Client,
    similar: NeighbourUpdates,
    following: NeighbourUpdates,
    alike: Mapping[str, Mapping[str, float]],
    vectors: Mapping[str, NDArray[Any]],
    version: str | None,
) -> None:
    """Write what goes together and what it moved, and stamp the feed, in short transactions.

    alike: the users most like some users, whole rows.  vectors: new embeddings (D,) of items, by model `version`.
    """
    for sort, edges, by in (("similar", similar, "similar_items"), ("following", following, "transitions")):
        for part in edges.parts(SOURCES_AT_ONCE):
            _write_edges(client, sort, part, BY[by])
    for user_id, row in alike.items():
        _write_alike(client, user_id, row)
    if version is not None:
        for item_ids in batched(list(vectors), ITEMS_AT_ONCE):
            _write_vectors(client, {item_id: vectors[item_id] for item_id in item_ids}, version)


def _write_edges(client: Client, sort: str, edges: NeighbourUpdates, by: str) -> None:
    items = sorted(edges.after)

    def work(tx: Transaction) -> None:
        tx.run("collect/lock_nodes", user_ids=[], item_ids=sorted({*items, *edges.ends()}))
        tx.run(f"incremental/write_{sort}_edges", rows=edges.rows, gone=edges.gone, by=by)
        tx.run("incremental/stamp_links", item_ids=items)

    client.transaction(work)


def _write_alike(client: Client, user_id: str, row: Mapping[str, float]) -> None:
    rows = [{"source": user_id, "targets": list(row), "scores": [float(score) for score in row.values()]}]

    def work(tx: Transaction) -> None:
        let_go = tx.run("incremental/read_alike_ids", user_ids=[user_id])[0]["user_ids"]
        tx.run("collect/lock_nodes", user_ids=sorted({user_id, *row, *let_go}), item_ids=[])
        tx.run("incremental/write_alike_rows", rows=rows, by=BY["similar_users"])
        tx.run("incremental/stamp_nodes", item_ids=[], user_ids=[user_id])

    client.transaction(work)


def _write_vectors(client: Client, vectors: Mapping[str, NDArray[Any]], version: str) -> None:
    items = sorted(vectors)
    rows = [{"item_id": item_id, "embedding": np.asarray(vectors[item_id]).tolist()} for item_id in items]

    def work(tx: Transaction) -> None:
        tx.run("collect/lock_nodes", user_ids=[], item_ids=items)
        tx.run("incremental/write_moved_items", rows=rows, version=version)
        tx.run("incremental/stamp_nodes", item_ids=items, user_ids=[])

    client.transaction(work)
