"""Long work is never silent: a line every so often in a log, whether something was reported or not."""

import time
from io import StringIO

import numpy as np
import pytest
import scipy.sparse as sp
from rich.console import Console

from commands import progress
from commands.reading import listed
from graphstore.build.regression import regressed_columns
from graphstore.collect import stage
from graphstore.collect.files import Line, Source
from graphstore.collect.validation import Checked


def logged():
    return Console(file=StringIO(), width=80, force_terminal=False, soft_wrap=True)


def waited_for(console, text, seconds=5.0):
    deadline = time.monotonic() + seconds
    while text not in console.file.getvalue():
        assert time.monotonic() < deadline, console.file.getvalue()
        time.sleep(0.01)


def test_a_log_gets_lines_even_before_anything_is_reported_and_after_the_last_report():
    console = logged()
    with progress.lines(console, seconds=0.02) as show:
        waited_for(console, "  at work (")
        show("embedding", 1_024, 4_000)
        waited_for(console, "  embedding 1,024 of 4,000 (")
        show("embedding", 4_000, 4_000)
        waited_for(console, "  after embedding 4,000 of 4,000 (")
    lines = console.file.getvalue().count("\n")
    time.sleep(0.1)
    assert console.file.getvalue().count("\n") == lines


def test_work_that_is_done_at_once_leaves_no_line():
    console = logged()
    with progress.shown(console) as show:
        show("embedding", 1, 1)
    assert console.file.getvalue() == ""
    assert progress.LINE_SECONDS == 10


@pytest.mark.parametrize(
    ("done", "total", "text"),
    [(0, None, ""), (1_200, None, "1,200"), (0, 40, "0 of 40"), (1_200, 4_000, "1,200 of 4,000")],
)
def test_an_amount_has_its_total_where_that_is_known(done, total, text):
    assert progress.amount(done, total) == text


def test_a_terminal_gets_a_bar_for_each_description():
    console = Console(file=StringIO(), width=80, force_terminal=True, color_system=None)
    with progress.shown(console) as show:
        show("embedding", 1_024, 4_000)
        show("waiting for build", 0, None)
        show("behaviour", 12, None)
        console.file.truncate(0)
        time.sleep(0.3)
    assert "waiting" not in console.file.getvalue()
    assert "embedding" in console.file.getvalue() and "1,024 of 4,000" in console.file.getvalue()


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (40, [("events, percent of the file", 0, 100), ("events, percent of the file", 50, 100)]),
        (None, [("events, rows", 0, None), ("events, rows", 2, None)]),
    ],
)
def test_collect_tells_the_percentage_of_a_file_and_else_rows_but_never_bytes(size, shown):
    said = []
    told = stage._told("events", Source("e", "jsonl", b"", size, iter(())), lambda *what: said.append(what))
    told([])
    told([Checked(Line(1, b"x" * 10)), Checked(Line(2, b"x" * 10))])
    assert said == shown


def test_a_long_list_of_a_reading_is_cut_with_a_count():
    assert listed(["a", "b"], 2) == "a, b"
    assert listed(["a", "b", "c", "d"], 2) == "a, b and 2 more"


def test_a_build_says_how_many_items_it_has_compared():
    said = []
    matrix = sp.csr_matrix(np.eye(3) + 1)
    regressed_columns(matrix, top=2, regularisation=1.0, neighbourhood=2, progress=lambda *what: said.append(what[1:]))
    assert said == [(3, 3)]
