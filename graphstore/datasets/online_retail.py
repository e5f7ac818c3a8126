"""UCI "Online Retail": the invoices of a British gift shop, December 2010 to December 2011."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from graphstore.datasets.dataset import Dataset, RowIterator, need_file, read_table

FILE = "online_retail.csv"
FILES = (FILE,)
COLUMNS = "InvoiceNo StockCode Description Quantity InvoiceDate UnitPrice CustomerID Country".split()
PRODUCT = re.compile(r"^(\d{5}[A-Za-z]*|DCGS\w+|PADS)$")  # the rest: postage, manual, fees, samples, vouchers
CANCELLED = "C"


@dataclass(frozen=True)
class InvoiceLine:
    """A line of an invoice that is a purchase.  seconds: Unix time of the invoice, read as UTC."""

    invoice: str
    user_id: str
    item_id: str
    title: str
    quantity: int
    seconds: int
    country: str


def read_online_retail(folder: Path) -> Dataset:
    """Purchases of products by known customers, with quantity and price above 0, that were not cancelled.

    Each invoice, customer and code is one event with the sum of quantities as value; the invoice is the session. The
    title of a product is its most frequent description. Codes are converted to upper case (85123a is 85123A).

    Reference: Chen, Sain and Guo, "Data mining for the online retail industry", J. Database Marketing 2012.
    """

    def items() -> RowIterator:
        titles: dict[str, Counter[str]] = {}
        for line in _purchases(folder):
            titles.setdefault(line.item_id, Counter())[line.title] += 1
        for item_id, counts in titles.items():
            del counts[""]
            title = min(counts, key=lambda text: (-counts[text], text), default=None)
            yield {"item_id": item_id, "kind": "product"} | ({"title": title} if title else {})

    def users() -> RowIterator:
        countries: dict[str, set[str]] = {}
        for line in _purchases(folder):
            countries.setdefault(line.user_id, set()).update({line.country} - {""})
        for user_id, names in countries.items():
            yield {"user_id": user_id, "attributes": {"country": sorted(names)} if names else {}}

    return Dataset("online-retail", items, users, lambda: _events(folder))


def _events(folder: Path) -> RowIterator:
    bought: dict[tuple[str, str, str], tuple[int, int]] = {}
    for line in _purchases(folder):
        key = (line.invoice, line.user_id, line.item_id)
        quantity, seconds = bought.get(key, (0, line.seconds))
        bought[key] = (quantity + line.quantity, min(seconds, line.seconds))
    for (invoice, user_id, item_id), (quantity, seconds) in bought.items():
        yield {
            "user_id": user_id,
            "item_id": item_id,
            "kind": "purchase",
            "value": float(quantity),
            "timestamp": seconds,
            "session_id": invoice,
        }


def _purchases(folder: Path) -> Iterator[InvoiceLine]:
    found = read_table(need_file(folder, FILE), COLUMNS, _purchase)
    return (line for line in found if line is not None)


def _purchase(row: dict[str, str]) -> InvoiceLine | None:
    if not row["CustomerID"] or row["InvoiceNo"].upper().startswith(CANCELLED):
        return None
    code, quantity = row["StockCode"].strip().upper(), int(float(row["Quantity"]))
    if quantity <= 0 or float(row["UnitPrice"]) <= 0 or not PRODUCT.match(code):
        return None
    return InvoiceLine(
        invoice=row["InvoiceNo"],
        user_id=str(int(float(row["CustomerID"]))),
        item_id=code,
        title=row["Description"].strip(),
        quantity=quantity,
        seconds=_seconds(row["InvoiceDate"]),
        country=row["Country"].strip(),
    )


def _seconds(text: str) -> int:
    """Unix time of a date in ISO format or, as spreadsheets write it, like 12/1/2010 8:26."""
    time = datetime.strptime(text, "%m/%d/%Y %H:%M") if "/" in text else datetime.fromisoformat(text[:19])
    return int(time.replace(tzinfo=UTC).timestamp())
