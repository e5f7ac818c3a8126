"""Rows of JSONL and CSV files, read one by one in bounded memory. A broken line is reported; the rest is read."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from graphstore.collect.encodings import Recoded, encoding_of, guess_encoding
from graphstore.errors import InputError

LINE_BYTES = 1 << 20
KEPT_BYTES = 1 << 26
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
SEPARATORS = ",;\t|"
NOT_UTF_8 = "not UTF-8"
SAMPLE_BYTES = 4096
MOST_LINES = 100  # of a row that has the wrong number of fields; a longer one has a stray quote
csv.field_size_limit(LINE_BYTES)


@dataclass(frozen=True)
class Line:
    """A line of input: its number, from 1; its bytes as read; and its row, or the problem why it has none."""

    number: int
    raw: bytes
    row: dict[str, Any] | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Source:
    """An open input: format "jsonl" or "csv", header line of a CSV, size in bytes (None if unknown), and lines.

    columns: that the header names; none for JSONL.
    """

    name: str
    format: str
    header: bytes
    size: int | None
    lines: Iterator[Line]
    columns: tuple[str, ...] = ()


@contextmanager
def open_rows(path: str | Path, encoding: str | None = None) -> Iterator[Source]:
    """Open a JSONL or CSV file, plain or `.gz`, or standard input for "-". The name or first byte gives the format.

    The raw bytes of a line, and so of a rejected one, are UTF-8 whatever the encoding of the file. The fields of a CSV
    are separated by the one of SEPARATORS that divides its header most.

    encoding: UTF-8 where None, or UTF-16 where the file has its byte order mark.

    Raises:
        InputError: the file can't be read, is no text, or its header names a column twice.
    """
    with ExitStack() as opened:
        with _reading(path):
            stream = opened.enter_context(_open(path))
            buffered = io.BufferedReader(stream, 1 << 20) if not hasattr(stream, "peek") else stream  # type: ignore
            found = encoding_of(str(path), buffered.peek(SAMPLE_BYTES)[:SAMPLE_BYTES], encoding)  # type: ignore[union-attr]
            if found:
                buffered = io.BufferedReader(Recoded(buffered, found), 1 << 20)
            ending = Path(str(path).removesuffix(".gz")).suffix.lower()
            start = buffered.peek(64).lstrip(b"\xef\xbb\xbf \t\r\n")  # type: ignore[union-attr]
            is_json = ending in JSON_ENDINGS or (ending != ".csv" and start[:1] in (b"{", b"[", b""))
            size = None if found or str(path) == "-" or str(path).endswith(".gz") else Path(path).stat().st_size
            if is_json:
                source = Source(str(path), "jsonl", b"", size, _read(path, _json_lines(buffered)))
            else:
                header = buffered.readline(LINE_BYTES)
                columns, separator = _header(header, str(path))
                lines = _read(path, _csv_lines(buffered, columns, separator))
                source = Source(str(path), "csv", header, size, lines, tuple(columns))
        yield source


@contextmanager
def _reading(path: str | Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}") from error


def _read(path: str | Path, lines: Iterator[Line]) -> Iterator[Line]:
    with _reading(path):
        yield from lines


def _header(header: bytes, name: str) -> tuple[list[str], str]:
    """The columns that a header line names, and the separator of fields."""
    text, problem = _decoded(header, None)
    if problem:
        encoding, reading = guess_encoding(header)
        raise InputError(
            f"{name}: its header line is {problem}. Read as {encoding} it says {reading.strip()[:100]!r}: "
            f"if that is right, give --encoding {encoding}."
        )
    try:
        separated = {separator: next(csv.reader([text], delimiter=separator), []) for separator in SEPARATORS}
    except csv.Error as error:
        raise InputError(f"{name}: its header line is not CSV: {error}.") from error
    separator = max(separated, key=lambda one: len(separated[one]))
    columns = [column.strip() for column in separated[separator]]
    twice = next((column for column in columns if column and columns.count(column) > 1), None)
    if twice is not None:
        raise InputError(f"{name}: its header line has the column {twice[:60]!r} twice.")
    return columns, separator


@contextmanager
def _open(path: str | Path) -> Iterator[BinaryIO]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rb") as stream:
        yield stream  # type: ignore[misc]


def _raw_lines(stream: Any, first: int) -> Iterator[tuple[int, bytes, str | None]]:
    """(number, raw, problem) of lines. A line of more than LINE_BYTES is a problem; its raw bytes end at KEPT_BYTES."""
    number = first
    while raw := stream.readline(LINE_BYTES + 1):
        problem = None
        if len(raw) > LINE_BYTES and not raw.endswith(b"\n"):
            kept = [raw]
            length = len(raw)
            while (more := stream.readline(LINE_BYTES)) and not kept[-1].endswith(b"\n"):
                length += len(more)
                if length <= KEPT_BYTES:
                    kept.append(more)
                if more.endswith(b"\n"):
                    break
            raw = b"".join(kept)
            problem = f"the line has {length:,} bytes; at most {LINE_BYTES:,} are read"
        yield number, raw, problem
        number += 1


def _decoded(raw: bytes, problem: str | None) -> tuple[str, str | None]:
    if problem:
        return "", problem
    try:
        return raw.decode("utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8"), None
    except UnicodeDecodeError as error:
        return "", f"{NOT_UTF_8}: byte 0x{raw[error.start]:02x} at position {error.start + 1}"


def _json_lines(stream: Any) -> Iterator[Line]:
    for number, raw, problem in _raw_lines(stream, 1):
        text, problem = _decoded(raw, problem)
        if problem is None and not text.strip():
            continue
        yield Line(number, raw, *_json_row(text, problem))


def _json_row(text: str, problem: str | None) -> tuple[dict[str, Any] | None, str | None]:
    if problem:
        return None, problem
    try:
        row = json.loads(text)
    except RecursionError:
        return None, "not JSON that can be read: nested too deep"
    except ValueError as error:
        return None, f"not JSON: {error}"
    if not isinstance(row, dict):
        return None, f"expected a JSON object, not {type(row).__name__}"
    return row, None


def _csv_lines(stream: Any, columns: list[str], separator: str) -> Iterator[Line]:
    """The rows of CSV. Where a quote that is never closed, or wrongly, makes lines into one row that can't be read, the
    first of them is a problem and the others are read again."""
    numbered = _raw_lines(stream, 2)
    again: deque[tuple[int, bytes, str | None]] = deque()
    undecoded: list[Line] = []  # between the rows of the reader
    taken: list[tuple[int, bytes, str | None]] = []  # lines of the present row

    def decoded_lines() -> Iterator[str]:
        while line := again.popleft() if again else next(numbered, None):
            text, problem = _decoded(line[1], line[2])
            if problem:
                undecoded.append(Line(line[0], line[1], None, problem))
            else:
                taken.append(line)
                yield text

    reader = csv.reader(decoded_lines(), strict=True, delimiter=separator)
    while True:
        taken.clear()
        broken = False
        try:
            fields = next(reader)
            row, problem = _csv_row(columns, fields)
        except StopIteration:
            yield from undecoded
            return
        except csv.Error as error:
            row, problem, fields, broken = None, f"not CSV: {error}", ["?"], True
        if len(taken) > (1 if broken else MOST_LINES) and problem:
            problem += f"; a quote in this line opens a field of {len(taken):,} lines: those after it are read again"
            again.extendleft(reversed(taken[1:]))
            del taken[1:]
            reader = csv.reader(decoded_lines(), strict=True, delimiter=separator)  # the other may be at its end
        yield from undecoded
        undecoded.clear()
        if fields:
            yield Line(taken[0][0], b"".join(raw for _, raw, _ in taken), row, problem)


def _csv_row(columns: list[str], fields: list[str]) -> tuple[dict[str, Any] | None, str | None]:
    if len(fields) != len(columns):
        return None, f"expected {len(columns)} fields ({','.join(columns)[:100]}), found {len(fields)}"
    return {column: field for column, field in zip(columns, fields, strict=True) if field != ""}, None


def rows_source(name: str, rows: Iterator[dict[str, Any]]) -> Source:
    """A source of rows that a program made; rejected ones are written as JSON lines."""
    lines = (Line(number, json.dumps(row).encode() + b"\n", row) for number, row in enumerate(rows, 1))
    return Source(name, "jsonl", b"", None, lines)
