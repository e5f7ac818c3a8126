"""What is destructive asks where somebody can answer, and needs --yes elsewhere; tables are whole in a pipe."""

import json
import subprocess
import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import click
import pytest
from rich.console import Console
from rich.text import Text

from commands.console import CONTROL, Commands, Declined, PlainConsole, Terminal, plain_table, with_terminal
from graphstore.errors import InputError


@pytest.fixture
def terminal():
    return Terminal(as_json=False)


class Stdin(StringIO):
    def isatty(self):
        return True


def test_without_a_terminal_it_needs_yes_and_asks_nothing(terminal, monkeypatch):
    monkeypatch.setattr(sys, "stdin", StringIO("y\n"))
    with pytest.raises(InputError, match=r"Nothing was changed\. Everything is deleted\..*--yes"):
        terminal.confirm("Everything is deleted.", yes=False)
    terminal.confirm("Everything is deleted.", yes=True)


@pytest.mark.parametrize("said", ["n\n", "\n", ""])
def test_at_a_terminal_only_yes_goes_on(terminal, monkeypatch, capsys, said):
    monkeypatch.setattr(sys, "stdin", Stdin(said))
    with pytest.raises(Declined):
        terminal.confirm("Everything is deleted.", yes=False)
    captured = capsys.readouterr()
    assert "Everything is deleted. Go on? [y/N]" in captured.out + captured.err


def test_at_a_terminal_yes_goes_on(terminal, monkeypatch):
    monkeypatch.setattr(click.termui, "visible_prompt_func", lambda _: "y")
    monkeypatch.setattr(sys, "stdin", Stdin("y\n"))
    terminal.confirm("Everything is deleted.", yes=False)


def shown(terminal, monkeypatch):
    terminal.out.file = StringIO()
    table = plain_table("system", "ndcg", texts=1)
    table.add_row("a name that is longer than eighty columns " * 5, "0.123 ± 0.456")
    terminal.out.print(table)
    return terminal.out.file.getvalue()


def test_rows_of_a_table_are_a_line_each_in_a_pipe(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = shown(Terminal(as_json=False), monkeypatch).splitlines()
    assert len(lines) == 2 and "0.123 ± 0.456" in lines[1]


def test_a_narrow_terminal_cuts_no_figure_of_a_table_and_wraps_text_at_its_width(monkeypatch):
    monkeypatch.setattr(Console, "is_terminal", property(lambda self: True))
    monkeypatch.setenv("COLUMNS", "60")
    terminal = Terminal(as_json=False)
    out = shown(terminal, monkeypatch)
    assert "…" not in out and "0.123 ± 0.456" in out
    terminal.out.file = StringIO()
    terminal.hanging("lead: ", "word " * 40)
    assert max(map(len, terminal.out.file.getvalue().splitlines())) <= 60


@click.group(cls=Commands)
def program():
    """Commands that print what they were given."""


@program.command("show")
@click.argument("title")
@with_terminal
def show(terminal, title):
    terminal.answer({"title": json.loads(f'"{title}"')}, lambda row: print_all(terminal, row["title"]))


def print_all(terminal, title):
    table = plain_table("title")
    table.add_row(Text(title))
    terminal.hanging("1. ", title)
    terminal.out.print(table)
    terminal.message(title)


@program.command("fail")
@with_terminal
def fail(terminal):
    raise InputError("a column \x1b]0;gotcha\x07 \ud800")


def ran(monkeypatch, *arguments, encoding="utf-8"):
    """(exit code, standard output, standard error) of `program`."""
    streams = [TextIOWrapper(BytesIO(), encoding=encoding) for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    with pytest.raises(SystemExit) as ended:
        program.main(list(arguments))
    for stream in streams:
        stream.flush()
    return ended.value.code, *(stream.buffer.getvalue().decode() for stream in streams)


def test_what_the_encoding_of_the_output_lacks_is_written_as_its_escape(monkeypatch):
    code, out, error = ran(monkeypatch, "show", r"\ud800 é")
    assert code == 0 and out.count(r"\ud800 é") == error.count(r"\ud800 é") + 1 == 2
    code, out, _ = ran(monkeypatch, "show", "Amélie", encoding="ascii")
    assert code == 0 and out.count(r"Am\xe9lie") == 2
    code, _, error = ran(monkeypatch, "fail")
    assert code == 2 and r"\ud800" in error


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_json_stays_json_whatever_the_encoding(monkeypatch, encoding):
    title = "\ud800 é 😀 \x1b\x85"
    code, out, _ = ran(monkeypatch, "show", json.dumps(title)[1:-1], "--json", encoding=encoding)
    assert code == 0 and json.loads(out) == {"title": title}
    assert not CONTROL.search(out)


def test_an_argument_that_is_not_utf_8_is_wrong_input(monkeypatch):
    code, out, error = ran(monkeypatch, "show", "\udcff")
    assert (code, out) == (2, "") and r"TITLE is not UTF-8: '\udcff'" in error
    code, out, _ = ran(monkeypatch, "show", "\udcff", "--json")
    assert code == 2 and "not UTF-8" in json.loads(out)["error"]


def test_no_title_steers_the_terminal(monkeypatch):
    title = r"a\u001b[31mb\u001b]0;c\u0007d\u009b2Je\u007f\r\b"
    code, out, error = ran(monkeypatch, "show", title)
    assert code == 0 and not CONTROL.search(out + error)
    assert out.count("a[31mb]0;cd2Je") == 2 and "a[31mb]0;cd2Je" in error
    code, _, error = ran(monkeypatch, "fail")
    assert code == 2 and "a column ]0;gotcha" in error and not CONTROL.search(error)


def test_styles_are_shown_on_a_terminal_and_control_characters_are_not():
    console = PlainConsole(force_terminal=True, highlight=False, file=StringIO())
    console.print("a\x1b[31mb", style="bold", markup=False)
    assert console.file.getvalue() == "\x1b[1ma[31mb\x1b[0m\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_an_output_that_takes_no_more_is_told_without_a_traceback(more):
    command = [
        sys.executable,
        "-m",
        "interestgraph",
        "estimate",
        "--users",
        "1",
        "--items",
        "1",
        "--events",
        "1",
        *more,
    ]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "Error: The answer can't be written to standard output: No space left on device.\n"
