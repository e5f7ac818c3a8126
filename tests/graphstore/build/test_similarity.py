import numpy as np
import pytest
import scipy.sparse as sp

from graphstore.build import similarity, transitions
from graphstore.feedback import low_among
from graphstore.interactions import Interactions


def interactions(rows, users=None, items=None):
    """Interactions from (user, item, day, weight) rows of numbers."""
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    names = [[f"{what}{n}" for n in range(int(columns[side].max()) + 1)] for side, what in enumerate("ui")]
    return Interactions(users or names[0], items or names[1], *columns[:2], *(c.astype(float) for c in columns[2:]))


def table(found):
    return {(int(s), int(t)): v for s, t, v in zip(found.source, found.target, found.score, strict=True)}


CHECKERBOARD = [(user, item, 0.0, 1.0) for user in range(6) for item in range(8) if (user + item) % 2 == 0]


@pytest.mark.parametrize("block_cells", [1, similarity.BLOCK_CELLS])
def test_a_checkerboard_makes_items_similar_to_those_of_their_colour_only(monkeypatch, block_cells):
    monkeypatch.setattr(similarity, "BLOCK_CELLS", block_cells)
    matrix = similarity.user_item_matrix(interactions(CHECKERBOARD), 10.0)
    found = table(similarity.similar_columns(matrix, top=50, shrinkage=0.0, activity_power=0.0))
    assert found == {(i, j): 1.0 for i in range(8) for j in range(8) if i != j and (i + j) % 2 == 0}


def test_cosine_is_computed_as_by_hand_and_only_the_best_are_kept():
    matrix = sp.csr_matrix(np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 2.0]]))
    found = table(similarity.similar_columns(matrix, top=1, shrinkage=0.0, activity_power=0.0))
    assert found == pytest.approx({(0, 1): 1 / np.sqrt(2), (1, 0): 1 / np.sqrt(2), (2, 0): 1 / np.sqrt(10)}, abs=1e-9)


def test_chosen_columns_have_the_cosines_that_all_columns_have(random_matrix):
    options = {"top": 5, "shrinkage": 0.1, "activity_power": 0.5}
    everything = table(similarity.similar_columns(random_matrix, **options))
    some = table(similarity.similar_columns(random_matrix, columns=np.array([2, 7]), **options))
    assert some == {pair: score for pair, score in everything.items() if pair[0] in (2, 7)}
    assert table(similarity.similar_columns(random_matrix, columns=np.array([], dtype=int), **options)) == {}


@pytest.fixture
def random_matrix():
    """40 users, 15 items, different strengths."""
    rng = np.random.default_rng(5)
    return sp.csr_matrix(np.where(rng.random((40, 15)) < 0.3, rng.uniform(0.2, 1.5, (40, 15)), 0.0))


def test_an_old_event_counts_half_after_one_half_life_and_one_without_time_counts_fully():
    events = interactions([(0, 0, 100.0, 1.0), (0, 1, 90.0, 1.0), (0, 2, np.nan, 1.0)])
    assert similarity.user_item_matrix(events, 10.0).toarray().tolist() == [[1.0, 0.5, 1.0]]


def test_what_came_after_the_reference_counts_more_and_not_beyond_measure():
    day = np.array([90.0, 100.0, 110.0, 1e6, np.nan])
    assert similarity.decay(day, 100.0, 10.0).tolist() == [0.5, 1.0, 2.0, 2.0**similarity.MOST_AHEAD, 1.0]
    events = interactions([(0, 0, 100.0, 1.0), (0, 1, 110.0, 1.0), (1, 0, np.nan, 1.0)])
    matrix = similarity.user_item_matrix(events, 10.0, reference=100.0)
    assert matrix.toarray().tolist() == [[1.0, 2.0], [1.0, 0.0]]


def test_popularity_is_the_logarithm_of_the_decayed_count():
    events = interactions([(0, 0, 20.0, 1.0), (1, 0, 10.0, 1.0), (0, 1, 20.0, 1.0), (1, 2, 20.0, 0.0)])
    logs = similarity.log_popularity(events, 10.0)
    assert np.exp(logs[0] - logs[1]) == pytest.approx(1.5)
    assert logs[1] == pytest.approx(2 * np.log(2))
    assert logs[2] == -np.inf


def test_transitions_follow_time_within_the_window_and_ignore_events_without_time():
    events = interactions([(0, 0, 1.0, 1), (0, 1, 2.0, 1), (0, 2, 3.0, 1), (0, 3, 90.0, 1), (0, 4, np.nan, 1)])
    options = {"max_days": 30.0, "half_life_days": 1e12, "top": 50}
    found = table(transitions.transitions(events, window=2, shrinkage=0.0, **options))
    assert found == pytest.approx({(0, 1): 2 / 3, (0, 2): 1 / 3, (1, 2): 1.0}, abs=1e-9)


def test_events_at_one_moment_are_not_ordered_by_id():
    events = interactions([(user, item, 5.0, 1.0) for user in range(40) for item in range(4)])
    order = transitions.time_order(events)
    firsts = {int(events.item[order[4 * n]]) for n in range(40)}
    assert len(firsts) > 1
    assert (events.user[order] == np.repeat(np.arange(40), 4)).all()


def test_an_attribute_favours_what_its_users_choose_more_than_others_do():
    rows = [(user, user % 2, 0.0, 1.0) for user in range(20)] + [(user, 2, 0.0, 1.0) for user in range(20)]
    matrix = similarity.user_item_matrix(interactions(rows), 10.0)
    members = sp.csr_matrix(np.array([[float(u % 2 == a) for u in range(20)] for a in range(2)]))
    found = table(similarity.favoured_items(members, matrix, shrinkage=1.0, top=50))
    assert set(found) == {(0, 0), (1, 1)}


def test_an_attribute_favours_nothing_that_one_user_alone_chose():
    rows = [(user, user % 2, 0.0, 1.0) for user in range(20)] + [(0, 2, 0.0, 1.0), (1, 3, 0.0, 1.0), (3, 3, 0.0, 1.0)]
    matrix = similarity.user_item_matrix(interactions(rows), 10.0)
    members = sp.csr_matrix(np.array([[float(u % 2 == a) for u in range(20)] for a in range(2)]))
    found = table(similarity.favoured_items(members, matrix, shrinkage=1.0, top=50))
    assert set(found) == {(0, 0), (1, 1), (1, 3)}


def test_a_broader_interest_holds_most_of_the_narrower_ones_items_but_not_the_other_way_round():
    about = sp.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [1, 1, 0], [1, 0, 1], [1, 0, 1]], dtype=float))
    found = table(similarity.subsumption(about, threshold=0.8, least=2, top=5))
    assert found == {(1, 0): 1.0, (2, 0): 1.0}


def test_what_is_broader_is_near_in_meaning_where_both_have_a_vector():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 64))
    vectors[1] = vectors[0] + 0.3 * rng.normal(size=64)
    vectors[3] = 0.0  # nobody knows what it means
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    about = np.zeros((6, 30))
    about[:, 0] = about[:4, 1] = about[:3, 2] = about[:2, 3] = 1  # all items about 1, 2 and 3 are about 0
    found = table(similarity.subsumption(sp.csr_matrix(about), vectors, threshold=0.8, least=2, top=5))
    assert set(found) == {(1, 0), (3, 0), (3, 1), (3, 2)}
    assert (2, 0) in table(similarity.subsumption(sp.csr_matrix(about), threshold=0.8, least=2, top=5))
    few = similarity.subsumption(sp.csr_matrix(about[:, :4]), vectors[:4], threshold=0.8, least=2, top=5)
    assert (2, 0) in table(few)  # four vectors don't say what is usual


def test_a_low_rating_is_one_below_the_users_mean_or_at_most_two_where_fewer_than_three_are_known():
    rated = np.array([True, True, True, False])
    assert low_among(np.array([5.0, 5.0, 3.0, 1.0]), rated).tolist() == [False, False, True, False]
    assert low_among(np.array([2.0, np.nan]), np.array([True, True])).tolist() == [True, False]
    assert low_among(np.array([5.0, 3.0]), np.array([True, True])).tolist() == [False, False]
    assert low_among(np.array([3.0]), np.array([True])).tolist() == [False]


def test_nothing_comes_of_nothing():
    empty = Interactions([], [], np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0), np.zeros(0))
    matrix = similarity.user_item_matrix(empty, 10.0)
    found = similarity.similar_columns(matrix, top=5, shrinkage=0.1, activity_power=0.5)
    steps = transitions.transitions(empty, window=3, max_days=1, half_life_days=1, shrinkage=1, top=5)
    assert len(found.source) == len(steps.source) == 0
