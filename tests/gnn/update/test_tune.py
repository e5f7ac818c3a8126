import dataclasses
import json

import click.testing
import numpy as np
import pytest

from gnn.evaluation.confidence import half_widths
from gnn.extract.stage import extract
from gnn.training.blend_weights import Example, cross_validated
from gnn.training.fitting import Training
from gnn.update import tune as stage
from gnn.update.stage import update
from gnn.update.trials import Trial
from gnn.update.tune import best_trials, summarise, tune, unbiased_gains
from graphstore.build.derive import DEFAULT_OPTIONS, BuildOptions
from graphstore.build.stage import build
from graphstore.build.tuned import TunedSettings, tuned_settings
from graphstore.database.runs import last_run, run
from graphstore.errors import InputError, NotReady
from graphstore.ranking.blend import NAMES
from graphstore.update import models, sampling
from tests.fixtures.films import DAY, NOW, CountingEncoder, event, film
from tests.fixtures.storing import store

QUICK = {"cuts": 2, "batch_users": 16, "dimension": 16, "history": 20}
USERS, FILMS = 12, 12
EVERYTHING = """
MATCH (n) WHERE NOT n:Run
OPTIONAL MATCH (n)-[r]->(m)
RETURN labels(n) AS labels, properties(n) AS node, type(r) AS type, properties(r) AS tie, elementId(m) AS target
ORDER BY elementId(n), elementId(r)
"""


def circles():
    """Two circles of users, each with films that are watched in one order: what is next follows from what was last."""
    films = [film(f"{side}{n}", genre) for side, genre in (("C", "Comedy"), ("H", "Horror")) for n in range(FILMS)]
    events = [
        event(f"{side.lower()}{user}", f"{side}{(user + step) % FILMS}", 60 - 5 * step - user / 100)
        for side in "CH"
        for user in range(USERS)
        for step in range(9)
    ]
    return {"items": films, "events": events}


@pytest.fixture
def prepared(client, settings, tmp_path):
    """A graph after extract."""
    store(client, tmp_path, **circles())
    extract(client, settings, encoder=CountingEncoder())
    return client


@pytest.fixture
def rehearsed(monkeypatch):
    """(options, hyper) of each rehearsal there is."""
    seen = []
    train_held_out = Training.train_held_out

    def noted(self, events, held):
        seen.append((self.options, self.hyper))
        return train_held_out(self, events, held)

    monkeypatch.setattr(Training, "train_held_out", noted)
    return seen


def adopt(client, **best):
    """As if tune had found these settings."""
    with run(client, "tune") as current:
        current.counts |= {"trials": 2, "best": best, "adopted": True}


def test_trial_0_is_the_defaults_and_its_best_trials_are_told(prepared, settings, rehearsed):
    found = tune(prepared, settings, trials=3, **QUICK)
    options, hyper = rehearsed[0]
    assert options == DEFAULT_OPTIONS
    assert (hyper.learning_rate, hyper.epochs, hyper.temperature, hyper.spectral) == (5e-3, 6, 0.1, True)
    assert len({options.regularisation for options, _ in rehearsed}) == 3
    assert (found["trials"], found["remembered"], found["users"]) == (3, 0, 2 * USERS)
    scores = [row["ndcg_at_10"] for row in found["best_trials"]]
    assert scores == sorted(scores, reverse=True) and found["ndcg_at_10"] == scores[0]
    assert found["default_ndcg_at_10"] in scores
    counts = last_run(prepared, "tune")["counts"]
    assert counts == json.loads(json.dumps({name: found[name] for name in found if name != "best_trials"}))
    assert set(counts["best"]) > {"regularisation", "learning_rate"}


def test_a_stopped_tune_keeps_its_trials_and_goes_on_as_if_it_had_not_been(prepared, settings, rehearsed, monkeypatch):
    whole = tune(prepared, dataclasses.replace(settings, home=settings.home / "whole"), trials=3, **QUICK)
    asked = list(rehearsed)
    with monkeypatch.context() as broken:
        calls = iter(range(9))
        cross = stage.cross_validated

        def stop(*arguments):
            if next(calls) == 2:
                raise KeyboardInterrupt
            return cross(*arguments)

        broken.setattr(stage, "cross_validated", stop)
        with pytest.raises(KeyboardInterrupt):
            tune(prepared, settings, trials=3, **QUICK)
    del rehearsed[:]
    again = tune(prepared, settings, trials=3, **QUICK)
    assert (again["remembered"], len(rehearsed)) == (2, 1)
    assert rehearsed[0] == asked[2]
    assert again | {"remembered": 0} == whole
    monkeypatch.setattr(sampling, "sample_behaviour", None)  # nothing is pulled where nothing is left to try
    assert tune(prepared, settings, trials=2, **QUICK)["trials"] == 3
    assert len(rehearsed) == 1


def test_other_behaviour_another_seed_and_reset_begin_anew(prepared, settings, tmp_path, rehearsed):
    tune(prepared, settings, trials=1, **QUICK)
    assert tune(prepared, settings, trials=1, seed=1, **QUICK)["remembered"] == 0
    assert tune(prepared, settings, trials=1, reset=True, **QUICK)["remembered"] == 0
    store(prepared, tmp_path, events=[event("c1", "H5", -1)])
    assert tune(prepared, settings, trials=1, **QUICK)["remembered"] == 0
    assert len(rehearsed) == 4


def test_a_time_limit_ends_between_trials_and_never_before_the_defaults(prepared, settings):
    found = tune(prepared, settings, trials=50, minutes=1e-9, **QUICK)
    assert found["trials"] == 1 and not found["adopted"]
    assert tuned_settings(prepared) == TunedSettings()


def test_the_graph_stays_as_it_is_except_for_the_run(prepared, settings):
    build(prepared)
    update(prepared, settings, **QUICK, epochs=1)
    before = prepared.run_text(EVERYTHING)
    tune(prepared, settings, trials=2, **QUICK)
    assert prepared.run_text(EVERYTHING) == before
    assert last_run(prepared, "tune") is not None


def test_nothing_is_derived_or_learned_from_held_out_events(prepared, settings, monkeypatch):
    derived, trained = [], []
    derive, train = stage.Training.train_held_out.__globals__["derive"], stage.Training._train
    monkeypatch.setitem(
        Training.train_held_out.__globals__, "derive", lambda events, o: derived.append(events) or derive(events, o)
    )
    monkeypatch.setattr(
        Training,
        "_train",
        lambda self, events, *rest, **more: trained.append(events) or train(self, events, *rest, **more),
    )
    tune(prepared, settings, trials=2, **QUICK)
    assert len(derived) == len(trained) == 2
    for events in (*derived, *trained):  # the last tenth of nine events is one
        assert np.bincount(events.user).tolist() == [8] * (2 * USERS)
        assert events.latest_day <= (NOW - 24.8 * DAY) / DAY


def test_build_and_update_use_what_was_found(prepared, settings, rehearsed, monkeypatch):
    adopt(prepared, regularisation=99.0, transition_window=2, epochs=1, temperature=0.2, recency=None, gone=3)
    used = []
    derive = build.__globals__["derive"]
    monkeypatch.setitem(
        build.__globals__, "derive", lambda events, o, **more: used.append(o) or derive(events, o, **more)
    )
    origin = last_run(prepared, "tune")["run_id"]
    assert build(prepared)["settings"] == origin
    assert used == [BuildOptions(regularisation=99.0, transition_window=2)]
    assert update(prepared, settings, full=True, **QUICK)["settings"] == origin
    options, hyper = rehearsed[0]
    assert options == used[0] and (hyper.epochs, hyper.temperature, hyper.recency) == (1, 0.2, None)
    training = models.active_model(prepared)["configuration"]["training"]
    assert (training["epochs"], training["temperature"]) == (1, 0.2)


def test_explicit_arguments_win(prepared, settings, rehearsed, monkeypatch):
    adopt(prepared, regularisation=99.0, epochs=1, temperature=0.2)
    given = BuildOptions(regularisation=3.0)
    assert build(prepared, options=given)["settings"] == "given"
    update(prepared, settings, full=True, options=given, temperature=0.3, **QUICK)
    options, hyper = rehearsed[0]
    assert options == given and (hyper.epochs, hyper.temperature) == (1, 0.3)


def test_without_tune_or_without_a_gain_the_defaults_are_used(prepared):
    assert tuned_settings(prepared) == TunedSettings() and build(prepared)["settings"] == "defaults"
    with run(prepared, "tune") as current:
        current.counts |= {"best": {"regularisation": 99.0}, "adopted": False}
    assert tuned_settings(prepared) == TunedSettings()


def trials_of(*columns):
    return [Trial(number, {"regularisation": number}, np.asarray(ndcg)) for number, ndcg in enumerate(columns)]


def test_the_best_is_adopted_where_it_is_better_for_users_who_had_no_part_in_the_choice():
    rng = np.random.default_rng(0)
    default = rng.random(400)
    found = summarise(trials_of(default, default + 0.02 + 0.05 * rng.normal(size=400), default - 0.1), 0)
    assert found["adopted"] and found["best"] == {"regularisation": 1}
    assert found["gain_interval"][0] > 0 and found["gain"] == pytest.approx(0.02, abs=0.01)
    assert not summarise(trials_of(default, default - 0.01), 0)["adopted"]
    assert not summarise(trials_of(default), 0)["adopted"]


def test_the_luckiest_of_many_trials_is_not_taken_for_better():
    adopted, claimed, gains = 0, [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        trials = trials_of(*(rng.normal(0.2, 0.2, (31, 200))))
        found = summarise(trials, seed)
        adopted += found["adopted"]
        claimed.append(found["ndcg_at_10"] - 0.2)
        gains.append(unbiased_gains(trials, seed).mean())
    assert adopted <= 5 and np.mean(claimed) > 0.02  # which the best claims of itself
    assert abs(np.mean(gains)) < half_widths(np.array(gains)[:, None])[0] * 1.5


def test_weights_are_learned_on_other_users_than_those_scored():
    """What one user chose moves the scores of the other half of the users, and of nobody in their own."""
    rng = np.random.default_rng(1)
    found = []
    for user in range(40):
        chosen = np.zeros(60, dtype=bool)
        chosen[rng.integers(60)] = True
        scores = np.zeros((60, len(NAMES)))
        scores[:, 0] = rng.normal(size=60)
        scores[:, 1] = np.where(chosen, 3.0, 0.0) if user < 20 else np.where(chosen, -3.0, 0.0)
        found.append(Example(scores, chosen, 1))
    first = cross_validated(found)
    flipped = [dataclasses.replace(e, chosen=~e.chosen) if n == 7 else e for n, e in enumerate(found)]
    other = np.flatnonzero((cross_validated(flipped) != first).any(axis=1))
    half = np.random.default_rng(0).permutation(40) % 2
    assert {int(half[n]) for n in other if n != 7} <= {1 - int(half[7])} and len(other) > 1
    assert np.array_equal(cross_validated(found), first) and first.shape == (40, 2)
    assert cross_validated([dataclasses.replace(e, scores=np.abs(e.scores)) for e in found])[:, 0].mean() > 0.9


def test_each_missing_thing_is_named(client, settings, tmp_path):
    with pytest.raises(NotReady, match="extract"):
        tune(client, settings)
    store(client, tmp_path, items=[film("A", "Comedy")], events=[event("u", "A", 3)])
    extract(client, settings, encoder=CountingEncoder())
    with pytest.raises(InputError, match="0 users have later events"):
        tune(client, settings)
    with pytest.raises(InputError, match="trials"):
        tune(client, settings, trials=0)
    assert last_run(client, "tune") is None


def test_a_broken_memory_is_named(prepared, settings):
    (settings.home / "tuning.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(InputError, match=r"tuning\.sqlite.*Delete the file"):
        tune(prepared, settings, trials=1, **QUICK)


def test_the_command_says_what_it_found(prepared, neo4j_settings, settings):
    from interestgraph import main

    environment = {
        "INTERESTGRAPH_HOME": str(settings.home),
        "NEO4J_URI": neo4j_settings.neo4j_uri,
        "NEO4J_USERNAME": neo4j_settings.neo4j_username,
        "NEO4J_PASSWORD": neo4j_settings.neo4j_password,
    }
    runner = click.testing.CliRunner(env=environment)
    done = runner.invoke(main, ["tune", "--trials", "1"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "1 trials on 24 users" in done.stdout and "The defaults stay" in done.stdout
    again = runner.invoke(main, ["tune", "--trials", "1", "--json"], catch_exceptions=False)
    assert json.loads(again.stdout)["remembered"] == 1


@pytest.mark.parametrize("arguments", [["--trials", "0"], ["--trials", "many"], ["--minutes", "0"], ["--seed", "-1"]])
def test_wrong_usage_ends_with_2(arguments):
    from interestgraph import main

    assert click.testing.CliRunner().invoke(main, ["tune", *arguments]).exit_code == 2


def test_the_answer_shows_trials_gain_and_what_to_do_next(capsys):
    from commands.console import Terminal
    from commands.tuning import show_tuned

    rng = np.random.default_rng(0)
    default = rng.random(100)
    trials = trials_of(default, default + 0.1, default)
    found = summarise(trials, 0) | {"remembered": 1, "held_out": "by time", "best_trials": best_trials(trials)}
    show_tuned(Terminal(False), found)
    shown = capsys.readouterr().out
    assert "regularisation 1" in shown and "+0.1000" in shown and "interestgraph build" in shown
    show_tuned(Terminal(False), found | {"adopted": False})
    assert "The defaults stay" in capsys.readouterr().out
