"""The signals that weights are learned on are those that are served."""

import random
from dataclasses import replace

import numpy as np
import pytest

from graphstore import popularity
from graphstore.build import similarity
from graphstore.build.derive import BuildOptions, derive
from graphstore.build.pull import pull_interactions, pull_item_interests, pull_ties, pull_user_attributes
from graphstore.build.stage import build
from graphstore.extract import interests
from graphstore.ranking.blend import NAMES, PLACE
from graphstore.ranking.candidates import find_candidates
from graphstore.ranking.history import Recent
from graphstore.ranking.offline import SideInformation, Signals
from graphstore.ranking.request import RecommendOptions
from graphstore.recommend.cache import ServingCache
from tests.fixtures.planting import DAY, NOW
from tests.fixtures.storing import store

USERS, ITEMS, WIDTH = 30, 60, 128
ABOUT = (
    "UNWIND $rows AS row MATCH (i:Item {item_id: row.item}) MERGE (n:Interest {name: row.name})"
    " ON CREATE SET n.label = row.name MERGE (i)-[:ABOUT {weight: row.weight, extracted_by: 'phrase'}]->(n)"
)
VECTORS = "UNWIND $rows AS row MATCH (i:Item {item_id: row.item}) SET i.embedding = row.vector"
COUNT = "MATCH (n:Interest) SET n.items = COUNT { (n)<-[:ABOUT]-() }"


def behaviour(rng):
    """Ratings high and low, purchases and dislikes, a few of them without a time.

    At most 20 events a user: of more than 50, serving judges a rating of somebody else by the mean of the latest 50,
    and learning by the mean of all.
    """
    rows = []
    for user in range(USERS):
        for step, item in enumerate(rng.sample(range(ITEMS), rng.randint(3, 20))):
            kind = rng.choice(["rate", "rate", "purchase", "dislike"])
            row = {"user_id": f"u{user:02}", "item_id": f"i{item:02}", "kind": kind, "event_id": f"e{user}-{step}"}
            if kind == "rate":
                row["value"] = float(rng.choice([1, 3, 4, 5]))
            if rng.random() < 0.9:
                row["timestamp"] = NOW - rng.randint(0, 60 * DAY)
            rows.append(row)
    return rows


@pytest.fixture
def planted(client, tmp_path):
    """A graph with something in every channel; returns the vectors by item."""
    rng = random.Random(4)
    users = [{"user_id": f"u{n:02}", "attributes": {"team": [rng.choice("abc")]}} for n in range(USERS)]
    ties = [{"user_id": f"u{n:02}", "follows": f"u{(n * 7 + 3) % USERS:02}", "timestamp": NOW} for n in range(USERS)]
    store(client, tmp_path, (), users, ties, behaviour(rng))
    pairs = [(f"i{n:02}", f"interest {rng.randrange(9)}", rng.random()) for n in range(ITEMS) for _ in range(2)]
    about = {(item, name): {"item": item, "name": name, "weight": weight} for item, name, weight in pairs}
    client.run_text(ABOUT, {"rows": list(about.values())})
    client.run_text(COUNT)
    clock = interests.read_clock(client)
    interests.write_user_interests(client, [user["user_id"] for user in users], clock)
    normal = np.random.default_rng(4).normal(size=(ITEMS, WIDTH))
    vectors = {f"i{n:02}": row / np.linalg.norm(row) for n, row in enumerate(normal)}
    client.run_text(VECTORS, {"rows": [{"item": item, "vector": row.tolist()} for item, row in vectors.items()]})
    client.autocommit("schema/steps/await_indexes", seconds=60)
    build(client)
    return vectors


def side_information(client, events):
    options = BuildOptions()
    names, members = pull_user_attributes(client, events.user_ids)
    matrix = similarity.user_item_matrix(events, options.users_half_life)
    found = similarity.favoured_items(members, matrix, shrinkage=options.favours_shrinkage, top=options.favours)
    favours = similarity.Matrix((found.score, (found.source, found.target)), shape=(len(names), len(events.item_ids)))
    _, about = pull_item_interests(client, events.item_ids)
    return SideInformation(about, members, favours, pull_ties(client, events.user_ids))


@pytest.mark.parametrize("candidates", [2 * ITEMS, 15])
def test_signals_of_an_earlier_part_are_those_that_are_served_if_the_graph_holds_it(client, planted, candidates):
    limits = RecommendOptions(candidates=candidates)
    events = pull_interactions(client, BuildOptions().negative_weight)
    options = BuildOptions()
    signals = Signals(
        events,
        derive(events, options),
        side_information(client, events),
        np.stack([planted.get(item_id, np.zeros(WIDTH)) for item_id in events.item_ids]),
        popularity.popularity_now(events.latest_day, options.popularity_half_life),
        limits,
    )
    cache = ServingCache(client, limits)
    total = np.zeros(len(NAMES))
    for row, user_id in enumerate(events.user_ids):
        context = cache.context(user_id)
        names = context.catalogue.ids
        recent = Recent([names[item] for item in context.user.recent.items], context.user.recent.weights)
        own = [planted[item_id] for item_id in recent.items]
        vector = np.mean(own, axis=0) / np.linalg.norm(np.mean(own, axis=0)) if own else np.zeros(0)
        features = replace(context.features, vector=vector)
        found, served = find_candidates(context.catalogue, features, candidates, context.popularity_now)
        items, computed = signals.candidates(row, recent, vector)
        assert [events.item_ids[item] for item in items] == [names[item] for item in found], user_id
        np.testing.assert_allclose(computed, served, atol=1e-6, err_msg=user_id)
        total += np.abs(served).sum(axis=0)
    assert [name for name in NAMES if total[PLACE[name]] == 0] == ["searches"]  # learning sees none
