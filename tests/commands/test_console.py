"""What is destructive asks where somebody can answer, and needs --yes elsewhere; tables are whole in a pipe."""

import sys
from io import StringIO

import click
import pytest
from rich.console import Console

from commands.console import Declined, Terminal, plain_table
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
