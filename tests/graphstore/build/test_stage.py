import pytest

from graphstore.build.stage import build
from graphstore.database.runs import last_run
from tests.fixtures.planting import communities, plant, rate

ODD_IDS = ["o'b\"q", "a/b", "🎬", "电影", "${x}", "]-(n) DETACH DELETE n //", "a b"]
DERIVED = """
MATCH (a)-[r]->(b) WHERE r.run IS NOT NULL
RETURN type(r) AS type, coalesce(a.user_id, a.item_id, a.name, a.value) AS source,
       coalesce(b.user_id, b.item_id, b.name) AS target, r.score AS score, r.by AS by
ORDER BY type, source, target
"""
POPULARITY = "MATCH (i:Item) RETURN i.item_id AS id, i.popularity AS popularity ORDER BY id"


def side(key):
    return key.split("-")[0]


def test_a_planted_community_is_similar_within_itself_only(client):
    counts = plant(client, communities())
    rows = client.run_text(DERIVED)
    assert counts["similar_items"] == 2 * 8 * 7
    assert counts["similar_users"] == 2 * 6 * 5
    assert {row["type"] for row in rows} == {"SIMILAR_TO", "FOLLOWED_BY"}
    assert all(side(row["source"]) == side(row["target"]) and 0 < row["score"] <= 1 for row in rows)


@pytest.mark.parametrize("days", [0, 700])
def test_the_first_events_after_a_long_pause_leave_the_others_similar(client, caplog, days):
    """Two events a good two years after the rest; one of them on an item and by a user that are known."""
    before = plant(client, communities())
    late = [rate("a-user0", "a-item0", day=-900 + days), rate("new", "a-item1", day=-900 + days)]
    after = plant(client, late)
    assert after["similar_users"] >= before["similar_users"]
    recent = "MATCH (:Item)-[r]->(:Item) WHERE r.recent_score > 0 RETURN count(r) AS edges"
    assert client.run_text(recent)[0]["edges"] >= 2 * 8 * 7
    assert after["pause_days"] == pytest.approx(900 - days, abs=2) and "pause" in caplog.text


def test_rebuilding_gives_the_same_graph(client, tmp_path):
    plant(client, communities(), users=[{"user_id": "a-user0", "attributes": {"sex": ["F"]}}], folder=tmp_path)
    before = client.run_text(DERIVED), client.run_text(POPULARITY)
    build(client)
    assert (client.run_text(DERIVED), client.run_text(POPULARITY)) == before
    runs = client.run_text("MATCH ()-[r]->() WHERE r.run IS NOT NULL RETURN DISTINCT r.run AS run")
    assert [row["run"] for row in runs] == [last_run(client, "build")["run_id"]]


def test_a_rebuild_removes_what_behaviour_no_longer_supports(client):
    plant(client, communities())
    client.run_text("MATCH (u:User)-[r:RATED]->(i:Item) WHERE u.user_id STARTS WITH 'b' DELETE r")
    build(client)
    assert {side(row["source"]) for row in client.run_text(DERIVED)} == {"a"}
    left = {row["id"] for row in client.run_text(POPULARITY) if row["popularity"] is not None}
    assert {side(item) for item in left} == {"a"}


def test_recent_events_make_an_item_more_popular_than_as_many_old_ones(client):
    plant(client, [rate("u1", "new", day=0), rate("u2", "old", day=14), rate("u3", "old", day=14)])
    popularity = {row["id"]: row["popularity"] for row in client.run_text(POPULARITY)}
    assert popularity["new"] == pytest.approx(popularity["old"])


def test_events_without_time_count_in_similarity_and_in_nothing_about_time(client):
    plant(client, [{k: v for k, v in event.items() if k != "timestamp"} for event in communities()])
    assert {row["type"] for row in client.run_text(DERIVED)} == {"SIMILAR_TO"}


def test_dislikes_make_nothing_similar(client):
    plant(client, [rate("u1", "x", kind="dislike"), rate("u1", "y", kind="dislike")])
    assert client.run_text(DERIVED) == []


def test_attributes_favour_what_those_who_have_them_choose(client, tmp_path):
    users = [{"user_id": f"{s}-user{n}", "attributes": {"team": [s]}} for s in "ab" for n in range(6)]
    plant(client, communities(), users=users, folder=tmp_path)
    favours = [row for row in client.run_text(DERIVED) if row["type"] == "FAVOURS"]
    assert len(favours) == 16
    assert all(row["source"] == side(row["target"]) for row in favours)


def test_the_hierarchy_comes_from_what_items_are_about(client):
    client.run_text(
        "UNWIND range(1, 6) AS n CREATE (i:Item {item_id: toString(n)}) MERGE (f:Interest {name: 'film'})"
        " MERGE (s:Interest {name: 'space film'}) CREATE (i)-[:ABOUT {weight: 1.0}]->(f)"
        " FOREACH (_ IN CASE WHEN n < 4 THEN [1] ELSE [] END | CREATE (i)-[:ABOUT {weight: 1.0}]->(s))"
    )
    assert build(client)["broader"] == 1
    rows = client.run_text(DERIVED)
    assert [(row["source"], row["target"], row["score"]) for row in rows] == [("space film", "film", 1.0)]


def test_odd_ids_go_through_unchanged(client):
    plant(client, [rate(f"u{u}", item, day=u) for u in range(3) for item in ODD_IDS])
    rows = client.run_text(DERIVED)
    assert {row["target"] for row in rows if row["source"] == ODD_IDS[0]} == set(ODD_IDS[1:])


def test_an_empty_graph_can_be_built(client):
    counts = build(client)
    assert counts["events"] == counts["similar_items"] == 0
    assert last_run(client, "build")["counts"]["as_of"] is None


def test_an_item_is_new_below_five_events_and_not_at_five(client):
    plant(client, [rate(f"u{n}", item) for item, count in (("four", 4), ("five", 5)) for n in range(count)])
    rows = client.run_text("MATCH (i:Item) RETURN i.item_id AS id, i.is_new AS new")
    assert {row["id"]: row["new"] for row in rows} == {"four": True, "five": False}
