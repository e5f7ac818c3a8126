import pytest

from gnn.extract.terms.generic import names_nothing
from gnn.extract.terms.joining import join_forms, join_parts
from gnn.extract.terms.noun_phrases import base_form, is_glued, is_verb, may_be_verb, noun_phrases, sentences
from graphstore.extract.function_words import FUNCTION_WORDS


def names(sentence):
    return {name for name, _ in noun_phrases(sentence)}


@pytest.mark.parametrize(
    ("sentence", "found", "others"),
    [
        ("Buffalo Wild Wings Gift Cards", {"buffalo wild wings", "gift cards"}, {"buffalo wild", "wild"}),
        ("it really delivers and never expires", set(), {"really", "delivers", "expires"}),
        ("Item delivered nested inside a card", {"card"}, {"delivered", "item delivered", "nested inside"}),
        ("running shoes for hot summer nights", {"running shoes", "summer nights"}, {"hot", "running"}),
        ("they're in Andy's toys", {"toys"}, {"they're", "andy's toys in"}),
        ("a great way to see New York City", {"new york city"}, {"great way"}),
        ("save thedocument and the fileand", set(), {"thedocument", "fileand"}),
        ("click the pagein black, soyou see", set(), {"pagein", "soyou"}),
        ("Let's see Anna's garden", {"garden"}, {"let's"}),
        ("tins pantry design", {"tins", "pantry"}, {"tins pantry", "tins pantry design"}),
        ("Star Wars toys at the sports bar", {"star wars", "sports bar"}, {"wars toys at"}),
        ("Steak House & Wine Bar", {"steak house", "wine bar"}, {"house wine", "steak house wine"}),
        ("他研究流行音乐", {"流行音乐"}, {"研究", "他研究"}),
    ],
)
def test_a_phrase_ends_with_a_noun_and_begins_with_no_stop_word(sentence, found, others):
    assert found <= names(sentence) and not others & names(sentence)


def test_capital_letters_say_nothing_where_all_are():
    assert ("light holder", "light holder") in noun_phrases("WHITE HANGING HEART T-LIGHT HOLDER")
    assert ("star wars", "Star Wars") in noun_phrases("The Return: Star Wars")


def test_markup_addresses_and_domains_are_no_words():
    text = '<div class="aplus">Tea &amp; cake<br/>from https://shop.example/x and Amazon.com</div>'
    assert [part.strip() for part in sentences(text)] == ["Tea & cake", "from and Amazon"]


@pytest.mark.parametrize(("phrase", "nothing"), [("value pack", True), ("box", True), ("music box", False)])
def test_measures_and_vague_words_name_nothing(phrase, nothing):
    assert names_nothing(phrase.split()) is nothing


def test_singular_and_plural_are_one_and_the_more_common_stands_for_both():
    assert [base_form(name) for name in ("wild wings", "glass", "batteries")] == ["wild wing", "glass", "battery"]
    assert join_forms({"wing": 2, "wings": 5, "glass": 3}) == {"wings": ["wing"], "glass": []}


def test_spellings_of_one_name_are_joined_and_the_readable_one_stands_for_all():
    assert join_forms({"keyboardshortcut": 9, "keyboard shortcut": 2}) == {"keyboard shortcut": ["keyboardshortcut"]}
    assert join_forms({"microsoft's": 9, "microsoft": 5}) == {"microsoft": ["microsoft's"]}
    assert join_forms({"macy's": 9, "macy": 0}) == {"macy's": ["macy"]}
    assert join_forms({"bee's wax": 2, "bees wax": 3}) == {"bees wax": ["bee's wax"]}


def test_a_word_that_lost_its_space_is_told_by_the_other_words():
    assert is_glued("thebarometer", {"barometer"}) and not is_glued("thebarometer", set())
    assert not is_glued("theory", {"ory"})


def test_verbs_are_told_and_words_that_may_be_one():
    assert is_verb("analyze") and not is_verb("share") and not is_verb("pivot table")
    assert may_be_verb("share") and not may_be_verb("garden")


def test_a_part_of_a_longer_name_is_a_form_of_it_unless_it_is_one_word_or_stands_elsewhere_too():
    counts = {"buffalo wild wings": 10, "wild wings": 11, "buffalo": 10, "wings": 30}
    assert join_parts(counts) == {"buffalo wild wings": ["wild wings"], "wings": []}


@pytest.mark.parametrize(
    "sentence",
    ["the best of the", "das ist nicht für uns", "ce qui est dans les", "che non per questo", "dat is voor ons ook"],
)
def test_function_words_of_several_languages_are_no_phrase(sentence):
    assert not {word for name in names(sentence) for word in (name.split()[0], name.split()[-1])} & FUNCTION_WORDS
