"""Noun phrases of texts: what a clause names, by the parts of speech of its words.

English words are tagged by HanTa (Wartena, "A Probabilistic Morphology Model for German
Lemmatization", KONVENS 2019), whose models are inside its package; Chinese ones by the dictionary of rjieba. Words of
other languages, which no model knows, are taken for nouns, as most words that are not stop words are.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import cache, lru_cache
from typing import Any

import rjieba

from gnn.extract.plain_text import plain
from gnn.extract.terms.generic import EMPTY_BEFORE
from gnn.extract.words import clauses, joined, says_nothing
from graphstore.extract.canonical import HAN

LONGEST_PHRASE = 3
BEGINS, ENDS = "the|and|of|to|your|this|that|with|from", "the|and|of|your|you|this|that|with|from|about"
LAST = "in|on|by|is|so"  # function words that also end words
GLUED = re.compile(rf"(?:{BEGINS})([a-z]{{3,}})|([a-z]{{3,}})(?:{ENDS})|([a-z]{{4,}})(?:{LAST})|so(you|we|they|it)")
AND = re.compile(r"\s[&+]\s")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\W*[A-Z0-9])|(?<=[。！？])|[\r\n]+|\s[-–—|•*]+\s")
# A noun; a word that may stand before one in a phrase; one that may also end a phrase of several words; the rest.
NOUN, BEFORE, VERBAL, OTHER = "noun", "before", "verbal noun", "other"
# Plurals that stand before another noun; others end a phrase: "cake tins | pantry design".
PLURALS_BEFORE = frozenset(
    """
    arts brides childrens clothes darts games glasses goods graphics grounds jeans kids mens news operations physics
    politics sales savings series sports systems teens twins womens works
    """.split()
)
ENGLISH = "morphmodel_en.pgz"
MOST_WORDS, LIKELY = 300_000, 6  # words that the tagger keeps in memory, and tags of each
LIKELY_TOO = 4.0  # by how much less the logarithm of a tag's probability may be than that of the likeliest
HAN_NOUNS = ("n", "an", "l", "i", "j", "eng", "nr", "ns", "nt", "nz", "x")


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text without its markup; lines, bullets and dashes end one as well."""
    for sentence in SENTENCE.split(plain(text, sites=True)):
        if sentence and not sentence.isspace():
            yield sentence.strip()


def noun_phrases(sentence: str) -> list[tuple[str, str]]:
    """The phrases of at most LONGEST_PHRASE words in a sentence that end with a noun: (in lower case, as written)."""
    told = _tells_case(sentence)
    found = []
    for words in clauses(AND.sub(" | ", sentence), fold=False):
        written = words if told else [word.casefold() for word in words]
        lower = [word.casefold() for word in words]
        kinds = _kinds(tuple(written))
        bare = [says_nothing(word) for word in lower]
        plural = [_ends(word) for word in written]
        empty = [word in EMPTY_BEFORE and word == form for word, form in zip(lower, written, strict=True)]
        for end in range(len(words)):
            if kinds[end] not in (NOUN, VERBAL) or bare[end]:
                continue
            for start in range(end, max(end - LONGEST_PHRASE, -1), -1):
                if kinds[start] == OTHER or (start < end and plural[start]):
                    break
                if kinds[end] == VERBAL and start == end:
                    continue
                if not (bare[start] or empty[start]) and len({*lower[start : end + 1]}) == end + 1 - start:
                    found.append((joined(lower[start : end + 1]), joined(written[start : end + 1])))
    return found


def _tells_case(sentence: str) -> bool:
    """Whether capital letters say something: not where nearly all letters are."""
    letters = [letter for letter in sentence if letter.isalpha()]
    return sum(map(str.isupper, letters)) < 0.7 * len(letters)


def _kinds(words: tuple[str, ...]) -> list[str]:
    if any(HAN.match(word) for word in words):
        return [_kind_of_han(word) if HAN.match(word) else NOUN for word in words]
    return [_kind_of(word, tag) for word, tag in zip(words, _tags(words), strict=True)]


def _kind_of(word: str, tag: str) -> str:
    if not word.isalnum():
        return _kind_with_apostrophe(word)
    return OTHER if _is_glued(word) else _kind(tag)


@lru_cache(maxsize=100_000)
def _is_glued(word: str) -> bool:
    return is_glued(word, _known_words())


def is_glued(word: str, words: Container[str]) -> bool:
    """Whether a word is two that a lost space joined: "thedocument", "fileand", where `words` has the other one."""
    pair = GLUED.fullmatch(word)
    return pair is not None and word not in _known_words() and pair[pair.lastindex or 1] in words


@lru_cache(maxsize=100_000)
def _ends(word: str) -> bool:
    """Whether a word ends a phrase: a known plural in lower case that does not stand before other nouns."""
    return word in _known_words() and word not in PLURALS_BEFORE and singular(word) != word


def _kind_with_apostrophe(word: str) -> str:
    """A possessive stands before a noun, and is a name if it is capitalised; "they're" and "that's" are neither."""
    stem, ending = word[:-2].casefold(), word[-2:].casefold()
    if ending not in ("'s", "’s") or says_nothing(stem):
        return OTHER
    if stem in _known_words() and is_verb(stem):
        return OTHER
    return NOUN if word[0].isupper() else BEFORE


@lru_cache(maxsize=100_000)
def _kind_of_han(word: str) -> str:
    tags = [tag for _, tag in rjieba.tag(word)]
    return (
        NOUN
        if tags[-1] in HAN_NOUNS
        else VERBAL
        if tags[-1] in ("v", "vn")
        else BEFORE
        if tags[-1][0] in "abz"
        else OTHER
    )


def _kind(tag: str) -> str:
    """The kind of a word, of its tag of the British National Corpus."""
    if tag.startswith("N") or tag == "UNC":
        return NOUN
    return BEFORE if tag.startswith("AJ") or tag == "VVG" else OTHER


@cache
def _tagger() -> Any:
    from HanTa.HanoverTagger import HanoverTagger

    return HanoverTagger(ENGLISH)


@cache
def _known_words() -> frozenset[str]:
    """The words that the tagger has learned from texts."""
    return frozenset(_tagger().cache)


def _tags(words: tuple[str, ...]) -> list[str]:
    """The tags of a clause's words. What the tagger finds for a word that it does not know, it finds once."""
    tagger = _tagger()
    known = _known_words()
    for word in words:
        plain = tagger.normalize(word)
        if plain not in known and plain not in tagger.cache and len(tagger.cache) < MOST_WORDS:
            tagger.cache[plain] = sorted(tagger.analyze_forward(plain), key=lambda pair: -pair[1])[:LIKELY]
    return list(tagger.tag_sent(list(words), taglevel=0)) if words else []


@lru_cache(maxsize=200_000)
def singular(word: str) -> str:
    """The singular of a lower-case word, or the word itself.

    >>> singular("wings"), singular("glass"), singular("batteries"), singular("mice")
    ('wing', 'glass', 'battery', 'mouse')
    """
    if len(word) < 4 or not word.isascii() or HAN.match(word):
        return word
    best = _tagger().analyze(word)
    return str(best[0]).casefold() if best[1] in ("NN2", "NN0", "NN1") else word


def is_known(word: str) -> bool:
    """Whether a lower-case word, or its singular, is one that the tagger has learned from texts."""
    return word in _known_words() or singular(word) in _known_words()


def is_verb(word: str) -> bool:
    """Whether a word is mostly a verb: "analyze", "discover"."""
    return " " not in word and str(_tagger().analyze(word)[1]).startswith("VV")


def may_be_verb(word: str) -> bool:
    """Whether a word may be a verb: "share"."""
    tags = [] if " " in word else _tagger().tag_word(word)
    best = max((value for _, value in tags), default=0.0)
    return any(tag.startswith("VV") and value >= best - LIKELY_TOO for tag, value in tags)


def base_form(name: str) -> str:
    """A phrase with its last word in the singular."""
    head, _, last = name.rpartition(" ")
    return f"{head} {singular(last)}" if head else singular(last)
