"""What the weights of the blend are learned from: users as serving would have seen them before held-out events."""

import numpy as np
import pytest
from scipy.optimize import minimize

from gnn.network.data import GraphVocabulary, ItemTable
from gnn.network.user_batch import user_batch
from gnn.training import blend_weights
from gnn.training.blend_weights import Example, cross_validated, examples, held_out_metrics, learn_weights
from gnn.training.holdout import HoldOut
from graphstore.interactions import Interactions
from graphstore.ranking.blend import DEFAULT_WEIGHTS, NAMES, PLACE, SIGNALS, Blend, deviations
from graphstore.ranking.request import RecommendOptions
from graphstore.update.sampling import BehaviourColumns, EdgeColumns

DAY = 86_400_000.0  # in milliseconds
NAN = float("nan")
NONE = EdgeColumns(np.zeros(0, dtype=np.int64), [], np.zeros(0))
NO_EVENTS = BehaviourColumns(NONE.positions, [], [], NONE.scores, NONE.scores)
VECTORS = {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 1.0]), "d": np.array([2.0, 2.0])}
VALUES = np.tile(np.arange(4.0)[:, None], (1, len(NAMES)))  # signals of four candidates, all alike


class World:
    """Users with (item, type, day, value) events, newest first, the first of them held out; notes what is asked.

    Items a to f are rows 5 to 0; whatever is asked, the candidates are rows 5, 3, 1, 0: a, c, e and f.
    """

    def __init__(self, **users):
        self.users = users
        self.options = RecommendOptions(events=4, recent=3, negative_weight=0.5)
        self.asked, self.histories = [], []

    def candidates(self, user, recent, vector):
        self.asked.append((user, recent.items, recent.weights, vector.tolist()))
        return np.array([5, 3, 1, 0]), VALUES

    def vector(self, history):
        self.histories.append(history)
        return np.array([7.0, len(self.histories)])

    def examples(self, held, readout=True, seed=0, batches=1):
        vocabulary = GraphVocabulary(["DISLIKED", "LIKED", "RATED"], negative_types=["DISLIKED"])
        table, ids = ItemTable(vocabulary), list(self.users)
        parts = [ids[start::batches] for start in range(batches)]
        found = [user_batch(table, vocabulary, p, self.columns(p), NONE, NONE, [], NO_EVENTS) for p in parts]
        # The events of all have their users in another order, and an item that no event of theirs is of.
        none = np.zeros(0, dtype=int)
        events = Interactions(ids[::-1], list("fedcba"), none, none, none.astype(float), none.astype(float))
        counts = HoldOut(np.array([held[name] for name in ids[::-1]]), False)
        reading = self if readout else None
        return examples(self, counts, events, found, table, vocabulary, reading, VECTORS, seed)

    def columns(self, ids):
        rows = [(place, *event) for place, name in enumerate(ids) for event in self.users[name]]
        users, items, types, days, values = zip(*rows, strict=True) if rows else ((),) * 5
        seconds = np.array([NAN if day is None else day * 86_400 for day in days], dtype=float)
        rated = np.array([NAN if value is None else value for value in values], dtype=float)
        return BehaviourColumns(np.array(users, dtype=np.int64), list(items), list(types), seconds, rated)


def likes(items, day=20):
    """A like a day, the newest first."""
    return [(name, "LIKED", day - number, None) for number, name in enumerate(items)]


def test_a_user_is_read_as_they_were_before_the_held_out_events():
    """Two of five are held out: a and b. Left are a dislike of c, and likes of d, a day older, and e, two more."""
    events = [*likes("ab"), ("c", "DISLIKED", 10, None), ("d", "LIKED", 9, None), ("e", "LIKED", 7, None)]
    world = World(ann=events)
    (found,) = world.examples({"ann": 2})
    (history,) = world.histories
    assert list(history.item_ids) == ["c", "d", "e"] and list(history.types) == ["DISLIKED", "LIKED", "LIKED"]
    assert history.rank.tolist() == [0.0, 1.0, 2.0] and history.age_millis.tolist() == [0.0, DAY, 3 * DAY]
    assert history.negative.tolist() == [True, False, False]
    assert [list(vector) for vector in history.vectors] == [[], [2.0, 2.0], []]  # as the readout takes them
    assert found.chosen.tolist() == [True, False, False, False] and found.relevant == 2  # b is no candidate
    assert found.scores == pytest.approx((VALUES - 1.5) / deviations(VALUES))


def test_channels_are_asked_with_the_recent_items_by_how_much_they_count_and_the_vector():
    """A low rating counts half: among 5, 4 and 1 the 1 is below the mean by more than 1. Ranks 0, 1, 2, one of each."""
    rated = [("d", "RATED", 10, 5), ("e", "RATED", 9, 1), ("f", "RATED", 8, 4)]
    world = World(ann=[*likes("a"), *rated])
    world.examples({"ann": 1})
    ((user, items, weights, vector),) = world.asked
    assert (user, items, vector) == (0, ["d", "e", "f"], [7.0, 1.0])
    short = np.array([1.0, 0.5 * 2**-0.25, 2**-0.5])
    by_age = np.array([1.0, 0.5 / (1 + 24 * 60), 1 / (1 + 2 * 24 * 60)])
    assert weights[:, 0] == pytest.approx(short / short.sum()) and weights[:, 2] == pytest.approx(by_age / by_age.sum())


def test_disliked_items_are_not_asked_with():
    world = World(ann=[*likes("a"), ("c", "DISLIKED", 10, None), ("d", "LIKED", 9, None)])
    world.examples({"ann": 1})
    assert world.asked[0][1] == ["d"]


def test_as_many_events_and_recent_items_are_read_as_serving_reads():
    """Of six known events four are read, and three of their items are asked with."""
    world = World(ann=likes("fabcdea"))
    world.examples({"ann": 1})
    assert list(world.histories[0].item_ids) == list("abcd") and world.asked[0][1] == list("abc")


def test_times_that_run_backwards_or_are_unknown_do_not_make_ages_below_zero():
    events = [*likes("f"), ("a", "LIKED", 10, None), ("b", "LIKED", 12, None), ("c", "LIKED", None, None)]
    world = World(ann=events)
    world.examples({"ann": 1})
    assert world.histories[0].age_millis.tolist() == [0.0, 0.0, pytest.approx(NAN, nan_ok=True)]


def test_without_a_readout_there_is_no_vector():
    world = World(ann=likes("ab"))
    world.examples({"ann": 1}, readout=False)
    assert world.asked[0][3] == []


def test_what_was_chosen_before_is_not_what_is_chosen_later():
    """a comes again, so that c alone is new; where nothing is new, nothing is learned."""
    world = World(ann=likes("acab"), bob=likes("aab"))
    (found,) = world.examples({"ann": 2, "bob": 1})
    assert found.chosen.tolist() == [False, True, False, False] and found.relevant == 1


def test_items_that_the_earlier_events_know_nothing_of_are_not_asked_for():
    world = World(ann=likes("Xab"), bob=likes("XYab"))
    found = world.examples({"ann": 1, "bob": 3})
    assert [(example.chosen.tolist(), example.relevant) for example in found] == [([True, False, False, False], 1)]


def test_users_take_part_who_have_events_on_both_sides_each_under_their_own_row():
    """Rows run the other way round: of five users fay is the first."""
    world = World(ann=likes("ab"), bob=likes("ab"), cem=likes("ab"), dan=[], fay=likes("cd"))
    found = world.examples({"ann": 1, "bob": 0, "cem": 2, "dan": 1, "fay": 1})
    assert [asked[0] for asked in world.asked] == [4, 0]
    assert [example.chosen.tolist().index(True) for example in found] == [0, 1]


def test_users_who_cannot_take_part_do_not_take_the_place_of_others(monkeypatch):
    monkeypatch.setattr(blend_weights, "CALIBRATION_USERS", 3)
    users = {f"u{n}": likes("ab") for n in range(9)}
    for seed in range(3):
        assert len(World(**users).examples({name: int(name > "u5") for name in users}, seed=seed)) == 3


def test_so_many_users_are_drawn_by_the_seed_and_stay_in_their_order(monkeypatch):
    monkeypatch.setattr(blend_weights, "CALIBRATION_USERS", 4)
    users = {f"u{n}": likes("ab") for n in range(9)}
    drawn = []
    for seed in (0, 0, 1, 2):
        world = World(**users)
        assert len(world.examples(dict.fromkeys(users, 1), seed=seed, batches=2)) == 4
        drawn.append([asked[0] for asked in world.asked])
    assert drawn[0] == drawn[1] and len({tuple(rows) for rows in drawn}) == 3
    order = [8, 6, 4, 2, 0, 7, 5, 3, 1]  # rows of u0, u2, … and then u1, u3, …, as the two batches have them
    assert all(rows == sorted(rows, key=order.index) for rows in drawn)


def test_two_thousand_users_are_enough():
    assert blend_weights.CALIBRATION_USERS == 2_000


# Learning


def planted(users=12, seed=3, widths=1.0):
    """Few users with lists of different lengths who chose one to three of their candidates; all signals differ.

    widths: how far the values of each signal are apart.
    """
    rng = np.random.default_rng(seed)
    found = []
    for user in range(users):
        size, count = 5 + user % 4, 1 + user % 3
        chosen = np.zeros(size, dtype=bool)
        chosen[rng.choice(size, count, replace=False)] = True
        found.append(Example(widths * rng.normal(size=(size, len(NAMES))), chosen, count))
    return found


def loss_by_hand(found, weights):
    """mean_u n_u^(-1/2) sum_(i chosen) ln(1 + sum_(j not chosen) e^(s_j - s_i)) + .005 |w - w_0|^2, all of one length:
    then the weights of the five lengths are equal."""
    losses = []
    for example in found:
        scores = example.scores @ weights
        others = np.exp(scores[~example.chosen])
        own = [np.log(1 + others.sum() / np.exp(score)) for score in scores[example.chosen]]
        losses.append(sum(own) / np.sqrt(example.chosen.sum()))
    before = np.array([DEFAULT_WEIGHTS[name] for name in NAMES])
    return np.mean(losses) + 0.005 * ((weights - before) ** 2).sum()


@pytest.mark.parametrize("widths", [1.0, np.logspace(-1, 1, len(NAMES))], ids=["alike", "unlike"])
def test_the_weights_are_those_of_the_least_loss(widths):
    found = planted(widths=widths)
    bounds = [(0, None)] * len(NAMES)
    expected = minimize(lambda w: loss_by_hand(found, w), np.ones(len(NAMES)), bounds=bounds, tol=1e-9)
    learned = learn_weights(found).weights_of(0)
    assert list(learned) == list(NAMES)
    assert list(learned.values()) == pytest.approx(expected.x, abs=0.1)
    assert [round(weight, 6) for weight in learned.values()] == list(learned.values())


def test_users_who_chose_none_of_their_candidates_teach_nothing():
    found = planted()
    silent = [Example(example.scores, np.zeros_like(example.chosen), 1) for example in found]
    assert learn_weights([*silent, *found]).weights == pytest.approx(learn_weights(found).weights, abs=1e-4)


def test_a_channel_left_out_is_as_if_its_signals_were_all_zero():
    found, off = planted(), [PLACE[name] for name in SIGNALS["transitions"]]
    blank = []
    for example in found:
        scores = example.scores.copy()
        scores[:, off] = 0.0
        blank.append(Example(scores, example.chosen, example.relevant))
    learned, expected = learn_weights(found, ["transitions"]).weights, learn_weights(blank).weights
    assert all(learned[name] == 0.0 for name in SIGNALS["transitions"])
    others = [name for name in NAMES if name not in SIGNALS["transitions"]]
    assert [learned[name] for name in others] == pytest.approx([expected[name] for name in others], abs=1e-3)
    nobody = learn_weights([], ["transitions"]).weights
    assert nobody == DEFAULT_WEIGHTS | dict.fromkeys(SIGNALS["transitions"], 0.0) | {
        name: pytest.approx(DEFAULT_WEIGHTS[name]) for name in others
    }


# Judging


def list_of(places, relevant, size=25):
    """Candidates whose first signal falls from the first to the last; those at some places (from 1) were chosen."""
    scores = np.zeros((size, len(NAMES)))
    scores[:, 0] = np.arange(size, 0, -1)
    return Example(scores, np.isin(np.arange(1, size + 1), places), relevant)


FIRST = Blend({NAMES[0]: 2.0})
DISCOUNT = 1 / np.log2(np.arange(2, 12))


@pytest.mark.parametrize(
    ("places", "relevant", "ndcg", "recall"),
    [
        ([10, 11, 20, 21], 4, DISCOUNT[9] / DISCOUNT[:4].sum(), 3 / 4),  # ten places count for NDCG, twenty for recall
        (list(range(1, 13)), 12, 1.0, 1.0),  # more were chosen than there are places
        ([2], 1, DISCOUNT[1], 1.0),
        ([], 3, 0.0, 0.0),
    ],
)
def test_lists_are_scored_as_by_hand(places, relevant, ndcg, recall):
    found = held_out_metrics([list_of(places, relevant)], FIRST)
    assert found == {"ndcg_at_10": pytest.approx(ndcg), "recall_at_20": pytest.approx(recall), "users": 1}


def test_of_equal_candidates_the_first_is_first_and_short_lists_are_scored_too():
    found = held_out_metrics([list_of([3], 1, size=4)], Blend({}))
    assert found["ndcg_at_10"] == pytest.approx(1 / 2) and found["recall_at_20"] == 1.0
    half = list_of([2, 8, 40], 3, size=40)
    half.scores[:, 0] = np.arange(40) % 2  # the even places, in their order
    assert held_out_metrics([half], FIRST) == {
        "ndcg_at_10": pytest.approx((DISCOUNT[0] + DISCOUNT[3]) / DISCOUNT[:3].sum()),
        "recall_at_20": pytest.approx(1.0),
        "users": 1,
    }


def test_a_signal_without_a_weight_counts_nothing():
    example = list_of([1], 1)
    example.scores[:, 1] = 9 * np.arange(25)  # speaks for the last
    assert held_out_metrics([example], FIRST)["ndcg_at_10"] == 1.0


def test_metrics_are_means_over_users():
    found = held_out_metrics([list_of([1], 1), list_of([25], 1), list_of([2], 2)], FIRST)
    expected = (1 + 0 + DISCOUNT[1] / DISCOUNT[:2].sum()) / 3
    assert found == {"ndcg_at_10": pytest.approx(expected), "recall_at_20": pytest.approx(0.5), "users": 3}


@pytest.mark.parametrize("seed", [0, 1])
def test_every_user_is_scored_by_what_the_other_half_taught(seed):
    found = planted(9)
    half = np.random.default_rng(seed).permutation(9) % 2
    expected = []
    for user, example in enumerate(found):
        others = [other for n, other in enumerate(found) if half[n] != half[user]]
        expected.append(held_out_metrics([example], learn_weights(others))["ndcg_at_10"])
    assert cross_validated(found, seed=seed)[:, 0] == pytest.approx(np.array(expected))
    if seed == 0:
        assert cross_validated(found)[:, 0] == pytest.approx(np.array(expected))


def test_channels_are_left_out_of_both_halves():
    """The first signal alone tells the last five of 25; without it the lists stay as they are."""
    found = [list_of([25 - user % 5], 1) for user in range(6)]
    for example in found:
        example.scores[:, 0] *= -1
    channel = next(channel for channel, names in SIGNALS.items() if NAMES[0] in names)
    assert cross_validated(found)[:, 0] == pytest.approx(DISCOUNT[[0, 1, 2, 3, 4, 0]])
    assert cross_validated(found, [channel])[:, 0].tolist() == [0.0] * 6
