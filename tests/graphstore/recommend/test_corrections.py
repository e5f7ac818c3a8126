"""A user's word on their interests and the list they get, on the graph."""

from datetime import UTC, datetime

import pytest

from graphstore.profiles.interests import correct_interest
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.stage import recommend, recommend_all
from tests.fixtures.planting import communities, plant, rate

TOPICS = ("gifts", "cooking", "fashion", "gardening")
DESCRIBED = """
UNWIND $topics AS topic
MERGE (n:Interest {name: topic[0]})
WITH n, topic
MATCH (i:Item) WHERE i.item_id STARTS WITH topic[1]
CREATE (i)-[:ABOUT {weight: 0.9}]->(n)
"""


@pytest.fixture
def shop(client):
    """Everybody buys gifts; of cooking, fashion and gardening there are three items each that hardly anybody chose."""
    others = [rate(f"z{n}", f"{topic}-{n}", day=300) for topic in TOPICS[1:] for n in range(3)]
    gifts = [{**event, "item_id": f"gifts-{event['item_id']}"} for event in communities(users=6, items=30)]
    plant(client, gifts + others)
    client.run_text(DESCRIBED, {"topics": [[topic, f"{topic}-"] for topic in TOPICS]})
    return client


def listed(client, k=10, **options):
    return [row["item_id"].partition("-")[0] for row in recommend(client, "a-user0", k=k, **options)["recommendations"]]


def test_after_an_interest_is_deleted_nothing_about_it_is_shown_while_there_is_something_else(shop):
    cache = ServingCache(shop)
    assert listed(shop, cache=cache)[0] == "gifts"
    correct_interest(shop, "a-user0", "gifts", "delete")
    assert "gifts" not in listed(shop, k=9, cache=cache)
    assert listed(shop, k=12, cache=cache).index("gifts") == 9  # all nine others come first
    assert "gifts" not in listed(shop, k=9, diversity=0.5, cache=cache)
    assert "gifts" not in listed(shop, k=9, channel="popular", cache=cache)


def test_each_of_three_pinned_interests_is_among_the_ten_and_says_why(shop):
    cache = ServingCache(shop)
    for topic in TOPICS[1:]:
        correct_interest(shop, "a-user0", topic, "pin")
    rows = recommend(shop, "a-user0", k=10, cache=cache)["recommendations"]
    assert {row["item_id"].partition("-")[0] for row in rows} >= set(TOPICS[1:])
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)


def test_without_corrections_every_list_and_score_is_what_it_was_to_the_last_bit(shop):
    before = list(recommend_all(shop, k=20))
    for topic, how in zip(TOPICS, ("delete", "pin", "weaken", "pin"), strict=True):
        correct_interest(shop, "a-user0", topic, how)
    corrected = list(recommend_all(shop, k=20))
    assert [row for row in corrected if row["user_id"] != "a-user0"] == [
        row for row in before if row["user_id"] != "a-user0"
    ]
    assert corrected != before
    for topic in TOPICS:
        correct_interest(shop, "a-user0", topic, "none")
    assert list(recommend_all(shop, k=20)) == before


def test_a_correction_of_an_interest_that_no_item_is_about_changes_nothing(shop):
    before = list(recommend_all(shop, k=20))
    shop.run_text("CREATE (:Interest {name: 'sailing'})")
    correct_interest(shop, "a-user0", "sailing", "delete")
    assert list(recommend_all(shop, k=20)) == before


def test_as_of_a_moment_before_a_correction_it_does_not_act(shop):
    correct_interest(shop, "a-user0", "gifts", "delete")
    assert "gifts" in listed(shop, at=datetime(2024, 1, 1, tzinfo=UTC))
    assert "gifts" not in listed(shop, k=9, at=datetime(2100, 1, 1, tzinfo=UTC))


def test_an_item_that_a_pin_brought_says_so_however_popular_it_becomes(shop):
    """The items are about something that the user likes more, too."""
    shop.run_text(
        "MATCH (u:User {user_id: 'a-user0'}) CREATE (n:Interest {name: 'making'})"
        " CREATE (u)-[:INTERESTED_IN {weight: 1.0, polarity: 'likes', horizon: 'long', evidence: []}]->(n)"
        " WITH n MATCH (i:Item) WHERE i.item_id STARTS WITH 'cooking-' CREATE (i)-[:ABOUT {weight: 1.0}]->(n)"
    )
    correct_interest(shop, "a-user0", "cooking", "pin")
    for popularity in (-3.0, 1.0, 6.0, 12.0):
        shop.run_text(
            "MATCH (i:Item) WHERE i.item_id STARTS WITH 'cooking-' SET i.popularity = $p + i.popularity",
            {"p": popularity},
        )
        rows = recommend(shop, "a-user0", k=5)["recommendations"]
        said = {row["because"] for row in rows if row["item_id"].startswith("cooking-")}
        assert said and all(sentence.startswith("You pinned cooking") for sentence in said), popularity
