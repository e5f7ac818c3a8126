"""Neighbourhood sampling from Neo4j: from seeds and fan-outs to PyG `HeteroData` batches.

It is a plain iterator, not a PyG `BaseSampler` under a `NodeLoader`, as the loaders do not keep the order of a history.
The features of an item are pulled once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gnn.network.data import GraphVocabulary, ItemTable
from gnn.network.propagation import HeteroData
from gnn.network.user_batch import user_batch
from graphstore.batches import batched
from graphstore.database.client import Client
from graphstore.extract import media
from graphstore.progress import Progress, silent
from graphstore.update import sampling


@dataclass(frozen=True)
class FanOut:
    """Numbers of neighbours pulled: events of a user, similar items of an item, users followed, events of these."""

    events: int = 50
    similar: int = 20
    follows: int = 10
    followed_events: int = 10


class NeighbourhoodSampler:
    """Pulls neighbourhoods of users and items by their ids, and keeps the items.

    items: the table of the items pulled so far.  media: whether vectors of images and sounds are pulled as well.
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
        """Pull the items and their similar items, so far as they are not in the table: content, media, attributes."""
        missing = self.items.without_neighbours(item_ids)
        for batch in batched(missing, sampling.CONTENT_ROWS):
            self.items.add_neighbours(batch, sampling.sample_similar_items(self._client, batch, self.fan_out.similar))
        self._add_missing_contents()

    def add_contents(self, item_ids: Sequence[str]) -> None:
        """Pull the items themselves, without their similar items."""
        for item_id in item_ids:
            self.items.row(item_id)
        self._add_missing_contents()

    def _add_missing_contents(self) -> None:
        bare = self.items.without_content()
        for batch in batched(bare, sampling.CONTENT_ROWS):
            attributes = sampling.read_item_attributes(self._client, batch)
            self.items.add_content(batch, attributes, *sampling.read_contents(self._client, batch))
            for name, positions, vectors in media.read_vectors(self._client, batch) if self._media else ():
                self.items.add_media(batch, name, positions, vectors)

    def sample_users(self, user_ids: Sequence[str]) -> HeteroData:
        """The neighbourhood of seed users: one hop of behaviour and ties; `item.n_id` are rows of `self.items`."""
        behaviour = sampling.sample_behaviour(self._client, user_ids, self.fan_out.events)
        attributes, follows = sampling.sample_user_context(self._client, user_ids, self.fan_out.follows)
        others = sorted(set(follows.others))
        followed = sampling.sample_behaviour(self._client, others, self.fan_out.followed_events)
        self.add_items(sorted(set(behaviour.items) | set(followed.items)))
        return user_batch(self.items, self.vocabulary, user_ids, behaviour, attributes, follows, others, followed)

    def batches(self, user_ids: Sequence[str], size: int, progress: Progress = silent) -> Iterator[HeteroData]:
        """The neighbourhoods of the users, `size` seeds a batch."""
        for number, batch in enumerate(batched(user_ids, size)):
            yield self.sample_users(batch)
            progress("neighbourhoods", min((number + 1) * size, len(user_ids)), len(user_ids))
