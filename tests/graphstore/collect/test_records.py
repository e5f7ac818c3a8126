from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from graphstore.collect.records import Event, Item, Tie, parse_time, reason

EVENT = {"user_id": "u", "item_id": "i", "kind": "view"}


@pytest.mark.parametrize(
    "text", ["2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", "2026-01-02 03:04:05", 1767323045, "1767323045"]
)
def test_a_time_is_iso_8601_or_unix_seconds(text):
    assert parse_time(text) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", 1767323045000, "nan", True, [1]])
def test_a_time_that_does_not_parse_is_refused_with_its_text(text):
    with pytest.raises(ValidationError) as caught:
        Event.model_validate(EVENT | {"timestamp": text})
    assert "timestamp" in reason(caught.value)


def test_an_event_in_the_future_is_refused():
    with pytest.raises(ValidationError, match="is in the future"):
        Event.model_validate(EVENT | {"timestamp": "2099-01-01"})


def test_an_id_of_ten_thousand_characters_is_refused_and_says_the_limit():
    with pytest.raises(ValidationError, match="at most 512 characters"):
        Event.model_validate(EVENT | {"user_id": "x" * 10_000})


@pytest.mark.parametrize("value", [float("inf"), "nan", "ten", [1]])
def test_a_value_must_be_a_finite_number(value):
    with pytest.raises(ValidationError):
        Event.model_validate(EVENT | {"value": value})


def test_a_column_that_is_not_known_is_refused():
    with pytest.raises(ValidationError) as caught:
        Event.model_validate(EVENT | {"itme_id": "i"})
    assert "itme_id" in reason(caught.value)


def test_the_same_row_has_the_same_id_and_another_row_another():
    first, again = (Event.model_validate(EVENT | {"timestamp": 5}) for _ in range(2))
    assert first.with_id() == again.with_id() != Event.model_validate(EVENT | {"timestamp": 6}).with_id()


def test_attributes_are_read_from_the_csv_form_and_the_json_form_alike():
    csv = Item.model_validate({"item_id": "1", "attributes": "genre=Drama|Comedy;year=1995"})
    json = Item.model_validate({"item_id": 1, "attributes": {"year": [1995], "genre": ["Drama", "Comedy"]}})
    assert csv.attribute_rows() == json.attribute_rows()
    assert len(csv.attribute_rows()) == 3


def test_nobody_follows_themselves():
    with pytest.raises(ValidationError, match="follow themselves"):
        Tie.model_validate({"user_id": "a", "follows": "a"})


@given(st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.booleans())))
def test_no_row_ends_in_another_error_than_a_validation_error(row):
    try:
        Event.model_validate(EVENT | row)
    except ValidationError as error:
        assert reason(error)
