"""What one event changes: recomputing what it touches, and nothing else, gives what recomputing everything gives.

An event is added at the time of the latest one, so that the present, from which ages are measured, stays where it is;
the penalty of the regression is that of the last full build.
"""

from dataclasses import replace

import numpy as np
import pytest

from graphstore.build import regression, similarity, transitions
from graphstore.build.derive import NO_DECAY
from graphstore.durations import DAY_MILLIS
from graphstore.interactions import Interactions
from graphstore.ranking.history import History, Readout
from tests.fixtures.planting import communities

USERS, ITEMS, NOW = 60, 80, 1000.0
LATELY = 10.0
REGRESSION = {"regularisation": 5.0, "neighbourhood": 8}
STEPS = {"window": 3, "max_days": 30.0, "shrinkage": 5.0, "top": 50}
ALIKE = {"shrinkage": 0.1, "activity_power": 0.5, "top": 50}
SEEDS = (0, 1, 2)


def behaviour(seed):
    """Users of overlapping circles, so that an event has a surrounding and much that lies outside."""
    rng = np.random.default_rng(seed)
    user, item, day, weight = [], [], [], []
    for number in range(USERS):
        for _ in range(rng.integers(2, 6)):
            user.append(number)
            item.append((number + rng.integers(0, 8)) % ITEMS)
            day.append(NOW - rng.uniform(0, 40))
            weight.append(rng.choice([0.3, 1.0, 1.5]))
    day[0] = NOW
    order = np.lexsort((-np.array(day), user))
    columns = [np.array(column)[order] for column in (user, item, day, weight)]
    return Interactions([f"u{n}" for n in range(USERS)], [f"i{n}" for n in range(ITEMS)], *columns)


def with_event(events, user, item):
    """The same and one event of now, the newest of its user."""
    place = int(np.searchsorted(events.user, user))
    columns = {"user": user, "item": item, "day": NOW, "weight": 1.0}
    return replace(events, **{name: np.insert(getattr(events, name), place, value) for name, value in columns.items()})


@pytest.fixture(params=SEEDS)
def before_and_after(request):
    """Behaviour, the same with one more event, the event's user and item."""
    events = behaviour(request.param)
    user, item = 7 + request.param, (14 + 3 * request.param) % ITEMS
    return events, with_event(events, user, item), user, item


def table(found):
    return {(int(s), int(t)): v for s, t, v in zip(found.source, found.target, found.score, strict=True)}


def mended(old, new, touched, side):
    """The old scores with those of the touched sources (side 0) or targets (side 1) replaced."""
    return {pair: score for pair, score in old.items() if pair[side] not in touched} | new


def meeting(matrix, columns):
    """The columns that share a row with some columns, and these themselves."""
    rows = np.flatnonzero(matrix[:, columns].getnnz(axis=1))
    return np.union1d(columns, np.flatnonzero(matrix[rows].getnnz(axis=0)))


@pytest.mark.parametrize("half_life", [NO_DECAY, LATELY])
def test_similar_items_follow_from_the_items_met_with_the_one_chosen(before_and_after, half_life):
    before, after, _, item = before_and_after
    old_matrix, matrix = (similarity.user_item_matrix(events, half_life) for events in (before, after))
    fixed = REGRESSION | {"penalty": 5.0 * regression.unit_of_penalty(old_matrix), "top": ITEMS}
    old, full = (table(regression.regressed_columns(m, **fixed)) for m in (old_matrix, matrix))
    touched = meeting(matrix, np.array([item]))
    assert 2 < len(touched) < ITEMS / 3
    new = regression.regressed_columns(matrix, columns=touched, **fixed)
    assert set(new.target) <= set(touched)
    result = mended(old, table(new), set(touched.tolist()), 1)
    assert result != pytest.approx(old, abs=1e-6)
    assert result == pytest.approx(full, abs=1e-6)


def test_the_lists_of_the_best_similar_items_follow_from_one_step_further(before_and_after):
    """What is cut from a list may come back: the lists that a touched column stands in are made anew."""
    before, after, _, item = before_and_after
    old_matrix, matrix = (similarity.user_item_matrix(events, NO_DECAY) for events in (before, after))
    fixed = REGRESSION | {"penalty": 5.0 * regression.unit_of_penalty(old_matrix), "top": 3}
    old, full = (table(regression.regressed_columns(m, **fixed)) for m in (old_matrix, matrix))
    sources = meeting(matrix, meeting(matrix, np.array([item])))
    targets = meeting(matrix, sources)
    assert len(targets) < ITEMS
    new = table(regression.regressed_columns(matrix, columns=targets, **fixed))
    own = {pair: score for pair, score in new.items() if pair[0] in sources}
    assert mended(old, own, set(sources.tolist()), 0) == pytest.approx(full, abs=1e-6)


@pytest.mark.parametrize("half_life", [NO_DECAY, LATELY])
def test_transitions_follow_from_what_the_user_did_just_before(before_and_after, half_life):
    before, after, user, _ = before_and_after
    old, full = (table(transitions.transitions(e, half_life_days=half_life, **STEPS)) for e in (before, after))
    touched = set(after.item[after.user == user][: STEPS["window"] + 1].tolist())
    whose = np.isin(after.user, after.user[np.isin(after.item, list(touched))])
    assert 1 < len(touched) < 6 and whose.mean() < 0.7
    part = after.where(whose)
    assert part.latest_day == after.latest_day
    new = table(transitions.transitions(part, half_life_days=half_life, **STEPS))
    own = {pair: score for pair, score in new.items() if pair[0] in touched}
    result = mended(old, own, touched, 0)
    assert result != old and result == full


@pytest.mark.parametrize("half_life", [NO_DECAY, 14.0])
def test_popularity_follows_from_the_count_of_the_item_alone(before_and_after, half_life):
    before, after, _, item = before_and_after
    popularity = similarity.log_popularity(before, half_life)
    popularity[item] = np.logaddexp(popularity[item], NOW * np.log(2) / half_life)
    assert popularity == pytest.approx(similarity.log_popularity(after, half_life), abs=1e-8)


def test_similar_users_follow_from_the_users_of_the_item(before_and_after):
    """The item's users have other norms now, and so other cosines with everybody they share an item with."""
    before, after, _, item = before_and_after
    old_matrix, matrix = (similarity.user_item_matrix(events, 120.0).T.tocsr() for events in (before, after))
    old, full = (table(similarity.similar_columns(m, **ALIKE)) for m in (old_matrix, matrix))
    touched = meeting(matrix, np.flatnonzero(matrix[[item]].toarray()))
    assert len(touched) < USERS / 2
    new = table(similarity.similar_columns(matrix, columns=touched, **ALIKE))
    result = mended(old, new, set(touched.tolist()), 0)
    assert result != old and result == full


def test_the_vector_of_a_user_follows_from_their_own_history(before_and_after):
    before, after, user, _ = before_and_after
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(ITEMS, 4))
    matrices = [rng.normal(size=(4, 4)).tolist() for _ in range(2)]
    readout = Readout([4.0, 40.0], [1.0, 0.5], matrices, {"VIEWED": (1.0, -0.5, 60.0, 60.0)})

    def vector(events, number):
        own = np.flatnonzero(events.user == number)
        items, millis = events.item[own], (events.day[own] * DAY_MILLIS).tolist()
        names, values = [f"i{n}" for n in items], [np.nan] * len(own)
        return readout.vector(History.of(names, ["VIEWED"] * len(own), millis, values, vectors[items], []))

    moved = [number for number in range(USERS) if not np.array_equal(vector(before, number), vector(after, number))]
    assert moved == [user]


def test_circles_that_share_nothing_never_touch_each_other():
    """An event in one of two communities leaves every channel of the other as it was, whatever the options."""
    rows = [(row["user_id"], row["item_id"], row["timestamp"] / 86_400) for row in communities()]
    names = [sorted({row[side] for row in rows}) for side in (0, 1)]
    user, item = (np.array([names[side].index(row[side]) for row in rows]) for side in (0, 1))
    order = np.lexsort((-np.array([row[2] for row in rows]), user))
    day = np.array([row[2] for row in rows])
    events = Interactions(*names, user[order], item[order], day[order], np.ones(len(rows)))
    place = int(np.searchsorted(events.user, 1))
    added = {"user": 1, "item": 1, "day": events.latest_day, "weight": 1.0}
    after = replace(events, **{n: np.insert(getattr(events, n), place, value) for n, value in added.items()})
    matrices = [similarity.user_item_matrix(e, NO_DECAY) for e in (events, after)]
    fixed = REGRESSION | {"penalty": 5.0 * regression.unit_of_penalty(matrices[0]), "top": 50}
    similar = [table(regression.regressed_columns(m, **fixed)) for m in matrices]
    steps = [table(transitions.transitions(e, half_life_days=LATELY, **STEPS)) for e in (events, after)]
    alike = [table(similarity.similar_columns(m.T.tocsr(), **ALIKE)) for m in matrices]
    for (old, new), half in ((similar, 8), (steps, 8), (alike, 6)):
        other = [{pair: score for pair, score in found.items() if pair[0] >= half} for found in (old, new)]
        assert old != new and other[0] == other[1] and other[0]
