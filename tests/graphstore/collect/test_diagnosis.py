"""What is said of a file that can't be used as it is."""

import pytest

from graphstore.collect.columns import Columns
from graphstore.collect.diagnosis import check_described, check_header, failure
from graphstore.collect.files import Line, Source, open_rows
from graphstore.collect.ratings import Ratings
from graphstore.collect.watch import Repeats
from graphstore.errors import InputError


@pytest.mark.parametrize(
    ("what", "header", "cause"),
    [
        ("events", "1,1193,5,978300760", "looks like a row of data: put a line with the names before it"),
        ("events", "1::1193::5::978300760", "separated by “::”"),
        ("events", "userId,movieId,rating,timestamp", "Rename userId to user_id, movieId to item_id, rating to value."),
        ("events", "user_id,item_id,value", "Add a column kind, which says what each row is"),
        ("events", "user_id,attributes", "It looks like a file of users: use --users."),
        ("events", "user_id,kind,query", "Rename query to text."),
        ("users", "user_id,kind,text,timestamp", "look like events, not users: use --events"),
        ("items", "asin,name", "Rename asin to item_id, name to title."),
        ("items", "user_id,item_id,kind,value", "look like events, not items: use --events"),
        ("users", "user_id,follows", "look like ties, not users: use --ties"),
    ],
)
def test_a_header_without_what_is_needed_is_refused_with_a_guess_at_the_cause(tmp_path, what, header, cause):
    (tmp_path / "f.csv").write_text(f"{header}\n1,2\n", encoding="utf-8")
    with open_rows(tmp_path / "f.csv") as source, pytest.raises(InputError) as caught:
        check_header(what, source)
    assert cause in str(caught.value) and "columns" in str(caught.value)


@pytest.mark.parametrize("separator", [";", "\t", "|", ","])
def test_the_separator_is_the_one_that_divides_the_header(tmp_path, separator):
    lines = (("item_id", "title", "attributes"), ("1", "A", '"genre=B|C;year=1995"'))
    (tmp_path / "f.csv").write_text("\n".join(map(separator.join, lines)), encoding="utf-8")
    with open_rows(tmp_path / "f.csv") as source:
        check_header("items", source)
        assert [line.row for line in source.lines] == [
            {"item_id": "1", "title": "A", "attributes": "genre=B|C;year=1995"}
        ]


def test_a_header_with_a_column_twice_is_refused(tmp_path):
    (tmp_path / "f.csv").write_text("item_id,title,title\n", encoding="utf-8")
    with pytest.raises(InputError, match="has the column 'title' twice"), open_rows(tmp_path / "f.csv"):
        pass


def test_a_file_of_items_may_have_users_too():
    check_described("items", "posts.jsonl", ["item_id", "user_id", "title"])
    check_described("events", "events.jsonl", ["item_id", "user_id", "kind"])


def test_a_file_of_which_nothing_was_stored_is_told_apart_by_what_was_read():
    source = Source("f.jsonl", "jsonl", b"", None, iter(()))
    columns = Columns("items")
    assert "A JSON array becomes that with: jq" in failure("items", source, columns, 5, b"")
    assert "Read as gb18030 they say '1,活着'" in failure("items", source, columns, 5, "1,活着\n".encode("gbk"))
    columns.known_line(Line(1, b"", {"asin": "B1", "title": "A"}))
    text = failure("items", source, columns, 1_547, b"")
    assert text.startswith(
        "f.jsonl: none of its 1,547 rows could be stored. Its first row has the columns asin, title;"
    )
    assert text.endswith("Rename asin to item_id.")


def test_ratings_far_from_the_others_are_noticed_and_a_scale_is_none():
    for usual, far in (([1, 2, 3, 4, 5], 99.0), ([0.5, 5.0], -50.0), ([0, 100], 1000.0)):
        ratings = Ratings()
        for line, value in enumerate([*usual * 20, far], 1):
            ratings.add(value, line)
        assert f"{far:g} (line {len(usual) * 20 + 1})" in ratings.note()
    for usual in ([5] * 99 + [1], [10, 10, 9, 8, 0], list(range(101)), [1, -1], [99]):
        ratings = Ratings()
        for line, value in enumerate(usual * 20, 1):
            ratings.add(float(value), line)
        assert ratings.note() is None


def test_ids_that_come_again_are_counted_across_batches():
    repeats = Repeats()
    repeats.add([])
    assert repeats.count == 0
    names = [f"{number * 2654435761 % 2**64:016x}" for number in range(1_000)]
    for start in range(0, 1_000, 70):
        repeats.add(names[start : start + 70])
    assert repeats.count == 0
    repeats.add([*names[:5], "f" * 32, "f" * 32])
    assert repeats.count == 6
