"""An estimate grows with every part of the graph and names where its figures come from."""

import json

import pytest

from graphstore.administration.estimate import FIGURES, estimate, estimate_lines


@pytest.mark.parametrize("part", ["users", "items", "events"])
def test_more_of_anything_needs_more(part):
    size = {"users": 1000, "items": 1000, "events": 1_000_000}
    small, large = estimate(**size), estimate(**{**size, part: 10 * size[part]})
    for key in ("disk_bytes", "memory_bytes", "seconds"):
        assert large[key]["all"] > small[key]["all"]


def test_the_graph_it_was_measured_on_comes_out_near_what_was_measured():
    row = estimate(29_858, 40_981, 1_027_370)
    assert 733e6 < row["disk_bytes"]["store"] < 3e9  # measured without times, transitions and vectors
    assert 1.3e9 < row["disk_bytes"]["transaction logs, at most"] < 1.7e9
    assert 45 < row["seconds"]["collect"] < 60


def test_an_empty_graph_needs_the_server_and_no_time():
    row = estimate(0, 0, 0)
    assert row["seconds"]["all"] == 0 and row["memory_bytes"]["all"] == row["memory_bytes"]["Neo4j"] > 0


def test_every_figure_has_a_source_and_the_answer_is_json():
    assert all(figure.source and figure.unit for figure in FIGURES.values())
    assert json.loads(json.dumps(estimate(5, 5, 5)))["figures"][0]["source"]


def test_the_lines_show_units_people_read():
    lines = "\n".join(estimate_lines(estimate(10_000_000, 1_000_000, 1_000_000_000)))
    assert " GB" in lines and " h" in lines
