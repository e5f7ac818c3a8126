"""Long work is never silent: a line every so often in a log, whether something was reported or not."""

import time
from io import StringIO

import pytest
from rich.console import Console

from commands import progress


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
