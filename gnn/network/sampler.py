"""Neighbourhood subgraphs from Neo4j: seeds and fan-outs go in, a PyG `HeteroData` comes out.

This is a plain iterator, not a PyG `BaseSampler` under a `NodeLoader`: the seeds' history has to keep its order, which
the loaders do not carry. A batch is pulled once in a run and kept; item features are pulled once for each item.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gnn.network.data import GraphVocabulary, ItemTable, user_batch
from gnn.network.propagation import HeteroData
from graphstore.batches import batched
from graphstore.database.client import Client
from graphstore.extract import media
from graphstore.progress import Progress, silent
from graphstore.update import sampling


@dataclass(frozen=True)
class FanOut:
    """How many neighbours are pulled: events of a user, similar items of an item, followed users, their events."""

    events: int = 50
    similar: int = 20
    follows: int = 10
    followed_events: int = 10


class NeighbourhoodSampler:
    """Pulls neighbourhoods of users and items by the identity of their keys; keeps what it pulled.

    items: the table that item features are collected in; it grows with the items met.  media: whether images and sounds
    are pulled as well.
    """

    def __init__(
        self, client: Client, vocabulary: GraphVocabulary, fan_out: FanOut | None = None, media: bool = False
    ) -> None:
        self._client = client
        self.vocabulary = vocabulary
        self.fan_out = fan_out or FanOut()
        self.items = ItemTable(vocabulary)
        self._media = media

    def add_items(self, item_ids: Sequence[str]) -> None:
        """Pull attributes, similar items and content of items not met yet, and content and attributes of the latter."""
        missing = self.items.without_neighbours(item_ids)
        for batch in batched(missing, sampling.CONTENT_ROWS):
            attributes, similar = sampling.sample_items(self._client, batch, self.fan_out.similar)
            self.items.add_neighbours(batch, attributes, similar)
        self._add_missing_contents()

    def add_contents(self, item_ids: Sequence[str]) -> None:
        """Pull attributes and content of items, without their neighbours."""
        for item_id in item_ids:
            self.items.row(item_id)
        self._add_missing_contents()

    def _add_missing_contents(self) -> None:
        bare = self.items.without_content()
        for batch in batched(bare, sampling.CONTENT_ROWS):
            attributes, _ = sampling.sample_items(self._client, batch, 0)
            self.items.add_content(batch, attributes, *sampling.read_contents(self._client, batch))
            for name, positions, vectors in media.read_vectors(self._client, batch) if self._media else ():
                self.items.add_media(batch, name, positions, vectors)

    def sample_users(self, user_ids: Sequence[str]) -> HeteroData:
        """The neighbourhood of seed users, one hop of behaviour and ties; items carry indices into `self.items`."""
        behaviour = sampling.sample_behaviour(self._client, user_ids, self.fan_out.events)
        attributes, follows = sampling.sample_user_context(self._client, user_ids, self.fan_out.follows)
        others = sorted(set(follows.others))
        followed = sampling.sample_behaviour(self._client, others, self.fan_out.followed_events)
        self.add_items(sorted(set(behaviour.items) | set(followed.items)))
        return user_batch(self.items, self.vocabulary, user_ids, behaviour, attributes, follows, others, followed)

    def batches(self, user_ids: Sequence[str], size: int, progress: Progress = silent) -> Iterator[HeteroData]:
        """Neighbourhoods of `size` seed users at a time."""
        for number, batch in enumerate(batched(user_ids, size)):
            yield self.sample_users(batch)
            progress("neighbourhoods", min((number + 1) * size, len(user_ids)), len(user_ids))
