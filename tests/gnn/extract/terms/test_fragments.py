import pytest

from gnn.extract.terms.fragments import fragments
from gnn.extract.terms.passing import LONG, are_long, in_passing
from graphstore.extract.items import ItemText

NOUNS = {"clay", "flower", "pot", "stand", "flower pot", "pot stand", "clay flower pot", "flower pot stand", "sun hat"}


def test_what_is_nearly_always_beside_one_word_is_a_fragment_and_the_end_stands_for_the_whole():
    texts = ["Clay flower pot stand, red"] * 3
    found = fragments({"clay flower pot", "flower pot stand", "pot stand"}, NOUNS, texts)
    assert found == {"clay flower pot", "flower pot stand"}


def test_a_phrase_whose_longer_phrase_is_named_is_none():
    texts = ["Clay flower pot"] * 4 + ["flower pot"]
    assert fragments({"clay flower pot", "flower pot"}, NOUNS, texts) == set()
    assert fragments({"flower pot"}, NOUNS, texts) == {"flower pot"}


def test_a_phrase_among_many_others_is_none():
    texts = ["sun hat clay", "sun hat pot", "sun hat flower", "my sun hat"]
    nouns = NOUNS | {"hat clay", "hat pot", "hat flower"}
    assert fragments({"sun hat"}, nouns, texts) == set()


@pytest.mark.parametrize(("times", "torn"), [(4, {"brass door"}), (3, set())])
def test_a_phrase_often_beside_one_of_two_words_is_a_fragment(times, torn):
    texts = ["brass door knob", "brass door handle"] * times
    assert fragments({"brass door"}, {"door knob", "door handle"}, texts) == torn


def test_a_word_that_a_link_follows_is_a_fragment_and_one_of_a_compound_is_not():
    texts = ["eau de cologne", "eau de parfum", "cake tin", "cake tin"]
    assert fragments({"eau", "cake"}, {"cake tin"}, texts) == {"eau"}


def test_what_is_in_no_title_and_not_repeated_is_named_in_passing():
    found = [({"pivot tables": 5, "bricks": 1, "printing": 1, "cats": 2}, ["printing"]), ({"bricks": 1, "cats": 1}, [])]
    assert in_passing(found) == {"bricks", "cats"}


def test_texts_are_long_by_their_words():
    def items(words):
        return [ItemText("i", "Title", "word " * words, (), None), ItemText("j", "", "", (), None)]

    assert are_long(items(2 * LONG)) and not are_long(items(LONG))
