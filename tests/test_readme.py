"""What the documents tell people to type exists."""

import re
import shlex
from pathlib import Path

import click
import pytest

from interestgraph import main

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    "README.md",
    "docs/neo4j.md",
    "docs/neo4j-browser.md",
    "docs/http.md",
    "docs/admin.md",
    "docs/models.md",
    "docs/generative.md",
    "docs/evaluation.md",
)


def typed():
    """(document, command line) of every `interestgraph …` in a block of shell commands or a table of commands."""
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        for block in re.findall(r"```(?:sh|bash|console)?\n(.*?)```", text, re.DOTALL):
            for line in block.splitlines():
                for found in re.findall(r"(?:^|[\s(&;/])interestgraph ([a-z][^|;&)#\n]*)", line):
                    yield name, found.strip()


@pytest.mark.parametrize(("document", "line"), sorted(set(typed())))
def test_a_command_in_the_documents_exists_with_its_options(document, line):
    words = shlex.split(line)
    command: click.Command = main
    while words and isinstance(command, click.Group):
        name = words.pop(0)
        assert name in command.commands, f"{document}: there is no command {line!r}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.split("=")[0] for word in words if word.startswith("-") and word != "-"} <= known


def test_every_command_stands_in_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in main.commands if f"`{name}" not in text] == []
