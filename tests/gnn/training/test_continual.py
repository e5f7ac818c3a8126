"""Continued training: the active model learns what is new, keeps what it knew, and is replaced only by a better one."""

import numpy as np
import pytest

from gnn.extract.stage import extract
from gnn.network import registry
from gnn.training import continual
from gnn.training.continual import continue_training
from gnn.training.loop import train
from gnn.update import stage
from gnn.update.follow_events import EventWorker
from gnn.update.stage import update
from graphstore.build.pull import pull_interactions
from graphstore.build.stage import build
from graphstore.collect.store import collect_events
from graphstore.kinds import KINDS
from graphstore.recommend.stage import recommend
from graphstore.update import models as graph
from tests.fixtures.films import CountingEncoder, club, event
from tests.fixtures.storing import store
from tests.gnn.training.hand_made import target_weights

VERSIONS = "MATCH (n:User|Item) WHERE n.embedding IS NOT NULL RETURN DISTINCT n.embedding_version AS version"
LEFT = "MATCH (n) WHERE n.next_version IS NOT NULL RETURN count(n) AS n"
USERS, FILMS, NEW = 20, 24, 10


@pytest.fixture
def prepared(client, settings, tmp_path):
    """A model of 20 comedy fans and 20 horror fans."""
    return trained(client, settings, tmp_path)


def trained(client, settings, folder, turned=0):
    """A model of two halves: each user has seen some half of the films of theirs, one a day.

    turned: how many more comedy fans there are, who have seen all comedies, and then two of twelve horror films.
    """
    rows, rng = club(users=1, films=FILMS), np.random.default_rng(0)

    def some(half, count, of=FILMS):
        return [f"{half}{n}" for n in rng.permutation(of)[:count]]

    seen = {f"{half.lower()}{n}": some(half, FILMS // 2) for half in "CH" for n in range(USERS)}
    seen |= {f"c{USERS + n}": some("C", FILMS) + some("H", 2, of=12) for n in range(turned)}
    rows["users"] = [{"user_id": user_id} for user_id in seen]
    rows["events"] = [event(user, name, 30 - day) for user, films in seen.items() for day, name in enumerate(films)]
    store(client, folder, **rows)
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    update(client, settings, full=True, epochs=2, cuts=4, batch_users=8)
    return client


def weights(settings, version):
    """How a model reads histories."""
    return registry.load(settings.models, version)[0].user[0].weight.detach().numpy()


def taken_up():
    """The first comedy fans take to eight of ten other films, which none of the training events were about, one a day
    and each in an order of their own: what is the newest of one the others had before."""
    return [event(f"c{u}", f"N{(u + n) % NEW}", -1 - n - u / 100) for u in range(USERS) for n in range(8)]


def continued(client, settings, monkeypatch, events):
    """What an update made of new events, the version before, and what it found of fresh and replayed users."""
    found = []
    monkeypatch.setattr(stage, "continue_training", lambda *given: found.append(continue_training(*given)) or found[-1])
    version = graph.active_model(client)["version"]
    collect_events(client, events)
    counts = update(client, settings, further=True)
    return counts, version, found[0]


def test_too_little_that_is_new_is_not_trained_on(prepared, settings, monkeypatch):
    counts, version, found = continued(prepared, settings, monkeypatch, taken_up()[: 8 * (USERS - 1)])
    assert found is None and "continued" not in counts and counts["version"] == version


def test_a_better_model_is_served_whole(prepared, settings, monkeypatch):
    """The films that all comedy fans take to have no place yet; the other half has nothing to do with them."""
    counts, version, found = continued(prepared, settings, monkeypatch, taken_up())
    before, after = found.metrics["ndcg_at_10_before"], found.metrics["ndcg_at_10"]
    assert after["fresh"] > before["fresh"] + 0.3 and after["replay"] >= 0.995 * before["replay"]
    assert found.better
    assert counts["continued"] == version and counts["version"] != version
    assert (counts["metrics"]["fresh_users"], counts["metrics"]["replayed_users"]) == (USERS, USERS)
    assert not np.array_equal(weights(settings, counts["version"]), weights(settings, version))
    assert [row["version"] for row in prepared.run_text(VERSIONS)] == [counts["version"]]
    assert prepared.run_text(LEFT)[0]["n"] == 0
    assert recommend(prepared, "c1")["model_version"] == counts["version"]
    collect_events(prepared, [event("c2", "H1", -30)])
    EventWorker(prepared, settings).drain()
    assert [row["version"] for row in prepared.run_text(VERSIONS)] == [counts["version"]]


def test_a_model_that_forgets_is_not_served(client, settings, tmp_path, monkeypatch):
    """Of those of one taste half take to other films, and the others have taken to horror: what the model learns of the
    first stands before what the others choose."""
    trained(client, settings, tmp_path, turned=USERS)
    counts, version, found = continued(client, settings, monkeypatch, taken_up())
    before, after = found.metrics["ndcg_at_10_before"], found.metrics["ndcg_at_10"]
    assert after["fresh"] > before["fresh"] + 0.3 and after["replay"] < 0.9 * before["replay"]
    assert not found.better
    assert "continued" not in counts and graph.active_model(client)["version"] == version
    assert client.run_text(VERSIONS) == [{"version": version}]


def test_a_model_that_is_not_better_is_not_served(prepared, settings, monkeypatch):
    """Whoever comes back to what they had before gives nothing that could be foreseen."""
    seen = (
        "MATCH (u:User)-[:RATED]->(i:Item) WHERE u.user_id STARTS WITH 'c' RETURN u.user_id AS user, i.item_id AS item"
    )
    again = [event(row["user"], row["item"], -1) for row in prepared.run_text(seen)]
    counts, version, found = continued(prepared, settings, monkeypatch, again)
    assert found.metrics["ndcg_at_10_before"]["fresh"] == found.metrics["ndcg_at_10"]["fresh"] == 0.0
    assert "continued" not in counts and graph.active_model(prepared)["version"] == version


def test_targets_count_as_in_a_full_training(prepared, settings, monkeypatch):
    """Dislikes are no targets, and low ratings count half."""
    found = []

    def noted(model, objective, *given, **options):
        found.append((objective, model))
        return train(model, objective, *given, **options)

    monkeypatch.setattr(continual, "train", noted)
    continued(prepared, settings, monkeypatch, taken_up())
    relations = sorted(kind.type for kind in KINDS.values())
    weights = target_weights(*found[0], [(relation, None) for relation in range(2 * len(relations))])
    expected = [[0.0, 0.0] if name == "DISLIKED" else [1.0, 0.5] for name in relations]
    assert np.reshape(weights, (-1, 2)) == pytest.approx(np.array(expected), abs=1e-3)


def test_residuals_of_known_items_stay_and_new_ones_begin_at_nothing(prepared, settings):
    model, vocabulary, _ = registry.load(settings.models, graph.active_model(prepared)["version"])
    collect_events(prepared, taken_up())
    before = dict(vocabulary.items)
    grown, known = continual._grown(model, vocabulary, pull_interactions(prepared, 0.5))
    assert set(known) - set(before) == {f"N{n}" for n in range(10)}
    weights, old = grown.residual.weight.detach().numpy(), model.residual.weight.detach().numpy()
    assert all(np.array_equal(weights[vocabulary.items[item]], old[row]) for item, row in before.items())
    assert not weights[vocabulary.items["N3"]].any()
