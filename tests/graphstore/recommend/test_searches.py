"""A search counts in the next answer, fades, and changes nothing for who never searched."""

import json
from datetime import UTC, datetime

import pytest

from graphstore.collect.store import collect_events
from graphstore.extract import queries
from graphstore.extract.canonical import canonical
from graphstore.extract.items import ItemText
from graphstore.profiles.erasure import delete_item
from graphstore.ranking.blend import DEFAULT_WEIGHTS, Blend
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.stage import answer, make_request, recommend, recommend_all
from tests.fixtures.planting import DAY, NOW, communities, plant

TOPICS = ("lawn mower", "space robots", "garden chair")
ITEMS = [{"item_id": f"{t[0]}{n}", "title": f"{t.title()} {n}"} for t in TOPICS for n in range(5)]


def search(user, text, day=0.0):
    row = {"user_id": user, "kind": "search", "text": text, "event_id": f"{user}|{text}|{day}"[:200]}
    return row if day is None else row | {"timestamp": NOW - day * DAY}


@pytest.fixture
def shop(client, tmp_path):
    """Two communities of users, and items of three topics that nobody has chosen."""
    plant(client, communities(), items=ITEMS, folder=tmp_path)
    return client


def listed(client, user, k=5, **options):
    return [row["item_id"] for row in recommend(client, user, k=k, **options)["recommendations"]]


def finds(client, text):
    rows = client.run_text(
        "MATCH (:Query {text: $text})-[f:FINDS]->(i) RETURN i.item_id AS item, f.score AS score, f.found_by AS by",
        {"text": text},
    )
    return {row["item"]: row for row in rows}


def test_the_list_of_a_new_user_begins_with_what_they_searched(shop):
    collect_events(shop, [search("new", "Lawn   MOWER")])
    assert {item[0] for item in listed(shop, "new")} == {"l"}
    found = finds(shop, "lawn mower")
    assert set(found) == {f"l{n}" for n in range(5)} and found["l0"]["by"] == "words"
    assert all(0 < row["score"] <= 1 for row in found.values())


def test_a_search_counts_in_the_next_answer_of_the_same_process(shop):
    cache, request = ServingCache(shop), make_request(None, None, shop.kinds)
    before, validator = answer(cache, "a-user0", request, 5)
    collect_events(shop, [search("a-user0", "robots")])
    after, other = answer(cache, "a-user0", request, 5)
    assert validator != other and after["pending"]
    assert after["recommendations"][0]["item_id"][0] == "s" and before["recommendations"][0]["item_id"][0] != "s"
    assert "searches" in after["recommendations"][0]["channels"]


def test_nothing_changes_for_who_never_searched(shop):
    before = recommend(shop, "a-user1", k=20)
    collect_events(shop, [search("a-user0", "robots"), search("b-user0", "chair")])
    assert recommend(shop, "a-user1", k=20)["recommendations"] == before["recommendations"]
    assert not any("searches" in row["channels"] for row in before["recommendations"])


def test_the_latest_search_counts_most_and_an_old_one_little(shop):
    collect_events(shop, [search("new", "lawn mower", 300), search("new", "space robots", 1)])
    assert {item[0] for item in listed(shop, "new")} == {"s"}
    weights = {"searches": 1.0}
    assert {item[0] for item in listed(shop, "new", k=10, weights=weights)} == {"s", "l"}
    context = ServingCache(shop).context("new")
    (_, rows, new), (_, others, old) = context.user.searches
    assert len(rows) == len(others) == 5 and new.max() > 1_000 * old.max()


def test_as_of_a_moment_later_searches_do_not_count(shop):
    collect_events(shop, [search("a-user0", "lawn mower", 20), search("a-user0", "space robots", 1)])
    at = datetime.fromtimestamp(NOW - 10 * DAY, UTC)
    context = ServingCache(shop).context("a-user0", at)
    assert [text for text, _, _ in context.user.searches] == ["lawn mower"]


def test_a_search_without_a_time_counts(shop):
    collect_events(shop, [search("new", "lawn mower", None)])
    assert {item[0] for item in listed(shop, "new")} == {"l"}


def test_a_found_item_that_is_deleted_or_seen_is_not_listed(shop):
    collect_events(shop, [search("new", "lawn mower")])
    delete_item(shop, "l0")
    collect_events(shop, [{"user_id": "new", "item_id": "l1", "kind": "view", "timestamp": NOW}])
    assert set(listed(shop, "new", k=3)) == {"l2", "l3", "l4"}


def test_lists_for_all_users_count_searches(shop):
    collect_events(shop, [search("new", "lawn mower")])
    rows = {row["user_id"]: row["items"] for row in recommend_all(shop, 5)}
    assert {item[0] for item in rows["new"]} == {"l"}


def test_a_model_from_before_searches_counts_them(shop):
    stored = Blend().to_json()
    old = json.loads(stored)
    del old["weights"]["searches"]
    shop.run_text(
        "CREATE (:Model {version: 'old', active: true, trained_at: datetime(), blend: $blend, blend_hash: 'h'})",
        {"blend": json.dumps(old)},
    )
    collect_events(shop, [search("new", "lawn mower")])
    assert {item[0] for item in listed(shop, "new")} == {"l"}
    assert ServingCache(shop).context("new").blend.weights["searches"] == DEFAULT_WEIGHTS["searches"]


ANY = [
    "😀😀",
    "科幻电影 机器人",
    '+robots && "space OR [a TO b] (x:y) ~2 ^3 * ? \\ / {z} NOT',
    "x" * 1000,
    "字" * 1000,
    " ".join(f"w{n}" for n in range(200)),
    "and or not",
    "<script>alert(1)</script>",
    "हिन्दी ภาษาไทย العربية",
    "!!!",
    "_ __",
    "a\u0301 \u200d \u202e",
]


def test_any_text_can_be_searched(shop):
    rows = collect_events(shop, [search("new", text) for text in ANY])
    assert rows.rejected_count == 0 and rows.created == len(ANY)
    listed(shop, "new")
    assert set(finds(shop, canonical(ANY[2]))) >= {"s0"}


def test_chinese_is_found_by_words_and_not_by_single_characters(client, tmp_path):
    titles = {"a": "科幻电影", "b": "幻想科学电影", "c": "机器人"}
    plant(client, communities(), items=[{"item_id": i, "title": t} for i, t in titles.items()], folder=tmp_path)
    collect_events(client, [search("new", "科幻")])
    assert set(finds(client, "科幻")) == {"a"}


def test_a_search_is_about_the_interests_that_it_names(shop):
    names = ["star trek", "trek", "sci-fi", "robots", "科幻"]
    shop.run_text("UNWIND $names AS name CREATE (:Interest {name: name, label: name, items: 3})", {"names": names})
    shop.run_text("CREATE (:Interest {name: 'automata', label: 'Space Robots', items: 1})")
    collect_events(
        shop, [search("new", "Sci-Fi like STAR TREK!"), search("new", "space robots"), search("new", "新科幻片")]
    )
    rows = shop.run_text("MATCH (q:Query)-[a:ABOUT]->(n) RETURN q.text AS text, collect(n.name) AS names")
    about = {row["text"]: sorted(row["names"]) for row in rows}
    assert about == {
        "sci-fi like star trek!": ["sci-fi", "star trek"],
        "space robots": ["automata"],
        "新科幻片": ["科幻"],
    }


def test_function_words_of_a_search_find_nothing_and_the_others_find_what_they_find_alone(client, tmp_path):
    titles = {"a": "All About the Two of Us", "b": "The House and the Garden", "c": "Das ist nicht für dich"}
    plant(client, communities(), items=[{"item_id": i, "title": t} for i, t in titles.items()], folder=tmp_path)
    texts = [
        "the of and all about",
        "und der die das nicht für",
        "the best of the",
        "the best of the garden",
        "best garden",
    ]
    collect_events(client, [search("new", text) for text in texts])
    found = [finds(client, text) for text in texts]
    assert found[:3] == [{}, {}, {}] and set(found[3]) == {"b"} and found[3] == found[4]
    rows = client.run_text("MATCH (q:Query)-[:ABOUT]->(n) RETURN n.name AS name")
    assert rows == []


def test_items_of_later_are_found_by_searches_with_half_of_their_words_and_nothing_else_changes(shop, monkeypatch):
    texts = ["blue kettle", "red kettle", "kettle with many other words", "lawn mower", "the"]
    collect_events(shop, [search("new", text) for text in texts])
    before = {text: finds(shop, text) for text in texts}
    shop.run_text("CREATE (:Item {item_id: 'k', title: 'Kettle', description: 'A blue one'})")
    item = ItemText("k", "Kettle", "A blue one", (), None)
    assert queries.find_new_items(shop, [item]) == 2 and queries.find_new_items(shop, [item]) == 2
    after = {text: finds(shop, text) for text in texts}
    assert after["blue kettle"]["k"]["score"] > after["red kettle"].pop("k")["score"]
    del after["blue kettle"]["k"]
    assert after == before
    shop.run_text("MATCH (:Item {item_id: 'k'})<-[f:FINDS]-() DELETE f")
    monkeypatch.setattr(queries, "MOST_ANEW", 1)
    assert queries.find_new_items(shop, [item]) == 1 and set(finds(shop, "blue kettle")) == {"k"}


def test_an_item_that_says_something_else_now_is_not_found_by_its_old_words(shop):
    collect_events(
        shop, [search("new", text) for text in ("blue kettle", "green lamp", "kettle with many other words")]
    )
    shop.run_text("CREATE (:Item {item_id: 'k', title: 'Kettle', description: 'A blue one'})")
    queries.find_new_items(shop, [ItemText("k", "Kettle", "A blue one", (), None)])
    shop.run_text(
        "MATCH (q:Query {text: 'kettle with many other words'}), (i {item_id: 'k'}) MERGE (q)-[f:FINDS]->(i)"
        " SET f.score = 0.2, f.found_by = 'words'"
    )
    version = "MATCH (u:User {user_id: 'new'}) RETURN u.version AS version"
    before = shop.run_text(version)[0]["version"]
    shop.run_text("MATCH (i:Item {item_id: 'k'}) SET i.title = 'Lamp', i.description = 'A green one'")
    queries.find_new_items(shop, [ItemText("k", "Lamp", "A green one", (), None)])
    assert "k" not in finds(shop, "blue kettle") and "k" not in finds(shop, "kettle with many other words")
    assert "k" in finds(shop, "green lamp") and shop.run_text(version)[0]["version"] > before
