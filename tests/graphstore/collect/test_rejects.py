"""Rejected rows lie in files of their own; what can't be written there is an error that says so."""

import json
from pathlib import Path

import pytest

from graphstore.collect.files import Line, Source
from graphstore.collect.rejects import RejectWriter
from graphstore.collect.store import Counts
from graphstore.errors import InputError

SOURCE = Source("odd.csv", "csv", b"a,b\n", None, iter(()))


def test_a_reason_with_half_a_surrogate_pair_is_written_as_json(tmp_path):
    with RejectWriter(tmp_path, "items", SOURCE) as rejects:
        path = Path(rejects.add(Line(2, b"1"), "attributes.\ud800: wrong"))
    assert path.read_bytes() == b"a,b\n1\n"
    (reason,) = map(json.loads, path.with_suffix(".reasons.jsonl").read_text(encoding="utf-8").splitlines())
    assert reason == {"line": 2, "reason": "attributes.\ud800: wrong"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("bytes_", [1, 1_000_000])  # fails at the end, and at once
def test_a_full_disk_is_said_of_the_file_of_rejected_rows(tmp_path, monkeypatch, bytes_):
    usual = Path.open
    monkeypatch.setattr(Path, "open", lambda path, mode, **how: usual(Path("/dev/full"), mode.replace("x", "w"), **how))
    expected = r"odd-.*csv: rejected rows can't be written there: No space left on device\..*--rejected"
    with pytest.raises(InputError, match=expected), RejectWriter(tmp_path, "odd", SOURCE) as rejects:
        rejects.add(Line(2, b"1" * bytes_), "wrong")


def test_a_folder_that_can_not_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="rejected: rejected rows can't be written there"):
        RejectWriter(tmp_path / "file" / "rejected", "items", SOURCE).add(Line(2, b"1"), "wrong")


def test_a_rejected_row_of_many_lines_says_how_many():
    counts = Counts()
    counts.reject(Line(2, b'"a\n' + b"b\n" * 1_200), "user_id: too long")
    counts.reject(Line(5, b"c\n"), "user_id: missing")
    assert counts.rejected == [(2, "user_id: too long (a row of 1,201 lines)"), (5, "user_id: missing")]
