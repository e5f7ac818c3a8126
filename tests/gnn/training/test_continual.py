"""Continued training: the active model learns what is new, keeps what it knew, and is replaced only by a better one."""

import numpy as np
import pytest

from gnn.extract.stage import extract
from gnn.network import registry
from gnn.training import continual
from gnn.update.follow_events import EventWorker
from gnn.update.stage import update
from graphstore.build.stage import build
from graphstore.collect.store import collect_events
from graphstore.recommend.stage import recommend
from graphstore.update import models as graph
from tests.fixtures.films import CountingEncoder, club, event
from tests.fixtures.storing import store

VERSIONS = "MATCH (n:User|Item) WHERE n.embedding IS NOT NULL RETURN DISTINCT n.embedding_version AS version"
LEFT = "MATCH (n) WHERE n.next_version IS NOT NULL RETURN count(n) AS n"


@pytest.fixture
def prepared(client, settings, tmp_path):
    store(client, tmp_path, **club(users=15, films=14))
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    update(client, settings, full=True, epochs=2, cuts=4, batch_users=8)
    return client


def weights(settings, version):
    """How a model reads histories."""
    return registry.load(settings.models, version)[0].user[0].weight.detach().numpy()


def mixed():
    """The comedy half takes to a new genre, which none of the training events were about."""
    return [event(f"c{u}", f"N{n}", -1 - n - u / 100) for u in range(15) for n in range(10) if (u + n) % 3]


def test_too_little_that_is_new_is_not_trained_on(prepared, settings):
    version = graph.active_model(prepared)["version"]
    collect_events(prepared, mixed()[:5])
    counts = update(prepared, settings, further=True)
    assert "continued" not in counts and counts["version"] == version


def ranks(monkeypatch, *values):
    """What the rankings of fresh and replayed users come to, before and after."""
    told = iter(values)
    monkeypatch.setattr(continual, "LEAST_USERS", 10)
    monkeypatch.setattr(continual, "_ranked", lambda *arguments: next(told))


def test_a_better_model_is_served_whole(prepared, settings, monkeypatch):
    ranks(monkeypatch, 0.1, 0.5, 0.2, 0.5)
    version, before = (
        graph.active_model(prepared)["version"],
        weights(settings, graph.active_model(prepared)["version"]),
    )
    collect_events(prepared, mixed())
    counts = update(prepared, settings, further=True)
    assert counts["continued"] == version and counts["version"] != version
    assert (counts["metrics"]["fresh_users"], counts["metrics"]["replayed_users"]) == (15, 15)
    assert not np.array_equal(weights(settings, counts["version"]), before)
    assert [row["version"] for row in prepared.run_text(VERSIONS)] == [counts["version"]]
    assert prepared.run_text(LEFT)[0]["n"] == 0
    assert recommend(prepared, "c1")["model_version"] == counts["version"]
    collect_events(prepared, [event("c2", "H1", -30)])
    EventWorker(prepared, settings).drain()
    assert [row["version"] for row in prepared.run_text(VERSIONS)] == [counts["version"]]


@pytest.mark.parametrize("after", [(0.1, 0.5), (0.3, 0.4)])
def test_a_model_that_is_not_better_or_that_forgets_is_not_served(prepared, settings, monkeypatch, after):
    ranks(monkeypatch, 0.1, 0.5, *after)
    version = graph.active_model(prepared)["version"]
    collect_events(prepared, mixed())
    counts = update(prepared, settings, further=True)
    assert "continued" not in counts and graph.active_model(prepared)["version"] == version


def test_residuals_of_known_items_stay_and_new_ones_begin_at_nothing(prepared, settings):
    from graphstore.build.pull import pull_interactions

    model, vocabulary, _ = registry.load(settings.models, graph.active_model(prepared)["version"])
    collect_events(prepared, mixed())
    before = dict(vocabulary.items)
    grown, known = continual._grown(model, vocabulary, pull_interactions(prepared, 0.5))
    assert set(known) - set(before) == {f"N{n}" for n in range(10)}
    weights, old = grown.residual.weight.detach().numpy(), model.residual.weight.detach().numpy()
    assert all(np.array_equal(weights[vocabulary.items[item]], old[row]) for item, row in before.items())
    assert not weights[vocabulary.items["N3"]].any()
