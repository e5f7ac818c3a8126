import numpy as np
import pytest
import torch

from gnn.network.data import GraphVocabulary, ItemTable
from gnn.network.model import Configuration, InterestNetwork
from gnn.network.user_batch import user_batch
from gnn.training.hyperparameters import Hyperparameters
from gnn.training.loop import held_out_ndcg, train
from gnn.training.objective import Objective
from graphstore.clock import GraphClock
from graphstore.update.sampling import BehaviourColumns, EdgeColumns

ITEMS, USERS, DAY = 12, 8, 86_400.0
NONE = EdgeColumns(np.zeros(0, dtype=np.int64), [], np.zeros(0))
NO_EVENTS = BehaviourColumns(NONE.positions, [], [], NONE.scores, NONE.scores)
HYPER = {
    "cuts": 4,
    "learning_rate": 5e-3,
    "targets": 5,
    "target_decay": 0.8,
    "dimension": 8,
    "spectral": False,
    "recency": None,
}
CHAIN = [(user, f"i{(user + step) % ITEMS}", "LIKED", 9 - step) for user in range(USERS) for step in range(5)]


def columns(rows):
    """From (user position, item, type, days ago) rows, newest first by user."""
    rows = sorted(rows, key=lambda row: (row[0], np.inf if row[3] is None else row[3]))
    users, items, types, ago = zip(*rows, strict=True)
    seconds = [np.nan if day is None else (1000 - day) * DAY for day in ago]
    return BehaviourColumns(np.array(users), list(items), list(types), np.array(seconds), np.full(len(rows), np.nan))


def prepared(rows, *, known=range(ITEMS), **hyper):
    """A model, its objective and one batch; every item has content, and those in `known` behaviour."""
    vocabulary = GraphVocabulary(["DISLIKED", "LIKED"], negative_types=["DISLIKED"])
    vocabulary.items = {f"i{n}": number for number, n in enumerate(known)}
    table = ItemTable(vocabulary)
    ids = [f"i{n}" for n in range(ITEMS)]
    content = np.random.default_rng(0).normal(size=(ITEMS, 6)).astype(np.float32)
    table.add_neighbours(ids, NONE)
    table.add_content(ids, NONE, np.arange(ITEMS), content)
    users = [f"u{n}" for n in range(USERS)]
    batch = user_batch(table, vocabulary, users, columns(rows), NONE, NONE, [], NO_EVENTS)
    torch.manual_seed(0)
    weights, half_lives = [-1.0, -1.0, 1.0, -0.5], [100.0] * 4
    model = InterestNetwork(Configuration(0, len(vocabulary.items), weights, half_lives, content=6, dimension=8))
    targets = torch.tensor([0.0, 0.0, 1.0, 0.5])
    candidates = torch.tensor([table.index[f"i{n}"] for n in known])
    return (
        model,
        Objective(table.features(6), candidates, Hyperparameters(**HYPER | hyper), targets, GraphClock(1000.0)),
        [batch],
    )


def held(count):
    return [torch.full((USERS,), count)]


def learned(rows, count=0, epochs=3, share=1.0, **options):
    model, objective, batches = prepared(rows, **options)
    found = train(model, objective, batches, held(count), epochs=epochs, share=share, seed=1)
    return {name: value.clone() for name, value in model.state_dict().items()}, found


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_what_follows_in_a_history_is_learned():
    _, found = learned(CHAIN, epochs=30, learning_rate=0.02)
    assert found["losses"][-1] < 0.7 * found["losses"][0]


def test_the_same_seed_learns_the_same():
    assert same(learned(CHAIN)[0], learned(CHAIN)[0])


@pytest.mark.parametrize("pool", [20_000, 5])
def test_what_is_held_out_changes_nothing_that_is_learned(pool):
    """Two futures, one past: the newest event of everybody is of another item, one that nobody has met before."""
    pasts = [
        [row for row in CHAIN if row[3] > 5] + [(user, item, "LIKED", 1) for user in range(USERS)]
        for item in ("i10", "i11")
    ]
    options = {"count": 1, "known": range(10), "pool": pool}
    futures = [learned(rows, **options)[0] for rows in pasts]
    assert same(*futures)
    options = {"count": 0, "known": range(12), "pool": pool}
    assert not same(*(learned(rows, **options)[0] for rows in pasts))


@pytest.mark.parametrize("timed", [True, False])
def test_a_future_of_known_items_is_not_learned_either(timed):
    """Histories without times are shuffled: what is held out must not get among the rest."""
    futures = [
        [(user, f"i{(user + step) % ITEMS}", "LIKED", 1) for user in range(USERS)]
        + [row for row in CHAIN if row[3] > 5]
        for step in (5, 6)
    ]
    if not timed:
        futures = [[(*row[:3], None) for row in rows] for rows in futures]
    assert same(*(learned(rows, count=1)[0] for rows in futures))
    assert not same(*(learned(rows)[0] for rows in futures))


def test_the_epoch_that_ranks_the_held_out_events_best_is_kept():
    model, objective, batches = prepared(CHAIN, learning_rate=0.05, patience=3)
    found = train(model, objective, batches, held(1), epochs=12, seed=1, choose=True)
    assert held_out_ndcg(model, objective, batches, held(1)) == pytest.approx(found["ndcg_at_10"])
    assert found["epoch"] <= len(found["losses"]) <= 12
    assert len(found["losses"]) == 12 or len(found["losses"]) == found["epoch"] + 3


def test_a_share_is_that_part_of_the_way_that_the_same_training_goes_in_full():
    begin = {name: value.clone() for name, value in prepared(CHAIN)[0].state_dict().items()}
    whole, _ = learned(CHAIN)
    part, found = learned(CHAIN, share=0.4)
    assert found["share"] == 0.4
    for name, value in part.items():
        assert torch.allclose(value, torch.lerp(begin[name], whole[name], 0.4), atol=1e-6)


def test_held_out_events_are_ranked_as_by_hand():
    """Vectors that are the items themselves: who had i0 before is shown i0's nearest first."""
    model, objective, batches = prepared(
        [(user, item, "LIKED", day) for user in range(USERS) for item, day in (("i0", 2), ("i1", 1))]
    )
    vectors = torch.nn.functional.normalize(model.item_vectors(objective.items), dim=1)
    scores = vectors @ vectors[0]
    better = int((scores > scores[1]).sum()) - 1  # i0 itself was seen
    expected = 1 / np.log2(better + 2) if better < 10 else 0.0
    assert held_out_ndcg(model, objective, batches, held(1)) == pytest.approx(expected, abs=1e-6)


def test_without_times_the_same_is_learned_with_recency_as_without():
    rows = [(user, item, kind, None) for user, item, kind, _ in CHAIN]
    state, found = learned(rows)
    assert same(state, learned(rows, recency=1.0)[0])
    assert found["losses"][-1] < found["losses"][0]
    assert not same(learned(CHAIN)[0], learned(CHAIN, recency=1.0)[0])


def test_of_users_with_nothing_before_the_held_out_events_nothing_is_learned():
    rows = [(user, "i0", "LIKED", 1) for user in range(USERS)]
    begin = prepared(rows)[0].state_dict()
    state, found = learned(rows, count=1, weight_decay=0.0)
    assert same(state, begin) and found["losses"] == [0.0] * 3


@pytest.mark.parametrize(
    ("users", "cuts", "batch_users"), [(0, 8, 64), (943, 8, 64), (10_000, 6, 67), (29_858, 2, 200), (50_000, 2, 334)]
)
def test_an_epoch_over_many_users_asks_and_steps_no_more_than_it_can(users, cuts, batch_users):
    found = Hyperparameters().sized(users)
    assert (found.cuts, found.batch_users) == (cuts, batch_users)
    assert Hyperparameters(cuts=3, batch_users=5).sized(users) == Hyperparameters(cuts=3, batch_users=5)
