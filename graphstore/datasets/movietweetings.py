"""MovieTweetings: ratings from tweets, and other sets of films in the format of MovieLens 1M."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphstore.datasets.dataset import Dataset, RowIterator, need_file, no_rows, read_lines
from graphstore.datasets.movielens import film_row, rating_row

FILES = ("movies.dat", "ratings.dat")
SEPARATOR = "::"


def read_movietweetings(folder: Path) -> Dataset:
    """A snapshot of MovieTweetings: movies.dat (id, title, genres) and ratings.dat (user, film, 0 to 10, time)."""

    def items() -> RowIterator:
        return read_lines(need_file(folder, "movies.dat"), SEPARATOR, _film)

    def events() -> RowIterator:
        return read_lines(need_file(folder, "ratings.dat"), SEPARATOR, lambda fields: rating_row(*fields))

    return Dataset("movietweetings", items, no_rows, events)


def _film(fields: list[str]) -> dict[str, Any]:
    item_id, *title, genres = fields
    known = [genre for genre in genres.split("|") if genre and not genre.startswith("(")]  # "(no genres listed)"
    return film_row(item_id, SEPARATOR.join(title).strip(), known)
