import csv
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.worlds.topics import TOPICS
from gnn.encoders.encoder import Encoder
from gnn.extract.cosine_scale import DEFAULT_SCALE
from gnn.extract.terms.noun_phrases import base_form
from gnn.extract.terms.worth import EXAMPLES, worth
from graphstore.extract.canonical import canonical

JUDGED = Path(__file__).parents[4] / "docs" / "interests"


def forms(names):
    return {base_form(canonical(name)) for name in names}


@pytest.fixture(scope="module")
def examples():
    return json.loads(EXAMPLES.read_text(encoding="utf-8"))


def test_no_example_is_among_the_names_that_judges_or_a_planted_world_ask_for(examples):
    asked = [word for topic, words in TOPICS.items() for word in (topic, *words)]
    for path in JUDGED.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            asked += [row["name"] for row in csv.DictReader(lines) if row["is"] == "interest"]
    assert not forms(asked) & forms([*examples["interests"], *examples["others"]])


def test_no_example_is_of_both_kinds(examples):
    assert not forms(examples["interests"]) & forms(examples["others"])


class Halves(Encoder):
    """Examples of what one can care about in one direction, others in another; names by their first letter."""

    name, width, scale = "halves", 4, DEFAULT_SCALE

    def __init__(self, examples, blind=False):
        self._cared = set(examples["interests"])
        self._blind = blind
        self.name = f"halves-{blind}"

    def encode(self, texts):
        vectors = np.zeros((len(texts), self.width), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            row[0 if self._blind or text in self._cared or text.startswith("a") else 1] = 1
        return vectors


def test_names_near_the_examples_are_worth_more_and_examples_of_others_nothing(examples):
    encoder = Halves({"interests": examples["interests"]})
    cared, other, example = worth(["an alpaca", "the rest", examples["others"][0]], encoder)
    assert cared > 0 > other and example == -1


def test_an_encoder_that_can_not_tell_the_examples_apart_is_not_asked(examples):
    assert worth(["the rest"], Halves(examples, blind=True)) == [1.0]
