"""Queries: what users searched for, and the items and interests that these texts find."""

from __future__ import annotations

from collections.abc import Sequence

from graphstore.database.client import Transaction


def find_items(tx: Transaction, texts: Sequence[str]) -> None:
    """Create FINDS and ABOUT of those Queries, of some, that have none, in the transaction that stores their searches.

    texts: canonical, distinct, of Query nodes that are stored and locked (collect/lock_queries).
    """
