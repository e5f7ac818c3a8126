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
