"""Tries: invalid answers, failures and the waits between requests."""

import threading

import pytest
from pydantic import BaseModel, field_validator

from gnn.llm import asking
from tests.fixtures.questions import GOOD, TEXT, Interest, question, questions
from tests.fixtures.scripted_endpoint import ScriptedEndpoint, Turn, refuses, says

pytestmark = pytest.mark.usefixtures("short_waits")


INVALID = {
    "malformed": says(TEXT[:-3]),
    "no JSON": says("I would rather not."),
    "empty": says(""),
    "no text": says(None),
    "two objects": says(f"{TEXT}\n{TEXT}"),
    "wrong type": says({"interests": [{"name": ["jazz"], "weight": "much"}]}),
    "missing": says({"hobbies": []}),
    "a list": says(["jazz"]),
    "cut off": says(GOOD, ended="length"),
    "not a number": says('{"interests": [{"name": "jazz", "weight": NaN}]}'),
    "infinite": says('{"interests": [{"name": "jazz", "weight": 1e999}]}'),
    "a very long text": says({"interests": [{"name": "x" * 1_000_000, "weight": 1}]}),
    "nested": says('{"interests":' + "[" * 100_000),
    "nested and closed": says('{"interests":' + '{"a":' * 50_000 + "1" + "}" * 50_001),
    "half a surrogate": says('{"interests": [{"name": "\\ud800", "weight": 1}]}'),
    "too long a body": says("x" * 3_000_000),
}


@pytest.mark.parametrize("turn", INVALID.values(), ids=INVALID)
def test_an_invalid_answer_is_asked_for_once_more_and_then_skipped(model, turn):
    with ScriptedEndpoint([turn]) as endpoint:
        asked = model(endpoint)
        assert list(asked.answers([question()])) == []
        assert [body["temperature"] for body in endpoint.bodies] == [0, 0.3]
        assert (asked.report.invalid, asked.report.failed, asked.report.stopped) == (1, 0, None)
        assert list(asked.answers([question()])) == []
        assert len(endpoint.bodies) == 4, "an invalid answer was kept"


def test_a_second_answer_that_is_valid_counts_and_both_are_paid(model):
    with ScriptedEndpoint([says("?"), says(GOOD)]) as endpoint:
        asked = model(endpoint)
        assert len(list(asked.answers([question()]))) == 1
    assert (asked.report.invalid, asked.report.tokens_in, asked.report.reasons) == (0, 20, {})


def test_a_validator_that_fails_in_its_own_way_makes_an_answer_invalid(model):
    class Fragile(BaseModel):
        interests: list[Interest]

        @field_validator("interests")
        @classmethod
        def known(cls, interests):
            return {"rock": 1}[interests[0].name]

    with ScriptedEndpoint([says(GOOD)]) as endpoint:
        asked = model(endpoint)
        assert list(asked.answers([question(shape=Fragile)])) == []
    assert asked.report.invalid == 1


FAILING = {
    **{f"status {status}": refuses(status) for status in (408, 409, 429, 500, 502, 503, 504)},
    "connection broke": says(GOOD, breaks=True),
    "timed out": says(GOOD, delay_seconds=0.6),
    "no completion": Turn(b"<html>Sign in</html>"),
}


@pytest.mark.parametrize("reason", FAILING)
def test_an_endpoint_that_fails_is_asked_again(model, reason):
    with ScriptedEndpoint([FAILING[reason], FAILING[reason], says(GOOD)]) as endpoint:
        asked = model(endpoint, timeout_seconds=0.3)
        assert len(list(asked.answers([question()]))) == 1
        assert len(endpoint.bodies) == 3
    assert (asked.report.retried, asked.report.failed, asked.report.asked) == (2, 0, 1)


@pytest.mark.parametrize("reason", FAILING)
def test_a_question_is_given_up_after_its_tries(model, reason):
    with ScriptedEndpoint([FAILING[reason]]) as endpoint:
        asked = model(endpoint, timeout_seconds=0.3, tries=2)
        assert list(asked.answers([question()])) == []
        assert len(endpoint.bodies) == 2
    assert asked.report.reasons == {reason: 1} and asked.report.failed == 1


def test_the_wait_an_endpoint_asks_for_is_kept(model, monkeypatch):
    waits = []
    monkeypatch.setattr(asking.random, "uniform", lambda low, high: high)
    kept = threading.Event.wait

    def wait(event, timeout=None):
        if threading.current_thread().name.startswith("language-model") and timeout is not None:
            waits.append(timeout)
        return kept(event, timeout)

    monkeypatch.setattr(threading.Event, "wait", wait)
    with ScriptedEndpoint([refuses(429, retry_after="0.4"), refuses(503), refuses(500), says(GOOD)]) as endpoint:
        assert len(list(model(endpoint).answers([question()]))) == 1
    assert waits == pytest.approx([0.41, 0.02, 0.04])


def test_a_stop_ends_the_waiting_for_another_try(model, monkeypatch):
    monkeypatch.setattr(asking, "FIRST_WAIT_SECONDS", 60.0)

    def script(body):
        return says(GOOD) if body["messages"][-1]["content"] == "text 0" else refuses(500)

    with ScriptedEndpoint(script) as endpoint:
        found = model(endpoint, concurrency=2).answers(questions(9))
        next(found)
        found.close()
        assert len(endpoint.bodies) <= 3


def test_what_stops_a_run_ends_the_waiting_for_another_try(model, monkeypatch):
    monkeypatch.setattr(asking, "FIRST_WAIT_SECONDS", 60.0)

    def script(body):
        return refuses(503) if body["messages"][-1]["content"] == "text 0" else refuses(401, delay_seconds=0.1)

    with ScriptedEndpoint(script) as endpoint:
        asked = model(endpoint, concurrency=2)
        assert list(asked.answers(questions(4))) == []
        assert len(endpoint.bodies) == 2
    assert asked.report.reasons == {"status 401": 1, "status 503": 1}
