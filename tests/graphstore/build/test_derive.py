"""Build writes what `derive` returns; similar items and transitions have a score over all time and a recent one."""

import numpy as np
import pytest

from graphstore.build.derive import BuildOptions, TwoScoreNeighbours, derive
from graphstore.build.pull import pull_interactions
from graphstore.build.similarity import Neighbours
from graphstore.interactions import Interactions
from tests.fixtures.planting import communities, plant, rate

EDGES = """
MATCH (a:Item)-[r:SIMILAR_TO|FOLLOWED_BY]->(b:Item)
RETURN type(r) AS type, a.item_id AS source, b.item_id AS target, r.score AS score, r.recent_score AS recent_score
"""
ITEMS = "MATCH (i:Item) RETURN i.item_id AS id, i.popularity AS popularity, i.ever_popular AS ever ORDER BY id"


def neighbours(*edges):
    source, target, score = (np.array(column) for column in zip(*edges, strict=True))
    return Neighbours(source, target, score)


def edges(found):
    columns = (found.source, found.target, found.score, found.recent_score)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def test_an_edge_with_one_score_has_0_for_the_other():
    found = TwoScoreNeighbours.of(neighbours((0, 1, 0.5), (0, 2, 0.4)), neighbours((0, 2, 0.3), (1, 0, 0.2)))
    assert edges(found) == [(0, 1, 0.5, 0.0), (0, 2, 0.4, 0.3), (1, 0, 0.0, 0.2)]


@pytest.mark.parametrize("recent", [None, Neighbours(np.zeros(0, int), np.zeros(0, int), np.zeros(0))])
def test_without_recent_neighbours_there_are_those_over_all_time(recent):
    assert edges(TwoScoreNeighbours.of(neighbours((0, 1, 0.5)), recent)) == [(0, 1, 0.5, 0.0)]


def events(rows):
    """Interactions from (user, item, day) numbers, in the order of the graph."""
    rows = sorted(rows, key=lambda row: (row[0], -row[2]))
    user, item, day = (np.array(column) for column in zip(*rows, strict=True))
    names = [f"u{n}" for n in range(user.max() + 1)], [f"i{n}" for n in range(item.max() + 1)]
    return Interactions(*names, user, item, day.astype(float), np.ones(len(rows)))


def test_items_chosen_together_long_ago_have_a_score_over_all_time_and_no_recent_one():
    """Items 0 and 1 were chosen together a year ago, 0 and 2 are now."""
    rows = [(user, item, 0) for user in range(10) for item in (0, 1)]
    rows += [(user, item, 365) for user in range(10, 20) for item in (0, 2)]
    rows += [(user, 3, 365) for user in range(20, 40)]
    similar = {
        edge[:2]: edge[2:] for edge in edges(derive(events(rows), BuildOptions(regularisation=1.0)).similar_items)
    }
    assert similar[0, 1][0] == pytest.approx(similar[0, 2][0], abs=1e-3)
    assert similar[0, 1][1] == 0 and similar[0, 2][1] > 0


def test_popularity_is_a_decayed_and_a_plain_count():
    derived = derive(events([(0, 0, 0), (1, 0, 0), (2, 1, 140)]), BuildOptions())
    assert derived.ever_popular.tolist() == pytest.approx([np.log(2), 0.0], abs=1e-8)
    assert derived.popularity[1] - derived.popularity[0] == pytest.approx(np.log(2**10 / 2), abs=1e-6)


def test_without_times_there_are_no_recent_scores_and_no_transitions():
    undated = events([(user, item, 0) for user in range(6) for item in range(4)])
    undated.day[:] = np.nan
    derived = derive(undated, BuildOptions())
    assert len(derived.transitions.source) == 0
    assert len(derived.similar_items.source) and not derived.similar_items.recent_score.any()


def test_build_writes_to_the_graph_what_is_derived(client):
    plant(
        client,
        [*communities(), rate("early", "a-item1", day=400), rate("early", "b-item1", day=399), rate("x", "b-item1")],
    )
    pulled = pull_interactions(client, BuildOptions().negative_weight)
    derived = derive(pulled, BuildOptions())
    stored = client.run_text(EDGES)
    for name, found in (("SIMILAR_TO", derived.similar_items), ("FOLLOWED_BY", derived.transitions)):
        written = {(r["source"], r["target"]): (r["score"], r["recent_score"]) for r in stored if r["type"] == name}
        assert written == {
            (pulled.item_ids[s], pulled.item_ids[t]): (score, recent) for s, t, score, recent in edges(found)
        }
        assert any(score == 0 or recent == 0 for score, recent in written.values())
    rows = client.run_text(ITEMS)
    assert [row["id"] for row in rows] == pulled.item_ids
    assert [row["popularity"] for row in rows] == derived.popularity.tolist()
    assert [row["ever"] for row in rows] == derived.ever_popular.tolist()
