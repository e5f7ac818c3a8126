"""Reviews of one category of Amazon's shop, as UCSD published them in 2018: what people wrote about what they rated."""

from __future__ import annotations

from html import unescape
from itertools import takewhile
from pathlib import Path
from typing import Any

from graphstore.datasets.dataset import Dataset, RowIterator, need_file, no_rows, read_json_lines

ITEMS, REVIEWS = "items.jsonl", "reviews.jsonl"
FILES = (ITEMS, REVIEWS)
LONGEST_CATEGORY = 60


def read_amazon_reviews(folder: Path) -> Dataset:
    """Each review is an event of kind "rate" with its stars as value; its summary and its text are the text.

    The description of an item is its description and its features, a line each.

    Reference: Ni, Li and McAuley, "Justifying recommendations using distantly-labeled reviews", EMNLP 2019.
    """

    def items() -> RowIterator:
        return read_json_lines(need_file(folder, ITEMS), _product)

    def events() -> RowIterator:
        return read_json_lines(need_file(folder, REVIEWS), _review)

    return Dataset("gift-cards", items, no_rows, events)


def _product(row: dict[str, Any]) -> dict[str, Any]:
    attributes = {"category": list(dict.fromkeys(takewhile(_is_category, map(unescape, row.get("category") or []))))}
    if row.get("brand"):
        attributes["brand"] = [unescape(row["brand"]).strip()]
    described = [unescape(text).strip() for text in (row.get("description") or []) + (row.get("feature") or [])]
    item = {
        "item_id": row["asin"],
        "title": unescape(row.get("title") or "").strip(),
        "description": "\n".join(filter(None, described)),
        "kind": "product",
        "attributes": {kind: values for kind, values in attributes.items() if values},
    }
    return item | ({"properties": {"price": row["price"]}} if row.get("price") else {})


def _is_category(name: str) -> bool:
    """Whether this is a category. Behind those of some items the published file has their features, or markup."""
    return len(name) <= LONGEST_CATEGORY and not name.endswith(".") and "<" not in name


def _review(row: dict[str, Any]) -> dict[str, Any]:
    written = (row.get("summary"), row.get("reviewText"))
    return {
        "user_id": row["reviewerID"],
        "item_id": row["asin"],
        "kind": "rate",
        "value": float(row["overall"]),
        "timestamp": int(row["unixReviewTime"]),
        "text": "\n".join(text for text in written if text),
    }
