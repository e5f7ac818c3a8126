"""How far corrections move items, by hand on small matrices."""

import numpy as np
import pytest
import scipy.sparse as sp

from graphstore.ranking.blend import CHANNELS
from graphstore.ranking.candidates import CandidateItems
from graphstore.ranking.corrections import INTERESTS, PINS, Corrections, shares
from graphstore.ranking.item_vectors import Vectors

ABOUT = sp.csc_matrix([[0.8, 0.0, 0.0], [0.4, 0.8, 0.0], [0.1, 0.9, 0.0], [0.0, 0.0, 0.3], [0.0, 0.0, 0.0]])
NOTHING = np.zeros(0, dtype=np.int64)


def items(popularity=(1.0, 2.0, 3.0, 4.0, 5.0), about=ABOUT):
    size = about.shape[0]
    return CandidateItems(
        np.arange(size),
        np.array(popularity),
        np.zeros(size),
        np.zeros((size, 5)),
        Vectors.of(np.zeros((size, 2))),
        about,
        sp.csr_matrix((1, size)),
    )


def corrections(*corrected, about=ABOUT):
    return Corrections.of(items(np.zeros(about.shape[0]), about), about.tocsr(), corrected)


def parts(*scores):
    """Contributions of the channel popular alone."""
    table = np.zeros((len(scores), len(CHANNELS)))
    table[:, CHANNELS.index("popular")] = scores
    return table


def test_a_share_is_the_weight_over_the_largest_of_the_item():
    assert shares(ABOUT, ABOUT.tocsr(), 0).tolist() == pytest.approx([1.0, 0.5, 1 / 9, 0.0, 0.0])
    assert shares(ABOUT, ABOUT.tocsr(), 2).tolist() == [0.0, 0.0, 0.0, 1.0, 0.0]


def test_what_is_about_a_deleted_interest_is_out_and_what_touches_it_loses():
    found = corrections((0, "delete"))
    assert found.out.tolist() == [0, 1] and found.pins == []
    assert found.moves.tolist() == pytest.approx([-1.0, -0.5, -1 / 9, 0.0, 0.0])


def test_weakened_items_lose_and_pinned_ones_gain_a_deviation_of_the_scores():
    rows, before = np.array([0, 2, 3, 4]), parts(1.0, 2.0, 3.0, 4.0)
    deviation = np.array([1.0, 2.0, 3.0, 4.0]).std()
    moved = corrections((0, "weaken"), (2, "pin")).moved(rows, before)
    assert moved[:, INTERESTS].tolist() == pytest.approx([-deviation, -deviation / 9, deviation, 0.0])
    assert (np.delete(moved, INTERESTS, 1) == np.delete(before, INTERESTS, 1)).all()
    assert corrections((0, "pin")).moved(NOTHING, parts()).shape == (0, len(CHANNELS))


def test_a_pin_is_unmet_while_no_item_is_about_it():
    found = corrections((1, "pin"), (2, "pin"))
    assert found.unmet(np.array([0, 1, 2])) and found.unmet(NOTHING)
    assert not found.unmet(np.array([1, 3])) and not corrections((0, "weaken")).unmet(NOTHING)


def test_the_unseen_items_with_the_largest_shares_of_a_pin_become_candidates():
    found = corrections((1, "pin"))
    assert found.wanted(items(), NOTHING, 10).tolist() == [1, 2]
    assert found.wanted(items(), NOTHING, 1).tolist() == [2]  # the more popular one
    assert found.wanted(items((1.0, 4.0, 3.0, 0.0, 0.0)), NOTHING, 1).tolist() == [1]
    assert found.wanted(items(), np.array([2]), 10).tolist() == [1]


def ranked(pins, size=20, k=10):
    """Twenty items, best first; the last ones are about one interest each. Which are shown, with scores and gains."""
    about = sp.csc_matrix(np.vstack([np.zeros((size - pins, pins)), np.eye(pins)]))
    found = corrections(*((n, "pin") for n in range(pins)), about=about)
    scores = np.arange(size, 0, -1, dtype=float)
    order, scores, given = found.with_pins(np.arange(size), scores, parts(*scores), k)
    return order, scores[order], given[order]


def test_three_pins_have_the_second_fourth_and_sixth_place():
    rows, scores, given = ranked(3)
    assert rows[:7].tolist() == [0, 17, 1, 18, 2, 19, 3]
    assert scores.tolist() == sorted(scores, reverse=True) and given.sum(axis=1).tolist() == scores.tolist()
    assert given[1, INTERESTS] == 19.0 - 3.0


def test_the_five_latest_pins_are_raised_and_no_more_than_fit_in_the_list():
    assert [n for n in ranked(7)[0][:10] if n >= 13] == [13, 14, 15, 16, 17] and PINS == 5
    assert [n for n in ranked(7, k=4)[0][:4] if n >= 13] == [13, 14]
    assert ranked(3, k=1)[0].tolist() == list(range(20))


def test_an_item_that_stands_high_enough_by_itself_keeps_its_place_and_score():
    found = corrections((2, "pin"))
    order, scores, given = found.with_pins(np.array([3, 4, 0]), np.array([3.0, 2.0, 1.0]), parts(3.0, 2.0, 1.0), 10)
    rows, scores, given = np.array([3, 4, 0])[order], scores[order], given[order]
    assert (rows.tolist(), scores.tolist(), given[:, INTERESTS].tolist()) == ([3, 4, 0], [3.0, 2.0, 1.0], [0.0] * 3)
