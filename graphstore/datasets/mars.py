"""MARS: resources, page views and watches of an e-learning platform for office software (English part)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphstore.datasets.dataset import Dataset, RowIterator, need_file, read_table

ITEMS, USERS = "items_en.csv", "users_en.csv"
VIEWS, WATCHES = "implicit_ratings_en.csv", "explicit_ratings_en.csv"
FILES = (ITEMS, USERS, VIEWS, WATCHES)
LISTED = ("Job", "Software", "Theme")
UNKNOWN = "N/A"


def read_mars(folder: Path) -> Dataset:
    """Page views are events of kind "view"; watches are of kind "complete" with the percentage watched as value.

    Two equal views in the same second have the same event id, so that one is stored.

    Reference: Hafsa, "E-learning Recommender System Dataset", Data in Brief 47, 2023.
    """

    def items() -> RowIterator:
        columns = ("item_id", "name", "description", "Difficulty", "type", *LISTED)
        return read_table(need_file(folder, ITEMS), columns, _resource)

    def users() -> RowIterator:
        return read_table(need_file(folder, USERS), ("user_id", "job"), _learner)

    def events() -> Iterator[dict[str, Any]]:
        yield from read_table(need_file(folder, VIEWS), ("user_id", "item_id", "created_at"), _view)
        columns = ("user_id", "item_id", "created_at", "watch_percentage")
        yield from read_table(need_file(folder, WATCHES), columns, _watch)

    return Dataset("mars", items, users, events)


def _resource(row: dict[str, str]) -> dict[str, Any]:
    attributes = {name.lower(): [str(value) for value in ast.literal_eval(row[name] or "[]")] for name in LISTED}
    for name in ("Difficulty", "type"):
        attributes[name.lower()] = [] if row[name] in ("", UNKNOWN) else [row[name]]
    return {
        "item_id": row["item_id"],
        "title": row["name"].strip(),
        "description": row["description"].strip(),
        "kind": "course",
        "attributes": {kind: values for kind, values in attributes.items() if values},
    }


def _learner(row: dict[str, str]) -> dict[str, Any]:
    attributes = {} if row["job"] in ("", UNKNOWN) else {"job": [row["job"].strip()]}
    return {"user_id": row["user_id"], "attributes": attributes}


def _view(row: dict[str, str]) -> dict[str, Any]:
    return {"user_id": row["user_id"], "item_id": row["item_id"], "kind": "view", "timestamp": _seconds(row)}


def _watch(row: dict[str, str]) -> dict[str, Any]:
    return _view(row) | {"kind": "complete", "value": float(row["watch_percentage"])}


def _seconds(row: dict[str, str]) -> int:
    return int(datetime.fromisoformat(row["created_at"][:19]).replace(tzinfo=UTC).timestamp())
