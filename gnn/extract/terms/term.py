"""A term: one interest of the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One interest of the vocabulary. name: canonical, lower case.  label: as it is written.

    origin: "attribute" or "phrase".  forms: other phrases of texts, in lower case, that mean the same.
    """

    name: str
    label: str
    origin: str
    forms: tuple[str, ...] = ()
