import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphstore.durations import DAY_MILLIS, MINUTE_MILLIS
from graphstore.feedback import low_ratings
from graphstore.popularity import popularity_signal
from graphstore.ranking.blend import (
    CHANNELS,
    DEFAULT_WEIGHTS,
    NAMES,
    PLACE,
    SIGNALS,
    Blend,
    contributions,
    standard_scores,
    weights_for,
)
from graphstore.ranking.history import History, Readout, recency_weights, search_weights

NAN = float("nan")
ALL_ON = dict.fromkeys(CHANNELS, 1.0)


def history(*rows, unwanted=("DISLIKED",)):
    """From (item, type, day, value, vector) rows, newest first."""
    items, types, days, values, vectors = zip(*rows, strict=True)
    millis = [NAN if day is None else day * DAY_MILLIS for day in days]
    given_values = [NAN if value is None else value for value in values]
    return History.of(list(items), list(types), millis, given_values, vectors, unwanted)


def liked(item, day, vector=()):
    return (item, "LIKED", day, None, vector)


def test_every_signal_has_a_channel_a_place_and_a_default_weight():
    assert [name for names in SIGNALS.values() for name in names] == list(NAMES) == list(DEFAULT_WEIGHTS)
    assert [PLACE[name] for name in NAMES] == list(range(len(NAMES)))


def test_three_ways_to_forget_as_by_hand():
    weights = recency_weights(np.array([0.0, 4.0]), np.array([0.0, 3 * MINUTE_MILLIS]), np.ones(2))
    assert weights[0].tolist() == pytest.approx([1 / 1.5, 0.5 / 1.5])  # half after 4 items
    slow = 2 ** (-4 / 40)
    assert weights[1].tolist() == pytest.approx([1 / (1 + slow), slow / (1 + slow)])
    assert weights[2].tolist() == pytest.approx([1 / 1.25, 0.25 / 1.25])  # 1 / (1 + 3 minutes)


def test_without_times_all_items_count_alike_and_nothing_by_age():
    weights = recency_weights(np.arange(4.0), np.full(4, np.nan), np.ones(4))
    assert weights.tolist() == [[0.25] * 4, [0.25] * 4, [0.0] * 4]


@given(st.lists(st.tuples(st.floats(0, 1e9) | st.just(NAN), st.sampled_from([0.0, 0.5, 1.0])), max_size=20))
def test_each_way_to_forget_sums_to_one_or_to_nothing(rows):
    age, share = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    weights = recency_weights(np.arange(float(len(rows))), age, share)
    assert (weights >= 0).all()
    dated = share[~np.isnan(age)]
    assert weights.sum(axis=1).tolist() == pytest.approx([float(share.any())] * 2 + [float(dated.any())])


def test_a_history_knows_what_was_disliked_and_how_long_ago_it_was():
    known = history(
        liked("a", 10), ("b", "DISLIKED", 9, None, ()), ("c", "RATED", 7, 1.0, ()), ("d", "RATED", None, 2.5, ())
    )
    assert known.rank.tolist() == [0, 1, 2, 3]
    assert known.negative.tolist() == [False, True, True, False]
    assert (known.age_millis / DAY_MILLIS).tolist() == pytest.approx([0, 1, 3, NAN], nan_ok=True)


def test_a_low_rating_is_one_below_the_mean_or_at_most_two_where_fewer_than_three_are_known():
    assert low_ratings(["RATED"] * 4, [5, 5, 3, NAN]).tolist() == [False, False, True, False]
    assert low_ratings(["RATED", "RATED", "VIEWED"], [5, 3, 1]).tolist() == [False] * 3
    assert low_ratings(["RATED", "RATED"], [5, 2]).tolist() == [False, True]


def test_an_item_that_comes_again_counts_once_where_it_came_last():
    found = history(liked("a", 9), liked("b", 8), liked("a", 1)).recent(10, 0.5, ["DISLIKED"])
    assert found.items == ["a", "b"]
    (_, first_long, first_age), (_, second_long, _) = found.weights
    assert first_long > second_long and first_age > 0.99
    assert found.weights.sum(axis=0) == pytest.approx([1, 1, 1])


def test_of_recent_items_low_ratings_count_less_and_what_tells_dislike_nothing():
    known = history(
        ("low", "RATED", 3, 1.0, ()), ("no", "DISLIKED", 3, None, ()), liked("good", 3), liked("late", 1), liked("x", 0)
    )
    found = known.recent(4, 0.5, ["DISLIKED"])
    assert found.items == ["low", "good", "late"]
    low, good, _ = found.weights[:, 2]
    assert low == pytest.approx(good / 2)


def test_recent_items_without_times_count_alike_and_one_among_others_as_the_newest():
    found = history(liked("a", None), liked("b", None)).recent(9, 0.5, ["DISLIKED"])
    assert found.items == ["a", "b"] and found.weights.tolist() == [[0.5, 0.5, 0.0]] * 2
    found = history(liked("a", 1), liked("b", None)).recent(9, 0.5, ["DISLIKED"])
    assert found.weights.tolist() == [[0.5, 0.5, 1.0], [0.5, 0.5, 0.0]]


def test_a_history_without_events_has_no_recent_items():
    found = History.of([], [], [], [], [], ["DISLIKED"]).recent(10, 0.5, ["DISLIKED"])
    assert found.items == [] and found.weights.shape == (0, 3)


def test_standard_scores_as_by_hand():
    values = np.full((3, len(NAMES)), 7.0)
    values[:, 0] = [1.0, 3.0, 5.0]
    scores = standard_scores(values)
    assert scores[:, 0].tolist() == pytest.approx([-np.sqrt(1.5), 0.0, np.sqrt(1.5)]) and not scores[:, 1:].any()
    assert standard_scores(np.zeros((0, len(NAMES)))).shape == (0, len(NAMES))


def test_an_old_search_adds_less_than_a_new_one():
    values = np.zeros((10, len(NAMES)))
    values[0, PLACE["searches"]] = 1.0
    place = CHANNELS.index("searches")
    new = contributions(values, DEFAULT_WEIGHTS, ALL_ON)[0, place]
    old = contributions(values / 8, DEFAULT_WEIGHTS, ALL_ON)[0, place]
    assert new > 3.0 and old == pytest.approx(new / 8)


def test_weights_of_searches_halve_with_their_rank_and_with_their_age_since_the_latest_activity():
    day = np.array([30.0, 16.0, NAN]) * DAY_MILLIS
    weights = search_weights(day, 30 * DAY_MILLIS, np.array([14.0, 14.0, 14.0]))
    assert weights == pytest.approx([1.0, 0.5 * 2**-0.25, 2**-0.5])
    later = search_weights(day, 44 * DAY_MILLIS, np.array([14.0, 7.0, 14.0]))
    assert later == pytest.approx([0.5, 2**-4.25, 2**-0.5])
    assert search_weights(np.zeros(0), NAN, np.zeros(0)).shape == (0,)


def test_a_model_without_a_signal_has_the_default_weight_of_it():
    stored = json.dumps({"weights": {name: 0.5 for name in NAMES if name != "searches"}, "readout": None})
    weights = Blend.from_json(stored).weights
    assert weights["searches"] == DEFAULT_WEIGHTS["searches"] > 0 and weights["embedding"] == 0.5


def test_what_the_channels_add_sums_to_the_score_and_a_channel_that_is_off_adds_nothing():
    values = np.random.default_rng(0).normal(size=(6, len(NAMES)))
    parts = contributions(values, DEFAULT_WEIGHTS, ALL_ON)
    score = standard_scores(values) @ np.array([DEFAULT_WEIGHTS[name] for name in NAMES])
    assert parts.sum(axis=1).tolist() == pytest.approx(score.tolist())
    off = contributions(values, DEFAULT_WEIGHTS, {**ALL_ON, "similar": 0.0})
    assert not off[:, CHANNELS.index("similar")].any()
    assert np.array_equal(np.delete(off, CHANNELS.index("similar"), 1), np.delete(parts, CHANNELS.index("similar"), 1))
    doubled = contributions(values, DEFAULT_WEIGHTS, {"popular": 2.0})
    assert doubled.sum(axis=1) == pytest.approx(2 * parts[:, CHANNELS.index("popular")])


def test_a_signal_that_is_the_same_for_all_counts_nothing():
    values = np.random.default_rng(0).normal(size=(6, len(NAMES)))
    before = contributions(values, DEFAULT_WEIGHTS, ALL_ON)
    values[:, PLACE["interests"]] = 12.0
    after = contributions(values, DEFAULT_WEIGHTS, ALL_ON)
    place = CHANNELS.index("interests")
    assert not after[:, place].any()
    assert np.array_equal(np.delete(after, place, 1), np.delete(before, place, 1))


def test_scores_do_not_depend_on_the_unit_of_a_signal():
    values = np.random.default_rng(0).normal(size=(6, len(NAMES)))
    before = contributions(values, DEFAULT_WEIGHTS, ALL_ON)
    values[:, PLACE["popular_ever"]] = 1000 * values[:, PLACE["popular_ever"]] + 5
    assert contributions(values, DEFAULT_WEIGHTS, ALL_ON) == pytest.approx(before)


def test_popularity_is_the_logarithm_of_one_more_than_the_count():
    logarithms = np.array([20.0 + np.log(3.0), 20.0, -np.inf, -1e300])
    assert popularity_signal(logarithms, 20.0).tolist() == pytest.approx([np.log(4), np.log(2), 0.0, 0.0])


def readout(**more):
    """Two speeds; likes count 1 and dislikes -0.5, both half after ten days."""
    parts = {
        "half_lives": [1.0, 1e9],
        "mix": [1.0, 0.0],
        "matrices": [np.eye(2).tolist(), np.eye(2).tolist()],
        "relations": {"LIKED": (1.0, -0.5, 10.0, 10.0), "DISLIKED": (1.0, -0.5, 10.0, 10.0)},
    }
    return Readout(**parts | more)


def direction(vector):
    return (np.asarray(vector) / vector[0]).tolist()


def test_a_history_is_read_with_half_lives_in_items_and_in_days():
    known = history(liked("a", 20, [1.0, 0.0]), liked("b", 10, [0.0, 1.0]))
    vector = readout().vector(known)
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert direction(vector) == pytest.approx([1, 1 / 4])  # one item, ten days
    assert direction(readout(mix=[0.0, 1.0]).vector(known)) == pytest.approx([1, 1 / 2])
    turned = readout(matrices=[[[0.0, 1.0], [1.0, 0.0]], np.eye(2).tolist()])
    assert direction(turned.vector(known)) == pytest.approx([1, 4])


def test_the_vector_of_a_history_points_to_what_was_liked_and_away_from_what_was_not():
    assert readout().vector(history(liked("a", 20, [0.6, 0.8]))).tolist() == pytest.approx([0.6, 0.8])
    disliked = history(("a", "DISLIKED", 20, None, [0.6, 0.8]))
    assert readout().vector(disliked).tolist() == pytest.approx([-0.6, -0.8])
    assert readout(mix=[-1.0, 0.0]).vector(disliked).tolist() == pytest.approx([0.6, 0.8])


def test_likes_and_dislikes_fade_by_half_lives_of_their_own():
    relations = {"LIKED": (1.0, -1.0, 10.0, 99.0), "DISLIKED": (1.0, -1.0, 99.0, 5.0)}
    slow = readout(mix=[0.0, 1.0], relations=relations)
    known = history(liked("now", 20, [1.0, 0.0]), liked("a", 10, [0.0, 1.0]), ("b", "DISLIKED", 10, None, [0.0, 1.0]))
    assert direction(slow.vector(known)) == pytest.approx([1, 1 / 2 - 1 / 4])


def test_each_speed_is_a_mean_also_where_all_weights_are_small():
    relations = {"LIKED": (0.5, 0.0, 10.0, 10.0)}
    both = readout(mix=[1.0, 1.0], matrices=[np.eye(2).tolist(), [[0.0, 1.0], [1.0, 0.0]]], relations=relations)
    known = history(liked("a", 20, [1.0, 0.0]), liked("new", 20))
    assert direction(both.vector(known)) == pytest.approx([1, (1 / 2) / (2 / 3)])


@pytest.mark.parametrize("part", ["half_lives", "mix", "matrices"])
def test_a_readout_whose_parts_differ_in_number_is_refused(part):
    broken = readout(**{part: getattr(readout(), part)[:1]})
    with pytest.raises(ValueError):
        broken.vector(history(liked("a", 1, [1.0, 0.0])))


def test_dislikes_push_away_and_undated_events_count_in_full():
    known = history(("a", "DISLIKED", 20, None, [1.0, 0.0]), liked("b", None, [0.0, 1.0]))
    assert direction(readout().vector(known)) == pytest.approx([1, -2])


def test_an_unknown_relation_counts_as_a_like():
    known = history(("a", "SUNG", 20, None, [1.0, 0.0]), liked("b", None, [0.0, 1.0]))
    assert direction(readout().vector(known)) == pytest.approx([1, 1])


def test_an_item_without_a_vector_takes_its_part_of_the_attention():
    """As in training, where such an item is a vector of zeros: the speeds are weighted as if it were there."""
    both = readout(mix=[1.0, 1.0], matrices=[np.eye(2).tolist(), [[0.0, 1.0], [1.0, 0.0]]])
    known = history(liked("new", 20), liked("a", 20, [1.0, 0.0]))
    assert direction(both.vector(known)) == pytest.approx([1, (1 / 2) / (1 / 3)])


@pytest.mark.parametrize("vectors", [[(), ()], [[1.0, 0.0, 0.0], ()], [[0.0, 0.0], ()]])
def test_without_any_vector_of_the_right_width_there_is_none(vectors):
    known = history(*(liked(str(n), n, vector) for n, vector in enumerate(vectors)))
    assert len(readout().vector(known)) == 0
    assert len(readout().vector(History.of([], [], [], [], [], []))) == 0


@pytest.mark.parametrize("with_readout", [True, False])
def test_a_blend_comes_back_from_json_as_it_was(with_readout):
    blend = Blend({**DEFAULT_WEIGHTS, "similar_short": 0.25, "popular_ever": -0.5}, readout() if with_readout else None)
    assert Blend.from_json(blend.to_json()) == blend
    assert json.loads(blend.to_json())["weights"] == blend.weights


def test_without_a_stored_blend_the_default_serves():
    assert Blend.from_json(None) == Blend.from_json("") == Blend(dict(DEFAULT_WEIGHTS), None)


def test_a_channel_that_alone_tells_is_not_turned_round_by_what_was_learned_beside_others():
    learned = {
        **DEFAULT_WEIGHTS,
        "popular_recent": -1.5,
        "popular_ever": 0.4,
        "social_alike": -0.1,
        "social_follows": -2.0,
    }
    values = np.zeros((3, len(NAMES)))
    values[:, PLACE["popular_recent"]] = values[:, PLACE["popular_ever"]] = [1.0, 2.0, 3.0]
    found = weights_for(learned, values, CHANNELS)
    assert (found["popular_recent"], found["popular_ever"]) == (0.0, 0.4)
    values[:, PLACE["embedding"]] = [0.1, 0.2, 0.3]
    assert weights_for(learned, values, CHANNELS) == learned
    alone = weights_for(learned, values, ["social"])
    assert {name: alone[name] for name in ("social_alike", "social_follows")} == {
        name: DEFAULT_WEIGHTS[name] for name in ("social_alike", "social_follows")
    }
    assert weights_for(learned, np.zeros((0, len(NAMES))), CHANNELS) == learned
