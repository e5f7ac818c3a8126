"""Held-out items: how well contents foresee who chose items that nobody is known to have chosen.

A fifth of the items that have text and behaviour is held out, by a hash of their ids: the same ones each time, so that
encoders that were trained at different times are judged alike. They are two halves: what is chosen by one is judged by
the other. What contents say is asked as in `update`: a ridge regression, from contents and attributes, of the vectors
that the other items have from behaviour. A user is the mean of the last RECENT of these.
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
from graphstore.extract.items import ItemText
from graphstore.interactions import Interactions
from graphstore.ranking.history import DIMENSION

HALVES = (0, 1)
HELD_SHARE = 10  # one in so many for each of them
LEAST_ITEMS, LEAST_USERS = 40, 50  # of each
MOST_USERS, MOST_LEARNED = 2_000, 4_000
RECENT, K = 20, 20

Floats = np.ndarray
Rows = np.ndarray


class ColdCheck:
    """The items that are held out, and the vectors of the others.

    events: over the I items.  items: what can be read of them, in the same order.
    learned: (N,) rows that may be trained on, the MOST_LEARNED most chosen.
    rows: (M,) those and the held-out ones, of which contents are wanted.  places: (N,) where `learned` stand in `rows`.
    vectors: (M, D) by behaviour, 0 of those held out.  weight: (M,) how much there is to know each by.
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
        vectors[:, -1] = 0.0  # it only makes up for lengths
        self._asked = [self._ask(known, chosen, group, vectors, seed) for group in self._groups]

    @property
    def lacks(self) -> str | None:
        """What there is too little of for a check; None where there is enough."""
        for group, (users, _, _) in zip(self._groups, self._asked, strict=True):
            if len(group) < LEAST_ITEMS or len(users) < LEAST_USERS:
                return (
                    f"{len(group)} held-out items chosen by {len(users)} users: "
                    f"at least {LEAST_ITEMS} and {LEAST_USERS} are needed"
                )
        return None

    @property
    def items(self) -> int:
        """How many items are held out."""
        return sum(map(len, self._groups))

    def users(self, half: int) -> Rows:
        """(U,) those who chose items of a half, in the order of its scores."""
        return self._asked[half][0]

    def said(self, contents: Vectors) -> tuple[Tensor, Tensor, Tensor]:
        """What comes closest to the vectors by behaviour, as `update` begins: (D, C) of contents, (D,) to add to all,
        (M, D) what attributes say. contents: (M, C) of `rows`."""
        seen = torch.from_numpy(contents) * (self.weight > 0)[:, None]
        line, bias, attributes = fit_features(self.vectors, seen, self._described, self.weight)
        by_attributes = self._described.matrix @ attributes if self._described else torch.zeros_like(self.vectors)
        return line, bias, by_attributes

    def scores(self, contents: Vectors) -> list[Floats]:
        """For each half (U,) Recall@20 of each user's choices among its items. contents: (M, C) of `rows`."""
        line, bias, by_attributes = self.said(contents)
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
        """Users who chose one of the group, (U,), their profiles, (U, D), and which they chose, (U, G)."""
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
    """0 and 1 for one in HELD_SHARE each, the same for an item each time."""
    return int.from_bytes(hashlib.sha256(item_id.encode("utf-8", "replace")).digest()[:4], "big") % HELD_SHARE


def _described(items: Sequence[ItemText]) -> MeanAggregation | None:
    """The mean over an item's attributes."""
    numbers: dict[tuple[str, str], int] = {}
    pairs = [
        (numbers.setdefault(pair, len(numbers)), row) for row, item in enumerate(items) for pair in item.attributes
    ]
    if not pairs:
        return None
    return MeanAggregation(torch.tensor(pairs, dtype=torch.long).T.contiguous(), None, len(numbers), len(items))
