import json
import math
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from graphstore.collect.columns import Columns
from graphstore.collect.fields import parse_moment, parse_time
from graphstore.collect.files import Line
from graphstore.collect.records import RECORDS, Event, Item, Tie, User, checked_value, known_kind, reason
from graphstore.collect.store import STORES
from graphstore.collect.validation import check_line, item_row
from graphstore.kinds import KINDS

EVENT = {"user_id": "u", "item_id": "i", "kind": "view"}
EVER_SINCE_1900, UNTIL_2100 = -2_208_988_800, 4_102_444_800  # date -u -d 1900-01-01 +%s, and 2100-01-01


def refusal(record, row):
    """Why a row is refused, in one line."""
    with pytest.raises(ValidationError) as caught:
        record.model_validate(row)
    return reason(caught.value)


@pytest.mark.parametrize(
    "text", ["2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", "2026-01-02 03:04:05", 1767323045, "1767323045"]
)
def test_a_time_is_iso_8601_or_unix_seconds(text):
    assert parse_time(text) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_time_that_is_one_already_is_kept_and_without_a_zone_it_is_utc():
    eastern = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=-5)))
    assert parse_time(eastern) is eastern
    assert parse_time(datetime(2026, 1, 2)) == datetime(2026, 1, 2, tzinfo=UTC)


def test_a_time_is_given_in_utc_whatever_zone_it_was_written_in():
    assert parse_time("2026-01-02T05:04:05+02:00").tzinfo is UTC
    assert parse_time("2026-01-02T03:04:05").tzinfo is UTC


def test_a_time_without_a_zone_is_utc_wherever_the_machine_stands(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert parse_time("2026-01-02T03:04:05") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        assert parse_time(1767323045) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        assert Event.model_validate(EVENT | {"timestamp": "2026-01-02"}).epoch_millis() == 1_767_312_000_000
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(("seconds", "year"), [(EVER_SINCE_1900, 1900), (-1.5, 1969), (UNTIL_2100, 2100)])
def test_unix_seconds_reach_from_1900_to_2100(seconds, year):
    assert parse_time(seconds) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert parse_time(f" {seconds} ").year == year


@pytest.mark.parametrize("seconds", [EVER_SINCE_1900 - 1, UNTIL_2100 + 1, "inf", float("nan"), "1e400"])
def test_unix_seconds_beyond_that_are_refused(seconds):
    with pytest.raises(ValueError, match="time"):
        parse_time(seconds)


def test_what_is_wrong_with_a_time_is_said_with_the_text_cut_at_sixty_characters():
    for value, message in (
        (True, "a time must be ISO 8601 or Unix time, not True"),
        ([1], "a time must be ISO 8601 or Unix time, not [1]"),
        ("x" * 70, f"a time must be ISO 8601 or Unix time, not {'x' * 60!r}"),
        ("0001-01-01T00:00:00+23:59", "a time must be ISO 8601 or Unix time, not '0001-01-01T00:00:00+23:59'"),
        (5_000_000_000, "5000000000 is not a Unix time between 1900 and 2100"),
        (10**400, f"1{'0' * 59} is not a Unix time between 1900 and 2100"),
    ):
        with pytest.raises(ValueError) as caught:
            parse_time(value)
        assert str(caught.value) == message


@pytest.mark.parametrize("parts", [10**3, 10**6, 10**9])
def test_the_size_of_a_unix_time_tells_milli_micro_and_nanoseconds(parts):
    for seconds in (200_000_000, 1_767_323_045, UNTIL_2100):
        assert parse_time(seconds * parts) == datetime.fromtimestamp(seconds, UTC)
        assert parse_time(str(seconds * parts)) == datetime.fromtimestamp(seconds, UTC)


def test_an_event_before_1900_is_a_mistake_and_a_book_is_not():
    zero = "0001-01-01T00:00:00Z"  # what programs write for "no time"
    assert refusal(Event, EVENT | {"timestamp": zero}) == "timestamp: 0001-01-01T00:00:00+00:00 is before 1900"
    assert Item.model_validate({"item_id": "i", "published_at": "1605-01-16"}).published_at.year == 1605


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", 10**19, "nan", True, [1]])
def test_a_time_that_does_not_parse_is_refused_with_its_text(text):
    with pytest.raises(ValidationError) as caught:
        Event.model_validate(EVENT | {"timestamp": text})
    assert "timestamp" in reason(caught.value)


def test_an_event_in_the_future_is_refused():
    with pytest.raises(ValidationError, match="is in the future"):
        Event.model_validate(EVENT | {"timestamp": "2099-01-01"})


def test_clocks_may_differ_by_five_minutes():
    now = datetime.now(UTC)
    soon = Event.model_validate(EVENT | {"timestamp": (now + timedelta(seconds=280)).isoformat()})
    assert soon.timestamp > now
    later = (now + timedelta(seconds=330)).isoformat()
    assert refusal(Event, EVENT | {"timestamp": later}) == f"timestamp: {later} is in the future"
    assert "is in the future" in refusal(Tie, {"user_id": "a", "follows": "b", "timestamp": later})
    assert Item.model_validate({"item_id": "i", "published_at": later}).published_at > now


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_field_is_one_that_is_not_given(blank):
    given_fields = {"timestamp": blank, "value": blank, "event_id": blank, "session_id": blank}
    assert Event.model_validate(EVENT | given_fields) == Event.model_validate(EVENT)
    item = Item.model_validate({"item_id": "i", "title": blank, "published_at": blank, "attributes": blank})
    assert item == Item.model_validate({"item_id": "i"})


@pytest.mark.parametrize("name", [7, "7"])
def test_a_whole_number_is_an_id_as_text(name):
    assert Event.model_validate(EVENT | {"user_id": name}).user_id == "7"


def test_blanks_around_an_id_or_a_name_are_no_part_of_it():
    row = {"event_id": " e\t", "user_id": " 7 ", "item_id": "\u3000i", "kind": " view ", "session_id": "s "}
    event = Event.model_validate(row)
    assert (event.event_id, event.user_id, event.item_id, event.kind, event.session_id) == ("e", "7", "i", "view", "s")
    item = Item.model_validate({"item_id": " i", "kind": " film ", "attributes": {" genre ": [" Drama "]}})
    assert (item.item_id, item.kind, item.attributes) == ("i", "film", {"genre": ["Drama"]})
    assert refusal(Event, EVENT | {"user_id": "  "}) == "user_id: must not be empty"
    assert "can't follow themselves" in refusal(Tie, {"user_id": "7", "follows": " 7 "})


@pytest.mark.parametrize("name", [True, 1.5, None, [], "\ud800"])
def test_what_is_neither_text_nor_a_whole_number_is_no_id(name):
    assert refusal(Event, EVENT | {"user_id": name}).startswith("user_id: must be")


def test_an_id_has_1_to_512_characters_and_a_text_at_most_200_000():
    assert Event.model_validate(EVENT | {"user_id": "x" * 512})
    assert refusal(Event, EVENT | {"user_id": "x" * 513}) == "user_id: must have at most 512 characters"
    assert refusal(Event, EVENT | {"user_id": ""}) == "user_id: must not be empty"
    assert Item.model_validate({"item_id": "i", "description": "x" * 200_000})
    assert "at most 200,000 characters" in refusal(Item, {"item_id": "i", "description": "x" * 200_001})


def test_an_id_of_ten_thousand_characters_is_refused_and_says_the_limit():
    with pytest.raises(ValidationError, match="at most 512 characters"):
        Event.model_validate(EVENT | {"user_id": "x" * 10_000})


@pytest.mark.parametrize("value", [float("inf"), "nan", "ten", [1]])
def test_a_value_must_be_a_finite_number(value):
    with pytest.raises(ValidationError):
        Event.model_validate(EVENT | {"value": value})


def test_a_number_with_a_comma_is_refused_and_says_so():
    assert refusal(Event, EVENT | {"value": "4,5"}) == "value: '4,5' has a comma: write a number with a point"


def test_a_value_outside_the_range_of_its_kind_is_refused():
    assert checked_value(5.0, KINDS["rate"]) == 5.0 and checked_value(None, KINDS["rate"]) is None
    for kind, value in (("rate", 1000.5), ("rate", -1001.0), ("purchase", 1e308), ("view", -1e13)):
        with pytest.raises(
            ValueError, match=rf"^value: .* is not between .* the range of {kind} \(INTERESTGRAPH_KINDS"
        ):
            checked_value(value, KINDS[kind])


def test_a_column_that_is_not_known_is_refused():
    with pytest.raises(ValidationError) as caught:
        Event.model_validate(EVENT | {"itme_id": "i"})
    assert "itme_id" in reason(caught.value)


def test_the_same_row_has_the_same_id_and_another_row_another():
    first, again = (Event.model_validate(EVENT | {"timestamp": 5}) for _ in range(2))
    assert first.with_id() == again.with_id() != Event.model_validate(EVENT | {"timestamp": 6}).with_id()


def test_an_event_without_an_id_is_named_by_a_hash_of_its_row_that_never_changes():
    """Expected: printf '["u", "i", "view", null, null, null]' | sha256sum, of which the first 32 digits."""
    assert Event.model_validate(EVENT).with_id() == "5de8260e007115633f47668cb0b27e46"
    full = {"item_id": "é", "kind": "rate", "timestamp": 1.5, "value": "4.5", "session_id": "s"}
    assert Event.model_validate(EVENT | full).with_id() == "a4f3b789702e7d8fc11a304bdfab020c"
    assert Event.model_validate(EVENT | {"event_id": "mine"}).with_id() == "mine"


def test_the_time_of_an_event_is_given_in_milliseconds():
    assert Event.model_validate(EVENT | {"timestamp": 1767323045.6789}).epoch_millis() == 1_767_323_045_679
    assert Event.model_validate(EVENT).epoch_millis() is None


@given(st.data())
def test_every_column_of_an_event_changes_its_id(data):
    """All but the id itself: rows that differ in anything are two events."""
    texts = st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=5)
    columns = {
        "user_id": texts,
        "item_id": texts,
        "kind": texts,
        "timestamp": st.integers(0, 10**9),
        "value": st.floats(allow_nan=False, allow_infinity=False),
        "session_id": texts,
        "text": texts,
    }
    row = {name: data.draw(values) for name, values in columns.items()}
    name = data.draw(st.sampled_from(sorted(columns)))
    other = row | {name: data.draw(columns[name].filter(lambda value: value != row[name]))}
    assert Event.model_validate(row).with_id() != Event.model_validate(other).with_id()


def test_a_description_is_recognised_by_a_hash_of_what_it_says():
    """Expected: printf '{"attributes":{"a":["x"]},"user_id":"u"}' | sha256sum, of which the first 32 digits."""
    user = User.model_validate({"user_id": "u", "attributes": "a=x"})
    assert user.row_hash() == "914f0dc259640fb19fc75b32f0aa9d3d"
    assert User.model_validate({"user_id": "u", "attributes": {"a": "x"}}).row_hash() == user.row_hash()
    assert User.model_validate({"user_id": "u", "attributes": "a=y"}).row_hash() != user.row_hash()


def test_attributes_are_rows_of_kind_and_value_each_once_in_order():
    item = Item.model_validate({"item_id": "i", "attributes": "year=1995; genre = Drama | Comedy |Drama;;"})
    assert item.attributes == {"year": ["1995"], "genre": ["Drama", "Comedy", "Drama"]}
    assert item.attribute_rows() == [
        {"kind": "genre", "value": "Comedy"},
        {"kind": "genre", "value": "Drama"},
        {"kind": "year", "value": "1995"},
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a=b=c", {"a": ["b=c"]}),
        ("a=", {"a": []}),
        ("a=x;b=y;a=z", {"a": ["x", "z"], "b": ["y"]}),
        ({"a": 5, "b": ["x", 6]}, {"a": ["5"], "b": ["x", "6"]}),
        ({"price": 9.5, "new": True, "pages": 320.0}, {"price": ["9.5"], "new": ["true"], "pages": ["320"]}),
        ({"a": None, "b": ["x", None, ""], "a ": "y"}, {"a": ["y"], "b": ["x"]}),
        ("", {}),
    ],
)
def test_the_value_of_an_attribute_is_all_behind_the_first_equals_sign(written, read):
    assert Item.model_validate({"item_id": "i", "attributes": written}).attributes == read


@pytest.mark.parametrize("written", ["genre", "=x", " =x", "a=1;b"])
def test_attributes_that_are_not_kind_equals_value_are_refused_with_an_example(written):
    expected = "attributes: attributes must look like genre=Drama|Comedy;year=1995"
    assert refusal(Item, {"item_id": "i", "attributes": written}) == expected


@pytest.mark.parametrize(
    ("written", "place"), [(5, "attributes"), (["a=b"], "attributes"), ({"a": [1, {"b": 2}]}, "attributes.a.1")]
)
def test_attributes_of_another_type_are_refused_with_their_place(written, place):
    assert refusal(Item, {"item_id": "i", "attributes": written}).startswith(f"{place}: must be ")


def test_attributes_are_read_from_the_csv_form_and_the_json_form_alike():
    csv = Item.model_validate({"item_id": "1", "attributes": "genre=Drama|Comedy;year=1995"})
    json = Item.model_validate({"item_id": 1, "attributes": {"year": [1995], "genre": ["Drama", "Comedy"]}})
    assert csv.attribute_rows() == json.attribute_rows()
    assert len(csv.attribute_rows()) == 3


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [
        (9.5, 9.5),
        ("00123", "00123"),
        (True, True),
        ([1, 2.5], [1.0, 2.5]),
        (["a", None, ""], ["a"]),
        (["a", 1, [2]], ["a", "1", "[2]"]),
        ([True, 1], ["true", "1"]),
        ({"EUR": 9.5}, '{"EUR": 9.5}'),
        (10**30, str(10**30)),
    ],
)
def test_a_property_is_kept_as_a_value_that_the_graph_can_hold(given_value, kept):
    item = Item.model_validate({"item_id": "i", "properties": {"price": given_value}})
    assert item.property_row() == {"own_price": kept}
    assert item.row_hash() == Item.model_validate({"item_id": "i"}).row_hash()  # nothing to read again


def test_a_property_that_is_nested_too_deep_is_refused():
    deep = []
    for _ in range(2_000):
        deep = [deep]
    assert refusal(Item, {"item_id": "i", "properties": {"a": deep}}) == "properties: nested too deep"


@pytest.mark.parametrize("given_value", [None, " ", float("nan"), [], [None]])
def test_a_property_that_says_nothing_is_none(given_value):
    assert Item.model_validate({"item_id": "i", "properties": {"price": given_value}}).properties == {}


@pytest.mark.parametrize(
    "properties", [{"": 1}, {"x" * 513: 1}, {"a\0": 1}, {"a": "\ud800"}, {str(n): n for n in range(501)}, [1], "x"]
)
def test_properties_that_the_graph_can_not_hold_are_refused(properties):
    assert refusal(Item, {"item_id": "i", "properties": properties}).startswith("properties: ")


def test_nobody_follows_themselves():
    assert refusal(Tie, {"user_id": "a", "follows": "a"}) == "follows: a user can't follow themselves"
    assert Tie.model_validate({"user_id": "a", "follows": "b"}).follows == "b"


def test_a_kind_is_found_by_its_name_and_an_unknown_one_is_refused_with_all_that_there_are():
    assert known_kind("view", KINDS) is KINDS["view"]
    kinds = {name: KINDS[name] for name in ("view", "like")}
    with pytest.raises(ValueError) as caught:
        known_kind("x" * 70, kinds)
    assert str(caught.value) == f"kind: {'x' * 60!r} is not one of view like"
    with pytest.raises(ValueError, match=r"is not one of view like; did you mean like\?$"):
        known_kind("Likes", kinds)


def test_the_first_three_things_that_are_wrong_with_a_row_are_said():
    row = {"user_id": True, "item_id": 2.5, "kind": [], "timestamp": "soon", "value": "ten"}
    assert refusal(Event, row) == ("user_id: must be text; item_id: must be text; kind: must be text")
    assert refusal(Event, EVENT | {"timestamp": "soon"}).startswith("timestamp: a time must be")
    assert refusal(Event, "text") == "must be a JSON object"


def test_a_field_that_is_not_known_says_where_an_item_keeps_its_own():
    assert refusal(Item, {"item_id": "i", "price": 3}) == (
        "price: is not known here; fields of your own go into properties"
    )
    assert refusal(Event, EVENT | {"price": 3}) == "price: is not known here"
    assert refusal(Event, {"user_id": "u", "item_id": "i"}) == "kind: must be given"


def test_a_description_that_is_a_list_of_texts_has_a_line_for_each():
    item = Item.model_validate({"item_id": "i", "description": ["A card.", "For all."]})
    assert item.description == "A card.\nFor all."
    assert Item.model_validate({"item_id": "i", "description": []}).description is None
    assert refusal(Item, {"item_id": "i", "description": ["a", 1]}) == "description: must be text"


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2018-01-01", "2018-01-01T00:00:00+00:00"),
        ("2018-01-01T00:00:00Z", "2018-01-01T00:00:00+00:00"),
        ("2018-01-01 12:30", "2018-01-01T12:30:00+00:00"),
        ("2018-01-01T00:00:00 02:00", "2018-01-01T00:00:00+02:00"),
    ],
)
def test_a_moment_is_a_date_or_time(text, iso):
    assert parse_moment(text).isoformat() == iso


@pytest.mark.parametrize("text", ["soon", "2018-13-01", "0001-01-01T00:00:00+23:59", ""])
def test_what_is_no_moment_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match=r"^must be an ISO 8601 date or time"):
        parse_moment(text)


ODD_TEXTS = ["\ud800", "\0", "", " ", "x" * 600, "1e400", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]
ANY_TEXT = st.one_of(st.sampled_from(ODD_TEXTS), st.text(st.characters(), max_size=10))  # JSON can hold all of them
JSON_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        ANY_TEXT,
        st.sampled_from(
            ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", 10**400, "1e400", "\ud800", "\0", " "]
        ),
        st.datetimes().map(datetime.isoformat),
        st.integers(-(10**20), 10**20),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ANY_TEXT, inner, max_size=3)),
    max_leaves=4,
)


@pytest.mark.parametrize("what", RECORDS)
@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_whatever_stands_in_a_row_it_is_stored_or_says_what_is_wrong_with_it(what, data):
    """No value of any field ends in another error than that row's own."""
    fields = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(RECORDS[what].model_fields, JSON_VALUES)))
    others = data.draw(st.dictionaries(ANY_TEXT, JSON_VALUES, max_size=2))
    good = {"user_id": "u", "item_id": "i", "kind": "view", "follows": "f"}
    filled = {name: good[name] for name in RECORDS[what].model_fields if name in good} | fields | others
    line = Columns(what, ("brand",)).known_line(Line(1, b"", filled))
    checked = check_line(line, STORES[what](KINDS)[0])
    assert checked.problem is None or (isinstance(checked.problem, str) and checked.problem)
    json.dumps(checked.row, ensure_ascii=False).encode()  # no unpaired surrogate


@pytest.mark.parametrize("number", [math.inf, -math.inf])
def test_numbers_that_json_does_not_have_are_refused_wherever_they_stand(number):
    for properties in ({"a": number}, {"a": [1.0, number]}, {"a": ["x", [number]]}):
        assert refusal(Item, {"item_id": "i", "properties": properties}) == "properties: a number must be finite"
    for properties in ({"a": {"b": number}}, {"a": [{"b": [number]}]}, {"a": {"b": math.nan}}):
        assert refusal(Item, {"item_id": "i", "properties": properties}) == (
            "properties: a number in a map must be finite"
        )
    for record in ({"item_id": "i"}, {"user_id": "u"}):
        kind = Item if "item_id" in record else User
        assert refusal(kind, record | {"attributes": {"year": [number]}}).startswith("attributes.year.0: ")


@pytest.mark.parametrize("value", [True, False])
def test_true_and_false_are_no_value(value):
    assert refusal(Event, EVENT | {"value": value}) == f"value: a value must be a number, not {str(value).lower()}"


def test_digits_of_other_scripts_are_neither_a_time_nor_a_value():
    assert refusal(Event, EVENT | {"timestamp": "١٢٣"}) == "timestamp: a time must be ISO 8601 or Unix time, not '١٢٣'"
    assert refusal(Event, EVENT | {"timestamp": "٢٠٢٠-٠١-٠١"}).startswith("timestamp: a time must be")
    assert refusal(Event, EVENT | {"value": "١٢٣"}).startswith("value: ")


def test_the_last_moment_of_the_year_9999_stays_in_it():
    item = Item.model_validate({"item_id": "i", "published_at": "9999-12-31T23:59:59.999999Z"})
    assert datetime.fromtimestamp(item_row(item)["published_at"] // 1000, UTC).year == 9999
    assert item_row(Item(item_id="i", published_at=1767323045.6789))["published_at"] == 1_767_323_045_679
