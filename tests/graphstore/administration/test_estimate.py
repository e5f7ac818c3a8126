"""An estimate lies near what was measured, grows with every part of the graph, and says how wrong it may be."""

import json

import pytest

from graphstore.administration.estimate import ERRORS, FIGURES, estimate, estimate_lines

# users, items, events; processor seconds and resident MB of each stage, as benchmarks/load/estimate.py measured them
MEASURED = {
    "gift cards": (446, 1_547, 2_772, (8.5, 38.5, 4.9, 12.2), (93, 1_736, 107, 1_000), 1_231),
    "ml-100k": (867, 1_682, 90_000, (44.0, 24.6, 15.6, 32.1), (123, 1_216, 205, 1_218), 1_601),
    "ml-latest-small": (563, 9_742, 90_752, (29.9, 63.1, 55.8, 75.0), (126, 1_476, 837, 1_786), 1_536),
    "living-10k": (371, 1_000, 10_000, (11.4, 21.8, 12.3, 16.3), (106, 1_227, 115, 1_106), 1_335),
    "living-100k": (4_656, 5_000, 100_000, (31.4, 47.6, 54.5, 97.2), (126, 1_265, 463, 1_357), 1_805),
}
STAGES = ("collect", "extract", "build", "update --full")


@pytest.mark.parametrize("name", MEASURED)
def test_each_stage_lies_within_the_stated_factor_of_what_was_measured(name):
    users, items, events, seconds, megabytes, neo4j = MEASURED[name]
    row = estimate(users, items, events)
    for stage, took, held in zip(STAGES, seconds, megabytes, strict=True):
        assert 1 / ERRORS["seconds"] < took / row["seconds"][stage] < ERRORS["seconds"], stage
        assert 1 / ERRORS["memory_bytes"] < 1e6 * held / row["memory_bytes"][stage] < ERRORS["memory_bytes"], stage
    assert 1 / ERRORS["memory_bytes"] < 1e6 * neo4j / row["memory_bytes"]["Neo4j"] < ERRORS["memory_bytes"]


@pytest.mark.parametrize("part", ["users", "items", "events"])
def test_more_of_anything_needs_more(part):
    size = {"users": 1000, "items": 1000, "events": 100_000}
    small, large = estimate(**size), estimate(**{**size, part: 10 * size[part]})
    for key in ("disk_bytes", "seconds"):
        assert large[key]["all"] > small[key]["all"]
    if part != "users":
        assert large["memory_bytes"]["update --full"] > small["memory_bytes"]["update --full"]


def test_followers_are_counted_with_their_memory():
    one, four = (estimate(1000, 1000, 100_000, workers)["memory_bytes"] for workers in (1, 4))
    assert 1.8e9 < one["update --follow, 3 processes"] < 2.5e9
    assert four["update --follow, 6 processes"] - one["update --follow, 3 processes"] == pytest.approx(3e9)


def test_the_answer_is_json_and_every_figure_says_where_it_is_from():
    assert {figure.source.split(": ")[0] for figure in FIGURES.values()} == {"measured", "assumed"}
    row = json.loads(json.dumps(estimate(5, 5, 5)))
    assert row["errors"] == ERRORS and len(row["figures"]) == len(FIGURES)


def test_the_lines_show_amounts_in_units_that_fit_their_size_and_the_error():
    lines = estimate_lines(estimate(10_000_000, 1_000_000, 1_000_000_000))
    assert lines[0] == "10,000,000 users, 1,000,000 items, 1,000,000,000 events"
    assert any(line.endswith(" h") for line in lines) and any("(± a factor of 2.8)" in line for line in lines)
    assert any("update --follow, 3 processes" in line and "GB" in line for line in lines)
    small = [line.split() for line in estimate_lines(estimate(100, 50, 1_000))]
    assert ["collect", "8", "s"] in small and ["collect", "120", "MB"] in small
    assert "from these figures" not in lines and max(map(len, lines)) <= 110


def test_figures_are_printed_where_they_are_asked_for():
    lines = estimate_lines(estimate(5, 5, 5), with_figures=True)
    shown = [" ".join(line.split()) for line in lines[lines.index("from these figures") + 1 :]]
    assert len(shown) == len(FIGURES) and shown[2].startswith("event collected 0.00026 s: measured: benchmarks/")
