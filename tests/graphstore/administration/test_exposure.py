"""The lists that recommend --all wrote are read again, whatever their ids hold."""

import json

from graphstore.administration.exposure import read_lists


def test_an_id_with_a_line_separator_does_not_break_its_line(tmp_path):
    rows = [{"user_id": "a\u2028b\x85", "items": ["i"]}, {"user_id": "c", "items": []}]
    path = tmp_path / "lists.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    assert read_lists(path) == rows
    path.write_text("")
    assert read_lists(path) == []
