import numpy as np
import pytest

from graphstore.administration.exposure import exposure_report, gini, popularity_groups, report
from graphstore.errors import InputError
from graphstore.ranking import diversity
from graphstore.recommend.stage import recommend, recommend_all
from tests.fixtures.planting import communities, plant, rate

NEAR = "UNWIND $rows AS row MATCH (i:Item {item_id: row[0]}) SET i.embedding = row[1]"


def unit(*places):
    vector = np.zeros(128)
    vector[list(places)] = 1.0
    return (vector / np.linalg.norm(vector)).tolist()


def test_without_diversity_the_best_come_first_and_with_all_of_it_the_least_alike():
    scores, vectors = np.array([3.0, 2.9, 1.0]), np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert diversity.mmr(scores, vectors, 2, 0.0) == [0, 1]
    assert diversity.mmr(scores, vectors, 2, 0.5) == [0, 2]
    assert diversity.mmr(scores, vectors, 3, 1.0) == [0, 2, 1]
    assert diversity.mmr(np.zeros(0), np.zeros((0, 0)), 2, 0.5) == []


def test_relevance_is_the_score_from_0_to_1_and_likeness_the_cosine_whatever_the_lengths():
    """Relevance 1, 0.8, 0.6, 0; cosine of the second with the first 0.6, of the others 0."""
    scores = np.array([0.5, 0.48, 0.46, 0.4])
    vectors = np.array([[10.0, 0.0], [0.3, 0.4], [0.0, 0.2], [0.0, 0.0]])
    assert diversity.mmr(scores, vectors, 2, 0.24) == [0, 1]  # 0.76 * 0.8 - 0.24 * 0.6 = 0.464 against 0.456
    assert diversity.mmr(scores, vectors, 2, 0.26) == [0, 2]  # 0.436 against 0.444
    assert diversity.mmr(scores, vectors, 9, 0.26) == [0, 2, 1, 3]  # the second is 0.8 like the third: 0.384 against 0
    assert diversity.mmr(scores, vectors, 3, 0.45) == [0, 2, 1]  # 0.08 against 0
    assert diversity.mmr(scores, vectors, 3, 0.55) == [0, 2, 3]  # -0.08 against 0


def test_among_equal_scores_the_unlike_come_first_and_without_vectors_the_first():
    vectors = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
    assert diversity.mmr(np.full(3, 7.0), vectors, 3, 0.5) == [0, 2, 1]
    assert diversity.mmr(np.array([3.0, 2.0, 1.0]), np.zeros((3, 0)), 2, 1.0) == [0, 1]


def test_a_list_is_chosen_from_five_times_as_many_candidates_and_at_least_fifty():
    assert [diversity.pool_size(k) for k in (1, 10, 11, 1000)] == [50, 50, 55, 5000]


def test_places_for_new_items_are_spread_and_the_first_is_theirs_only_if_all_are():
    assert diversity.exploration_places(10, 0.0) == []
    assert diversity.exploration_places(10, 0.2) == [4, 9]
    assert diversity.exploration_places(5, 1.0) == [0, 1, 2, 3, 4]
    assert diversity.exploration_places(1, 0.9) == [] and diversity.exploration_places(5, 0.99) == [1, 2, 3, 4]
    for k in range(1, 40):
        for explore in np.linspace(0, 0.999, 20):
            places = diversity.exploration_places(k, explore)
            assert 0 not in places and len(set(places)) == len(places) <= k and all(place < k for place in places)


def test_a_draw_is_the_same_for_the_same_seed_prefers_better_items_and_differs_between_users():
    scores = np.array([3.0, 2.0, 1.0, 0.0, -5.0])
    draws = [tuple(diversity.gumbel_top_k(scores, 2, f"user {n}")) for n in range(300)]
    assert draws[0] == tuple(diversity.gumbel_top_k(scores, 2, "user 0"))
    counts = np.bincount([place for draw in draws for place in draw], minlength=5)
    assert counts[0] > counts[1] > counts[3] > counts[4] and len(set(draws)) > 3


def test_a_draw_does_not_drown_in_many_items_that_hardly_fit():
    scores = np.concatenate([[0.8, 0.7], np.linspace(0.2, 0.1, 3000)])
    draws = [diversity.gumbel_top_k(scores, 2, f"user {n}") for n in range(200)]
    assert np.mean([0 in draw for draw in draws]) > 0.8
    assert diversity.gumbel_top_k(np.zeros(0), 2, "u") == [] and len(diversity.gumbel_top_k(np.ones(3), 2, "u")) == 2


def test_a_draw_does_not_depend_on_the_scale_of_the_scores():
    scores = np.array([3.0, 2.0, 1.0, 0.0, -5.0])
    for seed in map(str, range(50)):
        assert diversity.gumbel_top_k(scores, 3, seed) == diversity.gumbel_top_k(0.001 * scores + 9.0, 3, seed)


def test_how_likely_an_item_is_drawn_grows_as_e_to_its_standard_score():
    scores = np.array([1.0, 0.0])  # standard scores 1 and -1
    first = np.mean([diversity.gumbel_top_k(scores, 1, f"user {n}") == [0] for n in range(2000)])
    assert first == pytest.approx(np.exp(1) / (np.exp(1) + np.exp(-1)), abs=0.03)  # three deviations: 0.022
    three = [diversity.gumbel_top_k(np.array([1.0, 0.0, -1.0]), 1, f"user {n}")[0] for n in range(2000)]
    odds = np.exp(np.array([1.0, 0.0, -1.0]) / np.sqrt(2 / 3))
    assert np.bincount(three, minlength=3) / 2000 == pytest.approx(odds / odds.sum(), abs=0.035)
    equal = np.mean([diversity.gumbel_top_k(np.ones(2), 1, f"user {n}") == [0] for n in range(2000)])
    assert equal == pytest.approx(1 / 2, abs=0.04)


def test_what_is_drawn_stands_best_first_and_comes_from_the_pool_alone():
    scores = np.linspace(1.0, 0.0, 200)
    for n in range(100):
        places = diversity.gumbel_top_k(scores, 5, f"user {n}")
        assert places == sorted(places) and len(set(places)) == 5 and places[-1] < 50


def test_a_draw_takes_any_text_as_its_seed():
    assert diversity.gumbel_top_k(np.ones(3), 1, "\ud800|1") == diversity.gumbel_top_k(np.ones(3), 1, "?|1")


def test_new_items_get_their_share_of_places_and_say_so(client):
    plant(client, communities())
    client.run_text(
        "MATCH (u:User {user_id: 'a-user0'}) CREATE (n:Interest {name: 'space', label: 'Space'})"
        " CREATE (u)-[:INTERESTED_IN {weight: 0.9, polarity: 'likes', horizon: 'long', evidence: ['a']}]->(n)"
        " WITH n UNWIND range(0, 3) AS number CREATE (:Item {item_id: 'new' + number, title: 'New ' + number,"
        " is_new: true})-[:ABOUT {weight: 0.5}]->(n)"
    )
    plain = recommend(client, "a-user0", k=4)["recommendations"]
    assert not any(row.get("exploration") for row in plain)
    explored = recommend(client, "a-user0", k=4, explore=0.5)["recommendations"]
    shown = [row.get("exploration", False) for row in explored]
    assert (
        shown == [False, True, False, True]
        and explored == recommend(client, "a-user0", k=4, explore=0.5)["recommendations"]
    )
    assert len({row["item_id"] for row in explored}) == 4
    new = explored[1]
    assert new["item_id"].startswith("new") and new["because"].startswith("New here, chosen by nobody so far: you like")
    assert sum(new["channels"].values()) == pytest.approx(1)


def test_where_no_new_item_fits_the_place_goes_to_the_next(client):
    plant(client, communities())
    client.run_text("MATCH (i:Item) SET i.is_new = false")
    plain, explored = (recommend(client, "a-user0", k=4, explore=e)["recommendations"] for e in (0.0, 0.5))
    assert [row["item_id"] for row in plain] == [row["item_id"] for row in explored]


def test_diversity_puts_items_apart_that_are_alike(client):
    plant(client, [rate("u", "seen"), *(rate(f"x{n}", item) for n in range(9) for item in ("a", "b", "c"))])
    rows = [["a", unit(0)], ["b", unit(0, 1)], ["c", unit(5)]]
    client.run_text(NEAR, {"rows": rows})
    order = [row["item_id"] for row in recommend(client, "u", k=3, diversity=0.9)["recommendations"]]
    assert abs(order.index("a") - order.index("b")) == 2 or order[1] == "c"


def test_without_vectors_items_with_the_same_attributes_are_put_apart(client, tmp_path):
    items = [{"item_id": i, "attributes": {"genre": [g]}} for i, g in (("a", "x"), ("b", "x"), ("c", "y"))]
    events = [rate("u", "seen"), *(rate(f"x{n}", item) for n in range(9) for item in ("a", "b", "c"))]
    plant(client, events, items=items, folder=tmp_path)
    order = [row["item_id"] for row in recommend(client, "u", k=3, diversity=1.0)["recommendations"]]
    assert "c" in order[:2]


def test_diversity_leaves_the_scores_as_they_are_in_long_lists_too(client):
    plant(client, [*communities(users=6, items=8), *(rate(f"x{n % 3}", f"more{n}", day=n / 10) for n in range(130))])
    plain, varied = (recommend(client, "a-user0", k=30, diversity=d)["recommendations"] for d in (0.0, 0.4))
    scores = {row["item_id"]: row["score"] for row in plain}
    both = [row for row in varied if row["item_id"] in scores]
    assert len(both) > 5 and all(row["score"] == scores[row["item_id"]] for row in both)


def test_exploration_keeps_to_the_channel_asked_for_and_to_items_with_few_events(client):
    plant(
        client, [*communities(), *(rate(f"y{n}", "five") for n in range(5)), *(rate(f"y{n}", "four") for n in range(4))]
    )
    client.run_text(
        "MATCH (u:User {user_id: 'a-user0'}) CREATE (u)-[:INTERESTED_IN {weight: 0.9, polarity: 'likes'}]->"
        "(n:Interest {name: 'space', label: 'Space'}) WITH n MATCH (i:Item) WHERE i.item_id IN ['four', 'five']"
        " SET i.is_new = true CREATE (i)-[:ABOUT {weight: 0.5}]->(n)"
    )
    found = recommend(client, "a-user0", k=2, explore=1.0)["recommendations"]
    assert [row["item_id"] for row in found if row.get("exploration")] == ["four"]
    popular = recommend(client, "a-user0", k=2, explore=1.0, channel="popular")["recommendations"]
    assert popular and not any(row.get("exploration") for row in popular)


@pytest.mark.parametrize("knob", ["diversity", "explore"])
@pytest.mark.parametrize("value", [-0.1, 1.1, "much", None, True, float("nan")])
def test_a_knob_is_a_number_from_0_to_1(client, knob, value):
    with pytest.raises(InputError, match=f"{knob} must be a number from 0 to 1"):
        recommend(client, "u", **{knob: value})


def test_the_gini_coefficient_is_0_for_equal_and_nearly_1_for_one():
    assert gini(np.ones(10)) == pytest.approx(0.0)
    assert gini(np.array([0.0, 0.0, 0.0, 5.0])) == pytest.approx(1 - 1 / 4)


def test_popularity_groups_by_hand():
    groups = popularity_groups(np.array([20.0, 40.0, 20.0, 10.0, 10.0, 0.0]))
    assert [group[0] for group in groups] == ["middle", "head", "middle", "tail", "tail", "new"]


def test_exposure_beside_choices_by_hand():
    items = [
        {"item_id": "a", "title": "A", "kind": "film", "users": 3, "attributes": ["genre=x"]},
        {"item_id": "b", "title": None, "kind": None, "users": 1, "attributes": []},
        {"item_id": "c", "title": "C", "kind": "film", "users": 0, "attributes": ["genre=x", "genre=y"]},
    ]
    found = report(items, np.array([2.0, 2.0, 0.0]))
    assert (found["shown"], found["coverage"]) == (2, pytest.approx(2 / 3))
    assert found["never_shown"] == {"items": 1, "examples": ["C"]}
    assert found["novelty"] == pytest.approx(0.5 * -np.log2(0.75) + 0.5 * 2)
    film = next(row for row in found["groups"]["kind"] if row["group"] == "film")
    assert (film["exposure"], film["choices"], film["ratio"]) == pytest.approx((0.5, 0.75, 2 / 3))
    assert [row["group"] for row in found["groups"]["genre"]] == ["x", "y"]
    assert found["groups"]["genre"][1]["ratio"] is None


def test_the_exposure_of_a_graph_counts_what_its_lists_show(client):
    plant(client, communities())
    found = exposure_report(client, recommend_all(client, k=3), 3)
    assert (found["users"], found["items"]) == (12, 16)
    assert found["coverage"] > 0.5 and {row["group"] for row in found["groups"]["popularity"]} <= {
        "head",
        "middle",
        "tail",
    }
    with pytest.raises(InputError, match="No list shows an item"):
        exposure_report(client, [{"user_id": "u", "items": ["ghost"]}], 3)
