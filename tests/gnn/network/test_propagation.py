"""Propagation by hand on a small graph: what neighbours add to whom, and how far the loss of an edge is felt.

Items a, b, c, d, e begin at given vectors z. Similar items: b and c speak for a (weights 3 and 1), c for b, d for c; e
has nobody. Users chose items; those without behaviour follow some who have it.
"""

import math

import pytest
import torch
from torch.nn import functional

from gnn.network.data import ItemFeatures
from gnn.network.model import Configuration, HistoryBatch, InterestNetwork
from gnn.network.propagation import HeteroData, MeanAggregation

ITEMS = "abcde"
Z = torch.tensor([[1.0, 0.0], [0.0, 2.0], [4.0, 1.0], [1.0, 3.0], [3.0, 4.0]])
SIMILAR = (("b", "a", 3.0), ("c", "a", 1.0), ("c", "b", 0.5), ("d", "c", 2.0))  # from, to, weight
LIKED, LOW, VIEWED, DISLIKED = 0, 1, 2, 5
WEIGHTS = [1.0, 0.5, 0.25, 0.125, 0.0, -1.0]
HISTORIES = {"ann": "ac", "bob": "b", "cem": "d", "dan": "e", "eva": "", "fay": "", "gus": ""}  # oldest first
FOLLOWS = (("bob", "eva"), ("cem", "fay"), ("dan", "fay"))  # followed, follower
NO_PAIRS = torch.zeros(2, 0, dtype=torch.long)


def features(similar=SIMILAR):
    size = len(ITEMS)
    pairs = [(ITEMS.index(one), ITEMS.index(other)) for one, other, _ in similar]
    edges = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).T
    scores = torch.tensor([weight for _, _, weight in similar])
    blank = torch.zeros(size, dtype=torch.bool)
    return ItemFeatures(torch.zeros(size, 2), blank, torch.arange(size), NO_PAIRS, edges, scores)


def network(without=("content", "attributes"), **more):
    """Residuals are z; neighbours count half, followed users in full; all events and relations are ageless."""
    options = {"content": 2, "dimension": 2, "rank_half_lives": (1e9,), "without": without} | more
    model = InterestNetwork(Configuration(1, len(ITEMS), WEIGHTS, [1e9] * len(WEIGHTS), **options)).eval()
    with torch.no_grad():
        model.residual.weight.copy_(Z)
        model.similar.linear.weight.copy_(torch.eye(2) / 2)
        model.follows.linear.weight.copy_(torch.eye(2))
    return model


def batch_of(histories, follows=(), relation=LIKED):
    """A batch of users by the items of their undated events, oldest first: letters, or (letter, relation) pairs."""
    users = list(histories)
    pairs = [(event, user) for user, events in enumerate(histories.values()) for event in events]
    rows = [(*event, user) if isinstance(event, tuple) else (event, relation, user) for event, user in pairs]
    data = HeteroData()
    data["user"].num_nodes = data["user"].seeds = len(users)
    data["item"].n_id = torch.arange(len(ITEMS))
    edges = data["item", "interacts", "user"]
    edges.edge_index = torch.tensor([(ITEMS.index(name), user) for name, _, user in rows], dtype=torch.long).T
    edges.relation = torch.tensor([kind for _, kind, _ in rows])
    edges.days = torch.full((len(rows),), math.nan, dtype=torch.float64)
    edges.negative = edges.relation % 2 == 1
    data["attribute", "describes", "user"].edge_index = NO_PAIRS
    ties = [(users.index(followed), users.index(follower)) for followed, follower in follows]
    data["user", "follows", "user"].edge_index = torch.tensor(ties, dtype=torch.long).reshape(-1, 2).T
    return data


def user_vectors(model, batch, h):
    return model.user_vectors(batch, HistoryBatch.of(h, batch))[:, 0]


def unit(*vector):
    return pytest.approx([x / math.hypot(*vector) for x in vector], abs=1e-6)


def test_an_item_is_its_own_vector_and_half_the_weighted_mean_of_its_neighbours():
    """a: (1, 0) + 1/2 * (3 * (0, 2) + (4, 1)) / 4; b: (0, 2) + 1/2 * (4, 1); c: (4, 1) + 1/2 * (1, 3)."""
    h = network().item_vectors(features())
    assert h[0].tolist() == unit(1.5, 0.875)
    assert h[1].tolist() == unit(2.0, 2.5)
    assert h[2].tolist() == unit(4.5, 2.5)


def test_an_item_without_neighbours_is_itself():
    h = network().item_vectors(features())
    assert h[3].tolist() == unit(1.0, 3.0) and h[4].tolist() == unit(3.0, 4.0)
    alone = network().item_vectors(features(similar=()))
    assert torch.equal(alone, functional.normalize(Z, dim=-1))


def test_what_neighbours_say_goes_through_a_matrix_that_is_learned():
    """W = [[0, 1], [2, 0]] turns the mean of c, (4, 1), to (1, 8); each row of its gradient is a multiple of (4, 1)."""
    model = network()
    with torch.no_grad():
        model.similar.linear.weight.copy_(torch.tensor([[0.0, 1.0], [2.0, 0.0]]))
    h = model.item_vectors(features(similar=(("c", "b", 0.5),)))
    assert h[1].tolist() == unit(0.0 + 1.0, 2.0 + 8.0)
    h[1, 0].backward()
    gradient = model.similar.linear.weight.grad
    assert torch.allclose(gradient[:, 0], 4 * gradient[:, 1]) and gradient.norm() > 0.1


def test_a_model_without_neighbours_takes_nothing_from_them():
    model = network(without=("content", "attributes", "neighbours"))
    assert torch.equal(model.item_vectors(features()), functional.normalize(Z, dim=-1))


def test_neighbours_that_are_not_asked_for_count_all_the_same():
    """Of the rows of a and c alone: their neighbours b and d come along behind them."""
    part = features().restrict(torch.tensor([2, 0]))
    h = network().item_vectors(part)
    assert h.shape == (2, 2) and h[0].tolist() == unit(4.5, 2.5) and h[1].tolist() == unit(1.5, 0.875)


def test_the_mean_of_an_edge_that_occurs_twice_counts_it_twice_and_signs_stay():
    mean = MeanAggregation(torch.tensor([[0, 0, 1], [2, 2, 2]]), torch.tensor([1.0, 1.0, -2.0]), 3, 3)
    x = torch.tensor([[3.0], [1.0], [7.0]])
    assert mean(x).tolist() == [[0.0], [0.0], [pytest.approx((3 + 3 - 2) / 4)]]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([("a", LIKED), ("c", LIKED)], (1.0 + 4.0, 0.0 + 1.0)),
        ([("a", LIKED), ("c", VIEWED)], (1.0 + 0.25 * 4.0, 0.0 + 0.25 * 1.0)),
        ([("a", LOW), ("b", LIKED)], (0.5 * 1.0, 2.0)),
        ([("c", LIKED), ("a", DISLIKED)], (4.0 - 1.0, 1.0)),
        ([("a", DISLIKED)], (-1.0, 0.0)),
    ],
)
def test_a_user_is_the_mean_of_their_items_by_the_weights_of_the_relations(events, expected):
    batch = batch_of({"ann": events})
    assert user_vectors(network(), batch, Z)[0].tolist() == unit(*expected)


def test_a_user_without_neighbours_of_any_kind_is_nowhere():
    found = user_vectors(network(), batch_of(HISTORIES, FOLLOWS), Z)
    assert found[list(HISTORIES).index("gus")].tolist() == [0.0, 0.0]


def test_who_follows_is_the_mean_of_the_means_of_the_followed():
    """fay follows cem, who chose d, and dan, who chose e: (1 + 3, 3 + 4) / 2."""
    found = user_vectors(network(), batch_of(HISTORIES, FOLLOWS), Z)
    assert found[list(HISTORIES).index("eva")].tolist() == unit(0.0, 2.0)
    assert found[list(HISTORIES).index("fay")].tolist() == unit(4.0, 7.0)


def everybody(similar=SIMILAR, histories=HISTORIES, follows=FOLLOWS):
    """The vectors of all items and users, by name."""
    model = network()
    h = model.item_vectors(features(similar))
    q = user_vectors(model, batch_of(histories, follows), h)
    return {name: row.tolist() for name, row in zip([*ITEMS, *histories], [*h, *q], strict=True)}


def moved(**graph):
    """Who stands elsewhere in a graph that lacks something."""
    before, after = everybody(), everybody(**graph)
    return {name for name, vector in before.items() if after[name] != vector}


@pytest.mark.parametrize(
    ("edge", "reached"),
    [
        ("ba", {"a", "ann"}),  # who chose a
        ("ca", {"a", "ann"}),
        ("cb", {"b", "bob", "eva"}),  # and who, without a choice of their own, follows one who did
        ("dc", {"c", "ann"}),  # not a and b, whom c speaks for: one step of propagation is one hop
    ],
)
def test_without_a_similar_item_exactly_those_within_three_hops_move(edge, reached):
    left = tuple(row for row in SIMILAR if row[0] + row[1] != edge)
    assert len(left) == len(SIMILAR) - 1 and moved(similar=left) == reached


@pytest.mark.parametrize(
    ("user", "events", "reached"),
    [("ann", "a", {"ann"}), ("bob", "", {"bob", "eva"}), ("cem", "", {"cem", "fay"}), ("dan", "", {"dan", "fay"})],
)
def test_without_an_event_exactly_its_user_and_who_follows_without_events_move(user, events, reached):
    assert moved(histories=HISTORIES | {user: events}) == reached


@pytest.mark.parametrize(("tie", "reached"), [(0, {"eva"}), (1, {"fay"}), (2, {"fay"})])
def test_without_a_tie_exactly_its_follower_moves(tie, reached):
    assert moved(follows=FOLLOWS[:tie] + FOLLOWS[tie + 1 :]) == reached


def test_attributes_of_an_item_count_as_their_mean():
    """Two attributes, (1, 1) and (3, 5), on top of e at (3, 4)."""
    found = features(similar=())
    attributes = torch.tensor([[0, 1], [4, 4]])
    described = ItemFeatures(found.content, found.has_content, found.known, attributes, found.similar, found.scores)
    model = InterestNetwork(Configuration(2, 5, WEIGHTS, [1e9] * 6, content=2, dimension=2, without=("content",)))
    with torch.no_grad():
        model.residual.weight.copy_(Z)
        model.attribute.weight.copy_(torch.tensor([[1.0, 1.0], [3.0, 5.0]]))
    h = model.item_vectors(described)
    assert h[4].tolist() == unit(3.0 + 2.0, 4.0 + 3.0) and h[0].tolist() == unit(1.0, 0.0)


def test_content_goes_through_its_matrix_and_counts_only_where_there_is_some():
    found = features(similar=())
    content = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    told = ItemFeatures(content, content.any(1), torch.full((5,), -1), NO_PAIRS, NO_PAIRS, found.scores)
    model = network(without=())
    with torch.no_grad():
        model.content.weight.copy_(torch.tensor([[2.0, 0.0], [0.0, 3.0]]))
        model.content.bias.copy_(torch.tensor([0.0, 1.0]))
    h = model.item_vectors(told)
    assert h[0].tolist() == unit(2.0, 1.0) and h[1].tolist() == unit(0.0, 4.0) and not h[2:].any()
