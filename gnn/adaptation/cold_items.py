"""Cold-start check: Recall@20 of held-out items ranked by content alone.

A fifth of the items with text and behaviour is held out, by a hash of their ids: the same items each time, so that
encoders trained at different times are compared on the same ones. They are two halves: what is chosen on one half is
scored on the other. As at the start of `update`, a ridge regression on contents and attributes predicts the vectors
that items have from behaviour; it is fitted on the other items. A user is the mean vector of their RECENT latest ones.

Names: I items, M items whose contents are needed, N items to train on, D width of vectors, C of contents, U users.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gnn.encoders.encoder import Vectors
from gnn.network.propagation import MeanAggregation
from gnn.network.ridge import fit_features
from gnn.network.spectral_start import start_vectors
from graphstore.arrays import Floats, Rows
from graphstore.extract.items import ItemText
from graphstore.interactions import Interactions
from graphstore.ranking.history import DIMENSION

HALVES = (0, 1)
HELD_SHARE = 10  # one item in so many is in each half
LEAST_ITEMS, LEAST_USERS = 40, 50  # of each
MOST_USERS, MOST_LEARNED = 2_000, 4_000
RECENT, K = 20, 20


class ColdCheck:
    """The held-out items, and the vectors of the others.

    events: over the I items.  items: their texts, in the same order.
    learned: (N,) rows that may be trained on, the MOST_LEARNED most chosen ones.
    rows: (M,) those and the held-out ones, whose contents are needed.  places: (N,) places of `learned` in `rows`.
    vectors: (M, D) from behaviour, 0 for held-out items.  weight: (M,) root of an item's events, 0 for held-out items.
    """

    def __init__(self, events: Interactions, items: Sequence[ItemText], seed: int = 0) -> None:
        readable = np.array([bool(item.text) for item in items], dtype=bool)
        chosen = events.where(events.weight > 0)
        counts = np.bincount(chosen.item, minlength=len(items))
        part = np.array([_part(item.item_id) for item in items])
        usable = readable & (counts > 0)
        self._groups = [np.flatnonzero(usable & (part == half)) for half in HALVES]
        held = np.isin(np.arange(len(items)), np.concatenate(self._groups))
        known = chosen.where(~held[chosen.item])
        others = np.flatnonzero(usable & ~held)
        self.learned = np.sort(others[np.argsort(-counts[others], kind="stable")[:MOST_LEARNED]])
        self.rows = np.sort(np.concatenate([self.learned, *self._groups]))
        self.places = np.searchsorted(self.rows, self.learned)
        vectors = start_vectors(known, DIMENSION, seed)
        self.vectors = torch.zeros(len(self.rows), DIMENSION)
        self.vectors[self.places] = vectors[torch.from_numpy(self.learned)]
        self.weight = torch.zeros(len(self.rows))
        self.weight[self.places] = torch.from_numpy(np.sqrt(counts[self.learned])).float()
        self._described = _described([items[row] for row in self.rows.tolist()])
        vectors[:, -1] = 0.0  # it only brings vectors to length 1
        self._asked = [self._ask(known, chosen, group, vectors, seed) for group in self._groups]

    @property
    def lacks(self) -> str | None:
        """Why there is too little for a check; None where there is enough."""
        for group, (users, _, _) in zip(self._groups, self._asked, strict=True):
            if len(group) < LEAST_ITEMS or len(users) < LEAST_USERS:
                return (
                    f"{len(group)} held-out items chosen by {len(users)} users: "
                    f"at least {LEAST_ITEMS} and {LEAST_USERS} are needed"
                )
        return None

    @property
    def items(self) -> int:
        """The number of held-out items."""
        return sum(map(len, self._groups))

    def users(self, half: int) -> Rows:
        """(U,) users who chose items of a half, in the order of its scores."""
        return self._asked[half][0]

    def regression(self, contents: Vectors) -> tuple[Tensor, Tensor, Tensor]:
        """The ridge regression of the vectors: the map (D, C) of contents, the bias (D,), and (M, D) of attributes.

        contents: (M, C) of `rows`.
        """
        seen = torch.from_numpy(contents) * (self.weight > 0)[:, None]
        line, bias, attributes = fit_features(self.vectors, seen, self._described, self.weight)
        by_attributes = self._described.matrix @ attributes if self._described else torch.zeros_like(self.vectors)
        return line, bias, by_attributes

    def scores(self, contents: Vectors) -> list[Floats]:
        """For each half (U,) the Recall@20 of each user's choices among its items. contents: (M, C) of `rows`."""
        line, bias, by_attributes = self.regression(contents)
        z = torch.from_numpy(contents) @ line.T + bias + by_attributes
        found = []
        for group, (_, profiles, wanted) in zip(self._groups, self._asked, strict=True):
            held = torch.from_numpy(np.searchsorted(self.rows, group))
            best = (profiles @ functional.normalize(z[held], dim=-1).T).topk(min(K, len(held))).indices
            found.append((wanted.gather(1, best).sum(1) / wanted.sum(1)).numpy())
        return found

    def _ask(
        self, known: Interactions, chosen: Interactions, group: np.ndarray, vectors: Tensor, seed: int
    ) -> tuple[Rows, Tensor, Tensor]:
        """Users who chose an item of a group of G, (U,), their mean vectors, (U, D), and what they chose, (U, G)."""
        asked = chosen.where(np.isin(chosen.item, group))
        users = np.intersect1d(asked.user, known.user)
        if len(users) > MOST_USERS:
            users = np.sort(np.random.default_rng(seed).choice(users, MOST_USERS, replace=False))
        wanted = torch.zeros(len(users), len(group), dtype=torch.float32)
        asked = asked.where(np.isin(asked.user, users))
        wanted[np.searchsorted(users, asked.user), np.searchsorted(group, asked.item)] = 1.0
        place = np.arange(len(known.user)) - np.searchsorted(known.user, known.user)
        latest = known.where((place < RECENT) & np.isin(known.user, users))
        edges = torch.from_numpy(np.stack([latest.item, np.searchsorted(users, latest.user)]))
        return users, MeanAggregation(edges, None, len(vectors), len(users))(vectors), wanted


def _part(item_id: str) -> int:
    """A number below HELD_SHARE, the same for an item each time; items with one of HALVES are held out."""
    return int.from_bytes(hashlib.sha256(item_id.encode("utf-8", "replace")).digest()[:4], "big") % HELD_SHARE


def _described(items: Sequence[ItemText]) -> MeanAggregation | None:
    """The mean over each item's attributes; None where no item has one."""
    numbers: dict[tuple[str, str], int] = {}
    pairs = [
        (numbers.setdefault(pair, len(numbers)), row) for row, item in enumerate(items) for pair in item.attributes
    ]
    if not pairs:
        return None
    return MeanAggregation(torch.tensor(pairs, dtype=torch.long).T.contiguous(), None, len(numbers), len(items))
