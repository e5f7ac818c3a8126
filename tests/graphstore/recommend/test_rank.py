"""Ranking out of what is held in memory, computed by hand; the graph is asked as of a moment only."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from graphstore.popularity import NEW_EVENTS, WINDOWS
from graphstore.ranking.blend import CHANNELS, Blend
from graphstore.ranking.candidates import UserFeatures
from graphstore.ranking.item_vectors import Vectors
from graphstore.ranking.neighbour_table import NeighbourTable
from graphstore.ranking.request import RecommendOptions, make_request
from graphstore.recommend.catalogue import Catalogue
from graphstore.recommend.rank import best_candidates, new_items, rank
from graphstore.recommend.snapshot import RequestContext

NOTHING = np.zeros(0, dtype=np.int64)
NOBODY = UserFeatures(NOTHING, NOTHING, np.zeros((0, 3)))

NOW = np.zeros(1 + len(WINDOWS))


def catalogue(size, **columns):
    """Items called "a", "b", ... in this order, without anything that is not given."""
    ids = [chr(ord("a") + row) for row in range(size)]
    about = sp.csc_matrix(np.array(columns.pop("about", np.zeros((size, 1))), dtype=float))
    given = {
        "order": np.arange(size),
        "popularity": np.full(size, -np.inf),
        "ever_popular": np.full(size, -np.inf),
        "windows": np.full((size, len(WINDOWS)), -np.inf),
        "vectors": np.zeros((size, 2)),
        "new": np.zeros(size, dtype=bool),
        "touched": np.zeros(size, dtype=np.int64),
    } | {name: np.array(values) for name, values in columns.items()}
    return Catalogue(
        **(given | {"vectors": Vectors.of(given["vectors"])}),
        about=about,
        favours=sp.csr_matrix((1, size)),
        edges=NeighbourTable(size),
        by_item=about.tocsr(),
        ids=ids,
        index={item_id: row for row, item_id in enumerate(ids)},
        version=np.zeros(size, dtype=np.int64),
        change=np.zeros(size, dtype=np.int64),
        titles=np.array(ids, dtype=object),
        interests={},
        attributes={},
        gone=NOTHING,
    )


def context(items, person=NOBODY, weights=None, user_id="u", built=1):
    """What one answer rests on. built: when the graph was built, which a draw depends on."""
    snapshot = SimpleNamespace(build_millis=built)
    blend = Blend({"popular_recent": 1.0} if weights is None else weights)
    user = SimpleNamespace(history=SimpleNamespace(item_ids=[]))
    return RequestContext(user_id, snapshot, None, items, user, person, blend, NOW, False, 0, None, ())


def request(channel=None, weights=None, diversity=0.0, explore=0.0, **options):
    return make_request(weights, channel, {}, RecommendOptions(**options), diversity, explore)


def part(ranking, channel):
    return ranking.parts[:, CHANNELS.index(channel)].tolist()


def names(known, ranking):
    return ranking.item_ids(known)


@pytest.fixture
def popular():
    """Five items with 1 to 16 events, ln(1 + count) apart."""
    counts = np.array([2.0, 16.0, 1.0, 8.0, 4.0])
    windows = np.log(counts)[:, None] + np.zeros(len(WINDOWS))
    return catalogue(5, popularity=np.log(counts), ever_popular=np.log(counts), windows=windows)


def test_the_best_by_the_blend_come_first_with_what_each_channel_adds(popular):
    known = context(popular)
    ranking = best_candidates(known, request(), 3, 3)
    logarithms = np.log(1 + np.array([16.0, 8.0, 4.0, 2.0, 1.0]))
    scores = (logarithms - logarithms.mean()) / logarithms.std()
    assert names(known, ranking) == ["b", "d", "e"]
    assert ranking.scores.tolist() == pytest.approx(scores[:3].tolist())
    assert part(ranking, "popular") == pytest.approx(scores[:3].tolist())
    assert ranking.parts.shape == (3, len(CHANNELS)) and ranking.parts.sum() == pytest.approx(scores[:3].sum())
    assert ranking.new == frozenset()


def test_a_longer_pool_of_candidates_changes_no_score(popular):
    known = context(popular)
    short, long = (best_candidates(known, request(), 2, pool) for pool in (2, 5))
    assert names(known, long) == ["b", "d", "e", "a", "c"]
    assert long.scores[:2].tolist() == short.scores.tolist() and len(short.rows) == 2


def test_channels_keep_at_least_as_many_candidates_as_are_asked_for(popular):
    known = context(popular)
    assert len(best_candidates(known, request(candidates=2), 1, 5).rows) == 2
    assert len(best_candidates(known, request(candidates=2), 4, 5).rows) == 4


def test_a_channel_that_is_off_finds_and_adds_nothing(popular):
    items = replace(popular, about=sp.csc_matrix([[0.0], [0.0], [0.5], [0.25], [0.0]]))
    known = context(items, replace(NOBODY, interests=[(0, 1.0)]), {"interests": 1.0, "popular_recent": 1.0})
    only = best_candidates(known, request("interests"), 5, 5)
    assert names(known, only) == ["c", "d"] and part(only, "popular") == [0.0, 0.0]
    assert part(only, "interests") == [1.0, -1.0]
    half = best_candidates(known, request(weights={"interests": 0.5}), 5, 5)
    assert part(half, "interests") == [0.5, -0.5]


def test_scores_are_compared_to_nine_digits_and_equal_ones_stay_in_the_order_of_ids():
    popularity = [1.0, 2.0, 1.0 + 1e-10, 1.0]
    known = context(catalogue(4, order=[3, 0, 2, 1], popularity=popularity))
    assert names(known, best_candidates(known, request(), 4, 4)) == ["b", "d", "c", "a"]
    many = context(catalogue(26, order=np.arange(26)[::-1], popularity=[1.0] * 13 + [2.0] * 13))
    assert "".join(names(many, best_candidates(many, request(), 26, 26))) == "zyxwvutsrqponmlkjihgfedcba"


def test_without_diversity_and_exploration_the_ranking_is_the_best_candidates(popular):
    known = context(popular)
    ranking, best = rank(None, known, request(), 3), best_candidates(known, request(), 3, 3)
    assert ranking.rows.tolist() == best.rows.tolist() and ranking.scores.tolist() == best.scores.tolist()


def test_diversity_takes_from_a_pool_of_candidates_what_is_unlike_the_first(popular):
    vectors = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.1], [1.0, 0.0]]
    known = context(replace(popular, vectors=Vectors.of(np.array(vectors))))
    ranking = rank(None, known, request(diversity=0.9), 2)
    assert names(known, ranking) == ["b", "c"]
    scores = best_candidates(known, request(), 2, 5).scores
    assert ranking.scores.tolist() == [scores[0], scores[4]]
    assert names(known, rank(None, known, request(diversity=0.001), 2)) == ["b", "d"]


ROWS = [["a", "2021-01-01"], ["b", "2019-01-01"], ["c", "2019-01-01"], ["d", "2021-01-01"], ["e", "2019-01-01"]]


ABOUT = [[0.0, 0.0], [0.5, 0.0], [0.25, 0.0], [0.5, 0.5], [0.0, 0.0], [0.0, 0.0]]
VECTORS = [[0.0, 1.0], [0.0, 1.0], [0.8, 0.6], [0.0, 1.0], [1.0, 0.0], [-1.0, 0.0]]
READER = replace(NOBODY, vector=np.array([2.0, 0.0]), interests=[(0, 0.8), (1, -1.0)])


@pytest.fixture
def shelf():
    """Six new items: three about what a reader likes, one of them more about what they don't, two near their vector."""
    return catalogue(6, about=ABOUT, vectors=VECTORS, new=[True] * 6)


def test_new_items_are_ranked_by_what_their_content_says_each_channel_beside_its_best(shelf):
    known = context(shelf, READER)
    ranking = new_items(known, request(), NEW_EVENTS)
    assert names(known, ranking) == ["e", "c", "b"]
    assert part(ranking, "embedding") == pytest.approx([1.0, 0.8, 0.0])
    assert part(ranking, "interests") == pytest.approx([0.0, 0.3 * 0.5, 0.3])
    assert ranking.scores.tolist() == pytest.approx([1.0, 0.95, 0.3])
    assert ranking.parts.sum(axis=1).tolist() == pytest.approx(ranking.scores.tolist())


def test_new_items_come_by_the_channels_that_are_asked_for_alone(shelf):
    known = context(shelf, READER)
    assert names(known, new_items(known, request("interests"), NEW_EVENTS)) == ["b", "c"]
    assert names(known, new_items(known, request("embedding"), NEW_EVENTS)) == ["e", "c"]
    assert names(known, new_items(known, request("popular"), NEW_EVENTS)) == []
    double = new_items(known, request(weights={"interests": 2.0, "embedding": 1.0}), NEW_EVENTS)
    assert names(known, double) == ["c", "e", "b"]
    assert part(double, "interests") == pytest.approx([0.3, 0.0, 0.6])


def test_a_user_without_a_vector_or_without_interests_finds_new_items_by_the_other(shelf):
    known = context(shelf, replace(READER, vector=np.zeros(0)))
    assert names(known, new_items(known, request(), NEW_EVENTS)) == ["b", "c"]
    known = context(shelf, replace(READER, interests=[]))
    assert names(known, new_items(known, request(), NEW_EVENTS)) == ["e", "c"]
    known = context(shelf)
    assert names(known, new_items(known, request(), NEW_EVENTS)) == []


def test_an_item_is_new_while_it_has_fewer_events_than_that_and_unseen(shelf):
    counts = np.array([1.0, 1.0, 5.0, 1.0, 4.0, 1.0])
    items = replace(shelf, ever_popular=np.round(np.log(counts), 6))
    known = context(items, READER)
    assert names(known, new_items(known, request(), 5)) == ["e", "b"]
    assert names(known, new_items(known, request(), 6)) == ["e", "c", "b"]
    assert names(known, new_items(known, request(), 4)) == ["b"]
    known = context(items, replace(READER, seen=np.array([4])))
    assert names(known, new_items(known, request(), 5)) == ["b"]
    known = context(replace(items, new=np.array([True, False, True, True, True, True])), READER)
    assert names(known, new_items(known, request(), 5)) == ["e"]


def test_equal_new_items_stand_in_the_order_of_their_ids():
    items = catalogue(4, order=[2, 0, 3, 1], vectors=[[1.0, 0.0], [1.0, 1e-6], [1.0, 0.0], [1.0, 0.0]], new=[True] * 4)
    known = context(items, replace(NOBODY, vector=np.array([1.0, 0.0])))
    assert names(known, new_items(known, request(), NEW_EVENTS)) == ["b", "d", "a", "c"]
    items = catalogue(3, order=[2, 1, 0], about=[[1.0], [1.0 - 5e-10], [1.0 - 1e-6]], new=[True] * 3)
    known = context(items, replace(NOBODY, interests=[(0, 1.0)]))
    assert names(known, new_items(known, request(), NEW_EVENTS)) == ["b", "a", "c"]


def test_of_many_new_items_the_latest_and_those_of_an_interest_are_looked_at():
    items = catalogue(
        6,
        order=[0, 1, 2, 3, 5, 4],
        touched=[10, 50, 30, 20, 20, 20],
        vectors=[[1.0, 0.0]] * 6,
        about=[[1.0], [0.0], [0.0], [0.0], [0.0], [0.0]],
        new=[True] * 6,
    )
    person = replace(NOBODY, vector=np.array([1.0, 0.0]))

    def latest(person, most):
        known = context(items, person)
        return sorted(names(known, new_items(known, request(new_items=most), NEW_EVENTS)))

    assert latest(person, 2) == ["b", "c"]
    assert latest(person, 3) == ["b", "c", "d"]
    assert latest(person, 4) == ["b", "c", "d", "f"]
    assert latest(person, 6) == ["a", "b", "c", "d", "e", "f"]
    assert latest(replace(person, interests=[(0, 1.0)]), 2) == ["a", "b", "c"]


@pytest.fixture
def mixed():
    """Five items with behaviour, "a" the best, and five new ones, "f" the best."""
    known = [-np.inf] * 5
    popularity = np.array([5.0, 4.0, 3.0, 2.0, 1.0, *known])
    vectors = [[0.0, 0.0]] * 5 + [[1.0, n / 2.0] for n in range(5)]
    items = catalogue(
        10, popularity=popularity, ever_popular=popularity + 2, vectors=vectors, new=[False] * 5 + [True] * 5
    )
    return items, replace(NOBODY, vector=np.array([1.0, 0.0]))


def explored(mixed, k, explore, **more):
    items, person = mixed
    known = context(items, person, **more)
    ranking = rank(None, known, request(weights={"popular": 1.0, "embedding": 1.0}, explore=explore), k)
    return names(known, ranking), {known.catalogue.ids[row] for row in ranking.new}, ranking


def test_new_items_take_their_places_and_say_that_they_do(mixed):
    shown, new, ranking = explored(mixed, 4, 0.5)
    assert shown[0] == "a" and shown[2] == "b"
    assert {shown[1], shown[3]} == new and new < set("fghij")
    assert len(ranking.rows) == len(ranking.scores) == len(ranking.parts) == 4
    assert part(ranking, "popular")[0] > 0 and part(ranking, "embedding")[0] == 0
    assert part(ranking, "embedding")[1] > 0 and part(ranking, "popular")[1] == 0


def test_of_the_new_items_drawn_the_better_stands_first(mixed):
    for user in "uvwxyz":
        shown, new, _ = explored(mixed, 6, 0.5, user_id=user)
        drawn = [item for item in shown if item in new]
        assert drawn == sorted(drawn) and len(drawn) == 3


def test_where_all_places_are_for_new_items_the_best_come_behind_them(mixed):
    shown, new, _ = explored(mixed, 7, 1.0)
    assert new == set("fghij") and shown == ["f", "g", "h", "i", "j", "a", "b"]


def test_the_same_new_items_are_drawn_for_a_user_until_the_graph_is_built_anew(mixed):
    draws = {tuple(explored(mixed, 4, 0.5)[0]) for _ in range(3)}
    assert len(draws) == 1
    assert len({tuple(explored(mixed, 4, 0.5, built=moment)[0]) for moment in range(12)}) > 1
    assert len({tuple(explored(mixed, 4, 0.5, user_id=f"u{n}")[0]) for n in range(12)}) > 1


def test_a_new_item_that_stands_there_by_merit_is_not_shown_as_new(mixed):
    items, person = mixed
    items = replace(items, popularity=np.where(np.arange(10) == 5, 9.0, items.popularity))
    shown, new, _ = explored((items, person), 4, 0.5)
    assert shown[0] == "f" and "f" not in new and len(new) == 2 and len(set(shown)) == 4


def test_a_new_item_beyond_the_places_by_merit_is_shown_once(mixed):
    items, person = mixed
    items = replace(items, popularity=np.where(np.arange(10) >= 5, 2.5, items.popularity))
    for user in "uvwxyz":
        shown, new, _ = explored((items, person), 6, 0.5, user_id=user)
        assert len(set(shown)) == 6 and len(new) == 3


def test_where_too_few_new_items_fit_the_others_take_the_places(mixed):
    items, person = mixed
    items = replace(items, new=np.arange(10) == 7)
    shown, new, _ = explored((items, person), 6, 0.5)
    assert new == {"h"} and shown == ["a", "h", "b", "c", "d", "e"]
    shown, new, _ = explored((replace(items, new=np.zeros(10, dtype=bool)), person), 3, 0.5)
    assert new == set() and shown == ["a", "b", "c"]


def test_as_of_a_moment_what_was_not_there_yet_is_passed_over(client, popular):
    client.run_text(
        "UNWIND $rows AS row CREATE (:Item {item_id: row[0], published_at: datetime(row[1])})", {"rows": ROWS}
    )
    known = replace(context(popular), at=datetime(2020, 1, 1, tzinfo=UTC))
    now = rank(None, context(popular), request(), 5)
    then = rank(client, known, request(), 2)
    assert names(known, now) == ["b", "d", "e", "a", "c"]
    assert names(known, then) == ["b", "e"]
    assert then.scores.tolist() == [now.scores[0], now.scores[2]]
    assert names(known, rank(client, known, request(), 5)) == ["b", "e", "c"]


@given(st.integers(1, 12), st.floats(0, 1), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_a_list_has_no_item_twice_is_as_long_as_it_can_be_and_new_items_stand_only_where_they_may(
    k, diversity, explore, seed
):
    rng = np.random.default_rng(seed)
    items = catalogue(
        8,
        popularity=np.where(rng.random(8) < 0.4, -np.inf, rng.normal(size=8)),
        vectors=rng.normal(size=(8, 2)),
        new=rng.random(8) < 0.5,
    )
    known = context(items, replace(NOBODY, seen=np.array([0]), vector=np.array([1.0, 0.0])))
    plain = rank(None, known, request(), 20)
    ranking = rank(None, known, request(diversity=diversity, explore=explore), k)
    rows = ranking.rows.tolist()
    assert len(set(rows)) == len(rows) <= k and 0 not in rows
    assert len(rows) >= min(k, len(plain.rows))
    assert ranking.new <= {row for row in rows if items.new[row]}
    if explore < 1 and len(plain.rows):
        assert rows[0] == plain.rows[0]


@pytest.fixture
def corrected(popular):
    """Of the five items, best first b, d, e, a, c, two are about interest 0 and two about interest 1."""
    about = sp.csc_matrix([[0.1, 0.5], [0.5, 0.1], [0.0, 0.5], [0.5, 0.0], [0.0, 0.0]])
    return replace(popular, about=about, by_item=about.tocsr())


def listed(items, *corrections, k=3, **asked):
    known = context(items, replace(NOBODY, corrected=corrections))
    ranking = best_candidates(known, request(**asked), k, k)
    assert ranking.scores.tolist() == sorted(ranking.scores.tolist(), reverse=True)
    assert ranking.parts.sum(axis=1) == pytest.approx(ranking.scores, abs=1e-8)
    return names(known, ranking)


def test_what_is_about_a_deleted_interest_comes_behind_all_others(corrected):
    assert listed(corrected) == ["b", "d", "e"]
    assert listed(corrected, (0, "delete")) == ["e", "a", "c"]
    assert listed(corrected, (0, "delete"), k=5) == ["e", "a", "c", "b", "d"]
    assert listed(corrected, (0, "delete"), (1, "delete"), k=5) == ["e", "b", "d", "a", "c"]
    assert listed(corrected, (0, "delete"), channel="popular") == ["e", "a", "c"]
    unknown = replace(corrected, popularity=np.where(np.arange(5) == 2, -np.inf, corrected.popularity))
    assert listed(unknown, k=5) == ["b", "d", "e", "a"]
    assert listed(unknown, (0, "delete"), k=5) == ["e", "a", "c", "b", "d"]  # c has no event


def test_a_pin_shows_an_item_and_a_weakened_interest_steps_back(corrected):
    assert listed(corrected, (1, "pin"), k=2) == ["b", "a"]
    assert listed(corrected, (0, "weaken")) == ["b", "e", "d"]
    assert listed(corrected, (1, "pin"), channel="popular") == ["b", "d", "e"]


def test_a_pin_shows_an_item_about_a_deleted_interest_only_if_there_is_no_other(corrected):
    about = sp.csc_matrix([[0.0, 0.5], [0.5, 0.5], [0.0, 0.0], [0.5, 0.0], [0.0, 0.0]])
    items = replace(corrected, about=about, by_item=about.tocsr())
    assert listed(items, (1, "pin"), (0, "delete"), k=5) == ["e", "a", "c", "b", "d"]
    about = sp.csc_matrix([[0.0, 0.0], [0.5, 0.5], [0.0, 0.0], [0.5, 0.0], [0.0, 0.0]])
    items = replace(corrected, about=about, by_item=about.tocsr())
    assert listed(items, (1, "pin"), (0, "delete"), k=5) == ["e", "b", "a", "c", "d"]


def test_a_pinned_item_that_no_channel_finds_is_shown_unless_it_was_seen(corrected):
    unknown = replace(corrected, popularity=np.where(np.arange(5) == 0, -np.inf, corrected.popularity))
    alone = replace(unknown, about=(about := sp.csc_matrix([[1.0], [0.0], [0.0], [0.0], [0.0]])), by_item=about.tocsr())
    assert "a" not in listed(alone, k=5)
    assert listed(alone, (0, "pin"), k=5)[1] == "a"
    known = context(alone, replace(NOBODY, corrected=[(0, "pin")], seen=np.array([0])))
    assert "a" not in names(known, best_candidates(known, request(), 5, 5))


def test_no_new_item_about_a_deleted_interest_takes_a_place(shelf):
    known = context(shelf, replace(NOBODY, interests=[(0, 1.0)]))
    found = names(known, new_items(known, request(), NEW_EVENTS))
    assert found
    denied = context(shelf, replace(NOBODY, interests=[(0, 1.0)], corrected=[(0, "delete")]))
    assert names(denied, new_items(denied, request(), NEW_EVENTS)) == []
