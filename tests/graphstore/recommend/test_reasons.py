"""What is given as a reason is true: numbers by hand on a small graph, and nothing that tells of strangers."""

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp

from graphstore.build.stage import build
from graphstore.collect.store import collect_events
from graphstore.errors import InputError, NotFound
from graphstore.profiles.erasure import erase_user
from graphstore.ranking.blend import CHANNELS
from graphstore.ranking.request import make_request
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.reasons import choosers, reason
from graphstore.recommend.reasons.choosers import Choosers
from graphstore.recommend.reasons.reason import Reason, find_reasons
from graphstore.recommend.related import similar_items
from graphstore.recommend.stage import recommend
from tests.fixtures.planting import NOW, communities, plant, rate

NAN = float("nan")


def test_people_are_counted_once_and_an_unknown_time_is_before_and_after_nothing():
    one = Choosers.of(["a", "b", "a", "c"], [10.0, 20.0, 5.0, NAN])
    other = Choosers.of(["a", "b", "c", "d"], [7.0, 20.0, 30.0, 1.0])
    assert (len(one), one.count_others("a"), one.count_others("z")) == (3, 2, 3)
    assert one.count_with(other) == (3, 1)  # a did after 5; b at the same time; of c's first time nothing is known
    assert one.count_with(Choosers.of([], [])) == (0, 0) and Choosers.of([], []).count_with(one) == (0, 0)
    moments = [datetime.fromtimestamp(second / 1000, UTC) for second in (9.0, 20.0)]
    assert one.count_between(*moments) == 2


def reasons(client, user="a-user0", **options):
    rows = recommend(client, user, k=20, **options)["recommendations"]
    return {row["item_id"]: (row["reason"], row["because"]) for row in rows}


def test_the_numbers_are_those_of_the_graph_and_follow_it(client):
    plant(client, communities())
    cache = ServingCache(client)
    reason, sentence = reasons(client, cache=cache, channel="similar")["a-item0"]
    assert (reason["people"], reason["of"]) in {(4, 4), (4, 5)}, sentence
    people, of = reason["people"], reason["of"]
    assert f"{people} of the {of} other people" in sentence and "often" not in sentence
    source = recommend(client, "a-user0", channel="similar", cache=cache)["recommendations"][0]["path"][2]["key"]
    collect_events(client, [rate("stranger", source)])
    reason, _ = reasons(client, cache=cache, channel="similar")["a-item0"]
    assert (reason["people"], reason["of"]) == (people, of + 1)


def test_as_of_a_moment_only_those_of_then_are_counted(client):
    plant(client, [*communities(), *(rate(f"late{n}", "a-item0", day=0) for n in range(7))])
    before = datetime.fromtimestamp(NOW - 0.05 * 86_400, UTC)
    (now, _), (then, _) = (reasons(client, channel="popular", **at)["a-item0"] for at in ({}, {"at": before}))
    assert (now["people"], then["people"], then["until"]) == (12, 5, before.isoformat().replace("+00:00", "Z"))


def test_an_item_rated_low_is_no_reason_by_the_rule_for_low_ratings(client):
    own = [rate("u", "a-item1", value=3.0, day=1), *(rate("u", f"b-item{n}", value=5.0, day=2) for n in range(3))]
    plant(client, [*communities(), *own])  # 3 is more than 1 below the mean
    for row in recommend(client, "u", k=20)["recommendations"]:
        assert "a-item1" not in [node.get("key") for node in row["path"]], row
    one_liked = [rate("v", "a-item1", value=3.0)]
    collect_and_build(client, one_liked)
    assert any("“a-item1” 3" in sentence for _, sentence in reasons(client, "v").values())


def collect_and_build(client, events):
    from tests.fixtures.storing import store

    store(client, None, (), (), (), events)
    build(client)


def test_where_no_channel_speaks_no_share_is_invented(client):
    plant(client, [*communities(), *(rate(f"x{n}", "hit") for n in range(3))])
    client.run_text("CREATE (:User {user_id: 'nobody'})")
    rows = recommend(client, "nobody", k=17)["recommendations"]
    last = rows[-1]
    assert last["channels"] == {} and last["reason"]["channel"] is None
    assert last[
        "because"
    ] == f"Nothing of your own leads here: {last['reason']['people']} people chose or rated this so far." or (
        "days up to" in last["because"]
    )


def test_an_undated_tie_is_in_no_path_as_of_a_moment_and_a_stranger_in_none(client):
    plant(client, communities())
    client.run_text(
        "MATCH (v:User {user_id: 'b-user0'}) CREATE (u:User {user_id: 'u'})-[:FOLLOWS]->(v)"
        " WITH u MATCH (w:User {user_id: 'a-user1'}) CREATE (u)-[:SIMILAR_TO {score: 0.5}]->(w)"
    )
    named = [row["path"] for row in recommend(client, "u", k=20, channel="social")["recommendations"]]
    assert {path[2]["key"] for path in named} == {"b-user0", None}
    assert all("a-user" not in str(path) and "event_id" not in str(path) for path in named)
    then = datetime.fromtimestamp(NOW, UTC)
    dated = [row["path"] for row in recommend(client, "u", k=20, channel="social", at=then)["recommendations"]]
    assert dated and {path[2]["key"] for path in dated} == {None}


def test_a_user_who_is_not_in_the_graph_gets_what_is_popular_if_asked(client):
    plant(client, [*communities(), *(rate(f"x{n}", "hit") for n in range(30))])
    with pytest.raises(NotFound):
        recommend(client, "newcomer")
    found = recommend(client, "newcomer", k=3, fallback="popular")
    assert found["fallback"] == "popular" and found["recommendations"][0]["item_id"] == "hit"
    assert "30 people chose or rated this" in found["recommendations"][0]["because"]
    assert "fallback" not in recommend(client, "a-user0", k=1, fallback="popular")
    with pytest.raises(InputError):
        recommend(client, "newcomer", fallback="magic")
    assert client.run_text("MATCH (u:User {user_id: 'newcomer'}) RETURN u") == []


def test_a_new_item_has_similar_ones_before_it_was_extracted(client, tmp_path):
    described = [
        {"item_id": "a", "title": "Alien", "attributes": {"genre": ["Horror", "Sci-Fi"]}},
        {"item_id": "b", "title": "Aliens and Predators", "attributes": {"genre": ["Horror"]}},
        {"item_id": "c", "title": "Notting Hill", "attributes": {"genre": ["Romance"]}},
        {"item_id": "d", "title": "The Alien Returns"},
    ]
    plant(client, [rate("u", "c")], items=described, folder=tmp_path)
    found = similar_items(client, "a")
    assert [(row["item_id"], row["by"]) for row in found] == [("d", "description"), ("b", "description")]
    assert [row["score"] for row in found] == [0.5, 0.25]


def test_a_shorter_list_of_similar_items_is_the_head_of_a_longer_one(client, tmp_path):
    """Those of the same genre have one word in common, those of another genre all words, and so the better text."""
    named = [{"item_id": f"named{n}", "title": "New Star Rising", "attributes": {"genre": ["War"]}} for n in range(8)]
    kin = [{"item_id": f"kin{n}", "title": f"Star tales of {n}", "attributes": {"genre": ["Space"]}} for n in range(8)]
    new = {"item_id": "new-star", "title": "New Star Rising", "attributes": {"genre": ["Space"]}}
    plant(client, [rate("u", "kin0")], items=[new, *named, *kin], folder=tmp_path)
    longest = similar_items(client, "new-star", 16)
    assert len(longest) == 16 and longest[0]["item_id"].startswith("kin") and longest[0]["score"] > 0.5
    for k in (1, 3, 5, 12):
        assert similar_items(client, "new-star", k) == longest[:k], k


def test_who_chose_a_new_item_is_counted_for_the_answer_and_not_remembered_after_an_erasure(client, tmp_path):
    described = [{"item_id": f"fresh{n}", "title": f"Fresh {n}"} for n in range(4)]
    bought = [rate("buyer", item["item_id"]) for item in described]
    plant(client, [*communities(), *bought], items=described, folder=tmp_path)
    client.run_text(
        "MATCH (u:User {user_id: 'a-user0'}), (o:Item) SET o.is_new = o.item_id STARTS WITH 'fresh'"
        " WITH DISTINCT u MATCH (i:Item {is_new: true}) WITH u, collect(i) AS fresh CREATE (n:Interest {name: 'space'})"
        " CREATE (u)-[:INTERESTED_IN {weight: 0.9, polarity: 'likes', horizon: 'long', evidence: []}]->(n)"
        " FOREACH (i IN fresh | CREATE (i)-[:ABOUT {weight: 0.5}]->(n))"
    )
    cache = ServingCache(client)

    def said():
        rows = recommend(client, "a-user0", k=4, explore=0.5, cache=cache)["recommendations"]
        return {row["because"].partition(":")[0] for row in rows if row.get("exploration")}

    assert said() == {"New here, chosen or rated by 1 person so far"}
    erase_user(client, "buyer")
    assert said() == {"New here, chosen by nobody so far"}


def test_of_an_item_with_too_many_people_its_events_are_counted_for_the_answer(client, monkeypatch):
    plant(client, [*communities(), *(rate(f"x{n}", "hit") for n in range(30))])
    monkeypatch.setattr(choosers, "MOST", 20)
    erase_user(client, "x0")
    found = recommend(client, "a-user0", k=20, channel="popular")["recommendations"]
    (hit,) = [row for row in found if row["item_id"] == "hit"]
    assert hit["because"] == "Chosen or rated 29 times so far." and hit["reason"]["times"] == 29


def test_an_item_whose_path_is_gone_says_how_many_people_chose_it(client):
    plant(client, [*communities(), *(rate(f"x{n}", "hit") for n in range(30))])
    context = ServingCache(client).context("a-user0")
    request = make_request(None, None, client.kinds)
    row = context.catalogue.index["hit"]
    for channel in ("interests", "attributes", "social"):
        (counts,) = choosers.count_people(client, context, [Reason(row, channel)], request, {row})
        assert counts["ever"] == 30


def test_of_an_item_about_a_pinned_interest_that_is_the_reason_before_how_popular_it_is(monkeypatch):
    monkeypatch.setattr(reason, "_sources", lambda context, rows: [{} for _ in rows])
    about = sp.csc_matrix([[1.0], [0.0]])
    items = SimpleNamespace(about=about, by_item=about.tocsr(), ever_popular=np.zeros(2))
    parts = np.zeros((2, len(CHANNELS)))
    parts[:, CHANNELS.index("popular")], parts[0, CHANNELS.index("interests")] = (5.0, 1.0), 0.1
    for corrected, channel in (([(0, "pin")], "interests"), ([], "popular")):
        user = SimpleNamespace(corrected=corrected, interests=[(0, 1.0)])
        found = find_reasons(SimpleNamespace(catalogue=items, features=user), [0, 1], parts, ("popular", "interests"))
        assert found == [Reason(0, channel, pinned=bool(corrected)), Reason(1, "popular")]
