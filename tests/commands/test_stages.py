"""The lists of all users are written whole, whoever writes the same file at the same time."""

import json
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from commands.console import Terminal
from commands.stages import recommend_command
from graphstore.recommend import stage


@contextmanager
def no_client(terminal):
    yield None


def recommend_all(monkeypatch, rows, output):
    """Run the command, with `rows` as what is recommended."""
    monkeypatch.setattr(Terminal, "client", no_client)
    monkeypatch.setattr(stage, "recommend_all", lambda *_, **__: rows)
    return CliRunner().invoke(recommend_command, ["--all", "--output", str(output)])


def test_two_that_write_one_file_at_once_write_a_whole_one_each(monkeypatch, tmp_path):
    output = tmp_path / "lists.jsonl"
    whole = []

    def rows(name):
        yield {"user_id": name, "items": []}
        if name == "slow":
            assert recommend_all(monkeypatch, rows("quick"), output).exit_code == 0
            whole.append(output.read_text())
        yield {"user_id": name, "items": ["i"]}

    done = recommend_all(monkeypatch, rows("slow"), output)
    assert (done.exit_code, done.output) == (0, f"2 lists in {output}\n")
    for text, name in ((whole[0], "quick"), (output.read_text(), "slow")):
        assert [json.loads(line)["user_id"] for line in text.splitlines()] == [name, name]
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 1, "Stopped."),
        (OSError(28, "No space left on device"), 2, "can't be written: No space left on device"),
    ],
)
def test_lists_that_are_not_finished_leave_the_file_as_it_was(monkeypatch, tmp_path, error, code, said):
    output = tmp_path / "lists.jsonl"
    output.write_text("old")

    def rows():
        yield {"user_id": "u", "items": []}
        raise error

    done = recommend_all(monkeypatch, rows(), output)
    assert done.exit_code == code and said in done.output
    assert output.read_text() == "old" and list(tmp_path.iterdir()) == [output]
