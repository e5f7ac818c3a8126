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


def test_every_figure_says_whether_it_was_measured_and_the_answer_is_json():
    assert {figure.source.split(": ")[0] for figure in FIGURES.values()} == {"measured", "derived", "assumed"}
    assert all(figure.unit for figure in FIGURES.values())
    assert json.loads(json.dumps(estimate(5, 5, 5)))["figures"][0]["source"].startswith("measured: ")


def shown(users, items, events):
    """The printed amounts by part; `all` of disk, memory and time as a list."""
    lines = estimate_lines(estimate(users, items, events))
    parts = [line.strip().rsplit("  ", 1) for line in lines[: lines.index("from these figures")] if line[:2] == "  "]
    amounts = {}
    for part, amount in parts:
        amounts.setdefault(part.strip(), []).append(amount.strip())
    return lines[0], amounts


def test_the_lines_show_the_amounts_in_units_that_fit_their_size():
    """By hand: store 350e9 + 10e9 + 25e9 + 180 * 565e6 B; memory 60e9 + 4,100 * 11e6 B; vectors 11e6 / 1,100 s."""
    title, amounts = shown(10_000_000, 1_000_000, 1_000_000_000)
    assert title == "10,000,000 users, 1,000,000 items, 1,000,000,000 events on two cores:"
    assert amounts == {
        "store": ["486.7 GB"],
        "transaction logs, at most": ["1,500.0 GB"],
        "Neo4j": ["2.3 GB"],
        "page cache for the whole store": ["486.7 GB"],
        "build and update": ["105.1 GB"],
        "collect": ["14.2 h"],
        "extract": ["33 min"],
        "build": ["8.4 h"],
        "update, without training": ["3.1 h"],
        "all": ["1,986.7 GB", "594.1 GB", "26.4 h"],
    }


def test_small_amounts_are_shown_in_megabytes_and_seconds():
    """By hand: at most 10 relationships an event and one a node: 180 (10,000 + 150) B and 10,150 / 19,500 s."""
    _, amounts = shown(100, 50, 1_000)
    assert amounts["store"] == ["2.9 MB"] and amounts["transaction logs, at most"] == ["1.5 MB"]
    assert amounts["collect"] == amounts["extract"] == ["0.1 s"] and amounts["build"] == ["0.5 s"]


def test_every_figure_is_printed_with_its_unit_and_source():
    lines = estimate_lines(estimate(5, 5, 5))
    figures = [" ".join(line.split()) for line in lines[lines.index("from these figures") + 1 :]]
    assert len(figures) == len(FIGURES)
    assert "bytes a user 2,500 B of store: assumed: a vector of 128 numbers and about fifteen interests" in figures
