import gzip

import pytest

from graphstore.collect.files import LINE_BYTES, open_rows
from graphstore.errors import InputError


def read(path):
    with open_rows(path) as source:
        return source.format, list(source.lines)


def test_a_malformed_line_in_the_middle_costs_that_line(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": \n\n[1]\n{"a": 2}\n')
    _, lines = read(path)
    assert [(line.number, line.row) for line in lines if line.row] == [(1, {"a": 1}), (5, {"a": 2})]
    assert [(line.number, line.problem.split(":")[0]) for line in lines if line.problem] == [
        (2, "not JSON"),
        (4, "expected a JSON object, not list"),
    ]


def test_bytes_that_are_not_utf_8_cost_their_line(tmp_path):
    path = tmp_path / "events.csv"
    path.write_bytes(b"a,b\n1,2\n3,\xff\n5,6\n")
    kind, lines = read(path)
    assert kind == "csv"
    assert [(line.number, line.row) for line in lines] == [
        (2, {"a": "1", "b": "2"}),
        (3, None),
        (4, {"a": "5", "b": "6"}),
    ]
    assert "0xff" in lines[1].problem


def test_a_ten_megabyte_line_is_refused_and_kept_whole(tmp_path):
    path = tmp_path / "events.jsonl"
    long = b'{"a": "' + b"x" * 10_000_000 + b'"}\n'
    path.write_bytes(b'{"a": 1}\n' + long + b'{"a": 2}\n')
    _, lines = read(path)
    assert [line.row for line in lines] == [{"a": 1}, None, {"a": 2}]
    assert lines[1].raw == long
    assert f"{LINE_BYTES:,}" in lines[1].problem


def test_a_quoted_csv_field_may_hold_a_line_break(tmp_path):
    path = tmp_path / "items.csv"
    path.write_bytes(b'a,b\n1,"x\ny"\n2,z\n1,2,3\n')
    _, lines = read(path)
    assert [line.row for line in lines] == [{"a": "1", "b": "x\ny"}, {"a": "2", "b": "z"}, None]
    assert "expected 2 fields" in lines[2].problem
    assert lines[2].number == 5


def test_an_empty_file_has_no_rows(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"")
    assert read(path) == ("jsonl", [])
    path = tmp_path / "events.csv"
    path.write_bytes(b"")
    assert read(path)[1] == []


def test_a_compressed_file_is_read_too(tmp_path):
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(b'\xef\xbb\xbf{"a": 1}\n'))
    assert [line.row for line in read(path)[1]] == [{"a": 1}]
    path.write_bytes(b"no gzip")
    with pytest.raises(InputError, match="can't be read"):
        read(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv"):
        read(tmp_path / "none.csv")


def rows_with(number, line, count=60_000):
    """A CSV of events, with one line of another content."""
    lines = [b"user_id,item_id,kind,event_id\n", *(b"%d,%d,save,e%d\n" % (n % 50, n, n) for n in range(2, count + 1))]
    lines[number - 1] = line
    return b"".join(lines)


@pytest.mark.parametrize("count", [1_000, 60_000])  # shorter and longer than the longest field
def test_a_stray_quote_costs_its_line(tmp_path, count):
    path = tmp_path / "events.csv"
    path.write_bytes(rows_with(6, b'5,"50,save,zq5\n', count))
    lines = read(path)[1]
    assert [line.number for line in lines] == list(range(2, count + 1))
    assert [(line.number, line.raw) for line in lines if line.row is None] == [(6, b'5,"50,save,zq5\n')]
    assert "a quote in this line opens a field of" in lines[4].problem


def test_two_stray_quotes_cost_their_lines(tmp_path):
    path = tmp_path / "events.csv"
    path.write_bytes(b'a,b\n1,"x\n2,y\n3,"z\n\xff\n4,w\n5,"v\nw"\n')
    lines = read(path)[1]
    assert [(line.number, line.row) for line in lines if line.row] == [
        (3, {"a": "2", "b": "y"}),
        (6, {"a": "4", "b": "w"}),
        (7, {"a": "5", "b": "v\nw"}),
    ]
    assert sorted(line.number for line in lines if line.problem) == [2, 4, 5]


def test_a_quote_that_closes_thousands_of_lines_later_costs_its_line(tmp_path):
    path = tmp_path / "events.csv"
    path.write_bytes(rows_with(6, b'5,"50,save,zq5\n', 5_000) + b'1,2",save,x,y\n')
    lines = read(path)[1]
    assert [line.number for line in lines if line.row is None] == [6, 5_001]


def test_a_long_field_with_line_breaks_is_one_row(tmp_path):
    path = tmp_path / "items.csv"
    text = "a line, with a comma\n" * 5_000
    path.write_text(f'a,b\n1,"{text}"\n2,z\n')
    assert [(line.number, line.row) for line in read(path)[1]] == [
        (2, {"a": "1", "b": text}),
        (5_003, {"a": "2", "b": "z"}),
    ]


def test_a_short_row_of_too_many_fields_is_one_row_with_its_line_breaks(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text('a,b\n1,"x\ny, z\n",3\n2,z\n')
    assert [(line.number, line.raw) for line in read(path)[1]] == [(2, b'1,"x\ny, z\n",3\n'), (5, b"2,z\n")]


def test_what_fails_while_a_file_is_open_is_not_said_of_that_file(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{}\n")
    with pytest.raises(OSError, match="another"), open_rows(path):
        raise OSError(28, "another")


def test_a_compressed_file_that_is_none_or_breaks_off_says_so(tmp_path):
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(b"no gzip")
    with pytest.raises(InputError, match="can't be read: Not a gzipped file"):
        read(path)
    whole = gzip.compress(b"".join(b'{"a": %d}\n' % n for n in range(100_000)))
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="can't be read: Compressed file ended"):
        read(path)
    path.write_bytes(whole[:10] + b"\xff" * 100)
    with pytest.raises(InputError, match="can't be read: Error -3"):
        read(path)
