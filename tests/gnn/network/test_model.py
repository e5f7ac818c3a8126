import math

import pytest
import torch
from torch.nn import functional

from gnn.network.data import GraphVocabulary, ItemFeatures, ItemTable
from gnn.network.history_batch import HistoryBatch
from gnn.network.model import Configuration, InterestNetwork
from gnn.network.propagation import HeteroData, MeanAggregation, Neighbourhood
from gnn.network.user_batch import negative_events, user_batch
from graphstore.kinds import KINDS
from graphstore.ranking.history import History as ServedHistory
from graphstore.update.sampling import BehaviourColumns, EdgeColumns


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_a_propagation_step_is_sigma_of_w_times_the_mean_of_the_neighbours():
    """The worked example: u1..u4, each one's neighbourhood the other three."""
    h = torch.tensor([[1.0, 0.0], [0.0, 2.0], [4.0, 1.0], [1.0, 3.0]])
    pairs = [(j, i) for i in range(4) for j in range(4) if i != j]
    step = Neighbourhood(2, activation=torch.sigmoid)
    with torch.no_grad():
        step.linear.weight.copy_(torch.tensor([[1.0, 2.0], [0.0, -1.0]]))
    new = step(h, MeanAggregation(torch.tensor(pairs).T, torch.ones(12), 4, 4))
    # mean(h2, h3, h4) = (5/3, 2); W times it = (17/3, -2); and so on round.
    expected = [
        (sigmoid(17 / 3), sigmoid(-2.0)),
        (sigmoid(2 + 8 / 3), sigmoid(-4 / 3)),
        (sigmoid(2 / 3 + 10 / 3), sigmoid(-5 / 3)),
        (sigmoid(5 / 3 + 2), sigmoid(-1.0)),
    ]
    assert new.tolist() == [pytest.approx(row) for row in expected]


def test_a_node_without_neighbours_gets_nothing_from_them():
    step = Neighbourhood(2)
    new = step(torch.ones(2, 2), MeanAggregation(torch.tensor([[0], [1]]), None, 2, 2))
    assert new.tolist() == [[0.0, 0.0], [1.0, 1.0]]


def test_weights_and_their_signs_count_in_the_mean():
    mean = MeanAggregation(torch.tensor([[0, 1], [2, 2]]), torch.tensor([3.0, -1.0]), 3, 3)
    h = torch.tensor([[2.0], [6.0], [0.0]], requires_grad=True)
    new = Neighbourhood(1)(h, mean)
    assert new[2].item() == pytest.approx((3 * 2 - 6) / 4)
    new[2].sum().backward()
    assert h.grad.ravel().tolist() == pytest.approx([0.75, -0.25, 0.0])


def columns(*rows):
    """Behaviour columns of (user position, item, type, day, value), newest first by user."""
    users, items, types, days, values = zip(*rows, strict=True)
    nan = float("nan")
    return BehaviourColumns(
        torch.tensor(users).numpy(),
        list(items),
        list(types),
        torch.tensor([nan if day is None else day * 86400.0 for day in days], dtype=torch.float64).numpy(),
        torch.tensor([nan if value is None else value for value in values], dtype=torch.float64).numpy(),
    )


NONE = EdgeColumns(torch.zeros(0, dtype=torch.long).numpy(), [], torch.zeros(0).numpy())
NO_EVENTS = BehaviourColumns(NONE.positions, [], [], NONE.scores, NONE.scores)


def batch_of(behaviour, users=1, follows=NONE, others=(), followed=NO_EVENTS):
    vocabulary = GraphVocabulary.of_kinds(KINDS)
    ids = [f"u{n}" for n in range(users)]
    return user_batch(ItemTable(vocabulary), vocabulary, ids, behaviour, NONE, follows, others, followed)


def network(**more):
    types = sorted(kind.type for kind in KINDS.values())
    half_lives = [10.0] * (2 * len(types))
    weights = [1.0, -0.5] * len(types)
    options = {"dimension": 2, "rank_half_lives": (1.0,)} | more
    return InterestNetwork(Configuration(1, 1, weights, half_lives, **options)).eval()


def test_a_user_is_the_decayed_sum_of_the_events_before_the_cut():
    batch = batch_of(columns((0, "b", "LIKED", 20, None), (0, "a", "LIKED", 10, None)))
    h = torch.eye(2)  # b, a: in the order they were met
    history = HistoryBatch.of(h, batch)
    q = network().user_vectors(batch, history, torch.tensor([[0, 1, 2]]))[0]
    assert q[0].tolist() == [0.0, 0.0]
    assert q[1].tolist() == [0.0, 1.0]
    # a is one rank (half-life 1) and ten days (half-life 10) behind b: weight 1/4.
    assert (q[2] / q[2, 0]).tolist() == pytest.approx([1.0, 0.25])


def test_disliked_items_push_away_and_undated_events_count_in_full():
    batch = batch_of(columns((0, "b", "DISLIKED", 20, None), (0, "a", "LIKED", None, None)))
    q = network().user_vectors(batch, HistoryBatch.of(torch.eye(2), batch))[0, 0]
    assert (q / q[0]).tolist() == pytest.approx([1.0, -2.0])  # -0.5 * 1 for b, and 1 for a, which has no rank


def test_a_user_is_read_at_two_speeds():
    batch = batch_of(columns((0, "b", "LIKED", 20, None), (0, "a", "LIKED", 20, None)))
    model = network(rank_half_lives=(1.0, 1e9))
    with torch.no_grad():
        model.mix.copy_(torch.tensor([3.0, 1.0]))
    q = model.user_vectors(batch, HistoryBatch.of(torch.eye(2), batch))[0, 0]
    # fast: (2/3, 1/3) for b and a; slow: (1/2, 1/2); three to one.
    assert (q / q.sum()).tolist() == pytest.approx([(3 * 2 / 3 + 1 / 2) / 4, (3 * 1 / 3 + 1 / 2) / 4])


def test_a_user_without_events_is_placed_by_whom_they_follow_and_one_with_events_is_not():
    ties = EdgeColumns(torch.tensor([0, 1]).numpy(), ["v", "v"], torch.ones(2).numpy())
    own = columns((1, "a", "LIKED", 10, None))
    batch = batch_of(own, users=2, follows=ties, others=["v"], followed=columns((0, "b", "LIKED", 15, None)))
    q = network().user_vectors(batch, HistoryBatch.of(torch.eye(2), batch))[:, 0]
    assert q[0].tolist() == [0.0, 1.0] and q[1].tolist() == [1.0, 0.0]


def test_at_a_cut_before_all_events_nothing_of_the_followed_is_known():
    own = columns((0, "a", "LIKED", 20, None))
    ties = EdgeColumns(torch.tensor([0]).numpy(), ["v"], torch.ones(1).numpy())
    batch = batch_of(own, follows=ties, others=["v"], followed=columns((0, "b", "LIKED", 15, None)))
    q = network().user_vectors(batch, HistoryBatch.of(torch.eye(2), batch), torch.tensor([[0]]))
    assert q.abs().sum().item() == 0.0


def test_serving_reads_a_history_as_the_network_does():
    torch.manual_seed(1)
    rows = [(0, "d", "LIKED", 30.5, None), (0, "c", "DISLIKED", 30, None), (0, "b", "RATED", 12, 5.0)]
    rows += [(0, "e", "RATED", 12, 4.0), (0, "f", "RATED", 11, 1.0), (0, "a", "VIEWED", None, None)]
    batch = batch_of(columns(*rows))
    model = network(dimension=4, rank_half_lives=(2.0, 20.0))
    with torch.no_grad():
        for matrix in model.user.parameters():
            matrix.copy_(torch.randn(4, 4))
    h = torch.nn.functional.normalize(torch.randn(6, 4), dim=-1)
    expected = model.user_vectors(batch, HistoryBatch.of(h, batch))[0, 0]
    vector_of = dict(zip("dcbefa", h, strict=True))  # in the order they were met
    served = ServedHistory.of(
        [row[1] for row in rows],
        [row[2] for row in rows],
        [float("nan") if row[3] is None else row[3] * 86_400_000.0 for row in rows],
        [float("nan") if row[4] is None else row[4] for row in rows],
        [vector_of[row[1]].tolist() for row in rows],
        ["DISLIKED"],
    )
    relations = sorted(kind.type for kind in KINDS.values())
    assert model.readout(relations).vector(served).tolist() == pytest.approx(expected.tolist(), abs=1e-5)


def test_which_events_tell_dislike():
    rows = [(0, "a", "RATED", 3, 5), (0, "b", "RATED", 2, 5), (0, "c", "RATED", 1, 2), (1, "a", "RATED", 1, 3)]
    behaviour = columns(*rows, (1, "b", "RATED", 1, 2), (1, "c", "DISLIKED", 1, None), (1, "d", "RATED", 0, None))
    assert negative_events(behaviour, ["DISLIKED"]).tolist() == [False, False, True, False, True, True, False]


def test_unknown_attributes_are_skipped_and_known_ones_count():
    vocabulary = GraphVocabulary(["RATED"], {"genre=Drama": 0})
    table = ItemTable(vocabulary)
    edges = EdgeColumns(torch.tensor([0, 0]).numpy(), ["genre=Drama", "genre=Unheard"], torch.ones(2).numpy())
    table.add_neighbours(["x"], NONE)
    table.add_content(["x"], edges, NONE.positions, [])
    features = table.features(384)
    assert features.attributes.tolist() == [[0], [0]] and not features.has_content.any()


def test_restricting_items_keeps_their_vectors():
    torch.manual_seed(0)
    vocabulary = GraphVocabulary(["RATED"], {"genre=Drama": 0})
    table = ItemTable(vocabulary)
    similar = EdgeColumns(torch.tensor([0, 1, 2]).numpy(), ["b", "c", "d"], torch.tensor([0.9, 0.5, 0.1]).numpy())
    table.add_neighbours(["a", "b", "c"], similar)
    table.add_content(["a", "b", "c", "d"], NONE, torch.arange(4).numpy(), torch.randn(4, 384).numpy())
    model, features = network(), table.features(384)
    rows = torch.tensor([2, 0])
    assert torch.allclose(model.item_vectors(features.restrict(rows)), model.item_vectors(features)[rows], atol=1e-6)


def test_batches_are_pyg_data_with_consistent_indices():
    batch = batch_of(columns((0, "b", "LIKED", 2, None), (1, "a", "VIEWED", 1, None)), users=2)
    assert isinstance(batch, HeteroData)
    assert batch.validate()
    assert batch["item", "interacts", "user"].edge_index.tolist() == [[0, 1], [0, 1]]


def test_it_starts_from_vectors_that_content_says_in_part_and_residuals_the_rest_with_attributes_on_top():
    generator = torch.Generator().manual_seed(0)
    items, width = 30, 4
    content = torch.randn(items, 6, generator=generator)
    has = torch.arange(items) % 3 > 0
    known = torch.where(torch.arange(items) < 20, torch.arange(items).flip(0) - 10, -1)
    none = torch.zeros(2, 0, dtype=torch.long)
    attributes = torch.stack([torch.arange(items) % 2, torch.arange(items)])
    features = ItemFeatures(content * has[:, None], has.float(), known, attributes, none, torch.zeros(0))
    vectors = functional.normalize(torch.randn(20, width, generator=generator), dim=-1)
    model = InterestNetwork(Configuration(2, 20, [1.0, -1.0], [9.0, 9.0], content=6, dimension=width)).eval()
    model.start_from(vectors, features, torch.ones(20))
    found = model.item_vectors(features)
    attribute = model.attribute.weight[attributes[0, :20]]
    assert attribute.norm() > 0
    assert torch.allclose(found[:20], functional.normalize(vectors[known[:20]] + attribute, dim=-1), atol=1e-5)
    assert model.residual.weight.norm() < vectors.norm()  # content says a part
    assert found[20:].norm(dim=1).min() > 0  # of what nobody has chosen yet, too
    assert all(matrix[-1, -1] == 0 for matrix in model.user.parameters())
