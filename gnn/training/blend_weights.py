"""The weights of the blend, learned on held-out events that no signal was computed from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize

from gnn.evaluation.list_metrics import ndcg
from gnn.network.data import GraphVocabulary, ItemTable
from gnn.network.propagation import HeteroData
from gnn.training.holdout import HoldOut
from graphstore.arrays import Floats
from graphstore.durations import DAY_MILLIS
from graphstore.interactions import Interactions
from graphstore.ranking.blend import (
    DEFAULT_WEIGHTS,
    NAMES,
    SEGMENTS,
    SIGNALS,
    Blend,
    segment_of,
    standard_scores,
    weight_vector,
)
from graphstore.ranking.history import History, Readout
from graphstore.ranking.offline import Signals

CALIBRATION_USERS = 2_000
PENALTY, SMOOTHNESS = 1e-3, 0.1
MOST_STEPS = 100
NO_VECTOR = np.zeros(0)


@dataclass(frozen=True)
class Example:
    """One user's candidates, to learn weights from.

    scores: (N, F) standard scores of signals.  chosen: (N,) bool, which candidates the user chose later.
    relevant: how many items the user chose later, among the candidates or not.  events: known before.
    """

    scores: Floats
    chosen: np.ndarray
    relevant: int
    events: int = 0


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
    """Examples of users with held-out events, at most CALIBRATION_USERS of them; some have no earlier events.

    events: all of them, also those held out.  vectors: of items by id, for the readout.
    """
    users = {user_id: row for row, user_id in enumerate(events.user_ids)}
    item_rows = {item_id: row for row, item_id in enumerate(events.item_ids)}
    pulled = [own for batch in batches for own in _pulled_events(batch, table, vocabulary, vectors)]
    total = np.bincount(events.user, minlength=len(users))

    def told(own: PulledEvents) -> bool:
        row = users[own.user_id]
        later = int(held.counts[row])
        return 0 < later < len(own.item_ids) or (bool(own.item_ids) and later == total[row] > 0)

    usable = [own for own in pulled if told(own)]
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
        chosen = np.isin(items, list(later))
        found.append(Example(standard_scores(values), chosen, len(later), len(known.item_ids)))
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
            np.maximum(millis[0] - millis, 0.0) if len(millis) else millis,
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


def learn_weights(found: Sequence[Example], without: Sequence[str] = ()) -> Blend:
    """A blend (without readout) whose weights rank chosen candidates above the others, for histories of each length: a
    softmax over each user's candidates.

        min_(W >= 0)  mean_u n_u^(-1/2) sum_(i chosen) ln(1 + sum_(j not chosen) e^(s_j - s_i))
                      + PENALTY sum_l |w_l - w_0|^2 + SMOOTHNESS sum_l |w_l - w_(l+1)|^2

    with s = X w_l for users of length l, and w_0 the default weights: a signal without any information keeps its
    default, and lengths without examples take the weights of those next to them. No weight is below 0: signals of one
    kind, as popularity in several windows, would get large ones of both signs, which fit the held-out days alone.
    without: channels whose signals get no weight.

    Reference: Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007; Byrd et al., "A
    Limited Memory Algorithm for Bound Constrained Optimization", SIAM J. Sci. Comput. 1995 (L-BFGS-B).
    """
    usable = [example for example in found if example.chosen.any()]
    off = {name for channel in without for name in SIGNALS[channel]}
    prior = np.array([0.0 if name in off else DEFAULT_WEIGHTS[name] for name in NAMES])
    if not usable:
        return Blend(dict(zip(NAMES, prior.tolist(), strict=True)))
    loss = _Loss(usable, prior)
    bounds = [(0.0, 0.0 if name in off else None) for name in NAMES] * SEGMENTS
    start = np.tile(np.where([name in off for name in NAMES], 0.0, np.maximum(prior, 0.02)), SEGMENTS)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": MOST_STEPS})
    weights = np.round(best.x.reshape(SEGMENTS, len(NAMES)), 6)
    by_length = [dict(zip(NAMES, own, strict=True)) for own in weights.tolist()]
    return Blend(by_length[-1], None, by_length)


class _Loss:
    """The loss of `learn_weights` and its gradient, by weights (L F,)."""

    def __init__(self, found: Sequence[Example], prior: Floats) -> None:
        width = max(len(example.chosen) for example in found)
        self._x = torch.zeros(len(found), width, len(NAMES))
        self._chosen = torch.zeros(len(found), width, dtype=torch.bool)
        there = torch.zeros(len(found), width, dtype=torch.bool)
        for row, example in enumerate(found):
            size = len(example.chosen)
            self._x[row, :size] = torch.from_numpy(example.scores)
            self._chosen[row, :size] = torch.from_numpy(example.chosen)
            there[row, :size] = True
        self._other = there & ~self._chosen
        self._scale = self._chosen.sum(1).float().rsqrt()
        self._segment = torch.tensor([segment_of(example.events) for example in found])
        self._prior = torch.from_numpy(prior)

    def __call__(self, flat: Floats) -> tuple[float, Floats]:
        weights = torch.from_numpy(flat.reshape(SEGMENTS, len(NAMES))).requires_grad_()
        scores = torch.bmm(self._x, weights.float()[self._segment].unsqueeze(2)).squeeze(2)
        others = scores.masked_fill(~self._other, -torch.inf).logsumexp(1, keepdim=True)
        losses = (torch.logaddexp(others, scores) - scores).masked_fill(~self._chosen, 0.0)
        value = (losses.sum(1) * self._scale).mean() + PENALTY * ((weights - self._prior) ** 2).sum()
        value = value + SMOOTHNESS * ((weights[1:] - weights[:-1]) ** 2).sum()
        value.backward()
        assert weights.grad is not None
        return float(value.detach()), weights.grad.numpy().ravel()


def cross_validated(found: Sequence[Example], without: Sequence[str] = (), seed: int = 0) -> Floats:
    """(U, 2) NDCG@10 and Recall@20 of each user's held-out choices, under weights that were learned on the other half
    of the users.

    The halves depend on the number of users and the seed alone, so that examples of the same users from two settings
    can be compared user by user.
    """
    half = np.random.default_rng(seed).permutation(len(found)) % 2
    scores = np.zeros((len(found), 2))
    for side in (0, 1):
        blend = learn_weights([example for example, own in zip(found, half, strict=True) if own != side], without)
        for number in np.flatnonzero(half == side).tolist():
            scores[number] = _ndcg_and_recall(found[number], blend)
    return scores


def _ndcg_and_recall(example: Example, blend: Blend) -> tuple[float, float]:
    """NDCG@10 and Recall@20 of one user's candidates."""
    return list_quality(example, example.scores @ weight_vector(blend.weights_of(example.events)))


def list_quality(example: Example, scores: Floats) -> tuple[float, float]:
    """NDCG@10 and Recall@20 of one user's candidates by scores (N,); of equal ones the first is first."""
    hits = np.flatnonzero(example.chosen[np.argsort(-scores, kind="stable")[:20]])
    relevant = np.array([example.relevant])
    return float(ndcg(np.zeros_like(hits), hits, relevant, 10)[0]), float(len(hits) / example.relevant)


def held_out_metrics(found: Sequence[Example], blend: Blend) -> dict[str, float]:
    """NDCG@10 and Recall@20 of the held-out choices of these users under some weights; {} without users."""
    if not found:
        return {}
    means = np.mean([_ndcg_and_recall(example, blend) for example in found], axis=0)
    return {"ndcg_at_10": float(means[0]), "recall_at_20": float(means[1]), "users": len(found)}
