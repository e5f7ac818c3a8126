"""How far a graph that is kept fresh drifts from one that is derived anew."""

import numpy as np
import pytest

from gnn.extract.stage import extract
from gnn.update.derive_anew import derive_anew
from gnn.update.follow_events import EventWorker
from gnn.update.follow_neighbourhoods import NeighbourhoodWorker
from gnn.update.stage import update
from graphstore.administration.doctor import check_drift
from graphstore.build.stage import build
from graphstore.collect.store import collect_events
from graphstore.errors import NotReady
from graphstore.update import drift
from tests.fixtures.films import CountingEncoder, club, event
from tests.fixtures.storing import store


@pytest.fixture
def prepared(client, settings, tmp_path):
    store(client, tmp_path, **club())
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    update(client, settings, full=True, epochs=2, cuts=8, batch_users=8)
    return client


def test_where_nothing_came_nothing_has_drifted(prepared, settings):
    assert "not measured" in check_drift(prepared).detail
    found = derive_anew(prepared, settings)
    assert found.items == pytest.approx(1) and found.users == pytest.approx(1) and found.overlap == 1 and found.small
    assert found.asked == 16 and check_drift(prepared).ok


def test_what_is_wrong_is_found_reported_and_mended(prepared, settings):
    prepared.run_text("MATCH (i:Item) WHERE i.item_id < 'C5' SET i.embedding = [x IN i.embedding | -x]")
    prepared.run_text("MATCH (:Item)-[s:SIMILAR_TO]->(:Item) SET s.score = 0.0, s.recent_score = 0.0")
    found = derive_anew(prepared, settings)
    assert found.items < 0 and not found.small
    report = check_drift(prepared)
    assert not report.ok and "5th percentile" in report.detail and report.remedy
    assert derive_anew(prepared, settings).small


def test_followed_events_drift_little(prepared, settings):
    workers = EventWorker(prepared, settings), NeighbourhoodWorker(prepared, settings, encoder=CountingEncoder())
    rows = [event(f"{'ch'[n % 2]}{n % 8}", f"{'CH'[n % 3 % 2]}{n * 7 % 10}", -n / 50) for n in range(60)]
    for start in range(0, len(rows), 20):
        collect_events(prepared, rows[start : start + 20])
        for worker in workers:
            worker.drain()
    assert derive_anew(prepared, settings).users > 0.95


def test_it_takes_a_model(client, settings):
    with pytest.raises(NotReady, match="--full"):
        derive_anew(client, settings)


def test_lists_and_vectors_are_compared():
    assert (
        drift.overlap(["a", "b"], ["b", "c"]) == 0.5 and drift.overlap([], []) == 1.0 and drift.overlap(["a"], []) == 0
    )
    found = drift.cosines(
        {"a": np.array([1.0, 0]), "b": np.array([0, 2.0])}, {"a": np.array([0, 1.0]), "b": np.array([0, 1.0])}
    )
    assert sorted(found.tolist()) == [0.0, 1.0]
