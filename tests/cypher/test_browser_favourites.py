"""Every favourite runs on a planted graph and answers what was planted."""

from pathlib import Path

import pytest

from graphstore.database import statements

PLANTED = Path(__file__).with_name("plant_graph.cypher").read_text(encoding="utf-8")

PARAMETERS = {"user_id": "ann", "item_id": "i2", "k": 5, "at": "2026-02-12T12:00:00Z"}
FAVOURITES = [name for name in statements.names() if name.startswith("browser/")]


@pytest.fixture
def ask(client):
    """Run a favourite on the planted graph with the parameters it declares."""
    client.run_text(PLANTED)

    def run(name, **changed):
        wanted = statements.load(f"browser/{name}").parameters
        return client.read(f"browser/{name}", **{key: {**PARAMETERS, **changed}[key] for key in wanted})

    return run


def test_every_favourite_answers_with_its_declared_columns_and_twice_the_same(ask):
    for name in FAVOURITES:
        rows = ask(name.removeprefix("browser/"))
        assert rows, name
        assert all(list(row) == list(statements.load(name).columns) for row in rows), name
        assert repr(rows) == repr(ask(name.removeprefix("browser/"))), name


@pytest.mark.parametrize("name", FAVOURITES)
def test_a_favourite_is_named_by_its_first_line_and_shows_its_parameters(name):
    statement = statements.load(name)
    assert statement.text.startswith("// ") and "Purpose" not in statement.text.splitlines()[0]
    for parameter in statement.parameters:
        assert f":param {parameter} => " in statement.text


@pytest.mark.parametrize("name", FAVOURITES)
def test_a_favourite_about_an_unknown_user_or_an_empty_graph_fails_nowhere(client, name):
    assert isinstance(client.read(name, **{key: PARAMETERS[key] for key in statements.load(name).parameters}), list)


def test_my_interests_are_the_open_ones_strongest_first(ask):
    assert [(row["interest"], row["polarity"], row["events"]) for row in ask("my_interests")] == [
        ("Noir", "likes", 2),
        ("Musical", "dislikes", 1),
    ]
    assert [row["interest"] for row in ask("my_interests", user_id="bob")] == ["Noir"]


def test_why_this_item_finds_every_channel_and_its_path(ask):
    found = {row["channel"]: row for row in ask("why_this_item")}
    assert set(found) == {"similar item", "next item", "interest", "tie", "similar user", "attribute", "embedding"}
    assert "Film 0" in found["similar item"]["because"]
    assert found["interest"]["score"] == pytest.approx(0.45)
    assert [step for step in found["tie"]["path"] if isinstance(step, str)] == ["FOLLOWS", "PURCHASED"]
    assert found["embedding"]["path"] is None


def test_why_this_item_has_no_reason_left_when_the_others_are_erased(ask, client):
    ask("why_this_item")
    client.write("profiles/erasure/erase_user", user_id="bob")
    rows = client.read("browser/why_this_item", user_id="ann", item_id="i2")
    assert {row["channel"] for row in rows} == {"similar item", "next item", "interest", "attribute", "embedding"}


def test_who_is_like_me_tells_what_is_in_common(ask):
    (row,) = ask("who_is_like_me")
    assert (row["user_id"], row["items_in_common"], row["interests"], len(row["paths"])) == ("bob", 1, ["Noir"], 1)


def test_interest_map_holds_the_items_behind_an_interest_and_what_is_broader(ask):
    noir = ask("interest_map")[0]
    assert [path[-3]["item_id"] for path in noir["items"]] == ["i0"]
    assert [path[-1]["name"] for path in noir["broader"]] == ["crime"]


def test_top_interests_count_open_interests_only(ask):
    assert [(row["name"], row["users"], row["disliked_by"]) for row in ask("top_interests")] == [("Noir", 2, 0)]


def test_what_changed_is_told_from_the_latest_event_not_from_today(ask):
    rows = ask("what_changed_this_week")
    changes = {(row["change"], row["name"]): (row["this_week"], row["week_before"]) for row in rows}
    assert {row["until"].iso_format()[:10] for row in rows} == {"2026-02-14"}
    assert changes["interest taken up", "Noir"] == (1, 1)
    assert changes["interest let go", "Musical"] == (1, 0)
    assert changes["users seen first", "all users"] == (1, 41)
    assert changes["item rises", "Film 46"] == (3, 0)


def test_a_correction_is_no_event_and_belongs_to_its_own_week(ask, client):
    before = {row["measure"]: row["value"] for row in ask("graph_health")}["events"]
    client.write("profiles/correct_interest", user_id="ann", name="noir", how="pin", weakened=0.25)
    assert {row["measure"]: row["value"] for row in client.read("browser/graph_health")}["events"] == before
    rows = {(row["change"], row["name"]): row for row in client.read("browser/what_changed_this_week")}
    assert rows["interest taken up", "Noir"]["this_week"] == 1
    corrected = rows["interest corrected by users", "Noir"]
    assert (corrected["this_week"], corrected["week_before"]) == (1, 0)
    assert corrected["until"] > rows["interest taken up", "Noir"]["until"]


def test_graph_health_counts_what_waits(ask):
    health = {row["measure"]: row["value"] for row in ask("graph_health")}
    assert health["users"] == "43" and health["items"] == "61" and health["events"] == "404"
    assert health["items nobody described"] == "1"
    assert health["users without embedding"] == "2" and health["embeddings that are stale"] == "1"
    assert health["users without any relationship"] == "1"
    assert health["active model"] == "m1, planted"
    assert health["last collect"].endswith("done")


def test_stale_embeddings_say_why(ask):
    assert {row["id"]: row["why"] for row in ask("stale_embeddings")} == {
        "bob": "missing",
        "idle": "missing",
        "unknown": "missing",
        "ann": "older than the last change",
    }
