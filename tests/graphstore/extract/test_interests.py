"""The life of an interest: it fades, gives way, turns round, comes back, and has a broader one."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from graphstore.build.similarity import subsumption
from graphstore.build.stage import build
from graphstore.clock import GraphClock
from graphstore.collect.store import collect_events
from graphstore.extract import interests, language_model
from graphstore.extract import items as graph_items
from graphstore.profiles.interests import read_interests, read_reading
from graphstore.recommend.stage import recommend
from tests.fixtures.planting import DAY, NOW

FIRST = datetime.fromtimestamp(NOW, UTC)
ZERO = [0.0] * 383 + [1.0]
LIFE = """
MATCH (:User {user_id: 'u'})-[r:INTERESTED_IN]->(n:Interest {name: $name})
WHERE r.horizon = $horizon AND r.extracted_by STARTS WITH $by
RETURN r.polarity AS polarity, r.valid_from AS began, r.valid_to AS ended
ORDER BY began, ended
"""
TOPICS = ("space", "gardens", "skiing", *(f"other{n}" for n in range(20)))


def day(number):
    """A time, in days after the first."""
    return FIRST + timedelta(days=number)


def event(item, number, kind="like", user="u"):
    row = {"user_id": user, "item_id": item, "kind": kind, "event_id": f"{user}|{item}|{kind}|{number}"}
    return row | {"timestamp": NOW + number * DAY}


@pytest.fixture
def world(client):
    """Ten items about each topic and nothing else."""
    names = [{"name": name, "label": name.title(), "origin": "attribute", "embedding": ZERO} for name in TOPICS]
    interests.write_interests(client, names)
    client.run_text(
        "UNWIND $ids AS id MERGE (i:Item {item_id: id}) SET i.title = id",
        {"ids": [f"{name}{n}" for name in TOPICS for n in range(10)]},
    )
    about = [{"name": name, "weight": 1.0, "extracted_by": "attribute"} for name in TOPICS]
    rows = [
        {"item_id": f"{one['name']}{n}", "content_hash": "h", "interests": [one]} for one in about for n in range(10)
    ]
    graph_items.write_about(client, rows)
    return client


def live(client, events, until=None, step=None):
    """Events come one after the other, and interests follow each; or are read again every `step` days until a day."""
    for row in sorted(events, key=lambda row: row["timestamp"]):
        collect_events(client, [row])
        interests.write_user_interests(client, ["u"], GraphClock.at(datetime.fromtimestamp(row["timestamp"], UTC)))
    if until is not None:
        interests.write_user_interests(client, ["u"], GraphClock.at(day(until)))


def life(client, name, horizon="long", by="behaviour"):
    """Intervals of an interest: polarity, first and last day."""
    rows = client.run_text(LIFE, {"name": name, "horizon": horizon, "by": by})
    return [(row["polarity"], *(_days(row[end]) for end in ("began", "ended"))) for row in rows]


def _days(time):
    return None if time is None else round((time.to_native() - FIRST).total_seconds() / 86_400, 6)


def weight(client, name, horizon="long"):
    rows = read_interests(client, "u")
    return next((row["weight"] for row in rows if (row["name"], row["horizon"]) == (name, horizon)), None)


def held(client, number, horizon="long"):
    """What held on a day, as asked afterwards."""
    rows = read_interests(client, "u", at=day(number))
    return {(row["name"], row["polarity"]) for row in rows if row["horizon"] == horizon}


def check_no_overlap(client):
    """Of one interest and horizon no two intervals hold at once, whatever they say, and none ends before it begins."""
    for name in TOPICS:
        for horizon in ("long", "short"):
            found = life(client, name, horizon)
            for (_, began, ended), (_, following, _) in pairwise(found):
                assert began <= ended <= following, (name, horizon, found)


def test_a_long_interest_fades_beside_a_newer_one_by_the_half_life_of_its_kind(world):
    live(world, [event("space0", 0), event("gardens0", 180)])
    assert weight(world, "space") == pytest.approx(0.5) and weight(world, "gardens") == 1.0
    live(world, [event("gardens1", 360)])
    assert weight(world, "space") == pytest.approx(0.25 / 1.5, rel=1e-6)
    live(world, [event("skiing0", 361, "complete")])
    assert weight(world, "gardens") == pytest.approx((2 ** (-181 / 180) + 2 ** (-1 / 180)) / 1.5, rel=1e-6)


def test_an_interest_that_leaves_the_top_is_closed_when_it_does(world):
    live(world, [event("space0", 0), *(event(f"other{n}0", 100 + n) for n in range(20))])
    assert life(world, "space") == [("likes", 0, 119)]
    assert life(world, "other0") == [("likes", 100, None)]
    assert ("space", "likes") in held(world, 118) and ("space", "likes") not in held(world, 119)


def test_who_drifts_holds_the_new_interest_for_the_short_term_first_and_then_alone(world):
    events = [event(f"space{n}", 3 * n) for n in range(10)] + [event(f"gardens{n}", 40 + 3 * n) for n in range(10)]
    live(world, events[:11])
    assert weight(world, "gardens", "short") == 1.0 and weight(world, "space", "short") < 0.9
    assert weight(world, "gardens") < 0.2 and weight(world, "space") == 1.0
    live(world, events[11:])
    assert weight(world, "gardens", "short") == weight(world, "gardens") == 1.0
    assert life(world, "space", "short") == [("likes", 0, 58)]  # the event of day 27 is then more than four weeks old
    assert life(world, "gardens", "short") == [("likes", 40, None)]
    assert held(world, 39, "short") == {("space", "likes")}
    assert held(world, 45, "short") == {("space", "likes"), ("gardens", "likes")}
    assert held(world, 60, "short") == {("gardens", "likes")}
    check_no_overlap(world)


def test_a_short_interest_ends_when_it_lapsed_though_nobody_looked_before_the_next_event(world):
    live(world, [event("space0", 0), event("gardens0", 100)])
    assert life(world, "space", "short") == [("likes", 0, 28)]
    assert held(world, 60, "short") == set() and held(world, 27, "short") == {("space", "likes")}


def brought_along(client, events):
    """Events that are all there when interests are first read."""
    collect_events(client, events)
    end = max(row["timestamp"] for row in events)
    interests.write_user_interests(client, ["u"], GraphClock.at(datetime.fromtimestamp(end, UTC)))


LONG_AGO = [event(f"space{n}", n) for n in range(6)] + [event(f"gardens{n}", 400 + n) for n in range(6)]


def test_the_past_of_a_history_that_was_brought_along_is_that_of_one_that_was_lived(world):
    brought_along(world, [*LONG_AGO, *(event(f"skiing{n}", 800 + n, "dislike") for n in range(3))])
    assert held(world, 100) == {("space", "likes")}
    assert held(world, 3, "short") == {("space", "likes")} and held(world, 300, "short") == set()
    assert life(world, "space", "short") == [("likes", 0, 33)]
    assert life(world, "gardens", "short") == [("likes", 400, 433)]
    then = {row["name"]: row["weight"] for row in read_interests(world, "u", at=day(100)) if row["horizon"] == "long"}
    assert then == {"space": 1.0}
    check_no_overlap(world)


def test_a_short_interest_of_long_ago_ends_when_it_lapsed_though_the_latest_event_is_old_too(world):
    collect_events(world, [event("space0", 0), event("gardens0", 400)])
    interests.write_user_interests(world, ["u"], GraphClock.at(day(500)))
    assert life(world, "space", "short") == [("likes", 0, 28)]


def test_what_holds_now_is_the_same_whether_the_past_was_lived_or_brought_along(world):
    brought_along(world, LONG_AGO)
    found = {(row["name"], row["horizon"], row["weight"]) for row in read_interests(world, "u")}
    world.run_text("MATCH ()-[r:INTERESTED_IN]->() DELETE r")
    world.run_text("MATCH (u:User)-[b]->(:Item) DELETE b")
    live(world, LONG_AGO)
    assert {(row["name"], row["horizon"], row["weight"]) for row in read_interests(world, "u")} == found


def test_the_past_is_read_once(world):
    brought_along(world, LONG_AGO)
    before = life(world, "space"), life(world, "gardens")
    interests.write_user_interests(world, ["u"], GraphClock.at(day(405)))
    assert (life(world, "space"), life(world, "gardens")) == before


def test_a_short_interest_that_lapsed_and_holds_again_has_two_intervals(world):
    live(world, [event("space0", 0), event("space1", 100)])
    assert life(world, "space", "short") == [("likes", 0, 28), ("likes", 100, None)]
    assert life(world, "space") == [("likes", 0, None)]


def test_who_turns_from_likes_to_dislikes_never_holds_both(world):
    events = [event("space0", 0), event("space1", 1), event("gardens0", 1)]
    events += [event(f"space{n}", n, "dislike") for n in range(2, 8)]
    live(world, events)
    for horizon in ("long", "short"):
        (_, began, ended), (polarity, following, still) = life(world, "space", horizon)
        assert (began, polarity, still) == (0, "dislikes", None) and ended == following
        for number in np.arange(0, 9, 0.5):
            assert len({said for name, said in held(world, float(number), horizon) if name == "space"}) == 1
    live(world, [event(f"space{n}", 10 + n, "purchase") for n in range(10)])
    assert [said for said, _, _ in life(world, "space")] == ["likes", "dislikes", "likes"]
    check_no_overlap(world)


def test_an_event_of_the_past_that_comes_late_makes_no_interval_end_before_it_begins(world):
    live(world, [event("space0", 10)])
    live(world, [event("space1", 3, "dislike"), event("space2", 4, "dislike"), event("space3", 5, "dislike")])
    check_no_overlap(world)
    assert [said for said, _, _ in life(world, "space")] == ["likes", "dislikes"]


def test_what_is_liked_for_long_and_disliked_of_late_weighs_little_in_the_interests_channel(world):
    events = [event(f"space{n}", n) for n in range(5)] + [event("gardens0", 200), event("gardens1", 201)]
    live(world, [*events, event("space5", 202, "dislike")])
    said = {(row["name"], row["horizon"]): row["polarity"] for row in read_interests(world, "u")}
    assert said["space", "long"] == "likes" and said["space", "short"] == "dislikes"
    build(world)
    found = recommend(world, "u", k=20, channel="interests")["recommendations"]
    assert found[0]["item_id"].startswith("gardens")
    scores = {row["item_id"][:5]: row["score"] for row in found}
    assert scores["garde"] > 2 * scores.get("space", 0.0)


def winters(years, start=0):
    """Skiing in the first two weeks of each winter, one of 20 other things all through the year."""
    rows = []
    for year in range(years):
        begin = start + 365 * year
        rows += [event(f"skiing{n}", begin + 3 * n + year / 100) for n in range(5)]
        rows += [event(f"other{n % 20}{(n // 20) % 10}", begin + 20 + 1.5 * n + year / 100) for n in range(200)]
    return rows


def test_an_interest_of_each_winter_is_closed_between_and_begins_anew_with_the_first_event_of_the_next(world):
    live(world, [*winters(2), *(event(f"skiing{n}", 725 + n) for n in range(5, 10))])
    for horizon, longest in (("short", 42), ("long", 364)):
        found = life(world, "skiing", horizon)
        assert [round(began) for _, began, _ in found] == [0, 365, 730], (horizon, found)
        assert all(ended - began < longest for _, began, ended in found[:-1]) and found[-1][2] is None, found
    assert ("skiing", "likes") in held(world, 5, "short") and ("skiing", "likes") not in held(world, 200, "short")
    check_no_overlap(world)


def test_what_holds_again_without_a_new_event_for_it_holds_from_then_on(world):
    live(world, [event("space0", 0), *(event(f"other{n}0", 100 + n) for n in range(20))])
    assert life(world, "space") == [("likes", 0, 119)]
    live(world, [event("other191", 130, "dislike"), event("other192", 131, "dislike")])
    assert life(world, "space") == [("likes", 0, 119), ("likes", 130, None)] or life(world, "space")[1][1] == 131


def said(polarity, evidence, since):
    row = {"name": "space", "said": "space", "polarity": polarity, "horizon": "long", "weight": 0.8}
    return {"user_id": "u", "events": 5, "interests": [row | {"evidence": evidence, "since": day(since)}]}


def test_what_a_generative_model_reads_turns_round_without_overlap_as_well(world):
    by = language_model.extracted_by("m", "interests/1")
    collect_events(world, [event("space0", 0), event("space1", 5, "dislike"), event("space2", 9, "dislike")])
    counts = language_model.write_interests_of(world, [said("likes", ["u|space0|like|0"], 0)], by)
    assert counts == {"opened": 1, "kept": 0, "closed": 0}
    against = ["u|space1|dislike|5", "u|space2|dislike|9"]
    counts = language_model.write_interests_of(world, [said("dislikes", against, 5)], by)
    assert counts == {"opened": 1, "kept": 0, "closed": 1}
    assert life(world, "space", by="llm ") == [("likes", 0, 9), ("dislikes", 9, None)]
    assert language_model.write_interests_of(world, [said("dislikes", against, 5)], by)["kept"] == 1
    language_model.write_interests_of(world, [{"user_id": "u", "events": 6, "interests": []}], by)
    collect_events(world, [event("space3", 20, "dislike")])
    language_model.write_interests_of(world, [said("dislikes", [*against, "u|space3|dislike|20"], 5)], by)
    assert life(world, "space", by="llm ") == [("likes", 0, 9), ("dislikes", 9, 9), ("dislikes", 20, None)]


HIERARCHY = {"genre": range(30), "science fiction": range(16), "space opera": range(5), "robots": range(5, 12)}
BROADER = "MATCH (a:Interest)-[b:BROADER]->(c:Interest) RETURN a.name AS narrow, c.name AS broad, b.score AS score"


def plant_hierarchy(client):
    """Items about a genre, of which some are science fiction, of which some are space operas and some are of robots."""
    names = sorted(HIERARCHY)
    interests.write_interests(client, [{"name": n, "label": n, "origin": "phrase", "embedding": ZERO} for n in names])
    client.run_text("UNWIND range(0, 39) AS n MERGE (:Item {item_id: 'h' + n})")
    rows = []
    for n in range(40):
        about = [{"name": k, "weight": 0.5, "extracted_by": "phrase"} for k, items in HIERARCHY.items() if n in items]
        rows.append({"item_id": f"h{n}", "content_hash": "h", "interests": about})
    graph_items.write_about(client, rows)
    collect_events(client, [event(f"h{n}", n) for n in range(5)])


def pairs(client):
    return sorted((row["narrow"], row["broad"], row["score"]) for row in client.run_text(BROADER))


def test_what_is_broader_holds_the_narrower_and_not_the_other_way_round(client):
    plant_hierarchy(client)
    build(client)
    assert {(narrow, broad) for narrow, broad, _ in pairs(client)} == {
        ("space opera", "science fiction"),
        ("space opera", "genre"),
        ("robots", "science fiction"),
        ("robots", "genre"),
        ("science fiction", "genre"),
    }


def test_the_hierarchy_is_the_same_when_it_is_dropped_and_built_again(client):
    plant_hierarchy(client)
    build(client)
    before = pairs(client)
    build(client)
    assert pairs(client) == before
    client.run_text("MATCH ()-[b:BROADER]->() DELETE b")
    build(client)
    assert pairs(client) == before != []


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_broader_than_itself_however_many_steps_lie_between(seed):
    random = np.random.default_rng(seed)
    shares = random.choice([0.1, 0.3, 0.9, 0.9], size=40)
    about = sp.csr_matrix((random.random((60, 40)) < shares).astype(float))
    found = subsumption(about, threshold=0.6, least=3, top=40)
    count = np.asarray(about.sum(axis=0)).ravel()
    assert len(found.source) and (count[found.target] > count[found.source]).all()
    assert (found.score >= 0.6).all()


def test_an_interest_is_shown_with_what_is_broader_and_with_the_times_it_held_before(client):
    plant_hierarchy(client)
    live(client, [event("h0", 0), event("h30", 100), event("h1", 200)])
    build(client)
    rows = {(row["name"], row["horizon"]): row for row in read_interests(client, "u")}
    assert rows["space opera", "long"]["broader"] == ["genre", "science fiction"]
    assert rows["genre", "long"]["broader"] == []
    past = [(row["name"], row["horizon"], row["valid_from"][:10]) for row in read_reading(client, "u", 5)["past"]]
    assert ("space opera", "short", f"{FIRST:%Y-%m-%d}") in past
