import pytest

from graphstore.collect.columns import Columns
from graphstore.collect.files import Line
from graphstore.errors import InputError

EVENT = {"user_id": "u", "item_id": "i", "kind": "view"}


def known(columns, **row):
    return columns.known_line(Line(1, b"raw", row)).row


def test_a_column_of_items_is_kept_as_a_property_and_said_once():
    columns = Columns("items")
    assert known(columns, item_id="1", price=9.5) == {"item_id": "1", "properties": {"price": 9.5}}
    assert known(columns, item_id="2", price=1, brand="B", properties={"price": 2}) == {
        "item_id": "2",
        "properties": {"price": 2, "brand": "B"},
    }
    (note,) = columns.notes()
    assert note.startswith("Other columns (rows): price (2), brand (1): kept as properties that begin with own_")


@pytest.mark.parametrize(
    ("what", "row"), [("events", EVENT), ("users", {"user_id": "u"}), ("ties", {"user_id": "u", "follows": "v"})]
)
def test_other_columns_about_people_are_ignored_and_said_once(what, row):
    columns = Columns(what)
    assert known(columns, **row, email="a@b.c") == row == known(columns, **row, email="d@e.f")
    (note,) = columns.notes()
    assert note.startswith(f"Other columns (rows): email (2): ignored; {what} have ")


def test_a_row_of_known_columns_is_passed_on_as_it_is():
    line = Line(1, b"", EVENT | {"text": "good"})
    columns = Columns("events")
    assert columns.known_line(line) is line and columns.notes() == []
    broken = Line(2, b"", None, "not JSON")
    assert columns.known_line(broken) is broken


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (None, {"brand": ["A", "B"]}),
        ("genre=Drama;", {"genre": ["Drama"], "brand": ["A", "B"]}),
        ({"genre": "Drama"}, {"genre": ["Drama"], "brand": ["A", "B"]}),
        ("Drama", "Drama"),  # and the row is rejected for it
    ],
)
def test_a_column_that_the_caller_names_is_an_attribute(attributes, expected):
    columns = Columns("items", ("brand", "colour"))
    assert known(columns, item_id="1", brand="A|B", attributes=attributes)["attributes"] == expected
    assert columns.notes() == ["No row has the column colour."]
    with pytest.raises(InputError, match="--attribute title: a column of that name has a meaning of its own"):
        Columns("items", ("title",))


def test_a_misspelt_column_is_noticed():
    columns = Columns("events")
    known(columns, **EVENT, timestmap=5)
    assert columns.notes()[1] == "Column timestmap: did you mean timestamp?"


def test_a_column_called_properties_that_is_no_map_is_one_like_others():
    assert known(Columns("items"), item_id="1", properties="blue")["properties"] == {"properties": "blue"}


@pytest.mark.parametrize("name", ["", "x" * 600, "\ud800"])
def test_a_column_whose_name_the_graph_can_not_hold_is_left_out(name):
    columns = Columns("items")
    assert known(columns, **{"item_id": "1", name: "x"}) == {"item_id": "1"}
    assert columns.notes() == ["Fields of columns without a name that Neo4j can hold: 1: left out."]
