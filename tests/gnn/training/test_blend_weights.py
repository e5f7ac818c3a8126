"""How much each signal counts is learned on held-out events, and nothing that it is learned from knows these."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gnn.extract.stage import extract
from gnn.network.data import GraphVocabulary
from gnn.network.sampler import FanOut, NeighbourhoodSampler
from gnn.training import fitting
from gnn.training.blend_weights import Example, held_out_metrics, learn_weights
from gnn.training.fitting import Training
from gnn.training.holdout import MOST_HELD, hold_out
from gnn.training.hyperparameters import Hyperparameters
from graphstore.build.pull import pull_interactions
from graphstore.build.stage import build
from graphstore.interactions import Interactions
from graphstore.kinds import KINDS
from graphstore.ranking.blend import DEFAULT_WEIGHTS, NAMES, PLACE, SIGNALS, Blend, standard_scores
from graphstore.update import sampling as graph
from tests.fixtures.films import CountingEncoder, club, event, film
from tests.fixtures.storing import store

NAN = float("nan")


def interactions(days_by_user):
    """Events of users by their days, put in the order in which the graph gives them: newest first, undated last."""
    rows = [
        (user, day) for user, days in enumerate(days_by_user) for day in sorted(days, key=lambda d: (np.isnan(d), -d))
    ]
    user, day = (np.array(column) for column in zip(*rows, strict=True)) if rows else (np.zeros(0, int), np.zeros(0))
    names = [f"u{n}" for n in range(len(days_by_user))], [f"i{n}" for n in range(len(rows))]
    return Interactions(*names, user.astype(int), np.arange(len(rows)), day.astype(float), np.ones(len(rows)))


def test_where_users_come_back_the_latest_tenth_of_time_is_held_out():
    """150 users with one event a day on ten days, and 30 who came once, early: everybody's tenth day is held out."""
    held = hold_out(interactions([[float(day) for day in range(10)]] * 150 + [[0.0]] * 30))
    assert held.by_time
    assert held.counts.tolist() == [1] * 150 + [0] * 30


def test_where_few_come_back_the_newest_tenth_of_each_user_is_held_out():
    """Everybody's 25 events are of one evening, one evening after the other; of fewer than five events none goes."""
    held = hold_out(interactions([[user + n / 100 for n in range(25)] for user in range(120)] + [[0.0] * 4, []]))
    assert not held.by_time
    assert held.counts.tolist() == [2] * 120 + [0, 0]


def test_without_times_each_user_gives_a_tenth_and_never_more_than_the_most():
    held = hold_out(interactions([[NAN] * 5, [NAN] * 30, [NAN] * 4, [NAN] * (20 * MOST_HELD)]))
    assert not held.by_time and held.counts.tolist() == [1, 3, 0, MOST_HELD]


def test_nothing_can_be_held_out_of_nothing():
    for events in (interactions([]), interactions([[], []])):
        assert not hold_out(events).counts.any() and len(hold_out(events).earlier(events).user) == 0


@given(st.lists(st.lists(st.floats(0, 50) | st.just(NAN), max_size=30), min_size=1, max_size=12), st.booleans())
def test_what_came_earlier_holds_no_event_that_is_held_out(days, many):
    events = interactions(days * 30 if many else days)
    held = hold_out(events)
    earlier = held.earlier(events)
    assert len(earlier.user) + held.counts.sum() == len(events.user)
    for user in set(events.user.tolist()):
        own, kept = (part.day[part.user == user] for part in (events, earlier))
        newest = own[: held.counts[user]]
        np.testing.assert_array_equal(kept, own[held.counts[user] :])
        assert not len(newest) or not len(kept) or np.isnan(kept).all() or np.nanmax(kept) <= np.nanmin(newest)
        assert not set(earlier.item[earlier.user == user]) & set(events.item[events.user == user][: held.counts[user]])
    if held.by_time:
        assert np.nanmax(earlier.day) <= np.nanquantile(events.day, 0.9)


def planted_examples(weights, users=300, candidates=40, seed=0):
    """Users who choose one of their candidates with a chance that grows with its score under these weights."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(users):
        values = np.zeros((candidates, len(NAMES)))
        for name in weights:
            values[:, PLACE[name]] = rng.normal(size=candidates)
        scores = standard_scores(values)
        wish = scores @ np.array([weights.get(name, 0.0) for name in NAMES]) + rng.gumbel(size=candidates)
        found.append(Example(scores, np.arange(candidates) == wish.argmax(), 1))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_planted_weights_are_found_again(seed):
    planted = {"similar_short": 1.6, "embedding": 0.8, "popular_ever": 0.0, "social_alike": -0.8}
    learned = learn_weights(planted_examples(planted, seed=seed)).weights_of(0)
    found = [learned[name] for name in planted]
    assert found == sorted(found, reverse=True)
    assert found == pytest.approx([max(weight, 0.0) for weight in planted.values()], abs=0.35)
    assert learned["social_alike"] < 0.01  # what speaks against an item is no signal


def test_short_and_long_histories_have_weights_of_their_own_and_lengths_without_examples_those_beside_them():
    few = [
        dataclasses.replace(one, events=1) for one in planted_examples({"popular_1": 1.5, "embedding": 0.0}, users=200)
    ]
    many = [
        dataclasses.replace(one, events=50)
        for one in planted_examples({"popular_1": 0.0, "embedding": 1.5}, users=200, seed=1)
    ]
    blend = learn_weights([*few, *many])
    short, between, long = (blend.weights_of(events) for events in (1, 6, 21))
    assert short["popular_1"] > 0.8 > 0.5 > long["popular_1"]
    assert long["embedding"] > 0.8 > 0.5 > short["embedding"]
    assert short["popular_1"] > between["popular_1"] > long["popular_1"]
    assert blend.weights_of(0) == pytest.approx(short, abs=0.02)
    assert blend.weights == blend.weights_of(1_000) == blend.by_length[-1]


def test_a_signal_about_which_nothing_can_be_learned_keeps_its_default():
    learned = learn_weights(planted_examples({"similar_short": 1.0})).weights
    silent = [name for name in NAMES if name != "similar_short"]
    assert {name: learned[name] for name in silent} == pytest.approx({n: DEFAULT_WEIGHTS[n] for n in silent}, abs=1e-4)


def test_without_anything_chosen_the_defaults_stay():
    nothing = [Example(np.ones((4, len(NAMES))), np.zeros(4, dtype=bool), 2)]
    for found in ([], nothing):
        assert learn_weights(found) == Blend()


@pytest.mark.parametrize("found", [[], planted_examples({"similar_short": 1.0, "embedding": 0.5}, users=40)])
def test_a_channel_left_out_counts_nothing(found):
    learned = learn_weights(found, ["similar", "popular"]).weights
    off = [*SIGNALS["similar"], *SIGNALS["popular"]]
    assert all(learned[name] == 0.0 for name in off)
    assert all(learned[name] == pytest.approx(DEFAULT_WEIGHTS[name], abs=0.5) for name in NAMES if name not in off)


def test_learned_weights_rank_the_held_out_choices_better_than_the_defaults():
    found = planted_examples({"social_alike": 2.0, "interests": 1.0, "embedding": -1.0})
    before, after = (held_out_metrics(found, blend) for blend in (Blend(), learn_weights(found)))
    assert after["ndcg_at_10"] > before["ndcg_at_10"] + 0.2 and after["recall_at_20"] > before["recall_at_20"]


def test_held_out_metrics_as_by_hand():
    """Two of three wanted items among four candidates, at ranks 1 and 3; and a user whose wish is no candidate."""
    scores = np.zeros((4, len(NAMES)))
    scores[:, PLACE["embedding"]] = [4, 3, 2, 1]
    found = [
        Example(scores, np.array([True, False, True, False]), 3),
        Example(scores, np.zeros(4, dtype=bool), 1),
    ]
    metrics = held_out_metrics(found, Blend({"embedding": 1.0}))
    ideal = 1 + 1 / np.log2(3) + 1 / 2
    assert metrics == {
        "ndcg_at_10": pytest.approx((1 + 1 / 2) / ideal / 2),
        "recall_at_20": pytest.approx(1 / 3),
        "users": 2,
    }
    assert held_out_metrics([], Blend()) == {}


SECRETS = ("zyzzogeton", "xylotomous")


def prepared(client, settings, folder, secret):
    """A graph in which everybody's newest event is of one film that nobody has met before; a training over it."""
    client.autocommit("profiles/erasure/delete_everything")
    rows = club(users=12, films=12)
    rows["items"] += [film(name, "Horror", title=f"All about {name}") for name in SECRETS]
    rows["events"] += [event(user["user_id"], secret, 0.5) for user in rows["users"]]
    store(client, folder, **rows)
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    hyper = Hyperparameters(epochs=1, cuts=4, batch_users=8)
    sampler = NeighbourhoodSampler(client, GraphVocabulary.of_kinds(KINDS), FanOut(events=hyper.history))
    sampler.add_items(graph.item_ids(client))
    batches = list(sampler.batches(graph.user_ids(client), hyper.batch_users))
    sampler.vocabulary.growing = False
    return Training(client, sampler, batches, hyper, 0, torch.device("cpu"), lambda *_: None)


def test_two_futures_with_one_past_are_rehearsed_alike(client, neo4j_settings, tmp_path, monkeypatch):
    """The secret is known to the graph, to similarity and popularity in it, and to no part of the held-out run."""
    settings = dataclasses.replace(neo4j_settings, home=tmp_path)
    held_out_runs, parts = [], []

    def watched(signals, held, events, batches, table, vocabulary, readout, vectors, seed):
        parts.append((signals, dict(vocabulary.items), readout, vectors))
        return examples(signals, held, events, batches, table, vocabulary, readout, vectors, seed)

    examples = fitting.examples
    monkeypatch.setattr(fitting, "examples", watched)
    for secret in SECRETS:
        training = prepared(client, settings, tmp_path, secret)
        known = client.run_text("MATCH (i:Item {item_id: $i})-[s:SIMILAR_TO]->() RETURN count(s) AS n", {"i": secret})
        assert known[0]["n"] > 0
        events = pull_interactions(client, 0.5)
        held = hold_out(events)
        assert not held.by_time and held.counts.tolist() == [1] * 24
        held_out_runs.append(training.train_held_out(events, held))
    for secret, (signals, residuals, _, _) in zip(SECRETS, parts, strict=True):
        row = signals.events.item_ids.index(secret)
        assert row not in signals.events.item and secret not in residuals
        assert signals.derived.popularity[row] == signals.derived.ever_popular[row] == -np.inf
        for found in (signals.derived.similar_items, signals.derived.transitions):
            assert row not in found.source and row not in found.target
    one, other = parts
    assert one[1] == other[1] and one[2] == other[2]
    assert one[3].keys() == other[3].keys() and all(np.array_equal(one[3][name], other[3][name]) for name in one[3])
    assert len(held_out_runs[0].examples) == len(held_out_runs[1].examples) == 24
    for first, second in zip(*(held_out_run.examples for held_out_run in held_out_runs), strict=True):
        np.testing.assert_array_equal(first.scores, second.scores)
        assert first.relevant == second.relevant == 1


def test_with_too_few_users_the_defaults_serve(client, neo4j_settings, tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "LEAST_EXAMPLES", 25)
    training = prepared(client, dataclasses.replace(neo4j_settings, home=tmp_path), tmp_path, SECRETS[0])
    events = pull_interactions(client, 0.5)
    held_out_run = training.train_held_out(events, hold_out(events))
    assert (held_out_run.blend, held_out_run.epochs, held_out_run.examples) == (Blend(), 1, [])
