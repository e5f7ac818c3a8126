"""What a stage prints says something: no zeros, no milliseconds, no flags that are off."""

from io import StringIO

import pytest
from rich.console import Console

from commands.console import Terminal
from commands.stage_output import show_collected, show_counts, show_recommendations
from graphstore.database.runs import dated


@pytest.fixture
def terminal():
    made = Terminal(as_json=False)
    made.out = Console(file=StringIO(), width=200, force_terminal=False, soft_wrap=True)
    return made


def printed(terminal):
    return terminal.out.file.getvalue()


def test_zeros_and_what_is_not_so_are_left_out_and_what_is_so_has_its_name_alone(terminal):
    counts = {"full": True, "further": False, "items": 1_682, "closed": 0, "cosine": 0.123456, "adapted": {}}
    show_counts(terminal, "update", counts)
    assert printed(terminal) == "update: full, items 1,682, cosine 0.1235\n"


def test_a_stage_that_found_nothing_new_says_so(terminal):
    show_counts(terminal, "extract", {"encoder": "all-MiniLM-L6-v2", "items": 0, "full": False})
    assert printed(terminal) == "extract: encoder all-MiniLM-L6-v2, nothing new\n"


def test_the_time_of_the_latest_event_is_a_date(terminal):
    show_counts(terminal, "build", dated({"events": 3, "as_of": 1_534_896_000_000}))
    assert printed(terminal) == "build: events 3, as of 2018-08-22T00:00:00+00:00\n"
    assert dated({"as_of": None}) == {"as_of": None}


def test_files_without_a_row_have_none_in_the_table(terminal):
    none = dict.fromkeys(("created", "updated", "duplicate", "rejected"), 0) | {
        "reasons": [],
        "notes": [],
        "rejected_file": None,
        "failed": None,
    }
    show_collected(terminal, {"events": none | {"created": 2}, "ties": none})
    assert "events" in printed(terminal) and "ties" not in printed(terminal)
    show_collected(terminal, {"ties": none})
    assert printed(terminal).endswith("There was no row.\n")


def test_a_list_without_an_item_says_why_it_was_told_and_claims_nothing_else(terminal):
    show_recommendations(terminal, {"recommendations": []}, False, "the graph is empty.")
    show_recommendations(terminal, {"recommendations": []}, False)
    assert printed(terminal) == "Nothing to recommend: the graph is empty.\nNothing to recommend.\n"
