"""A run of questions: order, progress, and what it does not give away."""

import json
import logging

import pytest

from tests.fixtures.questions import GOOD, KEY, ROOM, question, questions
from tests.fixtures.scripted_endpoint import ScriptedEndpoint, refuses, says

pytestmark = pytest.mark.usefixtures("short_waits")


def test_answers_are_objects_of_the_shape_at_their_questions_positions(model):
    def script(body):
        return says({"interests": [{"name": body["messages"][-1]["content"], "weight": 1}]})

    with ScriptedEndpoint(script) as endpoint:
        asked = model(endpoint, concurrency=4)
        answers = dict(asked.answers(questions(9)))
    assert {position: answer.interests[0].name for position, answer in answers.items()} == {
        number: f"text {number}" for number in range(9)
    }
    assert (asked.report.asked, asked.report.tokens_in, asked.report.tokens_out) == (9, 90, 45)
    assert endpoint.most_at_once <= 4


def test_where_the_consumer_stops_nothing_more_is_asked_and_the_next_run_resumes(model):
    with ScriptedEndpoint([says(GOOD)]) as endpoint:
        stopped = model(endpoint, concurrency=2)
        found = stopped.answers(questions(20))
        next(found)
        found.close()
        asked = len(endpoint.bodies)
        assert asked <= 4 and stopped.report.asked == asked
        resumed = model(endpoint)
        assert len(list(resumed.answers(questions(20)))) == 20
        assert len(endpoint.bodies) == 20
    assert resumed.report.from_cache == asked


def test_questions_are_taken_only_as_there_is_room_to_ask_them(model):
    taken = []

    def endless():
        number = 0
        while True:
            taken.append(number)
            yield question(f"text {number}")
            number += 1

    with ScriptedEndpoint([says(GOOD)]) as endpoint:
        found = model(endpoint, concurrency=3).answers(endless())
        assert not taken
        for _ in range(5):
            next(found)
        assert len(taken) <= 5 + 2 * 3
        found.close()


def test_the_key_is_in_no_log_no_report_and_no_file(model, tmp_path, caplog, capfd):
    def script(body):
        echoes = {"text 0": refuses(400, f"bad key {KEY}"), "text 1": refuses(500, f"Bearer {KEY}")}
        named = says({"interests": [{"name": KEY, "weight": 1}]})
        return echoes.get(body["messages"][-1]["content"], named)

    caplog.set_level(logging.DEBUG)
    with ScriptedEndpoint(script) as endpoint:
        asked = model(endpoint, key=KEY, tries=2)
        assert list(asked.answers(questions(3))) == []
        report = asked.report
        refused = model(endpoint, key=KEY)
        with ScriptedEndpoint([refuses(401, f"Incorrect API key provided: {KEY}")]) as other:
            refused = model(other, key=KEY)
            list(refused.answers([question()]))
    assert report.reasons == {"status 400": 1, "status 500": 1, "repeats the key": 1}
    said = [
        caplog.text,
        *capfd.readouterr(),
        repr(asked),
        repr(report),
        str(refused.report.counts()),
        repr(vars(asked)),
    ]
    assert not [text for text in said if KEY in text]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_progress_and_the_report_tell_of_every_question(model):
    shown = []
    with ScriptedEndpoint([says(GOOD), says(GOOD), says("?")]) as endpoint:
        asked = model(endpoint, concurrency=2, run_tokens=3 * ROOM)
        list(asked.answers(questions(6), lambda *told: shown.append(told)))
    report = asked.report
    assert report.asked + report.from_cache + report.skipped == 6
    assert {total for _, _, total in shown} == {6} and shown[-1][1] == 6
    done = [done for _, done, _ in shown]
    assert done == sorted(done)
    assert sum(report.reasons.values()) == report.failed + report.invalid
    assert json.loads(json.dumps(report.counts()))["reasons"] == report.reasons


def test_an_error_of_the_questions_themselves_reaches_the_caller(model):
    def broken():
        yield question()
        raise RuntimeError("the graph is gone")

    with ScriptedEndpoint([says(GOOD)]) as endpoint:
        asked = model(endpoint)
        with pytest.raises(RuntimeError, match="the graph is gone"):
            list(asked.answers(broken()))
    assert asked.report.asked == 1
