"""Terms: the signals of items as sums over what they come from, as `graphstore.ranking.attribution` needs them.

Names: I items, F signals, G groups, T terms, E edges, R recent items.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graphstore.arrays import Floats, Rows, ranges
from graphstore.ranking.blend import CHANNEL_PLACES, CHANNELS, CONTRASTS, NAMES, PLACE
from graphstore.ranking.candidates import CandidateItems, UserFeatures

Origin = tuple[str, int]  # what it is, and which: a row of an item, a column of `about`, a place among neighbours, …
PEOPLE: Origin = ("people", -1)


@dataclass(frozen=True)
class Terms:
    """The signals as sums of terms, in G groups. A signal f of an item is the sum over groups of factors[:, f] times
    the values of the group's terms that are on this item.

    origins, channel: of each group.  factors: (G, F).  group, row, value: (T,) of each term, its item as row.
    The first 4 R groups are of the recent items: scores and late scores of `similar`, then both of `transitions`.
    """

    origins: Sequence[Origin]
    channel: Rows
    factors: Floats
    group: Rows
    row: Rows
    value: Floats

    @classmethod
    def of(cls, items: CandidateItems, user: UserFeatures, channels: Collection[str]) -> Terms:
        """Of these channels, and of those that the recent items have."""
        made = [_from_items(user), *(make(items, user) for name, make in TERMS.items() if name in channels)]
        counts = np.array([len(one.origins) for one in made])
        columns = zip(*((one.channel, one.factors, one.row, one.value) for one in made), strict=True)
        channel, factors, row, value = (np.concatenate(parts) for parts in columns)
        group = np.concatenate([one.group + n for one, n in zip(made, np.cumsum(counts) - counts, strict=True)])
        return cls([origin for one in made for origin in one.origins], channel, factors, group, row, value)


def _terms(channel: str, origins: Sequence[Origin], factors: Floats, group: Rows, row: Rows, value: Floats) -> Terms:
    """factors: (G, S) for the S signals of the channel."""
    wide = np.zeros((len(origins), len(NAMES)))
    wide[:, CHANNEL_PLACES[channel]] = factors
    return Terms(origins, np.full(len(origins), CHANNELS.index(channel)), wide, group, row, value)


def _from_items(user: UserFeatures) -> Terms:
    """Of the channels similar and transitions: 4 R groups, each edge in two."""
    edges, weights, size = user.edges, user.weights, len(user.recent)
    factors = np.zeros((4, size, len(NAMES)))
    for follows, name in enumerate(("similar", "transitions")):
        factors[2 * follows, :, [PLACE[f"{name}_{decay}"] for decay in ("short", "long", "age")]] = weights.T
        factors[2 * follows + 1, :, PLACE[f"{name}_recent"]] = weights[:, 1]
    for name, (more, less) in CONTRASTS.items():
        factors[:, :, PLACE[name]] = factors[:, :, PLACE[more]] - factors[:, :, PLACE[less]]
    group = edges.place + 2 * size * edges.follows
    channel = np.repeat([CHANNELS.index("similar"), CHANNELS.index("transitions")], 2 * size)
    return Terms(
        [("event", row) for row in user.recent.tolist()] * 4,
        channel,
        factors.reshape(4 * size, len(NAMES)),
        np.concatenate([group, group + size]),
        np.concatenate([edges.target, edges.target]).astype(np.int64),
        np.concatenate([edges.score, edges.recent_score]),
    )


def _from_interests(items: CandidateItems, user: UserFeatures) -> Terms:
    columns = np.array([column for column, _ in user.interests], dtype=np.int64)
    start = items.about.indptr[columns]
    group, index = ranges(start, items.about.indptr[columns + 1] - start)
    weights = np.array([weight for _, weight in user.interests], dtype=float)[:, None]
    origins = [("interest", column) for column in columns.tolist()]
    return _terms("interests", origins, weights, group, items.about.indices[index], items.about.data[index])


def _from_people(items: CandidateItems, user: UserFeatures) -> Terms:
    """A followed user is an origin each, those who choose alike are one: none of them is ever named."""
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *(rows for rows, _, _ in user.neighbours)])
    group = np.arange(len(user.neighbours)).repeat([len(rows) for rows, _, _ in user.neighbours])
    origins = [("person", n) if tie[1] else PEOPLE for n, tie in enumerate(user.neighbours)]
    factors = np.array([(followed, similarity) for _, followed, similarity in user.neighbours]).reshape(-1, 2)
    return _terms("social", origins, factors, group, rows, np.ones(len(rows)))


def _from_attributes(items: CandidateItems, user: UserFeatures) -> Terms:
    rows = np.asarray(user.attributes, dtype=np.int64)
    start = items.favours.indptr[rows]
    group, index = ranges(start, items.favours.indptr[rows + 1] - start)
    origins = [("attribute", row) for row in rows.tolist()]
    ones = np.ones((len(rows), 1))
    return _terms("attributes", origins, ones, group, items.favours.indices[index], items.favours.data[index])


def _from_searches(items: CandidateItems, user: UserFeatures) -> Terms:
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *(rows for rows, _ in user.searches)])
    fit = np.concatenate([np.zeros(0), *(fit for _, fit in user.searches)])
    group = np.arange(len(user.searches)).repeat([len(rows) for rows, _ in user.searches])
    origins = [("search", n) for n in range(len(user.searches))]
    return _terms("searches", origins, np.ones((len(origins), 1)), group, rows, fit)


TERMS: Mapping[str, Callable[[CandidateItems, UserFeatures], Terms]] = {
    "interests": _from_interests,
    "social": _from_people,
    "attributes": _from_attributes,
    "searches": _from_searches,
}
