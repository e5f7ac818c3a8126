"""Diagnosis of a file that can't be used as it is: what was read, what is wanted, and a guess at the cause, once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from graphstore.collect.columns import Columns
from graphstore.collect.encodings import guess_encoding
from graphstore.collect.fields import parse_time
from graphstore.collect.files import NOT_UTF_8, Source
from graphstore.collect.records import RECORDS
from graphstore.errors import InputError

SHOWN = 20
DESCRIBING = {
    "items": {"title", "description", "attributes", "image", "audio", "published_at", "properties"},
    "users": {"attributes"},
}
# Names that other systems give the columns, without case and punctuation.
OTHER_NAMES = {
    "user_id": "user userid uid customer customerid reviewer reviewerid member memberid client account visitorid",
    "item_id": "item itemid product productid movie movieid film filmid book bookid isbn asin sku article id artistid",
    "kind": "event eventtype action type behavior behaviour interaction",
    "value": "rating score stars overall quantity amount",
    "timestamp": "time date datetime createdat ts unixreviewtime ratedat eventtime",
    "text": "review reviewtext comment body content query search searchterm searchquery keywords",
    "title": "name productname itemname productitle movietitle",
    "follows": "followee followed followsid friend friendid target",
}


def check_header(what: str, source: Source) -> None:
    """Check that the header of a CSV file has the columns that its rows need.

    Raises:
        InputError: one is missing; with what was read and what is wanted.
    """
    columns = Columns(what)
    if source.format == "csv" and source.header.strip() and columns.lacking(source.columns):
        raise InputError(f"{source.name}: {_wanted(columns, source.columns, 'Its first line')}")
    check_described(what, source.name, source.columns)


def check_described(what: str, name: str, found: Collection[str]) -> None:
    """Check that a file of items or users is none of events or ties, which would take their descriptions away.

    Raises:
        InputError: it has ids of both ends and nothing that describes.
    """
    for other, ends in (
        ("events", {"user_id", "item_id"}),
        ("events", {"user_id", "kind", "text"}),
        ("ties", {"user_id", "follows"}),
    ):
        if what in DESCRIBING and ends <= set(found) and not DESCRIBING[what] & set(found):
            raise InputError(
                f"{name}: it has the columns {_listed(found)}, which look like {other}, not {what}: use --{other}."
            )


def failure(what: str, source: Source, columns: Columns, rows: int, broken: bytes) -> str:
    """What to say of a file none of whose `rows` could be stored.  broken: some of its lines that are not UTF-8."""
    text = f"{source.name}: none of its {rows:,} rows could be stored."
    if broken and columns.first is None:
        return f"{text} {encoding_note(broken)}"
    if columns.first is None:
        return f"{text} {_not_rows(source)}"
    if columns.lacking(columns.first):
        return f"{text} {_wanted(columns, columns.first, 'Its first row')}"
    hint = _guess(columns, columns.first) if "item_id" in columns.known and "item_id" not in columns.first else ""
    return f"{text} It has the columns {_listed(columns.first)}. The reasons are above. {hint}".rstrip()


def encoding_note(broken: bytes, count: int | None = None) -> str:
    """What lines that are not UTF-8 may be, and what to do."""
    encoding, text = guess_encoding(broken)
    lines = f"Its lines are {NOT_UTF_8}." if count is None else f"Lines that are {NOT_UTF_8}: {count:,}."
    reading = " ".join(text.split())[:80]
    return (
        f"{lines} Read as {encoding} they say {reading!r}: if that is right, collect the file again with "
        f"--encoding {encoding}; otherwise with the encoding that it was written in."
    )


def _wanted(columns: Columns, found: Sequence[str], where: str) -> str:
    optional = [name for name in columns.known if name not in columns.needed]
    return (
        f"{where} has the columns {_listed(found)}; {columns.what} need {', '.join(columns.needed)}"
        f" (and may have {', '.join(optional)}). {_guess(columns, found)}"
    ).rstrip()


def _listed(names: Iterable[str]) -> str:
    names = [name[:60] or "(no name)" for name in names]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _guess(columns: Columns, found: Sequence[str]) -> str:
    """The most likely cause that the needed columns are not there."""
    if any("::" in name for name in found):
        return "Its fields seem to be separated by “::”: replace that by a tab."
    if any(_is_data(name) for name in found):
        return f"This looks like a row of data: put a line with the names before it, like {','.join(columns.needed)}."
    lacks_id = any(name not in found for name in columns.needed if name != "kind")
    others = [other for other in RECORDS if other not in (columns.what, "users" if "kind" in found else "")]
    for other in others:
        if lacks_id and not Columns(other).lacking(found):
            return f"It looks like a file of {other}: use --{other}."
    missing = [name for name in columns.known if name not in found]
    renamed = [(name, ours) for ours in missing for name in found if name not in columns.known and _means(name, ours)]
    hints = [f"Rename {', '.join(f'{name} to {ours}' for name, ours in dict(renamed).items())}."] if renamed else []
    if "kind" in columns.needed and "kind" not in found and "kind" not in dict(renamed).values():
        hints.append("Add a column kind, which says what each row is: rate, view, purchase, …")
    return " ".join(hints)


def _is_data(name: str) -> bool:
    if re.fullmatch(r"[+-]?[\d.,]+", name):
        return True
    try:
        parse_time(name)
    except ValueError:
        return False
    return True


def _means(name: str, ours: str) -> bool:
    bare = re.sub(r"[\W_]", "", name).lower()
    return bare == ours.replace("_", "") or bare in OTHER_NAMES.get(ours, "").split()


def _not_rows(source: Source) -> str:
    if source.format == "jsonl":
        return (
            'One JSON object a line is wanted, like {"item_id": "50"}. A JSON array becomes that with: '
            "jq -c '.[]' FILE > FILE.jsonl"
        )
    return f"Its header line has the columns {_listed(source.columns)}."
