import json
from datetime import UTC, datetime

import pytest

from graphstore.build.stage import build
from graphstore.collect.store import collect_events
from graphstore.errors import InputError, NotFound
from graphstore.ranking.blend import CHANNELS, NAMES, SIGNALS, Blend
from graphstore.ranking.history import DIMENSION
from graphstore.recommend.related import similar_items, similar_users, suggested_friends
from graphstore.recommend.stage import recommend, recommend_all, why_nothing
from graphstore.update.models import activate
from tests.fixtures.planting import NOW, communities, plant, rate

ODD_IDS = ["o'b\"q", "a/b", "🎬", "电影", "${x}", "]-(n) DETACH DELETE n //", "a b"]
KEYS = {"User": "user_id", "Item": "item_id", "Interest": "name", "Attribute": "value"}


def items(answer):
    return [row["item_id"] for row in answer["recommendations"]]


def hop_exists(client, start, hop, end):
    start_key, end_key = (node["key"].partition("=")[2] or node["key"] for node in (start, end))
    query = (
        f"MATCH (a:{start['label']} {{{KEYS[start['label']]}: $a}})-[r]-(b:{end['label']} {{{KEYS[end['label']]}: $b}})"
        " WHERE type(r) = $type RETURN count(r) AS n"
    )
    return client.run_text(query, {"a": start_key, "b": end_key, "type": hop["type"]})[0]["n"] > 0


def check_answer(client, answer):
    for row in answer["recommendations"]:
        assert not row["channels"] or sum(row["channels"].values()) == pytest.approx(1)
        assert set(row["channels"]) <= set(CHANNELS)
        assert row["because"].endswith(".")
        path = row["path"]
        if not path:
            assert row["reason"]["channel"] in ("embedding", "popular", None)
            continue
        assert (path[0]["label"], path[0]["key"]) == ("User", answer["user_id"])
        assert (path[-1]["label"], path[-1]["key"]) == ("Item", row["item_id"])
        for position in range(1, len(path), 2):
            if None not in (path[position - 1].get("key"), path[position + 1].get("key")):
                assert hop_exists(client, *path[position - 1 : position + 2]), path
    json.dumps(answer)


def test_the_item_left_out_by_a_planted_community_comes_first_for_each_of_its_users(client):
    plant(client, communities())
    for side in "ab":
        for number in range(6):
            answer = recommend(client, f"{side}-user{number}")
            assert items(answer)[0] == f"{side}-item{number}"
            assert answer["recommendations"][0]["path"][3]["type"] in ("SIMILAR_TO", "FOLLOWED_BY")
            check_answer(client, answer)


def test_what_was_seen_is_never_recommended_and_the_lists_of_all_are_those_of_each(client):
    events = communities() + [rate("a-user1", "a-item1", kind="dislike", event_id="d")]
    plant(client, events)
    seen = {(event["user_id"], event["item_id"]) for event in events}
    everybody = list(recommend_all(client, k=20))
    assert len(everybody) == 12
    for row in everybody:
        assert not any((row["user_id"], item) in seen for item in row["items"])
        assert row["items"] == items(recommend(client, row["user_id"], k=20))
        assert row["scores"] == sorted(row["scores"], reverse=True)
        assert len(set(row["items"])) == len(row["items"])


def test_an_answer_says_when_it_is_from(client):
    plant(client, [*communities(), rate("b-user1", "b-item1")])
    answer = recommend(client, "a-user0", k=1)
    assert (answer["as_of"], answer["model_version"]) == ("2023-11-14T22:13:20Z", None)
    client.run_text("CREATE (:Model {version: 'm1', active: true})")
    plant(client, [rate("b-user0", "b-item0", day=-1)])
    assert recommend(client, "a-user0", k=1)["model_version"] == "m1"
    assert recommend(client, "a-user0", k=1)["as_of"] == "2023-11-15T22:13:20Z"


def test_a_user_known_only_by_attributes_gets_what_those_like_them_favour(client, tmp_path):
    users = [{"user_id": f"{s}-user{n}", "attributes": {"team": [s]}} for s in "ab" for n in range(6)]
    plant(client, communities(), users=[*users, {"user_id": "new", "attributes": {"team": ["b"]}}], folder=tmp_path)
    answer = recommend(client, "new", k=3)
    assert items(answer)[0].startswith("b-")
    assert "attributes" in answer["recommendations"][0]["channels"]
    check_answer(client, answer)
    answer = recommend(client, "new", channel="attributes")
    assert len(items(answer)) == 8 and all(item.startswith("b-") for item in items(answer))
    assert answer["recommendations"][0]["because"].startswith(
        "People who share your team, b, choose this more often than others do"
    )
    check_answer(client, answer)


def test_a_user_about_whom_nothing_is_known_gets_what_is_popular(client):
    plant(client, [*communities(), *(rate(f"x{n}", "hit") for n in range(30))])
    client.run_text("CREATE (:User {user_id: 'nobody'})")
    answer = recommend(client, "nobody", k=3)
    assert items(answer)[0] == "hit"
    assert answer["recommendations"][0]["channels"] == {"popular": 1.0}
    check_answer(client, answer)


def test_a_new_item_with_text_only_is_found_through_interests_and_through_vectors(client):
    plant(client, communities())
    client.run_text(
        "MATCH (u:User {user_id: 'a-user0'}) SET u.embedding = $near"
        " CREATE (n:Interest {name: 'space', label: 'Space'}), (d:Interest {name: 'romance', label: 'Romance'}),"
        " (u)-[:INTERESTED_IN {weight: 0.9, polarity: 'likes', horizon: 'long', evidence: ['a', 'b']}]->(n),"
        " (u)-[:INTERESTED_IN {weight: 0.9, polarity: 'dislikes', horizon: 'long'}]->(d),"
        " (:Item {item_id: 'about', title: 'Dune'})-[:ABOUT {weight: 0.8}]->(n),"
        " (b:Item {item_id: 'both'})-[:ABOUT {weight: 0.8}]->(n), (b)-[:ABOUT {weight: 0.9}]->(d),"
        " (:Item {item_id: 'near', embedding: $near}), (:Item {item_id: 'far', embedding: $far})",
        {"near": [1.0] + [0.05] * 127, "far": [-1.0] + [0.05] * 127},
    )
    client.autocommit("schema/steps/await_indexes", seconds=60)
    answer = recommend(client, "a-user0", channel="interests")
    assert items(answer) == ["about"]
    assert answer["recommendations"][0]["because"] == "You like Space, which this is about."
    check_answer(client, answer)
    answer = recommend(client, "a-user0", channel="embedding")
    assert items(answer) == ["near"]
    check_answer(client, answer)
    assert {"about", "near"} <= set(items(recommend(client, "a-user0")))


def test_an_interest_that_is_closed_no_longer_counts(client):
    client.run_text(
        "CREATE (:User {user_id: 'u'})-[:INTERESTED_IN {weight: 1.0, polarity: 'likes', valid_to: datetime()}]->"
        "(:Interest {name: 'space'})<-[:ABOUT {weight: 1.0}]-(:Item {item_id: 'i'})"
    )
    assert items(recommend(client, "u")) == []


def test_what_friends_did_lately_is_recommended_with_their_name(client, tmp_path):
    plant(
        client,
        [rate("friend", "film"), rate("other", "else")],
        ties=[{"user_id": "me", "follows": "friend"}],
        folder=tmp_path,
    )
    answer = recommend(client, "me", channel="social")
    assert items(answer) == ["film"]
    assert answer["recommendations"][0]["because"] == "Because you follow friend, who rated this 4."
    check_answer(client, answer)


def test_without_a_build_and_a_model_interests_still_work(client):
    client.run_text(
        "CREATE (:User {user_id: 'u'})-[:INTERESTED_IN {weight: 1.0, polarity: 'likes'}]->"
        "(:Interest {name: 'space'})<-[:ABOUT {weight: 1.0}]-(:Item {item_id: 'i'})"
    )
    answer = recommend(client, "u")
    assert (items(answer), answer["as_of"]) == (["i"], None)


def test_without_explanation_the_items_are_the_same_and_carry_no_path(client):
    plant(client, communities())
    with_path, without = (recommend(client, "a-user0", explain=explain) for explain in (True, False))
    assert items(with_path) == items(without)
    assert not {"path", "because"} & without["recommendations"][0].keys()


@pytest.mark.parametrize("odd", ODD_IDS)
def test_odd_ids_are_served_and_explained(client, odd):
    plant(client, [rate(odd, "x"), rate("u2", "x", day=1), rate("u2", odd, day=2), rate("u2", "y", day=3)])
    answer = recommend(client, odd)
    assert set(items(answer)) == {odd, "y"}
    check_answer(client, answer)
    assert {row["item_id"] for row in similar_items(client, odd)} == {"x", "y"}
    assert [row["user_id"] for row in similar_users(client, odd)] == ["u2"]


@pytest.mark.parametrize("k", [0, -1, 1001, 10**9, "ten", None, True, 2.5])
def test_k_must_be_a_whole_number_from_1_to_1000(client, k):
    with pytest.raises(InputError, match="k must be a whole number from 1 to 1000"):
        recommend(client, "u", k=k)


def test_unknown_users_items_channels_and_weights_are_refused_by_name(client):
    for function in (recommend, similar_users, suggested_friends):
        with pytest.raises(NotFound, match="no user 'ghost'"):
            function(client, "ghost")
    with pytest.raises(NotFound, match="no item 'ghost'"):
        similar_items(client, "ghost")
    with pytest.raises(InputError, match="'magic' is not one of similar"):
        recommend(client, "u", channel="magic")
    with pytest.raises(InputError, match="weights"):
        recommend(client, "u", weights={"similar": -1.0})


def test_an_item_without_behaviour_is_similar_by_content(client):
    vector = [1.0] + [0.01] * 383
    client.run_text(
        "CREATE (:Item {item_id: 'cold', content_embedding: $v}), (:Item {item_id: 'near', content_embedding: $v})",
        {"v": vector},
    )
    client.autocommit("schema/steps/await_indexes", seconds=60)
    rows = similar_items(client, "cold")
    assert [(row["item_id"], row["by"]) for row in rows] == [("near", "content")]


def test_friends_of_friends_are_suggested_before_strangers_and_with_the_reason(client, tmp_path):
    ties = [("me", "f1"), ("me", "f2"), ("f1", "both"), ("f2", "both"), ("f1", "one"), ("f1", "me"), ("f1", "f2")]
    plant(
        client,
        [rate("me", "x"), rate("like", "x")],
        folder=tmp_path,
        ties=[{"user_id": a, "follows": b, "timestamp": NOW} for a, b in ties],
    )
    rows = suggested_friends(client, "me")
    assert {row["user_id"] for row in rows} == {"both", "one", "like"}
    both = next(row for row in rows if row["user_id"] == "both")
    assert (both["mutual"], both["because"]) == (2, "Followed by f1, f2, whom you follow.")
    like = next(row for row in rows if row["user_id"] == "like")
    assert like["because"] == "Chooses much the same as you."


def test_a_blend_that_changes_under_the_same_version_is_not_taken_from_memory(client):
    plant(client, communities())
    shown = []
    for channel in ("similar", "popular", "similar"):
        blend = Blend({name: float(name in SIGNALS[channel]) for name in NAMES})
        activate(client, "m", family="f", configuration={}, metrics={}, dimension=DIMENSION, blend=blend)
        shown.append(
            max(recommend(client, "a-user0", k=1)["recommendations"][0]["channels"].items(), key=lambda p: p[1])[0]
        )
    assert shown == ["similar", "popular", "similar"]


def test_an_empty_list_says_truly_why_it_is_empty(client):
    assert recommend(client, "nobody", fallback="popular")["recommendations"] == []
    assert "the graph is empty" in why_nothing(client)
    collect_events(client, [rate("u", "film"), rate("v", "other")])
    assert recommend(client, "u", channel="similar")["recommendations"] == []
    assert "interestgraph build" in why_nothing(client)
    build(client)
    early = datetime(1999, 1, 1, tzinfo=UTC)
    assert recommend(client, "u", at=early)["recommendations"] == []
    assert why_nothing(client, early).startswith("as of 1999-01-01T00:00:00+00:00, no item was known")
    collect_events(client, [rate("u", "other")])
    assert recommend(client, "u")["recommendations"] == []
    assert why_nothing(client) == "no channel leads to an item that this user has not seen."
