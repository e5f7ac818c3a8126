"""Rows of similar and following items, derived anew for a few items or users and written with the items' vectors."""

from __future__ import annotations

from collections.abc import Sequence

from gnn.update.item_vectors import ItemEmbedder
from graphstore.database.client import Client
from graphstore.incremental.derivation import IncrementalDerivation
from graphstore.incremental.neighbour_store import (
    NeighbourUpdates,
    StoredNeighbours,
    rows_with_column,
    sources_of,
    write_neighbourhoods,
)
from graphstore.update import work_queue

MOVED = 0.01  # in one number of a vector of length 1, from which on it is written
FAR = 0.1  # distance from which on the users of an item are marked
DEPENDENTS = 100  # users of an item that are marked, at most
LATER_MILLIS = 20_000  # until marked users are due, once for all items that move until then


class NeighbourRows:
    """Derives rows of neighbours and writes those that changed.

    similar, following: what is stored now of SIMILAR_TO and FOLLOWED_BY, by source.
    """

    def __init__(self, client: Client, embedder: ItemEmbedder) -> None:
        self._client, self._embedder = client, embedder
        self.similar = StoredNeighbours(client, "similar")
        self.following = StoredNeighbours(client, "following")

    def forget(self) -> None:
        """Read rows again from the graph before the next change."""
        self.similar.forget()
        self.following.forget()

    def derive(
        self, derivation: IncrementalDerivation, targets: Sequence[str], sources: Sequence[str], users: Sequence[str]
    ) -> None:
        """Derive some rows anew, and write what changed, with the vectors of items whose neighbours changed.

        targets: items whose column of similar items is derived.  sources: items, with the items that follow them.
        users: with the users similar to them.
        """
        similar = self._similar_columns(derivation, targets)
        followed = NeighbourUpdates()
        for source, before in self.following.rows_of(sources).items():
            followed.change(source, before, derivation.transitions(source))
        similar_users = {user_id: derivation.similar_users(user_id) for user_id in users}
        vectors = self._embedder.changed(self._embedder.embed(similar.after), MOVED)
        if similar.after or followed.after or similar_users or vectors:
            write_neighbourhoods(self._client, similar, followed, similar_users, vectors, self._embedder.version)
            for stored, updates in ((self.similar, similar), (self.following, followed)):
                for source, row in updates.after.items():
                    stored.put(source, row)
        if far := self._embedder.moved_beyond(vectors, FAR):
            work_queue.mark_users_of(self._client, far, DEPENDENTS, LATER_MILLIS)

    def write_described(self, items: Sequence[str], changed: Sequence[str]) -> None:
        """Write the vectors of items with a new description, and mark the users of those whose content changed."""
        self._embedder.forget(items)
        vectors = self._embedder.changed(self._embedder.embed(self.similar.rows_of(items)), 0.0)
        write_neighbourhoods(self._client, NeighbourUpdates(), NeighbourUpdates(), {}, vectors, self._embedder.version)
        work_queue.mark_users_of(self._client, changed, DEPENDENTS, LATER_MILLIS)

    def _similar_columns(self, derivation: IncrementalDerivation, targets: Sequence[str]) -> NeighbourUpdates:
        """The rows of similar items in which some targets stand, before and after their columns are derived."""
        updates = NeighbourUpdates()
        if not targets:
            return updates
        columns = {target: derivation.similar_items(target) for target in targets}
        having = sources_of(self._client, targets)
        rows = {target: self.similar.rows_of({*having.get(target, ()), *column}) for target, column in columns.items()}
        before = {source: row for found in rows.values() for source, row in found.items()}
        after = dict(before)
        for target, column in columns.items():
            own = {source: after[source] for source in rows[target]}
            after |= rows_with_column(own, target, column, derivation.options.similar_items)
        for source, row in after.items():
            updates.change(source, before[source], row)
        return updates
