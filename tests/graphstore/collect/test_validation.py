"""Lines of input turned into rows of statements, or into what is wrong with them."""

from dataclasses import replace
from functools import partial

import pytest

from graphstore.collect.files import Line
from graphstore.collect.validation import check_event, check_item, check_line, check_tie, check_user
from graphstore.kinds import KINDS

CHECK_EVENT = partial(check_event, KINDS)
NOON = 1767268800  # 2026-01-01T12:00:00Z
FULL_ITEM = {
    "item_id": "i",
    "title": "Alien",
    "description": "In space",
    "kind": "film",
    "image": "a.png",
    "audio": "a.ogg",
    "published_at": "1979-05-25",
    "attributes": "genre=Horror",
}


def line(**row):
    return Line(7, b"raw", row)


def test_an_event_becomes_a_row_with_its_time_in_milliseconds_and_the_type_of_its_kind():
    given = line(event_id="e", user_id="u", item_id="i", kind="rate", timestamp=NOON, value="4.5", session_id="s")
    checked = check_line(given, CHECK_EVENT)
    assert checked.line is given and checked.problem is None and checked.type == "RATED"
    assert checked.row == {
        "event_id": "e",
        "user_id": "u",
        "item_id": "i",
        "at": 1000 * NOON,
        "value": 4.5,
        "session_id": "s",
        "text": None,
    }
    assert checked.named and not check_line(line(user_id="u", item_id="i", kind="view"), CHECK_EVENT).named


def test_what_an_event_does_not_say_is_none_and_its_id_a_hash():
    row = check_line(line(user_id="u", item_id="i", kind="view"), CHECK_EVENT).row
    assert row.pop("event_id") == "5de8260e007115633f47668cb0b27e46"
    assert row == {"user_id": "u", "item_id": "i", "at": None, "value": None, "session_id": None, "text": None}


@pytest.mark.parametrize(("other", "type_"), [("rating", "RATED"), ("watch", "COMPLETED"), ("listen", "VIEWED")])
def test_other_names_of_kinds_are_understood_and_name_the_event_as_written(other, type_):
    checked = check_line(line(user_id="u", item_id="i", kind=other), CHECK_EVENT)
    assert checked.type == type_
    assert (
        checked.row["event_id"] != check_line(line(user_id="u", item_id="i", kind="view"), CHECK_EVENT).row["event_id"]
    )


def test_an_item_becomes_a_row_with_its_attributes_and_a_hash():
    given = line(**FULL_ITEM)
    checked = check_line(given, check_item)
    row = dict(checked.row)
    assert checked.line is given and checked.problem is None and len(row.pop("row_hash")) == 32
    assert row == {
        "item_id": "i",
        "title": "Alien",
        "description": "In space",
        "kind": "film",
        "image": "a.png",
        "audio": "a.ogg",
        "published_at": 296_438_400_000,  # 1000 * `date -u -d 1979-05-25 +%s`
        "attributes": [{"kind": "genre", "value": "Horror"}],
        "properties": {},
    }
    assert check_line(line(item_id="i"), check_item).row["published_at"] is None


@pytest.mark.parametrize("name", ["title", "published_at", "attributes"])
def test_the_hash_of_an_item_tells_another_description(name):
    rows = [check_line(line(**item), check_item).row for item in (FULL_ITEM, FULL_ITEM, FULL_ITEM | {name: None})]
    assert rows[0]["row_hash"] == rows[1]["row_hash"] != rows[2]["row_hash"]


def test_a_user_becomes_a_row_with_their_attributes_and_a_hash():
    given = line(user_id="u", attributes="a=x")
    checked = check_line(given, check_user)
    assert checked.line is given
    assert checked.row == {
        "user_id": "u",
        "attributes": [{"kind": "a", "value": "x"}],
        "row_hash": "914f0dc259640fb19fc75b32f0aa9d3d",
    }


def test_a_tie_becomes_a_row_with_its_time_in_milliseconds():
    given = line(user_id="a", follows="b", timestamp=NOON)
    checked = check_line(given, check_tie)
    assert checked.line is given and checked.row == {"user_id": "a", "follows": "b", "at": 1000 * NOON}
    assert check_line(line(user_id="a", follows="b"), check_tie).row["at"] is None


def test_a_line_that_could_not_be_read_keeps_its_problem_and_is_not_checked():
    broken = Line(3, b"{", None, "not JSON")
    checked = check_line(broken, CHECK_EVENT)
    assert checked.line is broken and checked.problem == "not JSON" and checked.row == {}


@pytest.mark.parametrize(
    ("check", "row", "problem"),
    [
        (CHECK_EVENT, {"user_id": "u", "item_id": "i", "kind": "stare"}, "kind: 'stare' is not one of view click"),
        (CHECK_EVENT, {"user_id": "u", "item_id": "i"}, "kind: must be given"),
        (check_item, {"item_id": ""}, "item_id: must not be empty"),
        (check_user, {"name": "u"}, "user_id: must be given; name: is not known here"),
        (check_tie, {"user_id": "a", "follows": "a"}, "follows: a user can't follow themselves"),
    ],
)
def test_a_row_that_is_wrong_becomes_its_problem_beside_its_line(check, row, problem):
    given = replace(line(), row=row)
    checked = check_line(given, check)
    assert checked.line is given and checked.row == {}
    assert checked.problem.startswith(problem)
