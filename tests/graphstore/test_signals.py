"""The signals that weights are learned on are those that the statement serves."""

import random

import numpy as np
import pytest
from planting import DAY, NOW
from storing import store

from graphstore import extract, similarity
from graphstore.blend import CHANNEL_PLACES, CHANNELS, NAMES, PLACE
from graphstore.build import build
from graphstore.derived import BuildOptions, derive
from graphstore.interactions import pull_interactions, pull_item_interests, pull_ties, pull_user_attributes
from graphstore.kinds import KINDS
from graphstore.ranking import RecommendOptions, make_request, read_context, signal_matrix
from graphstore.signals import Signals, Surroundings

USERS, ITEMS, WIDTH = 30, 60, 128
ABOUT = (
    "UNWIND $rows AS row MATCH (i:Item {item_id: row.item}) MERGE (n:Interest {name: row.name})"
    " ON CREATE SET n.label = row.name MERGE (i)-[:ABOUT {weight: row.weight, extracted_by: 'phrase'}]->(n)"
)
VECTORS = "UNWIND $rows AS row MATCH (i:Item {item_id: row.item}) SET i.embedding = row.vector"
COUNT = "MATCH (n:Interest) SET n.items = COUNT { (n)<-[:ABOUT]-() }"


def behaviour(rng):
    """Ratings high and low, purchases and dislikes, a few of them without a time.

    At most 20 events a user: of more, the statement judges a rating of somebody else by the mean of the latest 20, and
    outside Neo4j by the mean of all.
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
    as_of = extract.latest_event(client, KINDS)
    extract.write_user_interests(client, [user["user_id"] for user in users], as_of, KINDS)
    normal = np.random.default_rng(4).normal(size=(ITEMS, WIDTH))
    vectors = {f"i{n:02}": row / np.linalg.norm(row) for n, row in enumerate(normal)}
    client.run_text(VECTORS, {"rows": [{"item": item, "vector": row.tolist()} for item, row in vectors.items()]})
    client.autocommit("schema/await_indexes", seconds=60)
    build(client)
    return vectors


def surroundings(client, events):
    options = BuildOptions()
    names, members = pull_user_attributes(client, events.user_ids)
    matrix = similarity.user_item_matrix(events, options.users_half_life)
    found = similarity.favoured_items(members, matrix, shrinkage=options.favours_shrinkage, top=options.favours)
    favours = similarity.Matrix((found.score, (found.source, found.target)), shape=(len(names), len(events.item_ids)))
    _, about = pull_item_interests(client, events.item_ids)
    return Surroundings(about, members, favours, pull_ties(client, events.user_ids))


def found_by_channel(found, computed, items):
    """(channel, item, where it was found) for items that one of the two found by a channel and the other did not."""
    served = {(part[0], item) for item, parts in zip(found["item_ids"], found["parts"], strict=True) for part in parts}
    different = []
    for channel in ("similar", "transitions", "interests", "social", "attributes"):
        own = {(channel, item) for item, row in zip(items, computed, strict=True) if row[CHANNEL_PLACES[channel]].any()}
        theirs = {pair for pair in served if pair[0] == channel}
        different += [(*pair, "served") for pair in sorted(theirs - own)]
        different += [(*pair, "computed") for pair in sorted(own - theirs)]
    return different


@pytest.mark.parametrize(("candidates", "by_vector"), [(2 * ITEMS, True), (15, False)])
def test_signals_computed_outside_are_those_the_statement_finds(client, planted, candidates, by_vector):
    """The index of vectors is approximate at the edge of what it returns: where lists are cut, it is left out."""
    limits = RecommendOptions(candidates=candidates)
    events = pull_interactions(client, KINDS, BuildOptions().negative_weight)
    options = BuildOptions()
    signals = Signals(
        events,
        derive(events, options),
        surroundings(client, events),
        np.stack([planted.get(item_id, np.zeros(WIDTH)) for item_id in events.item_ids]),
        similarity.popularity_now(events, options.popularity_half_life),
        limits,
    )
    request = make_request(None, None, KINDS, limits)
    told = np.zeros(len(NAMES))
    for row, user_id in enumerate(events.user_ids):
        context = read_context(client, user_id, request)
        own = [planted[entry["item_id"]] for entry in context["recent"]]
        vector = np.mean(own, axis=0) / np.linalg.norm(np.mean(own, axis=0)) if own and by_vector else np.zeros(0)
        found = client.read(
            "recommend/find_candidates",
            user_id=user_id,
            recent=context["recent"],
            vector=vector.tolist(),
            channels=list(CHANNELS),
            unwanted=request.unwanted,
            options=vars(limits),
        )[0]
        served = signal_matrix(found, context["popularity_now"])
        items, computed = signals.candidates(row, context["recent"], vector)
        assert found_by_channel(found, computed, [events.item_ids[item] for item in items]) == [], user_id
        assert [events.item_ids[item] for item in items] == found["item_ids"], user_id
        np.testing.assert_allclose(computed, served, atol=1e-6, err_msg=user_id)
        told += np.abs(served).sum(axis=0)
    silent = [name for name in NAMES if told[PLACE[name]] == 0]
    assert silent == ([] if by_vector else ["embedding"])
