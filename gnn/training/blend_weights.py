"""The weights of the blend, learned on held-out events that no signal was computed from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from gnn.evaluation.list_metrics import ndcg
from gnn.network.data import GraphVocabulary, ItemTable
from gnn.network.propagation import HeteroData
from gnn.training.holdout import HoldOut
from graphstore.arrays import Floats
from graphstore.durations import DAY_MILLIS
from graphstore.interactions import Interactions
from graphstore.ranking.blend import DEFAULT_WEIGHTS, NAMES, SIGNALS, standard_scores
from graphstore.ranking.history import History, Readout
from graphstore.ranking.offline import Signals

CALIBRATION_USERS = 2_000
PENALTY = 1e-3
NO_VECTOR = np.zeros(0)


@dataclass(frozen=True)
class Example:
    """One user's candidates, to learn weights from.

    scores: (N, F) standard scores of signals.  chosen: (N,) bool, which candidates the user chose later.
    relevant: how many items the user chose later, among the candidates or not.
    """

    scores: Floats
    chosen: np.ndarray
    relevant: int


def examples(
    signals: Signals,
    held: HoldOut,
    events: Interactions,
    batches: Sequence[HeteroData],
    table: ItemTable,
    vocabulary: GraphVocabulary,
    readout: Readout | None,
    vectors: Mapping[str, np.ndarray],
    seed: int,
) -> list[Example]:
    """Examples of users with held-out events and earlier ones, at most CALIBRATION_USERS of them.

    events: all of them, also those held out.  vectors: of items by id, for the readout.
    """
    users = {user_id: row for row, user_id in enumerate(events.user_ids)}
    item_rows = {item_id: row for row, item_id in enumerate(events.item_ids)}
    pulled = [own for batch in batches for own in _pulled_events(batch, table, vocabulary, vectors)]
    usable = [own for own in pulled if 0 < held.counts[users[own.user_id]] < len(own.item_ids)]
    order = np.random.default_rng(seed).permutation(len(usable))[:CALIBRATION_USERS]
    found = []
    for own in (usable[n] for n in sorted(order.tolist())):
        row = users[own.user_id]
        newest = int(held.counts[row])
        later = {item_rows[item_id] for item_id in own.item_ids[:newest] if item_id in item_rows}
        later -= {item_rows[item_id] for item_id in own.item_ids[newest:] if item_id in item_rows}
        if not later:
            continue
        known = own.before(newest, signals.options.events)
        recent = known.recent(signals.options.recent, signals.options.negative_weight, vocabulary.negative_types)
        vector = readout.vector(known) if readout else np.zeros(0)
        items, values = signals.candidates(row, recent, vector)
        found.append(Example(standard_scores(values), np.isin(items, list(later)), len(later)))
    return found


@dataclass(frozen=True)
class PulledEvents:
    """One user's E pulled events, newest first.

    item_ids, types: E strings.  millis: (E,) since 1970, NaN where unknown.  negative: (E,) whether one tells dislike.
    vectors: E embeddings, empty where an item has none.
    """

    user_id: str
    item_ids: list[str]
    types: list[str]
    millis: Floats
    negative: np.ndarray
    vectors: list[np.ndarray]

    def before(self, newest: int, most: int) -> History:
        """At most `most` events before the `newest` ones, with their ages, as serving reads them."""
        keep = slice(newest, newest + most)
        millis = self.millis[keep]
        return History(
            self.item_ids[keep],
            self.types[keep],
            np.arange(len(millis), dtype=float),
            np.maximum(millis[0] - millis, 0.0),
            self.negative[keep],
            self.vectors[keep],
        )


def _pulled_events(
    batch: HeteroData, table: ItemTable, vocabulary: GraphVocabulary, vectors: Mapping[str, np.ndarray]
) -> Iterator[PulledEvents]:
    """The events of each seed user of a batch."""
    edges = batch["item", "interacts", "user"]
    source, user = edges.edge_index.cpu().numpy()
    ids = [table.ids[row] for row in batch["item"].n_id.tolist()]
    relation, days = edges.relation.cpu().numpy(), edges.days.cpu().numpy()
    for position, user_id in enumerate(batch["user"].user_id):
        own = np.flatnonzero(user == position)[::-1]
        items = [ids[n] for n in source[own]]
        types = [vocabulary.relations[n] for n in relation[own] // 2]
        item_vectors = [vectors.get(item, NO_VECTOR) for item in items]
        yield PulledEvents(user_id, items, types, days[own] * DAY_MILLIS, relation[own] % 2 == 1, item_vectors)


def learn_weights(found: Sequence[Example], without: Sequence[str] = ()) -> dict[str, float]:
    """The weights that rank chosen candidates above the others: a softmax over each user's candidates.

        min_w  mean_u n_u^(-1/2) sum_(i chosen) ln(1 + sum_(j not chosen) e^(s_j - s_i))  +  penalty |w - w_0|^2

    with s = X w, and w_0 the default weights: a signal without any information keeps its default.
    without: channels whose signals get no weight.

    Reference: Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007.
    """
    usable = [example for example in found if example.chosen.any()]
    off = {name for channel in without for name in SIGNALS[channel]}
    prior = torch.tensor([0.0 if name in off else DEFAULT_WEIGHTS[name] for name in NAMES])
    if not usable:
        return dict(zip(NAMES, prior.tolist(), strict=True))
    width = max(len(example.chosen) for example in usable)
    on = prior.new_tensor([float(name not in off) for name in NAMES])
    x = torch.zeros(len(usable), width, len(NAMES))
    chosen = torch.zeros(len(usable), width, dtype=torch.bool)
    there = torch.zeros(len(usable), width, dtype=torch.bool)
    for row, example in enumerate(usable):
        size = len(example.chosen)
        x[row, :size] = torch.from_numpy(example.scores) * on
        chosen[row, :size] = torch.from_numpy(example.chosen)
        there[row, :size] = True
    weights = prior.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")
    scale = chosen.sum(1).float().rsqrt()

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        scores = x @ weights
        others = scores.masked_fill(chosen | ~there, -torch.inf).logsumexp(1, keepdim=True)
        losses = (torch.logaddexp(others, scores) - scores).masked_fill(~chosen, 0.0)
        value = (losses.sum(1) * scale).mean() + PENALTY * ((weights - prior) ** 2).sum()
        value.backward()
        return value

    optimizer.step(loss)
    return {name: round(value, 6) for name, value in zip(NAMES, weights.detach().tolist(), strict=True)}


def cross_validated(found: Sequence[Example], without: Sequence[str] = (), seed: int = 0) -> Floats:
    """(U,) NDCG@10 of each user's held-out choices, under weights that were learned on the other half of the users.

    The halves depend on the number of users and the seed alone, so that examples of the same users from two settings
    can be compared user by user.
    """
    half = np.random.default_rng(seed).permutation(len(found)) % 2
    scores = np.zeros(len(found))
    for side in (0, 1):
        weights = learn_weights([example for example, own in zip(found, half, strict=True) if own != side], without)
        for number in np.flatnonzero(half == side).tolist():
            scores[number] = _ndcg_and_recall(found[number], weight_vector(weights))[0]
    return scores


def weight_vector(weights: Mapping[str, float]) -> Floats:
    """(F,) weights in the order of NAMES; 0 for a signal that has none."""
    return np.array([weights.get(name, 0.0) for name in NAMES])


def _ndcg_and_recall(example: Example, weights: Floats) -> tuple[float, float]:
    """NDCG@10 and Recall@20 of one user's candidates under weights (F,)."""
    hits = np.flatnonzero(example.chosen[np.argsort(-(example.scores @ weights), kind="stable")[:20]])
    relevant = np.array([example.relevant])
    return float(ndcg(np.zeros_like(hits), hits, relevant, 10)[0]), float(len(hits) / example.relevant)


def held_out_metrics(found: Sequence[Example], weights: Mapping[str, float]) -> dict[str, float]:
    """NDCG@10 and Recall@20 of the held-out choices of these users under some weights; {} without users."""
    if not found:
        return {}
    means = np.mean([_ndcg_and_recall(example, weight_vector(weights)) for example in found], axis=0)
    return {"ndcg_at_10": float(means[0]), "recall_at_20": float(means[1]), "users": len(found)}
