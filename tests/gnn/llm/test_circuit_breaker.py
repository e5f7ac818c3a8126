"""The circuit breaker: when it opens, and how it closes again."""

from datetime import UTC, datetime, timedelta

import pytest

from gnn.llm import circuit_breaker
from gnn.llm.circuit_breaker import CircuitBreaker
from tests.fixtures.questions import GOOD, questions
from tests.fixtures.scripted_endpoint import ScriptedEndpoint, refuses, says

pytestmark = pytest.mark.usefixtures("short_waits")


def test_after_failures_in_a_row_the_rest_of_the_run_is_skipped(model):
    with ScriptedEndpoint([refuses(500)]) as endpoint:
        asked = model(endpoint, failures=3, tries=1)
        assert list(asked.answers(questions(10))) == []
        assert len(endpoint.bodies) == 3
        assert (asked.report.failed, asked.report.skipped) == (3, 7)
        assert asked.report.stopped.startswith("circuit breaker: the endpoint failed 3 times in a row")
        assert list(asked.answers(questions(10))) == []
        assert len(endpoint.bodies) == 3 and asked.report.skipped == 17


def test_failures_that_are_not_in_a_row_open_nothing(model):
    with ScriptedEndpoint([refuses(500), refuses(500), says(GOOD)] * 2 + [refuses(500)]) as endpoint:
        asked = model(endpoint, failures=3, tries=1)
        assert len(list(asked.answers(questions(8)))) == 2
    assert asked.report.stopped is None and asked.report.failed == 6


def test_after_a_while_one_question_is_let_through_on_trial(model):
    with ScriptedEndpoint([refuses(500)] * 3 + [says(GOOD)]) as endpoint:
        asked = model(endpoint, failures=2, tries=1, reset_seconds=0, concurrency=4)
        asked._breaker.record(True)
        asked._breaker.record(True)
        assert asked._breaker.half_open
        assert list(asked.answers(questions(1))) == []
        assert list(asked.answers(questions(2))) == [] and asked._breaker.half_open
        assert len(list(asked.answers(questions(9)))) == 9
        assert not asked._breaker.half_open
    assert len(endpoint.bodies) == 12


def test_on_trial_questions_go_one_by_one(model):
    with ScriptedEndpoint([refuses(500, delay_seconds=0.02)]) as endpoint:
        asked = model(endpoint, failures=1, tries=1, reset_seconds=0, concurrency=4)
        asked._breaker.record(True)
        assert list(asked.answers(questions(4))) == []
        assert endpoint.most_at_once == 1


@pytest.fixture
def clock(monkeypatch):
    """The time that breakers see; it stands still. The clock on the wall is put back by a day at every look."""

    class Wall(datetime):
        present = datetime(2026, 1, 1, tzinfo=UTC)

        @classmethod
        def now(cls, tz=None):
            cls.present -= timedelta(days=1)
            return cls.present

    class Clock:
        seconds = 1000.0

        def __call__(self):
            return self.seconds

    monkeypatch.setattr(circuit_breaker, "datetime", Wall)
    return Clock()


def test_what_was_under_way_when_it_opened_changes_nothing(clock):
    breaker = CircuitBreaker(2, 60.0, clock)
    breaker.record(True)
    assert breaker.open_reason is None
    breaker.record(True)
    assert breaker.open_reason.endswith("2025-12-31T00:01:00+00:00")
    clock.seconds += 59
    breaker.record(False)
    breaker.record(True)
    assert breaker.open_reason and not breaker.half_open


@pytest.mark.parametrize("failed", [True, False])
def test_when_the_time_is_over_one_outcome_opens_or_closes_it(clock, failed):
    breaker = CircuitBreaker(3, 60.0, clock)
    for _ in range(3):
        breaker.record(True)
    assert breaker.open_reason and not breaker.half_open
    clock.seconds += 60
    assert breaker.half_open and breaker.open_reason is None
    breaker.record(failed)
    assert not breaker.half_open and (breaker.open_reason is not None) is failed
    breaker.record(True)
    assert (breaker.open_reason is not None) is failed  # one failure after it closed does not open it
