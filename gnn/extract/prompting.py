"""Prompts and answer shapes of a generative language model.

Prompts are files in `prompts/`; their first line holds the version, which is part of `extracted_by` of all results.
Users and items are numbered in each question, so that no id leaves the graph.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field

from gnn.extract.vocabulary import LONGEST_NAME
from gnn.llm.question import estimated_tokens

FOLDER = Path(__file__).parent / "prompts"
MOST_INTERESTS, MOST_EVIDENCE, MOST_TOPICS = 6, 10, 6
LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_WRITTEN = 120, 400, 240
AT_ONCE = 20
TOKENS_OF_AN_ANSWER = 220  # about one user or item
T = TypeVar("T")


@dataclass(frozen=True)
class Prompt:
    """A prompt. name: with the version, "interests/1".  text: the instructions to the model."""

    name: str
    text: str


@cache
def prompt(name: str) -> Prompt:
    """The prompt in `prompts/NAME.md`."""
    first, _, text = (FOLDER / f"{name}.md").read_text(encoding="utf-8").partition("\n")
    return Prompt(f"{name}/{first.partition(':')[2].strip()}", text.strip())


def _first(count: int) -> BeforeValidator:
    """Cut a longer list in place of refusing it."""
    return BeforeValidator(lambda value: value[:count] if isinstance(value, list) else value)


def _share(value: Any) -> Any:
    """Clip a number to [0, 1]; NaN becomes 0."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0.0 if math.isnan(value) else min(max(float(value), 0.0), 1.0)
    return value


Name = Annotated[
    str, BeforeValidator(lambda v: v[:LONGEST_NAME] if isinstance(v, str) else v), Field(max_length=LONGEST_NAME)
]
Share = Annotated[float, BeforeValidator(_share), Field(ge=0, le=1)]


class ReadInterest(BaseModel):
    """One interest of a user in an answer."""

    name: Name
    polarity: Literal["likes", "dislikes"]
    horizon: Literal["short", "long"]
    confidence: Share
    evidence: Annotated[list[int], _first(MOST_EVIDENCE), Field(max_length=MOST_EVIDENCE)]


class ReadUser(BaseModel):
    """The answer about one user."""

    user: int
    interests: Annotated[list[ReadInterest], _first(MOST_INTERESTS), Field(max_length=MOST_INTERESTS)]


class ReadUsers(BaseModel):
    """The answer to the prompt `interests`."""

    users: Annotated[list[ReadUser], _first(AT_ONCE), Field(max_length=AT_ONCE)]


class Topic(BaseModel):
    """One topic of an item in an answer."""

    name: Name
    weight: Share


class ReadItem(BaseModel):
    """The answer about one item."""

    item: int
    about: Annotated[list[Topic], _first(MOST_TOPICS), Field(max_length=MOST_TOPICS)]


class ReadItems(BaseModel):
    """The answer to the prompt `about`."""

    items: Annotated[list[ReadItem], _first(AT_ONCE), Field(max_length=AT_ONCE)]


def clean(text: str, longest: int) -> str:
    """A text on one line, without control and format characters, cut to `longest` characters."""
    letters = (" " if letter.isspace() else letter for letter in text)
    kept = "".join(letter for letter in letters if unicodedata.category(letter)[0] != "C")
    words = " ".join(kept.split())
    return words if len(words) <= longest else words[: longest - 1] + "…"


def as_text(name: str, rows: Sequence[dict[str, Any]]) -> str:
    """The question as JSON, which quotes the texts in it safely."""
    return json.dumps({name: rows}, ensure_ascii=False, separators=(",", ":"))


def packed(rows: Iterable[T], text: Callable[[T], str], room: int) -> Iterator[list[T]]:
    """Rows in batches for one question each: at most AT_ONCE, with texts and answers of at most `room` tokens.

    A row that is too long is a batch of its own.
    """
    batch: list[T] = []
    used = 0
    for row in rows:
        more = estimated_tokens(text(row)) + TOKENS_OF_AN_ANSWER
        if batch and (len(batch) == AT_ONCE or used + more > room):
            yield batch
            batch, used = [], 0
        batch.append(row)
        used += more
    if batch:
        yield batch
