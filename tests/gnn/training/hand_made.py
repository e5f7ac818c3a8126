"""Items with vectors that are given, users with histories that are given: losses that can be computed by hand."""

import math
from dataclasses import replace

import torch

from gnn.network.data import ItemFeatures
from gnn.network.model import Configuration, InterestNetwork
from gnn.network.propagation import HeteroData
from gnn.training.hyperparameters import Hyperparameters
from gnn.training.objective import Objective
from graphstore.clock import GraphClock

SCALE = 2.0  # what a cosine is multiplied with
DISLIKED, LIKED, RATED, LOW_RATED = 1, 2, 4, 5  # relations: two a kind, the second for its negative events
TELLING = (0.0, 0.0, 1.0, 0.5, 1.0, 0.5)
VECTORS = {"a": (1.0, 0.0), "b": (0.6, 0.8), "c": (0.0, 1.0)}
EAST = (1.0, 0.0)  # where a user with the attribute stands
HYPER = {
    "cuts": 1,
    "targets": 3,
    "target_decay": 1.0,
    "recency": None,
    "without_history": 0.0,
    "without_residual": 0.0,
    "pool": 100,
}
NO_PAIRS = torch.zeros(2, 0, dtype=torch.long)


def features(vectors):
    """Items of which nothing is known but their residuals."""
    size = len(vectors)
    blank, none = torch.zeros(size, 2), torch.zeros(size, dtype=torch.bool)
    return ItemFeatures(blank, none, torch.arange(size), NO_PAIRS, NO_PAIRS, torch.zeros(0))


class Network(InterestNetwork):
    """A model that notes where histories were cut."""

    def user_vectors(self, batch, history, cuts=None):
        self.cuts = cuts
        return super().user_vectors(batch, history, cuts)


def network(vectors=VECTORS, scale=SCALE):
    """A model in which items are these unit vectors, a user is the mean of their events' items, a dislike counts -1,
    and the attribute stands for EAST."""
    weights, half_lives = [1.0, -1.0] * 3, [1e9] * 6
    parts = ("content", "attributes", "neighbours")
    shape = {"content": 2, "dimension": 2, "rank_half_lives": (1e9,), "temperature": 1 / scale, "without": parts}
    model = Network(Configuration(1, len(vectors), weights, half_lives, **shape))
    with torch.no_grad():
        model.residual.weight.copy_(torch.tensor(list(vectors.values())))
        model.user_attribute.weight.copy_(torch.tensor([EAST]))
    return model


def objective(vectors=VECTORS, candidates=None, telling=TELLING, latest=float("nan"), live=None, **hyper):
    """candidates: the items that can be ranked; all where None."""
    rows = torch.tensor([list(vectors).index(name) for name in (vectors if candidates is None else candidates)])
    return Objective(
        features(vectors), rows, Hyperparameters(**HYPER | hyper), torch.tensor(telling), GraphClock(latest), live
    )


def batch_of(*histories, vectors=VECTORS, described=(), follows=(), seeds=None):
    """A batch of users by their (item, relation, day) events, oldest first; day None for unknown.

    described: users with the attribute.  follows: (followed, follower) pairs.  seeds: how many users, from the first,
    are seeds; all where None.
    """
    rows = sorted({list(vectors).index(name) for history in histories for name, _, _ in history})
    place = {list(vectors)[row]: number for number, row in enumerate(rows)}
    events = [(place[name], user, kind, day) for user, history in enumerate(histories) for name, kind, day in history]
    data = HeteroData()
    data["user"].num_nodes = len(histories)
    data["user"].user_id = [f"u{number}" for number in range(len(histories))]
    data["user"].seeds = len(histories) if seeds is None else seeds
    data["item"].n_id = torch.tensor(rows, dtype=torch.long)
    data["item"].num_nodes = len(rows)
    edges = data["item", "interacts", "user"]
    edges.edge_index = torch.tensor([event[:2] for event in events], dtype=torch.long).reshape(-1, 2).T
    edges.relation = torch.tensor([event[2] for event in events], dtype=torch.long)
    days = [math.nan if event[3] is None else float(event[3]) for event in events]
    edges.days = torch.tensor(days, dtype=torch.float64)
    edges.negative = edges.relation % 2 == 1
    pairs = [(0, user) for user in described]
    data["attribute", "describes", "user"].edge_index = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).T
    data["user", "follows", "user"].edge_index = torch.tensor(follows, dtype=torch.long).reshape(-1, 2).T
    return data


def loss_of(task, batch, model=None, held=0, seed=0):
    """The loss of a batch, of whose seeds the last `held` events are held out: a number for all, or one for each."""
    seeds = int(batch["user"].seeds)
    counts = torch.tensor(held if isinstance(held, list) else [held] * seeds)
    model = model or network()
    return task.loss(model, batch, counts, torch.Generator().manual_seed(seed))


def cross_entropy(target, query=EAST, others=("a", "b", "c"), vectors=VECTORS, scale=SCALE):
    """-log softmax of one target among `others` (itself included) by the cosine with a query, times the scale."""
    logits = {name: scale * sum(x * y for x, y in zip(query, vectors[name], strict=True)) for name in {*others, target}}
    return math.log(sum(math.exp(logits[name]) for name in others)) - logits[target]


def target_weights(task, model, events):
    """How much events (relation, day) count as targets, beside an undated like that counts 1, by the loss of the two:
    (loss - loss of the like alone) / (loss of the event alone - loss) for each.

    task: any objective, of which the first two candidates are taken, on a model of which the first attribute is.
    """
    plain = {"cuts": 1, "targets": 2, "target_decay": 1.0, "without_history": 1.0, "without_residual": 0.0}
    hyper = replace(task.hyper, **plain, tasks=False)
    task = replace(task, hyper=hyper)
    names = [f"row{row}" for row in range(len(task.items.content))]
    one, other = (names[row] for row in task.candidates[:2].tolist())
    liked = model.configuration.relation_weights.index(1.0)
    with torch.no_grad():
        alone, whole = (
            loss_of(task, batch_of([(name, liked, None)], vectors=names, described=[0]), model).item()
            for name in (one, other)
        )
    found = []
    for relation, day in events:
        history = [(one, liked, None), (other, relation, day)]
        with torch.no_grad():
            both = loss_of(task, batch_of(history, vectors=names, described=[0]), model).item()
        found.append((both - alone) / (whole - both))
    return found
