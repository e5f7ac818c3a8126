"""The favourite `recommend_now` gives the list that the program serves, on a small trained graph."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gnn.extract.stage import extract
from gnn.update.stage import update
from graphstore.administration.doctor import check_model
from graphstore.build.stage import build
from graphstore.collect.store import collect_events
from graphstore.database import statements
from graphstore.profiles.interests import correct_interest
from graphstore.ranking.blend import DEFAULT_BLEND, DEFAULT_WEIGHTS, NAMES
from graphstore.ranking.history import DIMENSION
from graphstore.ranking.request import DEFAULT_OPTIONS
from graphstore.recommend.stage import recommend
from graphstore.update import models
from tests.fixtures.films import NOW, QUICK, CountingEncoder, club, event
from tests.fixtures.storing import store

ABOUT = "MATCH (:Item {item_id: $item})-[a:ABOUT]->(n:Interest) RETURN n.name AS name ORDER BY a.weight DESC LIMIT 1"
MAINLY = """
MATCH (i:Item)-[a:ABOUT]->(n:Interest)
WITH i, max(a.weight) AS largest, max(CASE n.name WHEN $name THEN a.weight END) AS weight
WHERE weight >= 0.5 * largest
RETURN collect(i.item_id) AS items
"""


@pytest.fixture
def trained(client, settings, tmp_path):
    """The film club after all stages: 12 who saw most films of one genre, a newcomer, one with one event, and one who
    dislikes."""
    world = club(users=6, films=16)
    world["users"] += [{"user_id": "new", "attributes": {"group": ["fans of Horror"]}}, {"user_id": "bare"}]
    world["events"] += [event("one", "H3", 5)]
    world["events"] += [event("sour", f"C{n}", 9 - n, value=1.0 if n % 2 else 5.0) for n in range(6)]
    world["events"] += [event("sour", "H1", 2, kind="dislike"), event("sour", "H2", None, kind="view")]
    ties = [{"user_id": "one", "follows": "h2"}, {"user_id": "h3", "follows": "c1", "timestamp": NOW - 86_400}]
    store(client, tmp_path, ties=ties, **world)
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    update(client, settings, full=True, **QUICK)
    return client


def in_browser(client, user_id, at=None):
    return client.read("browser/recommend_now", user_id=user_id, at=at)


def ids(rows):
    return [row["item"]["item_id"] if "item" in row else row["item_id"] for row in rows]


def same(client, user_id, at=None):
    """Both give the same items with the same scores; what the favourite gives."""
    rows = in_browser(client, user_id, None if at is None else at.isoformat())
    served = recommend(client, user_id, explain=False, at=at)["recommendations"]
    assert ids(rows) == ids(served), user_id
    assert [row["score"] for row in rows] == pytest.approx([row["score"] for row in served], abs=1e-4), user_id
    return rows


def test_by_stored_vectors_it_gives_nearly_what_is_served(trained):
    shares = []
    for user_id in [f"{side}{n}" for side in "ch" for n in range(6)] + ["one", "sour"]:
        rows = in_browser(trained, user_id)
        served = ids(recommend(trained, user_id, explain=False)["recommendations"])
        assert len(rows) == len(served) == 10
        shares.append(len({*ids(rows)} & {*served}) / 10)
    assert in_browser(trained, "nobody") == []
    assert sum(shares) / len(shares) >= 0.95


def test_by_vectors_made_of_the_history_it_gives_just_what_is_served(trained):
    trained.run_text("MATCH (u:User) SET u.touched_at = datetime.realtime()")  # what is stored is older
    for user_id in ("c0", "h3", "one", "sour", "new", "bare"):
        rows = same(trained, user_id)
        assert len(rows) == 10 and all(row["because"] and row["channels"] for row in rows)
    before = ids(in_browser(trained, "c0"))
    collect_events(trained, [event("c0", before[0], 0)])
    assert before[0] not in ids(same(trained, "c0"))


def test_it_counts_searches_as_they_are_served(trained):
    for hours, text in ((50, "tale"), (2, "tale C7"), (1, "tale H9"), (None, "a tale")):
        search = {"user_id": "sour", "kind": "search", "text": text}
        collect_events(trained, [search | ({} if hours is None else {"timestamp": NOW - 3600 * hours})])
    rows = same(trained, "sour")
    assert any(channel.startswith("searches ") for row in rows for channel in row["channels"])


def test_what_a_followed_user_disliked_once_or_wrote_against_is_no_candidate_by_them(trained):
    written = {"event_id": "hate", "kind": "review", "text": "Terrible, I hated it."}
    collect_events(trained, [event("h2", "C1", 3), event("h2", "C2", 3), event("h2", "C2", 1, kind="dislike")])
    collect_events(trained, [event("h2", "C3", 3), event("h2", "C3", 1) | written])
    trained.run_text("MATCH (u:User {user_id: 'h2'}) SET u.texts_against = ['hate']")
    trained.run_text("MATCH (u:User) SET u.touched_at = datetime.realtime()")
    rows = same(trained, "one")
    assert not [row for row in rows if row["item"]["item_id"] in ("C2", "C3") and "follows" in row["because"]]


def test_with_a_time_it_gives_what_is_served_as_of_it(trained):
    for days in (4, 8, 400):
        at = datetime.fromtimestamp(NOW, UTC) - timedelta(days=days)
        rows = [row for user_id in ("c0", "h3", "one", "sour") for row in same(trained, user_id, at)]
        assert bool(rows) == (days < 400)
        assert all(row["chosen_later"] is None or row["chosen_later"].to_native() > at for row in rows)


def test_the_weights_are_those_of_the_model_and_without_one_those_of_the_program(trained):
    trained.run_text("MATCH (m:Model) DETACH DELETE m")
    assert in_browser(trained, "c0")
    text = statements.load("browser/recommend_now").text
    defaults = dict(re.findall(r"(\w+): (\d\.\d+)[,}]", text[: text.index("AS defaults")]))
    assert {name: float(weight) for name, weight in defaults.items()} == dict(DEFAULT_WEIGHTS)
    blend = replace(DEFAULT_BLEND, weights=dict.fromkeys(NAMES, 0.0) | {"popular_ever": 1.0})
    models.activate(trained, "p", family="f", configuration={}, metrics={}, dimension=DIMENSION, blend=blend)
    assert all(row["channels"][:1] in ([], ["popular 100 %"]) for row in same(trained, "c0"))


def test_users_with_few_events_have_weights_of_their_own(trained):
    """Each signal counts at one length: so that each of these users has a list of their own kind."""
    led = ("popular_trend", "popular_3", "transitions_age_long", "embedding", "popular_90")
    by_length = [dict.fromkeys(NAMES, 0.0) | {name: 1.0, "popular_ever": 0.1} for name in led]
    blend = replace(DEFAULT_BLEND, weights=by_length[-1], by_length=by_length)
    models.activate(trained, "p", family="f", configuration={}, metrics={}, dimension=DIMENSION, blend=blend)
    trained.run_text("MATCH (n) WHERE n.embedding_version IS NOT NULL SET n.embedding_version = 'p'")
    for user_id, name in (("bare", "popular"), ("one", "popular"), ("c0", "embedding")):
        assert same(trained, user_id)[0]["channels"][0].startswith(name), user_id


def test_a_model_of_an_earlier_version_gives_nothing_until_the_next_update(trained, settings):
    lists = list(DEFAULT_BLEND.columns() | {"readout_matrices": []})
    trained.run_text("MATCH (m:Model) SET m += $none", {"none": dict.fromkeys(lists)})
    assert in_browser(trained, "c0") == []
    assert "recommend_now" in check_model(trained, settings).detail
    update(trained, settings)
    assert models.active_model(trained)["readable"] and "recommend_now" not in check_model(trained, settings).detail
    assert same(trained, "new")


def test_it_obeys_corrections(trained):
    name = trained.run_text(ABOUT, {"item": ids(in_browser(trained, "new"))[0]})[0]["name"]
    about = set(trained.run_text(MAINLY, {"name": name})[0]["items"])
    correct_interest(trained, "new", name, "weaken")
    same(trained, "new")
    correct_interest(trained, "new", name, "delete")
    left = ids(in_browser(trained, "new"))
    assert left and not {*left} & about
    assert left == ids(recommend(trained, "new", explain=False)["recommendations"])[: len(left)]
    correct_interest(trained, "new", name, "pin")
    assert {*ids(in_browser(trained, "new"))} & about


def test_its_limits_are_those_of_the_program():
    text, options = statements.load("browser/recommend_now").text, DEFAULT_OPTIONS
    limits = {int(limit) for limit in re.findall(r"LIMIT (\d+)", text)}
    assert limits == {
        1,
        10,
        options.events,
        options.recent,
        options.candidates,
        options.fan_out,
        options.neighbour_items,
    }
    assert f"negative THEN {options.negative_weight}" in text
    assert [name for name in NAMES if name not in text] == []
