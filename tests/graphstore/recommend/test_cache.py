"""The serving cache is as fresh as the graph: answers of a cache in long use equal those of a new one."""

import random
import threading
import time

import numpy as np
import pytest

from graphstore.build.stage import build
from graphstore.collect.store import collect_events
from graphstore.errors import NotFound
from graphstore.profiles.erasure import delete_item, erase_user
from graphstore.ranking.blend import NAMES, Blend
from graphstore.ranking.history import DIMENSION, Readout
from graphstore.ranking.item_vectors import BLOCK, Vectors
from graphstore.ranking.neighbour_table import NeighbourTable
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.stage import recommend
from graphstore.update.models import activate
from tests.fixtures.planting import NOW, communities, plant, rate

STAMP = (
    "MERGE (f:Feed {name: 'changes'}) SET f.seq = coalesce(f.seq, 0) + 1 WITH f MATCH (n)"
    " WHERE n.item_id IN $keys OR n.user_id IN $keys SET n.changed_seq = f.seq, n.linked_seq = f.seq,"
    " n.version = coalesce(n.version, 0) + 1"
)


def ask(client, user, cache=None, **options):
    return recommend(client, user, cache=cache, **({"k": 30} | options))


def items(answer):
    return [row["item_id"] for row in answer["recommendations"]]


def follow_up(client, *keys):
    """What a follower does at the end of a transaction that changed these nodes."""
    client.run_text(STAMP, {"keys": list(keys)})


def vector(*places):
    found = np.zeros(DIMENSION)
    found[list(places)] = 1.0
    return found.tolist()


@pytest.fixture
def cache(client):
    plant(client, communities())
    cache = ServingCache(client)
    for side in "ab":
        for number in range(6):
            ask(client, f"{side}-user{number}", cache)
    return cache


def same_as_fresh(client, cache, user, **options):
    held, fresh = ask(client, user, cache, **options), ask(client, user, **options)
    assert held == fresh
    return held


def test_an_event_counts_in_the_next_answer(client, cache):
    assert items(ask(client, "a-user0", cache))[0] == "a-item0"
    collect_events(client, [rate("a-user0", "a-item0", day=-1)])
    answer = same_as_fresh(client, cache, "a-user0")
    assert "a-item0" not in items(answer)
    collect_events(client, [rate("a-user0", "never-seen", day=-2)])
    answer = same_as_fresh(client, cache, "a-user0")
    assert answer["version"] == 3 and answer["as_of"].startswith("2023-11-16")


def test_events_of_others_count_as_soon_as_they_are_stored(client, cache):
    client.run_text("MATCH (a:User {user_id: 'a-user0'}), (b:User {user_id: 'b-user0'}) CREATE (a)-[:FOLLOWS]->(b)"
                    " SET a.version = a.version + 1")  # fmt: skip
    assert "fresh" not in items(ask(client, "a-user0", cache, channel="social"))
    collect_events(client, [rate("b-user0", "fresh", day=-1)])
    answer = same_as_fresh(client, cache, "a-user0", channel="social")
    assert "fresh" in items(answer)
    collect_events(client, [rate(f"x{n}", "b-item1", day=-3) for n in range(9)])
    assert items(same_as_fresh(client, cache, "a-user0", channel="popular"))[0] == "b-item1"


@pytest.mark.parametrize("change", [
    "MATCH (a:Item {item_id: 'a-item1'}) MATCH (b:Item {item_id: 'b-item1'}) MERGE (a)-[s:SIMILAR_TO]->(b)"
    " SET s.score = 9.0, s.recent_score = 9.0, s.by = 'hand'",
    "MATCH (a:Item {item_id: 'a-item1'})-[s]->(b:Item) DELETE s",
    "MATCH (a:Item {item_id: 'a-item1'}) MATCH (b:Item {item_id: 'b-item1'}) MERGE (a)-[s:FOLLOWED_BY]->(b)"
    " SET s.score = 9.0, s.recent_score = 0.0",
    "MATCH (a:Item {item_id: 'a-item1'}) SET a.popularity = 1.0e6, a.ever_popular = 1.0",
    "MATCH (a:Item {item_id: 'a-item1'}) SET a.embedding = $vector WITH a MATCH (u:User) SET u.embedding = $vector,"
    " u.version = u.version + 1",
    "MATCH (a:Item {item_id: 'a-item1'}), (u:User {user_id: 'b-user2'}) CREATE (a)-[:ABOUT {weight: 1.0}]->(n:Interest"
    " {name: 'x'})<-[:INTERESTED_IN {polarity: 'likes', weight: 1.0}]-(u) SET u.version = u.version + 1",
])  # fmt: skip
def test_what_a_follower_changed_and_stamped_is_in_the_next_answer(client, cache, change):
    before = {user: ask(client, user, cache) for user in ("a-user0", "b-user2")}
    client.run_text(change, {"vector": vector(3)})
    follow_up(client, "a-item1")
    after = {user: same_as_fresh(client, cache, user) for user in before}
    assert after != before


def test_more_changes_than_one_page_are_caught_up_with(client, cache):
    small = ServingCache(client, page_size=3)
    ask(client, "a-user0", small)
    ids = [f"{side}-item{n}" for side in "ab" for n in range(8)]
    for item in ids[:8]:
        client.run_text("MATCH (i:Item {item_id: $item}) SET i.popularity = rand() * 1000", {"item": item})
        follow_up(client, item)
    client.run_text("MATCH (i:Item) SET i.popularity = i.popularity + rand() * 1000")
    follow_up(client, *ids)  # more of one seq than one page
    for _ in range(20):
        ask(client, "a-user0", small)
    same_as_fresh(client, small, "a-user0", channel="popular")


def test_who_is_erased_is_in_no_later_answer_though_everything_was_held(client, cache):
    plant(client, [rate("friend", "b-item1", day=-1), rate("friend", "secret", day=-1)])
    client.run_text("MATCH (a:User {user_id: 'a-user0'}), (b:User {user_id: 'friend'}) CREATE (a)-[:FOLLOWS]->(b)"
                    " SET a.version = a.version + 1")  # fmt: skip
    fresh = ServingCache(client)
    held = [cache, fresh]
    for one in held:
        answer = ask(client, "a-user0", one, channel="social")
        assert {"secret", "b-item1"} <= set(items(answer)) and "friend" in str(answer)
    erase_user(client, "friend")
    for one in held:
        for channel in ("social", None):
            answer = same_as_fresh(client, one, "a-user0", channel=channel)
            assert "friend" not in str(answer) and "secret" not in items(answer)
        with pytest.raises(NotFound):
            ask(client, "friend", one)


def test_an_item_that_is_erased_is_not_shown_and_its_place_goes_to_another(client, cache):
    assert items(ask(client, "a-user0", cache, k=1)) == ["a-item0"]
    delete_item(client, "a-item0")
    assert "a-item0" not in items(same_as_fresh(client, cache, "a-user0"))
    client.run_text("MATCH (i:Item {item_id: 'a-item2'}) DETACH DELETE i")  # by hand, and nobody says so
    assert "a-item2" not in items(ask(client, "a-user2", cache, k=1))
    collect_events(client, [rate("a-user5", "a-item0", day=-1)])  # an item of the same id is another one
    assert "a-item0" in items(same_as_fresh(client, cache, "a-user0"))


def wait_until(condition):
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_new_generation_is_read_in_the_background_while_the_old_one_goes_on(client, cache):
    number = cache.number
    collect_events(client, [rate("a-user0", f"b-item{n}", day=-1) for n in range(6)])
    build(client)
    seen = []

    def changed():
        seen.append(ask(client, "b-user1", cache))
        return cache.number > number

    wait_until(changed)
    assert all(answer["recommendations"] for answer in seen)
    same_as_fresh(client, cache, "a-user0")
    same_as_fresh(client, cache, "b-user1")


def some_model(client, version, weights, place):
    matrix = np.eye(DIMENSION).tolist()
    blend = Blend(weights, Readout([40.0], [1.0], [matrix], {}))
    client.run_text(
        "MATCH (i:Item) SET i.next_embedding = i.embedding, i.next_version = i.embedding_version,"
        " i.embedding = CASE WHEN i.item_id STARTS WITH 'a' THEN $one ELSE $two END, i.embedding_version = $version",
        {"one": vector(place), "two": vector(place + 1), "version": version},
    )
    activate(client, version, family="f", configuration={}, metrics={}, dimension=DIMENSION, blend=blend)


def test_vectors_and_blend_that_are_served_are_of_one_model(client, cache):
    only = dict.fromkeys(NAMES, 0.0) | {"embedding": 1.0}
    some_model(client, "m1", only, 0)
    wait_until(lambda: ask(client, "a-user0", cache)["model_version"] == "m1")
    same_as_fresh(client, cache, "a-user0")
    number = cache.number
    some_model(client, "m2", {name: -weight for name, weight in only.items()}, 5)
    answers = []

    def switched():
        answers.append(ask(client, "a-user0", cache, k=1))
        return cache.number > number

    wait_until(switched)
    first = {version: items(ask_of)[0] for ask_of in answers for version in [ask_of["model_version"]]}
    assert first["m1"].startswith("a-")
    assert not items(same_as_fresh(client, cache, "a-user0"))[0].startswith("a-item0")
    assert ask(client, "a-user0", cache)["model_version"] == "m2"


def test_a_model_of_another_width_leaves_the_vectors_of_the_old_one_out(client, cache):
    client.run_text("MATCH (i:Item) SET i.embedding = [1.0, 0.0], i.embedding_version = 'narrow'")
    blend = Blend(readout=Readout([40.0], [1.0], [np.eye(2).tolist()], {}))
    activate(client, "narrow", family="f", configuration={}, metrics={}, dimension=2, blend=blend)
    wait_until(lambda: ask(client, "a-user0", cache)["model_version"] == "narrow")
    assert items(same_as_fresh(client, cache, "a-user0", channel="embedding"))
    client.run_text("MATCH (i:Item) WHERE i.item_id STARTS WITH 'b' SET i.embedding = $v", {"v": vector(1)})
    follow_up(client, *(f"b-item{n}" for n in range(8)))
    found = items(same_as_fresh(client, cache, "a-user0", channel="embedding"))
    assert found and all(item.startswith("a-") for item in found)


def test_an_empty_graph_is_served_and_what_comes_is_found_at_once(client):
    cache = ServingCache(client)
    with pytest.raises(NotFound):
        ask(client, "a-user0", cache)
    client.run_text("CREATE (:User {user_id: 'nobody'})")
    assert items(ask(client, "nobody", cache)) == []
    plant(client, communities())
    assert items(same_as_fresh(client, cache, "a-user0"))[0] == "a-item0"
    client.autocommit("profiles/erasure/delete_everything")
    with pytest.raises(NotFound):
        ask(client, "a-user0", cache)
    plant(client, [rate("u", "x"), rate("v", "x", day=1), rate("v", "y")])
    assert items(same_as_fresh(client, cache, "u")) == ["y"]


def test_popularity_is_measured_from_the_clock_which_an_event_moves_by_little(client, cache):
    """An event twenty days later: it counts as one of now, and those of before keep their weight until more come."""
    before = cache.context("a-user1").popularity_now[0]
    assert before == pytest.approx((NOW / 86_400 - 0.1) * np.log(2) / 14)
    known = cache.context("a-user1").catalogue
    added = np.exp(known.popularity[known.index["a-item1"]] - before) + 1
    collect_events(client, [rate("a-user1", "a-item1", day=-20, event_id="later")])
    context = cache.context("a-user1")
    row = context.catalogue.index["a-item1"]
    assert context.popularity_now[0] == pytest.approx(before, abs=0.05)
    assert np.exp(context.catalogue.popularity[row] - context.popularity_now[0]) == pytest.approx(added, rel=0.05)
    client.run_text("MATCH (f:Feed {name: 'changes'}) SET f.clock = $clock", {"clock": NOW / 86_400 + 20})
    moved = cache.context("b-user1").popularity_now[0]  # as the follower moves it
    assert moved == pytest.approx(before + 20.1 * np.log(2) / 14)
    build(client)
    assert ServingCache(client).context("b-user1").popularity_now[0] == pytest.approx(moved)


def random_change(client, rng):
    users = [f"{side}-user{n}" for side in "ab" for n in range(7)]
    known = [f"{side}-item{n}" for side in "ab" for n in range(10)]
    user, item = rng.choice(users), rng.choice(known)
    change = rng.choice(["event", "event", "follow", "similar", "popular", "vector", "erase", "delete", "attribute"])
    if change == "event":
        kind = rng.choice(["rate", "purchase", "dislike"])
        row = rate(user, item, day=-rng.random(), value=float(rng.randint(1, 5)), kind=kind)
        collect_events(client, [row if kind == "rate" else {k: v for k, v in row.items() if k != "value"}])
    elif change == "follow":
        client.write("collect/merge_ties", rows=[{"user_id": user, "follows": rng.choice(users), "at": NOW * 1000}])
    elif change == "attribute":
        rows = [{"user_id": user, "row_hash": str(rng.random()), "attributes": [{"kind": "team", "value": "a"}]}]
        client.write("collect/merge_users", rows=rows)
        client.write("collect/set_user_attributes", rows=rows)
    elif change == "erase":
        if client.read("recommend/related/find_user", user_id=user):
            erase_user(client, user)
    elif change == "delete":
        if client.read("recommend/related/find_item", item_id=item):
            delete_item(client, item)
    elif change == "similar":
        client.run_text("MATCH (a:Item {item_id: $a}), (b:Item {item_id: $b}) WHERE a <> b"
                        " MERGE (a)-[s:SIMILAR_TO]->(b) SET s.score = rand(), s.recent_score = rand()",
                        {"a": item, "b": rng.choice(known)})  # fmt: skip
        follow_up(client, item)
    elif change == "popular":
        client.run_text("MATCH (a:Item {item_id: $a}) SET a.popularity = a.popularity + rand()", {"a": item})
        follow_up(client, item)
    else:
        client.run_text("MATCH (a:Item {item_id: $a}) SET a.embedding = $v WITH a MATCH (u:User {user_id: $u})"
                        " SET u.embedding = $v, u.version = coalesce(u.version, 0) + 1",
                        {"a": item, "u": user, "v": vector(rng.randrange(5), rng.randrange(5))})  # fmt: skip
        follow_up(client, item)


@pytest.mark.parametrize("seed", range(3))
def test_after_random_changes_every_answer_is_that_of_a_new_cache(client, cache, seed):
    rng = random.Random(seed)
    for _ in range(30):
        random_change(client, rng)
        user = rng.choice([row["user_id"] for row in client.read("recommend/stream_users")])
        same_as_fresh(client, cache, user, explore=rng.choice([0.0, 0.3]), diversity=rng.choice([0.0, 0.5]))


def test_threads_share_a_cache_while_the_graph_changes(client, cache):
    failures = []
    done = threading.Event()

    def work(number):
        rng = random.Random(number)
        while not done.is_set():
            try:
                ask(client, f"{rng.choice('ab')}-user{rng.randrange(6)}", cache)
            except NotFound:
                pass
            except BaseException as error:
                failures.append(error)
                raise

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    rng = random.Random(9)
    for _ in range(25):
        random_change(client, rng)
    build(client)
    done.set()
    for thread in threads:
        thread.join()
    assert not failures
    number = cache.number
    ask(client, client.read("recommend/stream_users")[0]["user_id"], cache)
    wait_until(lambda: cache.number >= number and not cache.loading)
    for row in client.read("recommend/stream_users"):
        same_as_fresh(client, cache, row["user_id"])


def test_edges_are_held_by_source_and_the_first_added_go_where_there_are_too_many():
    table = NeighbourTable(6, most=10)
    for source in range(5):
        table.add(np.array([source]), np.array([3]), [source] * 3, [False] * 3, [1.0] * 3, [0.5] * 3)
    found = table.of_sources(np.array([4, 0, 3]))
    assert not found.complete and len(table) <= 10
    assert set(found.place.tolist()) == {0, 2} and set(found.target.tolist()) == {4, 3}
    table.forget(np.array([4]))
    assert table.missing(np.array([3, 4])).tolist() == [4]
    table.grow(8)
    assert table.missing(np.array([7])).tolist() == [7]


def test_vectors_in_blocks_are_changed_without_touching_what_a_reader_holds():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(BLOCK + 3, 4)).astype(np.float32)
    matrix[5] = 0
    before = Vectors.of(matrix)
    after = before.replaced(2 * BLOCK + 1, [0, BLOCK + 5, 2 * BLOCK], [[1, 0, 0, 0], [0, 2, 0, 0], [1.0]])
    query = np.array([1.0, 1.0, 0.0, 0.0])
    length = np.linalg.norm(matrix, axis=1)
    expected = matrix @ (query / np.linalg.norm(query)) / np.where(length > 0, length, 1)
    assert before.cosines(query) == pytest.approx(expected, abs=1e-6)
    found = after.cosines(query)
    assert len(found) == 2 * BLOCK + 1 and found[0] == pytest.approx(found[BLOCK + 5]) == pytest.approx(0.5**0.5)
    assert found[5] == found[2 * BLOCK] == found[BLOCK + 3] == 0
    assert found[1 : BLOCK + 3] == pytest.approx(before.cosines(query)[1:])
    assert [len(row) for row in after.rows([0, 5, BLOCK + 5])] == [4, 0, 4]
