"""What a language model is asked, and in what shape it has to answer.

Prompts are files in `prompts/`; their first line says their version, which stands in `extracted_by` of all that they
led to. People and items go by numbers of their place in a question: no id leaves the graph.
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
LONGEST_TITLE, LONGEST_DESCRIPTION = 120, 400
AT_ONCE = 20
TOKENS_OF_AN_ANSWER = 220  # about one person or item
T = TypeVar("T")


@dataclass(frozen=True)
class Prompt:
    """name: with the version, "interests/1".  text: what the model is told before the question."""

    name: str
    text: str


@cache
def prompt(name: str) -> Prompt:
    """A prompt of the folder."""
    first, _, text = (FOLDER / f"{name}.md").read_text(encoding="utf-8").partition("\n")
    return Prompt(f"{name}/{first.partition(':')[2].strip()}", text.strip())


def _first(count: int) -> BeforeValidator:
    """A longer list is cut, not refused."""
    return BeforeValidator(lambda value: value[:count] if isinstance(value, list) else value)


def _share(value: Any) -> Any:
    """A number out of bounds is taken to the nearer bound; what is none is 0."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0.0 if math.isnan(value) else min(max(float(value), 0.0), 1.0)
    return value


Name = Annotated[
    str, BeforeValidator(lambda v: v[:LONGEST_NAME] if isinstance(v, str) else v), Field(max_length=LONGEST_NAME)
]
Share = Annotated[float, BeforeValidator(_share), Field(ge=0, le=1)]


class ReadInterest(BaseModel):
    """One interest of a person, as the model says."""

    name: Name
    polarity: Literal["likes", "dislikes"]
    horizon: Literal["short", "long"]
    confidence: Share
    evidence: Annotated[list[int], _first(MOST_EVIDENCE), Field(max_length=MOST_EVIDENCE)]


class ReadUser(BaseModel):
    """What was read about one person."""

    user: int
    interests: Annotated[list[ReadInterest], _first(MOST_INTERESTS), Field(max_length=MOST_INTERESTS)]


class ReadUsers(BaseModel):
    """The answer to `interests`."""

    users: Annotated[list[ReadUser], _first(AT_ONCE), Field(max_length=AT_ONCE)]


class Topic(BaseModel):
    """One thing that an item is about."""

    name: Name
    weight: Share


class ReadItem(BaseModel):
    """What was read about one item."""

    item: int
    about: Annotated[list[Topic], _first(MOST_TOPICS), Field(max_length=MOST_TOPICS)]


class ReadItems(BaseModel):
    """The answer to `about`."""

    items: Annotated[list[ReadItem], _first(AT_ONCE), Field(max_length=AT_ONCE)]


def clean(text: str, longest: int) -> str:
    """Somebody's text on one line, without control and format characters, cut."""
    letters = (" " if letter.isspace() else letter for letter in text)
    kept = "".join(letter for letter in letters if unicodedata.category(letter)[0] != "C")
    words = " ".join(kept.split())
    return words if len(words) <= longest else words[: longest - 1] + "…"


def as_text(name: str, rows: Sequence[dict[str, Any]]) -> str:
    """The question: JSON, so that no text in it can end what it stands in."""
    return json.dumps({name: rows}, ensure_ascii=False, separators=(",", ":"))


def packed(rows: Iterable[T], text: Callable[[T], str], room: int) -> Iterator[list[T]]:
    """Rows together that one question has room for: at most AT_ONCE, and their text and answers in so many tokens.
    A row that is too long alone stands alone.
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
