"""Texts without markup and addresses, polarity of words, in time that grows with their length alone."""

import doctest
import time

import pytest

from gnn.extract import plain_text
from gnn.extract.plain_text import pieces, plain
from gnn.extract.writing import polarity
from gnn.extract.writing.polarity import combined, is_english, of_words
from graphstore.extract import queries


@pytest.mark.parametrize("module", [plain_text, polarity, queries])
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a < b and c > d", "a < b and c > d"),
        ("<img src=x onerror=alert(1)>robots<br/>in space", "robots\nin space"),
        ("<style>p {color: red}</style>space<script>horror()</script", "space"),
        ("write to Ann.Lee@example.org!", "write to"),
        ("see https://shop.example/horror?x=1, now", "see now"),
        ("buy at cheap-films.com today", "buy at today"),
        ("科幻片&nbsp;很好", "科幻片 很好"),
        ("😀 great 👩‍🚀", "😀 great 👩‍🚀"),
        ("", ""),
        ("<td>Red</td><td>Wool</td> I love <em>space</em> operas", "Red\nWool\nI love space operas"),
        ("no <!-- comedy <b>x</b> --> here --> there", "no here --> there"),
        ("a big &#99999999999; number", "a big number"),
        (f"robots&#{'9' * 5_000}; in &#x{'F' * 5_000}; space", "robots in space"),
        ("&#xD800;&#1114112;&zzz; &#128512;&#x1F600", "\ufffd\ufffd&zzz; 😀😀"),
    ],
)
def test_markup_and_addresses_are_taken_out_and_the_rest_stays(text, left):
    assert plain(text) == left


def test_of_an_item_the_names_of_sites_stay_without_their_ending():
    assert (
        plain("Amazon.com and shop.de/x, ask me@x.org, www.x.org, http://x.org", sites=True) == "Amazon and shop/x, ask"
    )


HOSTILE = [
    "<" * 200_000,
    "<script>" * 25_000,
    "a@" * 100_000,
    "a." * 100_000,
    "a@a.a" * 40_000,
    "<!--" * 50_000,
    "." * 200_000 + "x",
    "!?…" * 60_000 + "x",
    "<a " * 60_000,
    "&#9" * 60_000,
    "&#" + "9" * 200_000,
    "&amp;" * 40_000,
    "x" * 200_000,
    "字" * 200_000,
]


@pytest.mark.parametrize("sites", [False, True])
@pytest.mark.parametrize("text", HOSTILE, ids=[text[:8] for text in HOSTILE])
def test_a_text_of_200_000_characters_is_cut_into_pieces_in_a_second(text, sites):
    start = time.perf_counter()
    list(pieces(plain(text, sites)))
    assert time.perf_counter() - start < 2


def test_a_long_sentence_is_cut():
    assert [len(piece.split()) for piece in pieces("word " * 100)] == [40, 40, 20]


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("I did not like this film", True),
        ("Boring!", True),
        ("Die Handlung war schlecht und die Figuren auch", False),
        ("La película fue terrible para mi", False),
        ("这部电影太差了", False),
        ("😀", False),
        ("", False),
    ],
)
def test_words_have_a_polarity_in_english_alone(text, english):
    assert is_english(text) is english


def test_words_weigh_more_than_the_deed():
    good, bad = of_words("I loved the robots"), of_words("The robots were terrible")
    assert good > 0 > bad and of_words("There are robots in it") is None
    assert of_words("I love horror", ["horror"]) > 0.5 and of_words("The war and the crime", ["war", "crime"]) is None
    assert combined(bad, -1) < combined(bad, 1) < 0 < combined(good, -1) < combined(good, 1) <= 1
    assert combined(None, 1) > combined(None, 0) > 0 > combined(None, -1)


@pytest.mark.parametrize("text", ["😀" * 20_000, "great 😀" * 5_000, "good" + "!" * 20_000, "not " * 6_000])
def test_many_emoji_and_signs_have_a_polarity_within_a_second(text):
    of_words("warm")  # reads the lexicon
    start = time.perf_counter()
    of_words(text)
    assert time.perf_counter() - start < 1
