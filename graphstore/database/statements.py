"""Statement files, loaded by name. Each has a contract in its header, which is checked before it is sent.

A header consists of line comments at the top of the file:

    // Purpose: what it does
    // Access: read | write | schema
    // Parameters: user_id STRING, rows LIST<MAP>        (or none)
    // Returns: item_id STRING, score FLOAT              (or nothing)
    // Index: what it relies on                          (or none)
    // Scan: why a label scan is right here              (only where there is one)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from graphstore.errors import StatementError
from graphstore.kinds import TYPE_NAME

FOLDER = Path(__file__).resolve().parents[2] / "cypher"
FIELDS = ("Purpose", "Access", "Parameters", "Returns", "Index", "Scan")
REQUIRED = FIELDS[:5]
PLACEHOLDER = re.compile(r"(?<=:)BEHAVIOUR\b")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
COMMENT_OR_STRING = re.compile(COMMENT.pattern + r"|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
GRAPH_TYPE = re.compile(r"NODE|RELATIONSHIP|PATH")
PARAMETER = re.compile(r"\$(\w+)")


@dataclass(frozen=True)
class Statement:
    """One `.cypher` file: its text and the fields of its header."""

    name: str
    text: str
    purpose: str
    access: str
    parameters: dict[str, str]
    columns: dict[str, str]
    index: str
    scan: str | None = None

    @cached_property
    def returns_graph(self) -> bool:
        """Whether a column holds nodes, relationships or paths."""
        return any(GRAPH_TYPE.search(kind) for kind in self.columns.values())

    def check(self, given: dict[str, Any]) -> None:
        """Check that exactly the declared parameters are given.

        Raises:
            StatementError: one is missing or undeclared.
        """
        missing = self.parameters.keys() - given.keys()
        unknown = given.keys() - self.parameters.keys()
        if missing or unknown:
            parts = [f"missing {sorted(missing)}"] if missing else []
            parts += [f"undeclared {sorted(unknown)}"] if unknown else []
            raise StatementError(
                f"cypher/{self.name}.cypher: {' and '.join(parts)}; declares {sorted(self.parameters) or 'none'}."
            )

    def for_type(self, relationship_type: str) -> Statement:
        """The statement with one relationship type in place of the placeholder type `BEHAVIOUR`.

        Raises:
            StatementError: the type is not upper case, or the file has no placeholder.
        """
        if not TYPE_NAME.fullmatch(relationship_type):
            raise StatementError(f"{relationship_type!r} is no relationship type: expected upper case, e.g. PURCHASED.")
        text, count = PLACEHOLDER.subn(relationship_type, self.text)
        if not count:
            raise StatementError(f"cypher/{self.name}.cypher has no placeholder type BEHAVIOUR.")
        return replace(self, text=text)

    def for_types(self, relationship_types: Iterable[str]) -> Statement:
        """The union of the statement for several relationship types.

        Raises:
            StatementError: as `for_type`, or there is no type.
        """
        texts = [self.for_type(name).text.rstrip() for name in relationship_types]
        if not texts:
            raise StatementError(f"cypher/{self.name}.cypher: no type of behaviour to ask for.")
        return replace(self, text="\nUNION ALL\n".join(texts))


def body(text: str) -> str:
    """The text without comments and with empty string literals, for checks."""
    return COMMENT_OR_STRING.sub(lambda found: "" if found.group().startswith("/") else "''", text)


def _header(name: str, text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    current = None
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        content = line[2:].strip()
        field, colon, value = content.partition(":")
        if colon and field in FIELDS:
            current = field
            fields[current] = value.strip()
        elif current:
            fields[current] += "\n" + content
    missing = [field for field in REQUIRED if not fields.get(field)]
    if missing:
        raise StatementError(f"cypher/{name}.cypher: its header lacks {', '.join(missing)}.")
    return fields


def _typed_names(value: str) -> dict[str, str]:
    value = re.sub(r"\s+", " ", value).strip().rstrip(".")
    if value in ("none", "nothing"):
        return {}
    return {part.split()[0]: " ".join(part.split()[1:]) for part in re.split(r",\s*(?![^<]*>)", value)}


@cache
def load(name: str) -> Statement:
    """Read `cypher/<name>.cypher`, e.g. `load("collect/merge_users")`, once.

    Raises:
        StatementError: no such file, an incomplete header, or parameters other than the header declares.
    """
    path = FOLDER / f"{name}.cypher"
    if not path.is_file():
        raise StatementError(f"There is no statement cypher/{name}.cypher.")
    text = path.read_text(encoding="utf-8")
    header = _header(name, text)
    access = header["Access"].split()[0]
    if access not in ("read", "write", "schema"):
        raise StatementError(f"cypher/{name}.cypher: Access is {access!r}; expected read, write or schema.")
    parameters = _typed_names(header["Parameters"])
    used = set(PARAMETER.findall(body(text)))
    if used != parameters.keys():
        raise StatementError(f"cypher/{name}.cypher: declares parameters {sorted(parameters)} but uses {sorted(used)}.")
    return Statement(
        name=name,
        text=text,
        purpose=header["Purpose"],
        access=access,
        parameters=parameters,
        columns=_typed_names(header["Returns"]),
        index=header["Index"],
        scan=header.get("Scan"),
    )


def names() -> list[str]:
    """The names of all statements, sorted."""
    return sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.cypher"))


def split(text: str) -> list[str]:
    """The statements of a schema file, which are separated by `;` at line ends."""
    return [part for part in re.split(r";\s*(?:\n|$)", text) if COMMENT.sub("", part).strip()]
