"""Polarity of what users wrote: from the words, in English, and from what they did with the item.

Reference: Hutto and Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text",
ICWSM 2014.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from graphstore.extract.canonical import HAN_RANGE

SILENT = 0.05  # below it words say nothing, as VADER's authors have it
LEAST_ENGLISH = 0.2  # share of a text's words
LOOKED_AT = 400  # letters of a text that show its language
BY_WORDS, BY_DEED = 0.7, 0.3
DEED_ALONE, NEUTRAL = 0.5, 0.3
LONGEST, FEW = 600, 3  # letters of a sentence; symbols in a row
SYMBOLS = re.compile(r"[^\w\s]+")
WORD = re.compile(rf"[{HAN_RANGE}]|[^\W\d_{HAN_RANGE}]+")


def is_english(text: str) -> bool:
    """Whether enough of a text's words are function words of English, or words of five letters or more with a polarity.

    >>> is_english("I did not like the plot"), is_english("Terrible plot"), is_english("Die Handlung war nicht gut")
    (True, True, False)
    """
    words = WORD.findall(text[:LOOKED_AT].lower())
    lexicon = _vader().lexicon
    known = sum(word in ENGLISH_STOP_WORDS or (len(word) >= 5 and word in lexicon) for word in words)
    return bool(words) and known >= LEAST_ENGLISH * len(words)


def of_words(piece: str, names: Iterable[str] = ()) -> float | None:
    """The polarity of an English sentence, from -1 to 1; None where its words say nothing.

    names: of interests in it, whose words have none: who loves horror does not speak ill of it.
    """
    bare = {word for name in names for word in WORD.findall(name.lower())}
    if bare:
        piece = WORD.sub(lambda word: "it" if word[0].lower() in bare else word[0], piece)
    piece = SYMBOLS.sub(_some, piece)[:LONGEST]
    compound = float(_vader().polarity_scores(piece)["compound"])
    return compound if abs(compound) >= SILENT else None


def combined(words: float | None, deed: int) -> float:
    """The polarity of a mention, from -1 to 1.

    words: as `of_words`.  deed: 1 where the event tells that the user likes the item, -1 for dislike, 0 for neither.
    Words weigh more, as they stand beside the interest; whoever writes of something neutrally rather cares for it.
    """
    if words is not None:
        return BY_WORDS * words + BY_DEED * deed
    return DEED_ALONE * deed if deed else NEUTRAL


def _some(run: re.Match[str]) -> str:
    """The first symbols of a run: more of them say no more, and VADER's time grows with their square."""
    return run[0][:FEW]


@cache
def _vader() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()
