"""The rows of one item or user are those of a full derivation, whatever changed before and in whatever order."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphstore.build import regression
from graphstore.build.derive import BuildOptions, derive, ridge_penalties
from graphstore.build.similarity import LEAST_VALUE
from graphstore.incremental.derivation import IncrementalDerivation
from graphstore.incremental.interaction_matrix import InteractionMatrix, user_key
from graphstore.incremental.item_rows import products_within, updated_row
from graphstore.incremental.ragged import RaggedArrays
from graphstore.incremental.staleness import Staleness
from graphstore.interactions import Interactions

NOW = 1000.0
SEEDS = (0, 1, 2)
OPTIONS = BuildOptions(
    neighbourhood=12, regularisation=1.0, similar_items=1000, similar_users=5, transition_window=4, followed_by=6
)


@pytest.fixture(autouse=True)
def sums_in_double_precision(monkeypatch):
    """As a build of many items makes them; with few it makes them in single precision, for speed."""
    monkeypatch.setattr(regression, "DENSE_COLUMNS", 0)


def behaviour(seed, users=70, items=60, events=900):
    """Popular and rare items, several events of a pair, low weights and none, times that are unknown or the same."""
    rng = np.random.default_rng(seed)
    user, item = np.sort(rng.integers(0, users, events)), rng.zipf(1.3, events) % items
    day = NOW - np.round(rng.integers(0, 3 * 150, events) / 3.0, 3)
    day[rng.random(events) < 0.1] = np.nan
    day[0] = NOW
    weight = rng.choice([0.0, 1e-4, 0.5, 1.0, 2.0], events)
    return Interactions([f"u{n:03}" for n in range(users)], [f"i{n:03}" for n in range(items)], user, item, day, weight)


def history(events, user):
    """A user's columns for `replace_user`."""
    own = np.flatnonzero(events.user == user)
    return [events.item_ids[n] for n in events.item[own]], events.day[own], events.weight[own]


def by(found, names, outer, inner):
    """{name: {name: scores}} of edges, by one of their sides."""
    table = {}
    columns = [getattr(found, name, None) for name in (outer, inner, "score", "recent_score")]
    for row in zip(*(column.tolist() for column in columns if column is not None), strict=True):
        table.setdefault(names[row[0]], {})[names[row[1]]] = row[2] if len(row) == 3 else row[2:]
    return table


def rows(derivation, events):
    """All rows of the derivation, by item and by user."""
    return {
        "similar_items": {i: found for i in events.item_ids if (found := derivation.similar_items(i))},
        "transitions": {i: found for i in events.item_ids if (found := derivation.transitions(i))},
        "similar_users": {u: found for u in events.user_ids if (found := derivation.similar_users(u))},
        "popularity": {i: list(derivation.popularity(i)) for i in events.item_ids},
    }


def derived_rows(events, options, reference, fixed):
    """The same from deriving everything."""
    found = derive(events, options, reference, fixed)
    popular = zip(events.item_ids, found.popularity.tolist(), found.ever_popular.tolist(), strict=True)
    return {
        "similar_items": by(found.similar_items, events.item_ids, "target", "source"),
        "transitions": by(found.transitions, events.item_ids, "source", "target"),
        "similar_users": by(found.similar_users, events.user_ids, "source", "target"),
        "popularity": {name: logs for name, *logs in popular},
    }


def same(found, expected):
    for part in ("similar_items", "transitions", "similar_users"):
        assert found[part] == expected[part], part
    for item_id, logs in expected["popularity"].items():
        assert found["popularity"][item_id] == pytest.approx(logs, abs=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rows_are_those_of_a_build_of_the_same_events(seed):
    events = behaviour(seed)
    expected = derived_rows(events, OPTIONS, None, None)
    assert all(len(part) > 25 for part in expected.values())
    same(rows(IncrementalDerivation(events, OPTIONS), events), expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_later_events_give_the_rows_of_a_build_with_the_same_reference_and_penalties(seed):
    """Two thirds of the users' events after a day come later, user by user, and the reference stays that day."""
    events = behaviour(seed)
    early = events.where(~(events.day > NOW - 50))
    fixed = ridge_penalties(early, OPTIONS)
    derivation = IncrementalDerivation(early, OPTIONS, penalties=fixed)
    assert derivation.reference == early.latest_day < NOW
    for user in np.random.default_rng(seed).permutation(len(events.user_ids)).tolist():
        derivation.replace_user(events.user_ids[user], *history(events, user))
    expected = derived_rows(events, OPTIONS, early.latest_day, fixed)
    assert max(scores[1] for row in expected["similar_items"].values() for scores in row.values()) > 0
    same(rows(derivation, events), expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_renewed_penalties_give_the_rows_of_a_build_with_the_same_reference(seed):
    events = behaviour(seed)
    early = events.where(~(events.day > NOW - 50))
    derivation = IncrementalDerivation(early, OPTIONS)
    assert derivation.renew_penalties(0.0) == Staleness()
    before = derivation.penalties
    for user in range(len(events.user_ids)):
        derivation.replace_user(events.user_ids[user], *history(events, user))
    assert derivation.renew_penalties(100.0) == Staleness() and derivation.penalties == before
    change = derivation.renew_penalties(0.05)
    assert derivation.penalties == pytest.approx(ridge_penalties(events, OPTIONS, early.latest_day))
    assert derivation.penalties != pytest.approx(before, rel=0.05)
    liked = {events.item_ids[item] for item in np.unique(events.item[events.weight > LEAST_VALUE])}
    assert change.items == set() and change.sources == {} and set(change.targets) == liked
    same(rows(derivation, events), derived_rows(events, OPTIONS, early.latest_day, None))


def test_the_staleness_of_renewed_penalties_is_their_change_relative_to_what_an_item_has():
    """Ten times the mean of 2 and 1, which two users have, then of 3 and 2, which three have."""
    columns = (np.array([0, 0, 1]), np.array([0, 1, 0]), np.full(3, np.nan), np.ones(3))
    derivation = IncrementalDerivation(
        Interactions(["u", "v"], ["a", "b"], *columns), replace(OPTIONS, regularisation=10.0)
    )
    derivation.replace_user("w", ["a", "b"], [np.nan, np.nan], [1.0, 1.0])
    assert derivation.penalties == (15.0, 0.0)
    change = derivation.renew_penalties(0.3)
    assert derivation.penalties == (25.0, 0.0)
    assert change.targets == pytest.approx({"a": 10 / (3 + 25), "b": 10 / (2 + 25)})


@pytest.mark.parametrize("seed", SEEDS)
def test_entries_of_columns_cut_as_in_a_build_give_its_rows(seed):
    events, options = behaviour(seed), replace(OPTIONS, similar_items=4)
    expected = by(derive(events, options).similar_items, events.item_ids, "source", "target")
    derivation = IncrementalDerivation(events, options)
    found = {item: {} for item in events.item_ids}
    for target in np.random.default_rng(seed).permutation(events.item_ids).tolist():
        for source, scores in derivation.similar_items(target).items():
            found[source] = updated_row(found[source], {target: scores}, options.similar_items)
    assert {source: row for source, row in found.items() if row} == expected
    assert max(len(row) for row in expected.values()) > 4  # four by each score


def test_a_new_entry_replaces_the_lowest_and_ties_go_to_the_lower_id():
    row = {"b": (0.5, 0.0), "c": (0.4, 0.0)}
    for entries, expected in (
        ({"d": (0.4, 0.0)}, row),
        ({"a": (0.4, 0.0)}, {"b": (0.5, 0.0), "a": (0.4, 0.0)}),
        ({"d": (0.1, 0.3)}, {**row, "d": (0.0, 0.3)}),
        ({"b": None}, {"c": (0.4, 0.0)}),
    ):
        assert list(updated_row(row, entries, 2).items()) == list(expected.items())


def test_of_equal_scores_the_lower_id_is_taken_in_whatever_order_they_came():
    options = replace(OPTIONS, neighbourhood=2, followed_by=2, similar_users=2)
    nothing = Interactions([], [], *(np.zeros(0, dtype=int) for _ in range(2)), np.zeros(0), np.zeros(0))
    derivation = IncrementalDerivation(nothing, options, reference=NOW, penalties=(1.0, 1.0))
    for user in ("u5", "u1", "u4", "u2", "u3"):
        derivation.replace_user(user, ["e", "b", "d", "a", "c"], np.full(5, np.nan), np.ones(5))
    for number, follower in enumerate(["z", "w", "y", "x"]):
        derivation.replace_user(f"v{number}", [follower, "q"], [NOW, NOW - 1], [1.0, 1.0])
    assert list(derivation.similar_items("c")) == ["a", "b"]
    assert list(derivation.similar_users("u4")) == ["u1", "u2"]
    assert list(derivation.transitions("q")) == ["w", "x"]


EVENT = st.tuples(
    st.integers(0, 5), st.integers(0, 7), st.sampled_from([NOW - 40, NOW - 3, NOW - 1.5, NOW, NOW + 6, float("nan")])
)
WEIGHTS = (0.0, 0.5, 1.0, 2.0)
SMALL = BuildOptions(
    neighbourhood=3, regularisation=0.5, similar_items=100, similar_users=2, transition_window=2, followed_by=3
)


def as_stored(events):
    """(user, item, day) numbers as the graph gives them: users and items by id, a user's events newest first."""
    ordered = sorted(events, key=lambda e: (e[0], np.isnan(e[2]), -e[2] if e[2] == e[2] else 0.0, e[1]))
    columns = np.array(ordered, dtype=float).reshape(-1, 3).T
    user, item = columns[:2].astype(np.int64)
    weight = np.array([WEIGHTS[(u + i) % 4] for u, i in zip(user, item, strict=True)])
    return Interactions([f"u{n}" for n in range(6)], [f"i{n}" for n in range(8)], user, item, columns[2], weight)


@settings(max_examples=120, deadline=None)
@given(st.lists(EVENT, max_size=40), st.randoms(use_true_random=False), st.sets(st.integers(0, 5)), st.data())
def test_rows_do_not_depend_on_the_order_of_changes(events, random, gone, data):
    """Events come in any order and in groups; some users are erased, and may come again."""
    fixed = (0.7, 0.3)
    nothing = Interactions([], [], *(np.zeros(0, dtype=int) for _ in range(2)), np.zeros(0), np.zeros(0))
    derivation = IncrementalDerivation(nothing, SMALL, reference=NOW, penalties=fixed)
    left = list(events)
    random.shuffle(left)
    so_far = []
    while left:
        count = data.draw(st.integers(1, len(left)))
        group, left = left[:count], left[count:]
        so_far += group
        for user in {event[0] for event in group}:
            derivation.replace_user(f"u{user}", *history(as_stored(so_far), user))
            if random.random() < 0.2:
                derivation.remove_user(f"u{user}")
                derivation.replace_user(f"u{user}", *history(as_stored(so_far), user))
    for user in gone:
        derivation.remove_user(f"u{user}")
    whole = as_stored([event for event in events if event[0] not in gone])
    found = rows(derivation, whole)
    same(found, rows(IncrementalDerivation(whole, SMALL, reference=NOW, penalties=fixed), whole))
    same(found, derived_rows(whole, SMALL, NOW, fixed))


def everything_in(thing, seen):
    """Strings and arrays that can be reached from an object."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, (str, np.ndarray)):
        yield thing
    elif isinstance(thing, dict):
        for part in (*thing.keys(), *thing.values()):
            yield from everything_in(part, seen)
    elif isinstance(thing, (list, tuple, set, frozenset)):
        for part in thing:
            yield from everything_in(part, seen)
    elif hasattr(thing, "__dict__"):
        yield from everything_in(vars(thing), seen)


@pytest.mark.parametrize("erase", ["remove", "empty"])
def test_nothing_of_an_erased_user_stays_in_memory(erase):
    """Of a user whose lists grew step by step, and so moved in memory: no id, no key, no time, no weight, no score."""
    events = behaviour(0)
    derivation = IncrementalDerivation(events, OPTIONS)
    before = rows(derivation, events)
    ids, days, weights = events.item_ids[:30], NOW - 0.1234567 - np.arange(30), np.full(30, 0.7654321)
    for count in range(1, 31):
        derivation.replace_user("secret", ids[:count], days[:count], weights[:count])
    number = derivation._behaviour.users.numbers["secret"]
    marks = np.concatenate([days, [weights[0], weights[0] ** 2]])
    names, arrays = parts_of(derivation)
    assert "secret" in names and any(np.isin(marks, array).any() for array in arrays)
    if erase == "remove":
        derivation.remove_user("secret")
    else:
        derivation.replace_user("secret", [], [], [])
    names, arrays = parts_of(derivation)
    assert "secret" not in names
    assert not any(np.isin(marks, array).any() for array in arrays)
    assert not any((array == user_key("secret", number)).any() for array in arrays if array.dtype == np.uint64)
    same(rows(derivation, events), before)
    assert derivation.similar_users("secret") == {} and derivation.remove_user("secret") == Staleness()


def parts_of(derivation):
    parts = list(everything_in(derivation, set()))
    return {part for part in parts if isinstance(part, str)}, [part for part in parts if isinstance(part, np.ndarray)]


@pytest.mark.parametrize("seed", SEEDS)
def test_after_an_item_is_removed_the_rows_are_those_without_it(seed):
    events = behaviour(seed)
    fixed = ridge_penalties(events, OPTIONS)
    derivation = IncrementalDerivation(events, OPTIONS, reference=NOW, penalties=fixed)
    popular = int(np.bincount(events.item).argmax())
    touched = derivation.remove_item(events.item_ids[popular])
    rest = events.where(events.item != popular)
    same(rows(derivation, rest), derived_rows(rest, OPTIONS, NOW, fixed))
    assert derivation.similar_items(events.item_ids[popular]) == derivation.transitions(events.item_ids[popular]) == {}
    assert len(touched.targets) > 20 and len(touched.sources) > 10
    assert events.item_ids[popular] not in {*touched.targets, *touched.sources, *touched.items}
    assert derivation.remove_item("never seen") == Staleness()
    user = int(events.user[events.item == popular][0])
    derivation.replace_user(events.user_ids[user], *history(events, user))  # the item is new now, by another number
    whole = events.where((events.item != popular) | (events.user == user))
    same(rows(derivation, whole), derived_rows(whole, OPTIONS, NOW, fixed))


def test_staleness_is_the_change_relative_to_what_an_item_has():
    """A user of a and b takes c too, all of the same strength on the same day, with penalty 2 and shrinkage 5."""
    names = ["a", "b", "c"]
    columns = (np.array([0, 0, 1]), np.array([1, 0, 0]), np.array([NOW, NOW - 1, NOW]), np.ones(3))
    options = replace(OPTIONS, recent_half_life=1e12)
    derivation = IncrementalDerivation(Interactions(["u", "v"], names, *columns), options, penalties=(2.0, 2.0))
    change = derivation.replace_user("u", ["c", "b", "a"], [NOW, NOW - 0.5, NOW - 1], [1.0, 1.0, 1.0])
    assert change.items == {"b", "c"}  # b came half a day earlier than it was known
    assert change.targets == pytest.approx({"a": 1 / (2 + 2), "b": 1 / (1 + 2), "c": 2 / (1 + 2)})
    assert change.sources == pytest.approx({"a": (1 / 2) / (2 + 5), "b": 1 / (1 + 5)})
    again = derivation.replace_user("u", ["c", "b", "a"], [NOW, NOW - 0.5, NOW - 1], [1.0, 1.0, 1.0])
    assert again == Staleness()
    between = derivation.replace_user("v", ["c", "b", "a"], [NOW - 2, NOW - 1, NOW], [1.0, 1.0, 1.0])
    assert between.sources["c"] == pytest.approx((1 + 1 / 2) / (2 + 5))
    between = derivation.replace_user("v", ["c", "d", "b", "a"], [NOW - 2, NOW - 1.5, NOW - 1, NOW], [1.0] * 4)
    assert between.sources["c"] == pytest.approx((1 + (1 - 1 / 2) + (1 / 2 - 1 / 3)) / (2 + 5))
    derivation.replace_user("v", ["a"], [NOW], [1.0])
    back = derivation.replace_user("u", ["b", "a"], [NOW - 0.5, NOW - 1], [1.0, 1.0])
    assert back.items == {"c"} and set(back.targets) == {"a", "b", "c"} and set(back.sources) == {"a", "b"}


def test_disliked_and_unknown_items_have_no_rows_and_disliked_ones_still_know_their_users():
    events = Interactions(
        ["u", "v"], ["a", "b"], np.array([0, 0, 1]), np.array([0, 1, 0]), np.full(3, NOW), np.zeros(3)
    )
    derivation = IncrementalDerivation(events, OPTIONS)
    derivation.replace_user("v", ["b", "a"], [np.nan, np.nan], [1.0, 0.0])
    assert derivation.similar_items("a") == derivation.transitions("a") == derivation.similar_users("v") == {}
    assert derivation.popularity("a") == (-np.inf, -np.inf) == derivation.popularity("never seen")
    assert derivation.popularity("b") == (0.0, 0.0)
    derivation.remove_item("a")
    assert (
        derivation.similar_users("u")
        == derivation.similar_items("never seen")
        == derivation.transitions("never seen")
        == {}
    )


def test_without_times_there_is_no_recent_score():
    item, day = np.array([0, 1, 0, 1, 2]), np.array([np.nan] * 4 + [NOW])
    events = Interactions(["u", "v"], ["a", "b", "c"], np.array([0, 0, 1, 1, 1]), item, day, np.ones(5))
    derivation = IncrementalDerivation(events, OPTIONS)
    assert min(derivation.similar_items("a")["b"]) > 0
    derivation.remove_item("c")
    assert derivation.similar_items("a")["b"][1] == 0
    derivation.replace_user("u", ["b", "a"], [NOW, np.nan], [1.0, 1.0])
    assert min(derivation.similar_items("a")["b"]) > 0
    unfixed = IncrementalDerivation(events.where(events.item < 2), OPTIONS)
    unfixed.replace_user("u", ["b", "a"], [NOW, np.nan], [1.0, 1.0])
    assert unfixed.reference == 0 and unfixed.penalties[1] == 0
    assert unfixed.similar_items("a")["b"][0] > 0 == unfixed.similar_items("a")["b"][1]


def circles(seed, users=3000, items=120, size=12):
    """Every user has item 0 and some of a circle of `size` items; few users have more."""
    rng = np.random.default_rng(seed)
    user, item, day = [], [], []
    for number in range(users):
        circle = rng.integers(0, items // size) * size
        chosen = np.union1d([0], circle + rng.choice(size, 5, replace=False))
        user += [number] * len(chosen)
        item += chosen.tolist()
        day += (NOW - rng.uniform(0, 20, len(chosen))).tolist()
    ids = [f"{seed}-{n}" for n in range(users)]
    return Interactions(
        ids, [f"i{n:03}" for n in range(items)], np.array(user), np.array(item), np.array(day), np.ones(len(user))
    )


@pytest.fixture
def read(monkeypatch):
    """How many cells are gathered, call by call."""
    counts = []
    gather, get = RaggedArrays.gather, InteractionMatrix.sample_product

    def counting(lists, *arguments):
        found = gather(lists, *arguments)
        counts.append(len(found[0]))
        return found

    def product(matrix, one, other, limit):
        counts.append(min(limit, int(matrix.columns.length[one])))
        return get(matrix, one, other, limit)

    monkeypatch.setattr(RaggedArrays, "gather", counting)
    monkeypatch.setattr(InteractionMatrix, "sample_product", product)
    return counts


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rows_of_an_item_that_every_user_has_read_no_more_cells_than_allowed(seed, read):
    """However many users have it, about as many cells are read as are allowed, for it and for what is near to it."""
    options, cells = replace(OPTIONS, transition_window=20), 1000
    events = circles(seed)
    derivation = IncrementalDerivation(events, options, cells=cells)
    for item in ("i000", "i001", "i030"):
        for row_of, most in (
            (derivation.similar_items, 2 * 3.5),
            (derivation.transitions, 1),
            (derivation.popularity, 1),
        ):
            read.clear()
            row_of(item)
            assert 0 < sum(read) <= most * cells
    read.clear()
    assert derivation.similar_users(f"{seed}-7")
    assert sum(read) <= 2 * cells
    derivation.cells = 10**9
    read.clear()
    derivation.similar_items("i000")
    assert sum(read) > 10 * cells


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_from_a_sample_of_users_are_near_the_exact_ones(seed):
    """Of 3,000 users about every fourth is read."""
    options = replace(OPTIONS, neighbourhood=120, transition_window=20, transition_shrinkage=2000.0, followed_by=120)
    derivation = IncrementalDerivation(circles(seed), options)
    cut = {i: (derivation.similar_items(i), derivation.transitions(i)) for i in ("i000", "i001", "i040")}
    for cells, most in (
        (10**9, {"i000": 0.0, "i001": 0.0, "i040": 0.0}),
        (4000, {"i000": 0.4, "i001": 0.06, "i040": 0.06}),
    ):
        derivation.cells = cells
        for item, exact in cut.items():
            sampled = (derivation.similar_items(item), derivation.transitions(item))
            assert (sampled != exact) == (cells == 4000)
            for found, truth in zip(sampled, exact, strict=True):
                for side in (0, 1):
                    names = {*found, *truth}
                    x, y = (np.array([row.get(n, (0.0, 0.0))[side] for n in names]) for row in (found, truth))
                    assert np.abs(x - y).sum() <= most[item] * y.sum()


def test_a_product_of_few_users_is_not_scaled_above_what_is_possible():
    """Everybody has one item, and five users each have another two: a product of 5 with each, in whatever sample."""
    pairs = [(user, 0) for user in range(2000)]
    pairs += [(5 * n + k, 1 + 2 * n + twin) for n in range(30) for k in range(5) for twin in (0, 1)]
    user, item = np.array(sorted(pairs)).T
    names = [f"u{n}" for n in range(2000)], [f"i{n:02}" for n in range(61)]
    events = Interactions(*names, user, item, np.full(len(user), NOW), np.ones(len(user)))
    derivation = IncrementalDerivation(events, replace(OPTIONS, neighbourhood=60), penalties=(10.0, 10.0), cells=600)
    found = {scores[0] for scores in derivation.similar_items("i00").values()}
    twins, alone = 5 / (10 + 5 + 5), round(5 / (10 + 5), 9)
    assert twins in found and found <= {twins, alone}  # alone where the sample has none of the five


def test_an_item_of_one_user_is_not_nearest_because_that_user_is_in_the_sample():
    """Everybody has item 0, fifty users item 1, and five hundred others one item each that nobody else has."""
    user = np.concatenate([np.arange(2000), np.arange(50), np.arange(500, 1000)])
    item = np.concatenate([np.zeros(2000, int), np.ones(50, int), np.arange(2, 502)])
    names = [f"u{n}" for n in range(2000)], [f"i{n:03}" for n in range(502)]
    events = Interactions(*names, user, item, np.full(len(user), NOW), np.ones(len(user)))
    derivation = IncrementalDerivation(events, replace(OPTIONS, neighbourhood=1), cells=150)
    assert list(derivation.similar_items("i000")) == ["i001"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_regression_is_exact_if_the_neighbourhood_can_be_read_in_full(seed):
    """Everybody has items 0 and 1 and twenty of many others: too many to find in full what is near to item 0."""
    rng = np.random.default_rng(seed)
    matrix = np.zeros((1000, 2002))
    matrix[:, :2] = 1.0
    for row in matrix:
        row[2 + rng.choice(2000, 20, replace=False)] = 1.0
    user, item = np.nonzero(matrix)
    names = [f"{seed}-{n}" for n in range(1000)], [f"i{n:04}" for n in range(2002)]
    events = Interactions(*names, user, item, np.full(len(user), NOW), np.ones(len(user)))
    derivation = IncrementalDerivation(events, replace(OPTIONS, neighbourhood=10), cells=5000)
    assert derivation._behaviour.all_time.sample_column(0, derivation._behaviour.all_time.rows.length, 5000)[2] < 1
    found = {int(name[1:]): scores[0] for name, scores in derivation.similar_items("i0000").items()}
    assert len(found) == 10 and 1 in found
    near = matrix[:, list(found)]
    weights = np.linalg.solve(near.T @ near + derivation.penalties[0] * np.eye(10), near.T @ matrix[:, 0])
    assert list(found.values()) == pytest.approx(weights, abs=1e-8)


def test_columns_of_a_sample_have_their_exact_lengths():
    derivation = IncrementalDerivation(circles(0), OPTIONS)
    near = np.arange(40)
    for cells in (50, 1000, 10**9):
        inner, _, rate = products_within(derivation._behaviour.all_time, near, 60, cells)
        assert (rate < 1) == (cells < 10**9)
        assert inner.diagonal() == pytest.approx(derivation._behaviour.all_time.squares[near])
        assert np.linalg.eigvalsh(inner)[0] > -1e-6


def test_estimates_from_a_sample_are_unbiased():
    """The count of an item of 400 users, and its product with another, over 60 ways to hash their ids."""
    counts, products = [], []
    for way in range(60):
        events = circles(0, users=400, items=24)
        events = replace(events, user_ids=[f"{way}|{user_id}" for user_id in events.user_ids])
        derivation = IncrementalDerivation(events, OPTIONS, cells=300)
        counts.append(np.exp(derivation.popularity("i000")[1]))
        products.append(derivation._behaviour.all_time.sample_product(0, 15, 60)[0])
        exact = float(((events.user[events.item == 15])[:, None] == events.user[events.item == 0]).sum())
    for found, truth in ((counts, 400.0), (products, exact)):
        error = np.std(found) / np.sqrt(len(found))
        assert 0 < error < 0.1 * truth
        assert abs(np.mean(found) - truth) < 4 * error


def test_similar_users_of_a_user_with_very_many_events_come_from_the_rarest_items(read):
    events = circles(1)
    derivation = IncrementalDerivation(events, OPTIONS)
    ids = [f"only-{n}" for n in range(20)]
    for friend in ("friend-1", "friend-2"):
        derivation.replace_user(friend, ids, np.full(20, NOW), np.ones(20))
    derivation.cells = 2000
    derivation.replace_user("many", ids + events.item_ids, np.full(140, NOW), np.ones(140))
    read.clear()
    found = derivation.similar_users("many")
    assert list(found)[:2] == ["friend-1", "friend-2"] and len(found) == OPTIONS.similar_users
    assert sum(read) <= 2 * 2000


OPERATION = st.tuples(st.sampled_from(["put", "insert", "delete", "delete_key"]), st.integers(0, 6), st.integers(0, 9))


@settings(max_examples=100, deadline=None)
@given(st.lists(OPERATION, max_size=60))
def test_ragged_arrays_hold_what_was_put_in_and_zeros_for_what_was_deleted(operations):
    lists, expected = RaggedArrays((np.int32, np.float64)), {n: [] for n in range(7)}
    lists.reserve(7)
    for step, (what, number, size) in enumerate(operations):
        own = expected[number]
        if what == "put":
            expected[number] = [(n + 1, step + 0.5) for n in range(size)]
            lists.put(number, *np.array(expected[number]).reshape(-1, 2).T)
        elif what == "insert":
            own.insert(min(size, len(own)), (step + 1, step + 0.25))
            lists.insert(number, min(size, len(own) - 1), step + 1, step + 0.25)
        elif what == "delete" and own:
            del own[size % len(own)]
            lists.delete(number, size % (len(own) + 1))
        elif what == "delete_key":
            expected = {n: [cell for cell in cells if cell[0] != size] for n, cells in expected.items()}
            lists.delete_key(np.arange(7), size)
    for number, cells in expected.items():
        assert list(zip(*(column.tolist() for column in lists.get(number)), strict=True)) == cells
    owner, _ = lists.gather(np.arange(7))
    assert owner.tolist() == [n for n, cells in expected.items() for _ in cells]
    assert np.count_nonzero(lists.columns[1]) == len(owner)


def test_lists_that_grow_in_turn_take_at_most_three_times_the_memory_of_their_cells():
    lists = RaggedArrays((np.float64,))
    for size in range(1, 200):
        for number in range(10):
            lists.put(number, np.ones(size))
        assert len(lists.columns[0]) < 3 * 10 * size + 200
