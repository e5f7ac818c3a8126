"""What is given as a reason is true: numbers by hand on a small graph, and nothing that tells of strangers."""

from datetime import UTC, datetime

import pytest

from benchmarks.measures.deletion import Deletions
from graphstore.collect.store import collect_events
from graphstore.errors import InputError, NotFound
from graphstore.profiles.erasure import erase_user
from graphstore.ranking.history import History
from graphstore.ranking.request import DEFAULT_OPTIONS, make_request
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.rank import best_candidates
from graphstore.recommend.reasons import choosers
from graphstore.recommend.reasons.choosers import Choosers
from graphstore.recommend.reasons.liked import liked_items
from graphstore.recommend.related import similar_items
from graphstore.recommend.stage import recommend
from tests.fixtures.planting import NOW, communities, plant, rate

NAN = float("nan")


def test_people_are_counted_once_where_they_last_did():
    one = Choosers.of(["a", "b", "a", "c"], [10.0, 20.0, 5.0, NAN])
    moments = [datetime.fromtimestamp(second / 1000, UTC) for second in (9.0, 20.0)]
    assert len(one) == 3 and one.count_between(*moments) == 2 and len(Choosers.of([], [])) == 0


def reasons(client, user="a-user0", **options):
    rows = recommend(client, user, k=20, **options)["recommendations"]
    return {row["item_id"]: (row["reason"], row["because"]) for row in rows}


def test_as_of_a_moment_only_those_of_then_are_counted(client):
    plant(client, [*communities(), *(rate(f"late{n}", "a-item0", day=0) for n in range(7))])
    before = datetime.fromtimestamp(NOW - 0.05 * 86_400, UTC)
    (now, _), (then, _) = (reasons(client, channel="popular", **at)["a-item0"] for at in ({}, {"at": before}))
    assert (now["people"], then["people"], then["until"]) == (12, 5, before.isoformat().replace("+00:00", "Z"))


@pytest.mark.parametrize(
    ("events", "highest", "liked"),
    [
        ([("a", "RATED", 5), ("b", "RATED", 4), ("c", "RATED", 3)], 5, "ab"),  # 3 of 5 is too low
        ([("a", "RATED", 5), ("b", "RATED", 4), ("c", "RATED", 5)], 5, "ac"),  # 4 is below the mean
        ([("a", "RATED", 5), ("b", "RATED", 4)], None, "a"),  # the smallest scale that covers 5 is 5
        ([("a", "RATED", 8), ("b", "RATED", 6)], None, "a"),  # … that covers 8 is 10
        ([("a", "RATED", 5), ("b", "RATED", 5)], 10, ""),
        ([("a", "RATED", 0.9), ("b", "VIEWED", NAN)], None, "b"),  # one rating of at most 2 is low
        ([("a", "VIEWED", NAN), ("a", "DISLIKED", NAN), ("b", "RATED", NAN)], 5, "b"),
        ([("a", "RATED", 5), ("a", "RATED", 1), ("b", "LIKED", 1)], 5, "b"),  # once liked, once not
        ([(item, "RATED", 1) for item in "abc"], None, ""),  # whole numbers are not from 0 to 1
        ([("a", "RATED", 0.9), ("b", "RATED", 0.8), ("c", "RATED", 0.3)], None, "ab"),
        ([], None, ""),
    ],
)
def test_what_may_be_named_was_rated_well_and_never_disliked(events, highest, liked):
    items, types, values = zip(*events, strict=True) if events else ((), (), ())
    rows = ["abc".index(item) for item in items]
    history = History.of(rows, list(types), [1.0] * len(rows), list(values), (), ["DISLIKED"])
    assert liked_items(history, highest) == {"abc".index(item) for item in liked}


def test_an_item_rated_low_is_in_no_path_and_in_no_part(client):
    own = [rate("u", "a-item1", value=3.0, day=1), *(rate("u", f"b-item{n}", value=5.0, day=2) for n in range(3))]
    plant(client, [*communities(), *own])
    assert client.run_text("MATCH (f:Feed) RETURN f.highest_rating AS highest") == [{"highest": 5.0}]
    rows = recommend(client, "u", k=20)["recommendations"]
    assert rows and not any("a-item1" in str((row["path"], row["reason"])) for row in rows)


@pytest.fixture
def long_ago(client):
    """Who liked things of community a lately, and viewed a-item1 too, which they said long ago not to like."""
    lately = [rate("u", f"a-item{n}", value=5.0, day=n / 100) for n in range(2, 6)]
    lately.append({"user_id": "u", "item_id": "a-item1", "kind": "like", "timestamp": NOW, "event_id": "again"})
    others = [rate("u", f"x{n}", value=5.0, day=1 + n / 100) for n in range(DEFAULT_OPTIONS.events)]
    low = [rate("u", "a-item1", value=1.0, day=900)]
    plant(client, [*communities(), *lately, *others, *low])
    return client


@pytest.mark.parametrize("at", [None, datetime.fromtimestamp(NOW, UTC)])
def test_what_was_rated_low_before_the_latest_events_is_never_a_reason(long_ago, at):
    context = ServingCache(long_ago).context("u", at)
    row = context.catalogue.ids.index("a-item1")
    assert "RATED" not in {
        t for t, n in zip(*types_and_items(context), strict=True) if n == row
    }  # not among the latest
    assert named(long_ago, "u", at) and "a-item1" not in named(long_ago, "u", at)


@pytest.mark.parametrize("at", [None, datetime.fromtimestamp(NOW, UTC)])
def test_what_a_text_spoke_against_before_the_latest_events_is_never_a_reason(long_ago, at):
    long_ago.run_text("MATCH (:User {user_id: 'u'})-[r:RATED]->(:Item {item_id: 'a-item1'}) DELETE r")
    assert "a-item1" in named(long_ago, "u", at)
    bad = {"user_id": "u", "item_id": "a-item1", "kind": "review", "text": "Awful", "event_id": "bad", "timestamp": 0}
    collect_events(long_ago, [bad])
    long_ago.run_text("MATCH (u:User {user_id: 'u'}) SET u.texts_against = ['bad']")
    assert "a-item1" not in named(long_ago, "u", at)


def types_and_items(context):
    history = context.user.history
    return history.types, history.item_ids


def named(client, user, at):
    """The user's items that the reasons name, in what is said, in parts and in paths."""
    rows = recommend(client, user, k=20, at=at)["recommendations"]
    parts = {item for row in rows for part in row["reason"]["parts"] for item in (part["key"], *part.get("items", ()))}
    return {item for item in (*parts, *(hop.get("key") for row in rows for hop in row["path"][:-1])) if item}


def test_an_interest_is_a_reason_only_if_a_liked_item_is_about_it(client):
    """Ten items are about space. The user likes space, as behaviour has it, but rated the items about it 2 of 4."""
    own = [rate("u", f"a-item{n}", value=2.0, day=n) for n in range(3)]
    plant(client, [*communities(), *own, *(rate("u", f"y{n}", value=1.0, day=9) for n in range(3))])
    client.run_text(
        "MATCH (u:User {user_id: 'u'}) CREATE (n:Interest {name: 'space', label: 'Space'})"
        " CREATE (u)-[:INTERESTED_IN {weight: 1.0, polarity: 'likes', horizon: 'long', evidence: []}]->(n)"
        " WITH n MATCH (i:Item) WHERE i.item_id STARTS WITH 'a-' CREATE (i)-[:ABOUT {weight: 1.0}]->(n)"
    )
    rows = recommend(client, "u", k=5, channel="interests")["recommendations"]
    assert rows and not any("space" in row["because"].lower() for row in rows)
    collect_events(client, [rate("u", "a-item5", value=5.0)])
    rows = recommend(client, "u", k=5, channel="interests")["recommendations"]
    assert rows and all("you like space" in row["because"].lower() for row in rows)
    client.run_text("MATCH (:User {user_id: 'u'})-[r:RATED]->(i) WHERE i.item_id STARTS WITH 'a-' DELETE r")
    rows = recommend(client, "u", k=5, channel="interests")["recommendations"]  # it rests on what is not on items
    assert rows and all("you like space" in row["because"].lower() for row in rows)


def test_the_parts_of_a_reason_add_up_to_the_score_and_their_shares_to_one(client):
    plant(client, communities())
    for options in ({}, {"channel": "similar"}, {"weights": {"similar": 2.0, "popular": 0.5}}):
        rows = recommend(client, "a-user0", k=20, **options)["recommendations"]
        for row in rows:
            parts = row["reason"]["parts"]
            assert sum(part["part"] for part in parts) == pytest.approx(row["score"], abs=1e-6)
            if any(part["share"] for part in parts):
                assert sum(part["share"] for part in parts) == pytest.approx(1)
                for_it = sum(max(part["part"], 0.0) for part in parts)
                assert all(part["share"] == pytest.approx(max(part["part"], 0) / for_it) for part in parts)


def test_the_items_that_share_an_attribute_are_named_together(client, tmp_path):
    """Ten films of two kinds; of those that the user liked, three share the kind of what is recommended."""
    films = [{"item_id": f"{side}-item{n}", "attributes": {"sort": [side]}} for side in "ab" for n in range(8)]
    plant(client, communities(), items=films, folder=tmp_path)
    rows = recommend(client, "a-user0", k=1, channel="similar")["recommendations"]
    assert rows[0]["item_id"] == "a-item0"
    named = [part for part in rows[0]["reason"]["parts"] if part.get("items")]
    groups = [part for part in named if part["origin"] == "attribute"]
    assert [part["key"] for part in groups] == ["sort=a"]
    assert f"you liked {len(groups[0]['items'])} " in rows[0]["because"].lower()
    everything = [item for part in named for item in part["items"]]
    assert len(everything) == len(set(everything)) and set(everything) <= {f"a-item{n}" for n in range(1, 8)}
    assert rows[0]["path"][0]["key"] == "a-user0" and rows[0]["path"][-1]["key"] == "a-item0"


def test_without_an_item_the_answer_is_that_of_a_graph_that_lacks_its_events(client):
    plant(client, communities())
    cache, request = ServingCache(client), make_request(None, None, client.kinds)
    deletions = Deletions(client, cache, cache.context("a-user0"))
    said = deletions.scores("a-item3", request, 10)
    client.run_text("MATCH (u:User {user_id: 'a-user0'})-[b]->(:Item {item_id: 'a-item3'}) SET u.version = 99 DELETE b")
    found = best_candidates(ServingCache(client).context("a-user0"), request, 10, 1000)
    ids = ServingCache(client).context("a-user0").catalogue.ids
    assert {ids[row]: score for row, score in zip(found.rows.tolist(), found.scores.tolist(), strict=True)} == (
        pytest.approx({cache.context("a-user0").catalogue.ids[row]: score for row, score in said.items()})
    )


def test_where_no_channel_speaks_no_share_is_invented(client):
    plant(client, [*communities(), *(rate(f"x{n}", "hit") for n in range(3))])
    client.run_text("CREATE (:User {user_id: 'nobody'})")
    last = recommend(client, "nobody", k=17)["recommendations"][-1]
    assert last["channels"] == {} and last["reason"]["channel"] == "popular"
    assert "%" not in last["because"] and f"{last['reason']['people']} people chose or rated this" in last["because"]


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
    assert "was chosen or rated 29 times so far" in hit["because"] and hit["reason"]["times"] == 29


def test_of_an_item_about_a_pinned_interest_that_is_said(client):
    plant(client, communities())
    client.run_text(
        "MATCH (u:User {user_id: 'a-user0'}), (i:Item {item_id: 'b-item1'})"
        " CREATE (n:Interest {name: 's', label: 'Space'}),"
        " (u)-[:INTERESTED_IN {weight: 1.0, polarity: 'likes', extracted_by: 'user'}]->(n),"
        " (u)-[:CORRECTED {how: 'pin', at: datetime()}]->(n), (i)-[:ABOUT {weight: 1.0}]->(n)"
    )
    (row,) = [row for row in recommend(client, "a-user0")["recommendations"] if row["item_id"] == "b-item1"]
    assert "you pinned space" in row["because"].lower()
    assert sum(part["part"] for part in row["reason"]["parts"]) == pytest.approx(row["score"], abs=1e-6)


FOLLOWING = """
MATCH (f:Feed {name: 'changes'}) SET f.highest_rating = 5.0
WITH f
MATCH (w:User {user_id: 'b-user1'})
MERGE (u:User {user_id: 'fan', version: 1})
CREATE (u)-[:FOLLOWS]->(w)
"""


def test_what_a_followed_user_disliked_is_no_candidate_and_what_they_rated_in_the_middle_no_reason(client):
    own = [rate("b-user1", "middling", value=3.0, day=0), rate("b-user1", "bad", value=1.0, day=0)]
    own += [rate("b-user1", "mixed", value=5.0, day=0, event_id="good"), rate("b-user1", "mixed", value=1.0, day=0)]
    plant(client, [*communities(), *own])
    client.run_text(FOLLOWING)
    found = reasons(client, "fan", channel="social")
    assert {"middling", "b-item0"} <= found.keys() and not {"bad", "mixed"} & found.keys()
    named = {item: [part["origin"] for part in reason["parts"] if part["share"]] for item, (reason, _) in found.items()}
    assert "follow b-user1" in found["b-item0"][1] and "follow" not in found["middling"][1], named


def test_what_most_items_have_is_no_reason(client, tmp_path):
    shelf = [
        {"item_id": f"i{n}", "attributes": {"type": "card", "colour": "red" if n % 4 else "blue"}} for n in range(24)
    ]
    events = [rate(f"u{u}", f"i{n}", value=5.0, day=u + n) for u in range(6) for n in range(24) if (n + u) % 3]
    plant(client, events, items=shelf, folder=tmp_path)
    found = reasons(client, "u1")
    assert found and not any("card" in str(one) for one in found.values())
