"""The common form of data sets, and readers of published files: plain or gzip, UTF-8 or Latin-1."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, TypeVar

from graphstore.errors import InputError

RowIterator = Iterator[dict[str, Any]]
Record = TypeVar("Record")
Made = TypeVar("Made")
AS_LATIN_1 = "graphstore-as-latin-1"


@dataclass(frozen=True)
class Dataset:
    """A data set: each function reads the rows of one part again.

    ties: None where the data set has none.  texts: events of which the text is the point, such as tags, in a file of
    their own that is asked for separately; None where there are none.
    """

    name: str
    items: Callable[[], RowIterator]
    users: Callable[[], RowIterator]
    events: Callable[[], RowIterator]
    ties: Callable[[], RowIterator] | None = None
    texts: Callable[[], RowIterator] | None = None


def no_rows() -> RowIterator:
    """The rows of a part that a data set does not have."""
    return iter(())


def find_file(folder: Path, name: str) -> Path | None:
    """The path of a file in a folder, plain or with `.gz` added; None if neither exists."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def need_file(folder: Path, name: str) -> Path:
    """The path of a file in a folder, plain or with `.gz` added.

    Raises:
        InputError: neither exists.
    """
    path = find_file(folder, name)
    if path is None:
        raise InputError(f"{folder}: there is neither {name} nor {name}.gz in it.")
    return path


def _bytes_as_latin_1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(AS_LATIN_1, _bytes_as_latin_1)


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a plain or gzip file as UTF-8. Bytes that are not UTF-8 are read as Latin-1, which older data sets use."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as stream, io.TextIOWrapper(stream, "utf-8-sig", AS_LATIN_1, newline="") as text:
        yield text


def read_lines(path: Path, separator: str | None, make: Callable[[list[str]], Made], first: int = 1) -> Iterator[Made]:
    """`make` of the fields of each line that is not empty, from line `first` on. Quotes are not special.

    separator: between fields; white space where None.

    Raises:
        InputError: the file can't be read, or `make` fails on a line, which is named.
    """

    def records(stream: TextIO) -> Iterator[tuple[int, list[str]]]:
        for number, line in enumerate(stream, 1):
            text = line.rstrip("\r\n")
            if number >= first and text.strip():
                yield number, text.split(separator)

    return _each(path, records, make)


def read_table(path: Path, columns: Sequence[str], make: Callable[[dict[str, str]], Made]) -> Iterator[Made]:
    """`make` of each row of a CSV file whose header has at least these columns.

    Raises:
        InputError: the file can't be read, a column is missing, or `make` fails on a row, which is named.
    """

    def records(stream: TextIO) -> Iterator[tuple[int, dict[str, str]]]:
        reader = csv.DictReader(stream)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"{path}: its header line lacks {', '.join(missing)}.")
        for row in reader:
            yield reader.line_num, row

    return _each(path, records, make)


def read_json_lines(path: Path, make: Callable[[dict[str, Any]], Made]) -> Iterator[Made]:
    """`make` of the JSON object of each line that is not empty.

    Raises:
        InputError: the file can't be read, or a line is no JSON, or `make` fails on it; the line is named.
    """

    def records(stream: TextIO) -> Iterator[tuple[int, str]]:
        return ((number, line) for number, line in enumerate(stream, 1) if line.strip())

    return _each(path, records, lambda line: make(json.loads(line)))


def _each(
    path: Path, records: Callable[[TextIO], Iterable[tuple[int, Record]]], make: Callable[[Record], Made]
) -> Iterator[Made]:
    number = 0
    try:
        with open_text(path) as stream:
            for number, record in records(stream):  # noqa: B007 (the number stands in the message below)
                yield make(record)
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise InputError(f"{path}: can't be read after line {number:,}: {error}") from error
    except (ValueError, TypeError, LookupError, SyntaxError, AttributeError) as error:
        raise InputError(f"{path}, line {number:,}: not as the data set is published: {error}") from error
