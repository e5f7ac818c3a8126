"""What pages show of the graph's answers is what people read."""

import pytest

from web.presentation import run_counts


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (
            {"feed": {"epoch": 2, "seq": 5}, "penalties": [395.9, 1.0], "as_of": 1_534_896_000_000, "full": True},
            "as of 2018-08-22T00:00:00+00:00; full",
        ),
        (
            {"events": {"created": 1_200, "rejected": 0, "rejected_file": "/a"}, "items": {"created": 0}},
            "events: created 1,200",
        ),
        ({"items": 1_682, "cosine": 0.123456, "further": False}, "items 1,682; cosine 0.1235"),
        ({}, ""),
    ],
)
def test_counts_of_a_run_are_shown_as_on_the_command_line(counts, text):
    assert run_counts(counts) == text
