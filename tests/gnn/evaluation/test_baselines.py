import numpy as np
import pytest
import scipy.sparse as sp

from gnn.evaluation import ease as ease_module
from gnn.evaluation.baseline_tuning import tuning_slice
from gnn.evaluation.baselines import ALL, BASELINES, baseline_lists, most_popular, named, recently_popular
from gnn.evaluation.ease import fit_ease
from gnn.evaluation.item_neighbours import fit_cosine, fit_steps, item_knn
from gnn.evaluation.splits import event, interactions
from gnn.evaluation.top_items import STATIC, best_items, binary, query
from graphstore.errors import InputError

DAY = 86_400
NOW = 1_600_000_000
QUICKLY = [name for name in ALL if name != "LightGCN"]


def rows(*events):
    """(user, item, days ago or None) as rows."""
    times = [None if day is None else NOW - int(day * DAY) for _, _, day in events]
    return [
        event({"user_id": user, "item_id": item, "kind": "view", "timestamp": at})
        for (user, item, _), at in zip(events, times, strict=True)
    ]


def checkerboard(users=12, items=12, timed=True):
    """Users like items of their own parity; user n has not met item n."""
    return interactions(
        rows(
            *(
                (f"u{user:02}", f"i{item:02}", 1 + (item * 5 + user * 3) % items if timed else None)
                for user in range(users)
                for item in range(items)
                if user % 2 == item % 2 and user != item
            )
        )
    )


@pytest.mark.parametrize("name", [name for name in QUICKLY if "popular" not in name])
@pytest.mark.parametrize("timed", [True, False], ids=["timed", "untimed"])
def test_every_model_finds_the_one_item_of_their_colour_that_a_user_has_not_met(name, timed):
    lists = BASELINES[name](checkerboard(timed=timed), 1, lambda text: None)
    assert {user: items for user, items in lists.items() if items != [user.replace("u", "i")]} == {}


def test_lightgcn_finds_it_too_and_the_seed_makes_it_repeatable():
    from gnn.evaluation.lightgcn import lightgcn

    first, again = (lightgcn(checkerboard(), 1) for _ in range(2))
    assert first == again
    assert sum(items == [user.replace("u", "i")] for user, items in first.items()) >= 11


def test_lightgcn_says_when_its_time_was_too_short():
    from gnn.evaluation.lightgcn import lightgcn

    notes = []
    lists = lightgcn(checkerboard(), 3, notes.append, seconds=0.01)
    assert len(lists) == 12 and "stopped after" in notes[0]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "events",
    [
        [("u", "i", 1)],
        [("u", "i", 2), ("u", "j", 1), ("u", "i", 1)],
        [("u", "i", 1), ("v", "i", 1)],
        [("u", "i", None), ("u", "j", None), ("v", "i", None)],
        [("u", "i", None), ("u", "j", 3), ("v", "i", 2), ("v", "k", None), ("w", "k", 1)],
    ],
    ids=["one event", "one user", "one item", "no times", "some times"],
)
def test_no_baseline_fails_or_repeats_what_is_known_however_little_there_is(name, events):
    found = interactions(rows(*events))
    lists = BASELINES[name](found, 20, lambda text: None)
    assert lists.keys() == set(found.user_ids)
    for user, items in lists.items():
        seen = {item for other, item, _ in events if other == user}
        assert len(set(items)) == len(items) and seen.isdisjoint(items) and set(items) <= set(found.item_ids)


def test_popularity_and_neighbours_by_hand():
    events = interactions(
        rows(("u1", "old", 90), ("u2", "old", 90), ("u3", "old", 90), ("u3", "x", 95), ("u5", "y", 60))
        + rows(("u1", "new", 1), ("u2", "new", 1), ("u4", "x", 1))
    )
    assert most_popular(events, 2)["u5"] == ["old", "new"]
    assert recently_popular(events, 2)["u5"] == ["new", "x"]
    assert item_knn(events, 5)["u4"] == ["old"]
    assert item_knn(events, 5)["u5"] == []


def test_the_cosine_is_shrunk_and_steps_are_shares_by_distance():
    events = interactions(rows(("u", "a", 3), ("u", "b", 2), ("u", "c", 1), ("v", "a", 2), ("v", "b", 1)))
    one = sp.csr_matrix(np.eye(3, dtype=np.float32))
    cosine = fit_cosine(events)(one)
    assert cosine[0, 1] == pytest.approx(2 / (2 + 10)) and cosine[0, 0] == 0
    assert cosine[0, 2] == pytest.approx(1 / (2**0.5 + 10))
    steps = fit_steps(events, window=2, both_ways=False)(one)
    assert steps[0] == pytest.approx([0, 2 / (2.5 + 1), 0.5 / (2.5 + 1)])
    assert steps[2] == pytest.approx([0, 0, 0])
    assert fit_steps(events, window=1, both_ways=True)(one)[1] == pytest.approx([2 / (3 + 1), 0, 1 / (3 + 1)])


def test_a_query_halves_by_place_from_the_latest_item_and_untimed_events_stand_last():
    events = interactions(
        rows(("u", "a", 9), ("u", "b", 5), ("u", "a", 1), ("u", "c", None), ("v", "b", 3), ("v", "c", 4))
    )
    assert query(events, 1.0).toarray() == pytest.approx(np.array([[1, 0.5, 0.25], [0, 1, 0.5]]))
    assert (query(events, STATIC) != binary(events)).nnz == 0


def random_events(users, items, seed=0):
    rng = np.random.default_rng(seed)
    return interactions(
        rows(*((f"u{u}", f"i{i}", float(rng.random() * 90)) for u in range(users) for i in rng.integers(0, items, 9)))
    )


@pytest.mark.parametrize("half_life", [STATIC, 20.0])
def test_ease_is_the_same_from_either_side_and_agrees_with_the_formula(monkeypatch, half_life):
    events = random_events(15, 40)
    asked = query(events, 5.0)
    direct = fit_ease(events, 1.0, half_life)(asked)
    monkeypatch.setattr(ease_module, "DIRECT", 0)
    from_users = fit_ease(events, 1.0, half_life)(asked)
    assert from_users == pytest.approx(direct, abs=1e-4)
    if half_life == STATIC:
        x = binary(events).toarray().astype(float)
        gram = x.T @ x
        d = np.diag(gram)
        inverse = np.linalg.inv(gram + np.eye(len(d)) * (d @ d) / d.sum())
        weights = np.eye(len(d)) - inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0)
        assert direct == pytest.approx(asked.toarray() @ weights, abs=1e-4)


def test_ease_above_its_limit_keeps_the_most_frequent_items_and_says_so(monkeypatch):
    monkeypatch.setattr(ease_module, "LARGEST", 10)
    events, notes = random_events(15, 40), []
    lists = BASELINES["EASE"](events, 40, notes.append)
    frequent = np.argsort(-binary(events).getnnz(axis=0), kind="stable")[:10]
    assert {item for items in lists.values() for item in items} <= {events.item_ids[i] for i in frequent}
    assert f"10 most frequent of {len(events.item_ids)} items" in notes[0]


def test_the_best_items_are_unseen_in_order_and_ties_go_by_number():
    scores = np.array([[1, 3, 3, 0, 2], [0, 0, 0, 0, 5]])
    seen = sp.csr_matrix(np.array([[0, 0, 0, 0, 1], [0, 0, 0, 0, 0]]))
    row, place, item = best_items(scores, seen, 3, least=0.0)
    assert list(zip(row.tolist(), place.tolist(), item.tolist(), strict=True)) == [
        (0, 0, 1),
        (0, 1, 2),
        (0, 2, 0),
        (1, 0, 4),
    ]


def test_settings_are_chosen_on_training_events_that_were_held_out():
    timed = interactions(rows(*((f"u{u}", f"i{u}-{n}", 20 - n) for u in range(5) for n in range(20))))
    part = tuning_slice(timed)
    assert len(part.events.user) == 90 and len(part.users) == 5
    assert {timed.item_ids[i] for i in part.chosen[0].indices} == {"i0-18", "i0-19"}
    perfect = part.ndcg(lambda positions: part.chosen[positions].toarray())
    assert perfect == pytest.approx(1.0)
    assert part.ndcg(lambda positions: -part.chosen[positions].toarray()) == 0.0


def test_with_enough_users_in_it_the_last_tenth_in_time_is_held_out():
    events = rows(*((f"u{u}", f"i{(u + n) % 50}", 50 - n * 4 - u / 1000) for u in range(300) for n in range(12)))
    part = tuning_slice(interactions(events))
    assert len(part.users) >= 200
    assert len(part.events.user) == pytest.approx(0.9 * len(events), abs=2)


def test_without_times_the_time_aware_baselines_step_back_and_it_is_said():
    notes = []
    lists = baseline_lists(checkerboard(timed=False), 3, QUICKLY, note=notes.append)
    assert lists["recently popular"] == lists["most popular"]
    assert lists["time-decayed item-kNN"] == lists["item-kNN"] == lists["windowed item Markov"]
    assert lists["time-decayed EASE"] == lists["EASE"]
    assert "static forms" in notes[0] and "time-decayed EASE as EASE" in notes[0]


def test_baselines_are_named_as_they_are_typed():
    assert named("all") == ALL and named("none") == ()
    assert named("Most-Popular, ease,time-decayed-item-knn") == ("most popular", "EASE", "time-decayed item-kNN")
    with pytest.raises(InputError, match="'best' is not one of them: expected all, none, or some of most-popular"):
        named("ease,best")
    with pytest.raises(InputError, match="none was named"):
        named(",")
