"""What a full training trains on: which events are targets, how much they count, and what follows from their times."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gnn.network.data import GraphVocabulary
from gnn.network.sampler import NeighbourhoodSampler
from gnn.network.user_batch import user_batch
from gnn.training import fitting
from gnn.training.fitting import Training, with_defaults
from gnn.training.holdout import HoldOut
from gnn.training.hyperparameters import Hyperparameters
from graphstore.interactions import Interactions
from graphstore.kinds import KINDS
from graphstore.progress import silent
from graphstore.update.sampling import BehaviourColumns, EdgeColumns
from tests.gnn.training.hand_made import target_weights

USERS, ITEMS, EVENTS, LAST_DAY = 24, 9, 6, 1000.0
NOTHING = EdgeColumns(np.zeros(0, dtype=np.int64), [], np.zeros(0))
NO_EVENTS = BehaviourColumns(NOTHING.positions, [], [], NOTHING.scores, NOTHING.scores)
RELATIONS = sorted(kind.type for kind in KINDS.values())


def behaviour(dated=True):
    """Six likes of each user, one a day, the newest first and on LAST_DAY."""
    user = np.repeat(np.arange(USERS), EVENTS)
    place = np.tile(np.arange(EVENTS), USERS)
    day = LAST_DAY - place if dated else np.full(len(user), np.nan)
    ids = [f"u{n:02}" for n in range(USERS)], [f"i{n}" for n in range(ITEMS)]
    return Interactions(*ids, user, (user + place) % ITEMS, day, np.ones(len(user)))


class Kept:
    """Contents that do not learn."""

    adapters = SimpleNamespace(parameters=[])

    def put_in(self, items, rows, met, generator):
        return items

    def keep(self):
        pass


@pytest.fixture
def trained(monkeypatch):
    """The objective and the model of a training without the held-out events, before its first step."""
    events, client = behaviour(), SimpleNamespace(kinds=KINDS)
    sampler = NeighbourhoodSampler(client, GraphVocabulary.of_kinds(KINDS))
    content = np.random.default_rng(0).normal(size=(ITEMS, 4)).astype(np.float32)
    sampler.items.add_neighbours(events.item_ids, NOTHING)
    sampler.items.add_content(events.item_ids, NOTHING, np.arange(ITEMS), content)
    columns = BehaviourColumns(
        events.user,
        [events.item_ids[row] for row in events.item],
        ["LIKED"] * len(events.user),
        events.day * 86_400,
        np.full(len(events.user), np.nan),
    )
    batch = user_batch(sampler.items, sampler.vocabulary, events.user_ids, columns, NOTHING, NOTHING, [], NO_EVENTS)
    found = []

    def noted(model, objective, batches, held, **options):
        found.append((objective, model, [counts.tolist() for counts in held]))
        return {"epoch": 1, "share": 1.0}

    monkeypatch.setattr(fitting, "train", noted)
    training = Training(client, sampler, [batch], Hyperparameters(recency=3.0), 0, torch.device("cpu"), silent)
    training.learn_contents(Kept(), events)
    (only,) = found
    return only


def test_in_a_full_training_dislikes_are_no_targets_and_low_ratings_count_half(trained):
    objective, model, _ = trained
    found = target_weights(objective, model, [(relation, None) for relation in range(2 * len(RELATIONS))])
    expected = [[0.0, 0.0] if name == "DISLIKED" else [1.0, 0.5] for name in RELATIONS]
    assert np.reshape(found, (-1, 2)) == pytest.approx(np.array(expected), abs=1e-3)


def test_targets_age_from_the_latest_event_that_is_not_held_out(trained):
    """The newest of the six events of each user is held out; the half-life is three days."""
    objective, model, held = trained
    assert held == [[1] * USERS]
    liked = 2 * RELATIONS.index("LIKED")
    days = [LAST_DAY, LAST_DAY - 1, LAST_DAY - 4, LAST_DAY - 7]
    found = target_weights(objective, model, [(liked, day) for day in days])
    assert found == pytest.approx([1.0, 1.0, 0.5, 0.25], abs=1e-3)


def test_events_begin_by_the_weights_and_half_lives_of_their_kinds_and_low_ratings_by_half(trained):
    _, model, _ = trained
    weights = dict(zip(RELATIONS, model.relation_weight.reshape(-1, 2).tolist(), strict=True))
    half_lives = dict(zip(RELATIONS, model.log_relation_half_life.exp().reshape(-1, 2).tolist(), strict=True))
    assert weights["RATED"] == [1.0, 0.5] and weights["DISLIKED"] == [-1.0, -1.0]
    assert weights["VIEWED"] == pytest.approx([0.3, 0.15])
    assert half_lives["LIKED"] == pytest.approx([180.0, 180.0]) and half_lives["VIEWED"] == pytest.approx([60.0, 60.0])


NOBODY = HoldOut(np.zeros(USERS, dtype=int), False)
BY_TIME = HoldOut(np.ones(USERS, dtype=int), True)


@pytest.mark.parametrize(
    ("dated", "held", "recency", "temperature", "learning_rate", "targets", "decay"),
    [
        (True, BY_TIME, 25.0, 0.1, 5e-3, 50, 1.0),
        (True, NOBODY, None, 0.1, 5e-3, 5, 0.8),
        (False, NOBODY, None, 0.05, 1.5e-3, 50, 1.0),
    ],
)
def test_what_nobody_decided_follows_from_the_times_of_events(
    dated, held, recency, temperature, learning_rate, targets, decay
):
    found = with_defaults(Hyperparameters(), behaviour(dated), held)
    assert (found.recency, found.temperature, found.learning_rate) == (recency, temperature, learning_rate)
    assert (found.targets, found.target_decay) == (targets, decay)


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("held", [NOBODY, BY_TIME])
def test_what_was_decided_stays(dated, held):
    hyper = Hyperparameters(recency=7.0, temperature=0.2, learning_rate=0.1, targets=3, target_decay=0.5)
    assert with_defaults(hyper, behaviour(dated), held) == hyper
    assert with_defaults(Hyperparameters(recency=None), behaviour(dated), held).recency is None
