"""A score taken apart: what its parts are, and that they add up, on worlds that hypothesis makes."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from graphstore.arrays import ranges
from graphstore.popularity import WINDOWS
from graphstore.ranking.attribution import POPULARITY, VECTOR, Shown, attribute, with_corrections
from graphstore.ranking.blend import CHANNELS, DEFAULT_WEIGHTS, NAMES, contributions, deviations
from graphstore.ranking.candidates import CandidateItems, UserFeatures, find_candidates
from graphstore.ranking.corrections import Corrections
from graphstore.ranking.history import History, Readout
from graphstore.ranking.item_vectors import Vectors
from graphstore.ranking.leave_one_out import drops
from graphstore.ranking.neighbour_table import NeighbourEdges
from graphstore.ranking.pool import Pool
from graphstore.ranking.request import RecommendOptions
from graphstore.ranking.terms import PEOPLE, Terms

WIDTH, INTERESTS, ATTRIBUTES, EDGES = 4, 3, 2, 4
OPTIONS = RecommendOptions()
DAY = 86_400_000.0
unhurried = settings(deadline=None)


@st.composite
def worlds(draw):
    """Items with all that the channels read, and a user with a history, drawn as a seed and sizes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size, events = draw(st.integers(4, 40)), draw(st.integers(0, 20))
    dated = draw(st.sampled_from(["dated", "undated", "mixed"]))
    rows = rng.integers(0, size, events).tolist()
    types = rng.choice(["RATED", "VIEWED", "DISLIKED"], events, p=[0.7, 0.2, 0.1]).tolist()
    values = np.where(np.array(types, dtype=object) == "RATED", rng.integers(1, 6, events).astype(float), np.nan)
    millis = -np.sort(-rng.uniform(0, 900 * DAY, events))
    if dated != "dated":
        millis[events // 2 if dated == "mixed" else 0 :] = np.nan
    vectors = Vectors.of(rng.normal(size=(size, WIDTH)) * (rng.random(size) > 0.1)[:, None])
    about, favours = (sp.random(size, n, 0.4, random_state=rng) for n in (INTERESTS, ATTRIBUTES))
    popularity = np.where(rng.random(size) > 0.2, rng.normal(2, 1, size), -np.inf)
    order = np.argsort(rng.permutation(size))
    windows = popularity[:, None] - rng.random((size, len(WINDOWS)))
    items = CandidateItems(order, popularity, popularity + 1, windows, vectors, about.tocsc(), favours.T.tocsr())
    history = History.of(rows, types, millis, values, vectors.matrix(np.array(rows, dtype=int)), ["DISLIKED"])
    return items, history, rng, draw(st.booleans())


def person(items, history, rng, with_readout):
    """The features of the user, and the readout that their vector is of; without one the vector is a stored one."""
    matrices = [rng.normal(size=(WIDTH, WIDTH)).tolist() for _ in range(2)]
    readout = Readout([3.0, 30.0], [1.0, -0.4], matrices, {"RATED": (1.0, -0.5, 90.0, 30.0)}) if with_readout else None
    recent = history.recent(OPTIONS.recent, OPTIONS.negative_weight, ["DISLIKED"])
    rows = np.array(recent.items, dtype=np.int64)
    count = EDGES * len(rows)
    place, _ = ranges(np.zeros(len(rows), dtype=int), np.full(len(rows), EDGES))
    score, late = np.abs(rng.normal(size=(2, count)))
    target = rng.integers(0, len(items), count).astype(np.int32)
    edges = NeighbourEdges(place, target, rng.random(count) > 0.5, score, late)
    vector = readout.vector(history) if readout else rng.normal(size=WIDTH)
    people = [(rng.integers(0, len(items), 5), float(n % 2), float(rng.random())) for n in range(4)]
    interests = [(column, float(rng.normal())) for column in range(INTERESTS)]
    seen = np.unique(np.array(history.item_ids, dtype=np.int64))
    user = UserFeatures(seen, rows, recent.weights, edges, vector, interests, list(range(ATTRIBUTES)), people)
    return user, readout


def ranked(items, user, rng, channels=CHANNELS, wanted=(), count=6, largest=1.0):
    """All candidates as a pool, with weights of either sign, and what the channels add."""
    weights = {name: float(rng.normal()) * largest for name in NAMES}
    factors = {channel: float(rng.random()) * (channel in channels) for channel in CHANNELS}
    rows, signals = find_candidates(
        items, user, count, np.full(1 + len(WINDOWS), 0.3), channels, np.array(wanted, dtype=np.int64)
    )
    pool = Pool.of_blend(rows, signals, deviations(signals), weights, factors, items.vectors)
    return pool, contributions(signals, weights, factors)


def close(found, parts):
    return np.abs(found - parts).max(initial=0.0) <= 1e-6 * max(1.0, np.abs(parts).max(initial=0.0))


@unhurried
@given(worlds(), st.sampled_from([CHANNELS, *((channel,) for channel in CHANNELS)]))
def test_the_parts_of_all_origins_add_up_to_what_each_channel_adds(world, channels):
    items, history, rng, with_readout = world
    user, readout = person(items, history, rng, with_readout)
    pool, parts = ranked(items, user, rng, channels)
    apart = attribute(items, user, history, readout, pool.rows, [pool], np.zeros(len(pool.rows), int))
    assert close(apart.parts.sum(axis=0), parts)
    assert close(apart.parts.sum(axis=(0, 2)), parts.sum(axis=1))
    sorts = {
        sort for (sort, _), part in zip(apart.origins, apart.parts, strict=True) if np.abs(part).max(initial=0) > 0
    }
    assert sorts <= {"event", "interest", "attribute", "person", "people", "popularity", "vector"}
    if with_readout:
        assert "vector" not in sorts


@unhurried
@given(worlds(), st.sampled_from([1.0, 100.0, 10_000.0]))
def test_the_parts_add_up_to_the_score_to_six_decimals_however_large_the_weights(world, largest):
    """The signals are computed in single precision, and so the cosines of the parts differ from those of the score."""
    items, history, rng, with_readout = world
    user, readout = person(items, history, rng, with_readout)
    pool, parts = ranked(items, user, rng, largest=largest)
    apart = attribute(items, user, history, readout, pool.rows, [pool], np.zeros(len(pool.rows), int))
    assert np.abs(apart.parts.sum(axis=(0, 2)) - parts.sum(axis=1)).max(initial=0.0) <= 1e-6


@unhurried
@given(worlds())
def test_items_of_several_pools_are_each_counted_within_their_own(world):
    items, history, rng, with_readout = world
    user, readout = person(items, history, rng, with_readout)
    pool, parts = ranked(items, user, rng)
    other, more = ranked(items, user, rng, ("similar", "popular"), count=2)
    rows, pool_of = np.concatenate([other.rows, pool.rows]), np.repeat([1, 0], [len(other.rows), len(pool.rows)])
    apart = attribute(items, user, history, readout, rows, [pool, other], pool_of)
    assert close(apart.parts.sum(axis=0), np.vstack([more, parts]))


@unhurried
@given(worlds(), st.permutations(["pin", "weaken", "delete"]))
def test_what_corrections_moved_is_a_part_of_the_corrected_interest(world, hows):
    items, history, rng, with_readout = world
    user, readout = person(items, history, rng, with_readout)
    corrected = list(enumerate(hows))
    by_item = items.about.tocsr()
    corrections = Corrections.of(items, by_item, corrected)
    pool, parts = ranked(items, replace(user, corrected=corrected), rng, wanted=corrections.wanted(items, user.seen, 3))
    parts = corrections.moved(pool.rows, parts)
    apart = attribute(items, user, history, readout, pool.rows, [pool], np.zeros(len(pool.rows), int))
    apart = with_corrections(apart, items, by_item, corrected, pool.rows, parts)
    assert close(apart.parts.sum(axis=0), parts)


@unhurried
@given(worlds())
def test_counted_from_zero_the_parts_are_those_of_the_signals(world):
    items, history, rng, with_readout = world
    user, readout = person(items, history, rng, with_readout)
    pool = ranked(items, user, rng)[0].from_zero()
    apart = attribute(items, user, history, readout, pool.rows, [pool], np.zeros(len(pool.rows), int))
    assert close(apart.parts.sum(axis=(0, 2)), pool.signals @ pool.scale)


def test_what_counts_against_an_item_where_it_is_there_is_never_a_reason_where_it_is_not():
    """Of two items one is popular, and popularity lowers the score: the other gains by that, which is not said."""
    popularity = np.array([3.0, 1.0])
    nothing = sp.csc_matrix((2, 0))
    items = CandidateItems(
        np.arange(2),
        popularity,
        popularity,
        np.zeros((2, len(WINDOWS))),
        Vectors.of(np.eye(2)),
        nothing,
        nothing.T.tocsr(),
    )
    user = UserFeatures(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 3)))
    rows, signals = find_candidates(items, user, 5, np.zeros(1 + len(WINDOWS)))
    weights = dict.fromkeys(DEFAULT_WEIGHTS, 0.0) | {"popular_recent": -1.0, "popular_ever": 0.25}
    pool = Pool.of_blend(rows, signals, deviations(signals), weights, dict.fromkeys(CHANNELS, 1.0), items.vectors)
    history = History.of([], [], [], [], [], [])
    apart = attribute(items, user, history, None, rows, [pool], np.zeros(2, int))
    number = list(apart.origins).index(POPULARITY)
    assert apart.parts[number, 1].sum() == pytest.approx(0.75) and apart.spoken[number, 1] == pytest.approx(-0.25)
    assert {PEOPLE, VECTOR} & {o for o, p in zip(apart.origins, apart.parts, strict=True) if p.any()} == set()


@unhurried
@given(worlds())
def test_a_variant_of_a_history_is_the_history_read_without_the_item(world):
    _, history, _, _ = world
    names, variants = history.without_each()
    for place, item in enumerate(names):
        kept = [n for n, other in enumerate(history.item_ids) if other != item]
        if not kept:
            continue
        millis = -history.age_millis[kept]
        again = History.of(
            [history.item_ids[n] for n in kept],
            [history.types[n] for n in kept],
            millis,
            history.values[kept],
            history.matrix(WIDTH)[kept],
            ["DISLIKED"],
        )
        assert variants.absent[place].tolist() == [other == item for other in history.item_ids]
        np.testing.assert_allclose(variants.rank[place, kept], again.rank)
        np.testing.assert_allclose(variants.age_millis[place, kept], again.age_millis)
        assert variants.negative[place, kept].tolist() == again.negative.tolist()


@unhurried
@given(worlds())
def test_without_an_item_the_score_falls_by_what_ranking_without_it_says(world):
    """With the candidates as they are, and only the channel embedding: then nothing is left as it was."""
    items, history, rng, _ = world
    user, readout = person(items, history, rng, True)
    if not len(user.vector):
        return
    pool, _ = ranked(items, replace(user, seen=np.zeros(0, int)), rng, ("embedding",), range(len(items)))
    weight = pool.weights[NAMES.index("embedding")]
    shown = Shown.of(len(items), Terms.of(items, user, CHANNELS), pool, pool.rows)
    here = len(history.item_ids)
    shorter = np.where(np.arange(len(NAMES)) == NAMES.index("embedding"), -0.5 * weight, 0.0)  # of any shorter history
    names, fall = drops(user, history, readout, shown, OPTIONS)
    _, other = drops(
        user, history, readout, shown, OPTIONS, weights_of=lambda n: pool.weights if n == here else shorter
    )

    def scores(vector, weight=weight):
        cosines = items.vectors.cosines(vector)[pool.rows]
        deviation = cosines.std()
        return weight * (cosines - cosines.mean()) / deviation if deviation > 1e-9 else np.zeros(len(cosines))

    _, variants = history.without_each()
    for place, vector in enumerate(readout.vectors_of(variants)):
        np.testing.assert_allclose(fall[place], scores(user.vector) - scores(vector), atol=1e-3)
        expected = scores(user.vector) - scores(vector, -0.5 * weight)
        np.testing.assert_allclose(other[place], expected, atol=1e-3)
    assert len(names) == len(set(history.item_ids))
