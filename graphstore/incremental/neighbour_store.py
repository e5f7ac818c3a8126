"""Neighbour relationships of items and users in the graph: stored rows, cached while one worker writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.batches import batched
from graphstore.build.write import BY
from graphstore.database.client import Client, Transaction
from graphstore.incremental.item_rows import NeighbourRow, ScorePair, updated_row

SCORE_TOLERANCE = 2e-3  # smaller changes of a score are not written
READ_ROWS = 200
SOURCES_AT_ONCE, ITEMS_AT_ONCE = 16, 16  # in a transaction: other writers wait for its locks


class StoredNeighbours:
    """The stored rows of one relationship type between items, read once and cached.

    sort: "similar" (SIMILAR_TO) or "following" (FOLLOWED_BY). The holder must be the only writer of these rows.
    """

    def __init__(self, client: Client, sort: str) -> None:
        self._client = client
        self._sort = sort
        self._rows: dict[str, NeighbourRow] = {}

    def rows_of(self, sources: Iterable[str]) -> dict[str, NeighbourRow]:
        """The rows of some items, by item id."""
        sources = list(sources)
        missing = [source for source in sources if source not in self._rows]
        for batch in batched(missing, READ_ROWS):
            for row in self._client.read(f"incremental/read_{self._sort}_rows", item_ids=batch):
                pairs = zip(row["scores"], row["recent_scores"], strict=True)
                self._rows[row["source"]] = dict(zip(row["targets"], pairs, strict=True))
            for source in batch:
                self._rows.setdefault(source, {})
        return {source: self._rows[source] for source in sources}

    def put(self, source: str, row: NeighbourRow) -> None:
        """Cache a row that was written."""
        self._rows[source] = row

    def forget(self) -> None:
        """Empty the cache, so that every row is read again."""
        self._rows.clear()


@dataclass
class NeighbourUpdates:
    """Relationships of one type to write and to delete, and the rows that result.

    rows: maps of source, target, score, recent_score and `fresh` (whether the relationship is new).
    deleted: maps of source and target.  after: the resulting rows by source.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[dict[str, str]] = field(default_factory=list)
    after: dict[str, NeighbourRow] = field(default_factory=dict)

    def parts(self, count: int) -> Iterator[NeighbourUpdates]:
        """The same updates in parts of at most `count` sources."""
        for sources in map(set, batched(list(self.after), count)):
            yield NeighbourUpdates(
                [row for row in self.rows if row["source"] in sources],
                [row for row in self.deleted if row["source"] in sources],
                {source: self.after[source] for source in sources},
            )

    def locked_targets(self) -> set[str]:
        """The targets that get or lose a relationship, which locks them. A new score locks the relationship alone."""
        return {row["target"] for row in self.rows if row["fresh"]} | {row["target"] for row in self.deleted}

    def change(self, source: str, before: NeighbourRow, after: NeighbourRow) -> None:
        """Replace a row; scores that change by SCORE_TOLERANCE or less keep their stored value."""
        deleted = [target for target in before if target not in after]
        changed = [target for target, pair in after.items() if _differs(before.get(target), pair)]
        if not deleted and not changed:
            return
        self.deleted += [{"source": source, "target": target} for target in deleted]
        for target in changed:
            score, recent_score = after[target]
            pair = {"score": score, "recent_score": recent_score, "fresh": target not in before}
            self.rows.append({"source": source, "target": target, **pair})
        self.after[source] = {target: after[target] if target in set(changed) else before[target] for target in after}


def _differs(before: ScorePair | None, after: ScorePair) -> bool:
    return before is None or any(abs(new - old) > SCORE_TOLERANCE for old, new in zip(before, after, strict=True))


def rows_with_column(
    rows: Mapping[str, NeighbourRow], target: str, column: Mapping[str, ScorePair], top: int
) -> Iterator[tuple[str, NeighbourRow]]:
    """The rows of sources after the column of one target was replaced.

    rows: of the sources that have the target now, and of those in the column.
    """
    for source, before in rows.items():
        yield source, updated_row(before, {target: column.get(source)}, top)


def sources_of(client: Client, targets: Sequence[str]) -> dict[str, list[str]]:
    """The items that have each of these items among their most similar, by target."""
    rows = client.read("incremental/read_similar_sources", item_ids=list(targets))
    return {row["target"]: row["sources"] for row in rows}


def write_neighbourhoods(
    client: Client,
    similar: NeighbourUpdates,
    following: NeighbourUpdates,
    similar_users: Mapping[str, Mapping[str, float]],
    vectors: Mapping[str, NDArray[Any]],
    version: str | None,
) -> None:
    """Write derived relationships and the embeddings that changed with them, and stamp the feed; short transactions.

    similar_users: whole rows {user_id: {user_id: score}}.  vectors: new embeddings (D,) of items by model `version`.
    """
    for sort, updates, by in (("similar", similar, "similar_items"), ("following", following, "transitions")):
        for part in updates.parts(SOURCES_AT_ONCE):
            _write_edges(client, sort, part, BY[by])
    for user_id, row in similar_users.items():
        _write_similar_users(client, user_id, row)
    if version is not None:
        for item_ids in batched(list(vectors), ITEMS_AT_ONCE):
            _write_vectors(client, {item_id: vectors[item_id] for item_id in item_ids}, version)


def _write_edges(client: Client, sort: str, updates: NeighbourUpdates, by: str) -> None:
    items = sorted(updates.after)

    def work(tx: Transaction) -> None:
        tx.run("collect/lock_nodes", user_ids=[], item_ids=sorted({*items, *updates.locked_targets()}))
        tx.run(f"incremental/write_{sort}_edges", rows=updates.rows, gone=updates.deleted, by=by)
        tx.run("incremental/stamp_links", item_ids=items)

    client.transaction(work)


def _write_similar_users(client: Client, user_id: str, row: Mapping[str, float]) -> None:
    rows = [{"source": user_id, "targets": list(row), "scores": [float(score) for score in row.values()]}]

    def work(tx: Transaction) -> None:
        stored = tx.run("incremental/read_alike_ids", user_ids=[user_id])[0]["user_ids"]
        tx.run("collect/lock_nodes", user_ids=sorted({user_id, *row, *stored}), item_ids=[])
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
