"""A term: one interest of the vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Term:
    """One interest of the vocabulary. name: canonical, lower case.  label: as it is written.

    origin: "attribute" or "phrase".  forms: other phrases of texts, in lower case, that mean the same.
    """

    name: str
    label: str
    origin: str
    forms: tuple[str, ...] = ()

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Term:
        """From a row of `graphstore.extract.interests.read_interests`."""
        return cls(row["name"], row["label"], row["origin"], tuple(row["forms"]))
