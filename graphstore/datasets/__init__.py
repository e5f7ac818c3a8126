"""Published data sets, converted to items, users, events and ties in the program's row formats; one module each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from graphstore.datasets import amazon_reviews, lastfm, lightgcn, mars, movietweetings, online_retail
from graphstore.datasets.amazon_reviews import read_amazon_reviews
from graphstore.datasets.dataset import Dataset, RowIterator, find_file
from graphstore.datasets.lastfm import read_lastfm
from graphstore.datasets.lightgcn import read_lightgcn, read_lists
from graphstore.datasets.mars import read_mars
from graphstore.datasets.movielens import demo_dataset, read_ml_100k, read_ml_latest, read_recbole_ml_100k
from graphstore.datasets.movietweetings import read_movietweetings
from graphstore.datasets.online_retail import read_online_retail
from graphstore.errors import InputError

__all__ = [
    "ADAPTERS",
    "Dataset",
    "RowIterator",
    "demo_dataset",
    "open_dataset",
    "read_amazon_reviews",
    "read_lastfm",
    "read_lightgcn",
    "read_lists",
    "read_mars",
    "read_ml_100k",
    "read_ml_latest",
    "read_movietweetings",
    "read_online_retail",
    "read_recbole_ml_100k",
]

ADAPTERS: dict[str, tuple[tuple[str, ...], Callable[[Path], Dataset]]] = {
    "ml-100k": (("u.data", "u.item", "u.user"), read_ml_100k),
    "ml-latest": (("movies.csv", "ratings.csv"), read_ml_latest),
    "movietweetings": (movietweetings.FILES, read_movietweetings),
    "lastfm": (lastfm.FILES, read_lastfm),
    "online-retail": (online_retail.FILES, read_online_retail),
    "mars": (mars.FILES, read_mars),
    "gift-cards": (amazon_reviews.FILES, read_amazon_reviews),
    "lightgcn": (lightgcn.FILES, read_lightgcn),
}


def open_dataset(name: str, folder: Path) -> Dataset:
    """The data set of this name from a folder of its published files, each plain or `.gz`.

    Raises:
        InputError: no adapter of this name, or a file of the data set is missing.
    """
    if name not in ADAPTERS:
        raise InputError(f"There is no adapter {name!r}; known: {', '.join(ADAPTERS)}.")
    needed, adapter = ADAPTERS[name]
    missing = [file for file in needed if find_file(folder, file) is None]
    if missing:
        raise InputError(f"{folder}: {name} needs {', '.join(needed)}; missing: {', '.join(missing)}.")
    return adapter(folder)
