"""The graph as it would be if it held only an earlier part of the behaviour: item features and side information.

A held-out run trains and ranks on these, so that nothing rests on the held-out events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch

from gnn.network.data import ItemFeatures
from gnn.network.sampler import NeighbourhoodSampler
from graphstore.build.derive import BuildOptions, TwoScoreNeighbours, favoured_items
from graphstore.build.pull import pull_item_interests, pull_ties, pull_user_attributes
from graphstore.database.client import Client
from graphstore.interactions import Interactions
from graphstore.ranking.offline import SideInformation


def earlier_features(
    sampler: NeighbourhoodSampler,
    earlier: Interactions,
    similar: TwoScoreNeighbours,
    widths: tuple[int, Sequence[Sequence[Any]]],
) -> ItemFeatures:
    """The features of the sampler's items, with similar items derived from the earlier events alone.

    similar: derived from `earlier`.  widths: of content, and names and widths of the media, as `ItemTable.features`
    takes them.
    """
    table = sampler.items
    order = np.lexsort((similar.target, -similar.score, similar.source))
    source, target, score = similar.source[order], similar.target[order], similar.score[order]
    place = np.arange(len(source)) - np.searchsorted(source, source)
    keep = (place < sampler.fan_out.similar) & (score > 0)
    rows = np.array([table.index.get(item_id, -1) for item_id in earlier.item_ids])
    edges = np.stack([rows[target[keep]], rows[source[keep]]])
    return replace(
        table.features(*widths),
        similar=torch.from_numpy(edges.astype(np.int64)),
        scores=torch.from_numpy(score[keep].astype(np.float32)),
    )


class SideInformationReader:
    """Reads what the graph holds beside behaviour, once; what follows from behaviour is made from the events given."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pulled: tuple[Any, ...] = ()

    def of(self, earlier: Interactions, options: BuildOptions) -> SideInformation:
        """Attributes, ties and what items are about; which attributes favour which items, by the earlier events.

        earlier: with the same users and items each time.
        """
        if not self._pulled:
            _, about = pull_item_interests(self._client, earlier.item_ids)
            names, members = pull_user_attributes(self._client, earlier.user_ids)
            self._pulled = about, names, members, pull_ties(self._client, earlier.user_ids)
        about, names, members, follows = self._pulled
        favoured = favoured_items(earlier, members, options)
        shape = (len(names), len(earlier.item_ids))
        favours = sp.csr_matrix((favoured.score, (favoured.source, favoured.target)), shape=shape)
        return SideInformation(about, members, favours, follows)
