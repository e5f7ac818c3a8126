import json
import logging
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, field_validator

from gnn.llm import asking, budget
from gnn.llm.budget import Limits
from gnn.llm.endpoint import LONGEST_WAIT, _wished_wait
from gnn.llm.language_model import LanguageModel
from gnn.llm.question import Question, strict_schema
from graphstore.errors import InputError
from tests.fixtures.scripted_endpoint import ScriptedEndpoint, Turn, refuses, says


class Interest(BaseModel):
    name: str = Field(max_length=60)
    weight: float = 1.0


class Interests(BaseModel):
    interests: list[Interest]


class OtherInterests(BaseModel):
    interests: list[Interest]
    language: str = "en"


GOOD = {"interests": [{"name": "jazz", "weight": 0.5}]}
TEXT = json.dumps(GOOD)
KEY = "sk-secret-0123456789abcdef"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(asking, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def model(tmp_path):
    """Makes a model at an endpoint, with a folder of answers that the test's models share."""

    def make(endpoint, name="scripted", key=None, **limits):
        limits = {"concurrency": 1, "timeout_seconds": 5.0, **limits}
        return LanguageModel(endpoint.url, name, tmp_path / "answers", key=key, limits=Limits(**limits))

    return make


def question(text="I play the saxophone.", **changed):
    return Question(
        **{"prompt": "interests/1", "system": "Name interests.", "text": text, "shape": Interests, **changed}
    )


def questions(count):
    return [question(f"text {number}") for number in range(count)]


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


def test_a_request_carries_the_schema_strict_and_asks_for_no_variety(model):
    with ScriptedEndpoint([says(GOOD)]) as endpoint:
        list(model(endpoint, key=KEY).answers([question(most_tokens=77)]))
    (body,) = endpoint.bodies
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("scripted", 0, 77)
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    wanted = body["response_format"]
    assert wanted["type"] == "json_schema" and wanted["json_schema"]["strict"] is True
    assert wanted["json_schema"]["schema"]["$defs"]["Interest"]["additionalProperties"] is False
    assert endpoint.headers[0]["authorization"] == f"Bearer {KEY}"


def test_a_strict_schema_requires_every_property_and_keeps_one_that_is_called_default():
    class Odd(BaseModel):
        default: int = 3
        one: Interest | None = None

    schema = strict_schema(Odd)
    assert schema["required"] == ["default", "one"] and schema["additionalProperties"] is False
    assert "default" in schema["properties"] and "default" not in schema["properties"]["default"]
    assert schema["$defs"]["Interest"]["required"] == ["name", "weight"]


def test_what_was_answered_is_never_asked_again_and_costs_nothing(model):
    with ScriptedEndpoint([says(GOOD)]) as endpoint:
        first = list(model(endpoint).answers(questions(3)))
        again = model(endpoint, run_tokens=0)
        assert sorted(again.answers(questions(3)), key=lambda found: found[0]) == first
        assert len(endpoint.bodies) == 3
    report = again.report
    assert (report.from_cache, report.asked, report.tokens_in, report.cost) == (3, 0, 0, 0.0)


@pytest.mark.parametrize(
    "changed",
    [
        {"prompt": "interests/2"},
        {"system": "Name at most three interests."},
        {"text": "I play the clarinet."},
        {"shape": OtherInterests},
        {"most_tokens": 100},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_question_that_differs_in_anything_is_asked_anew(model, changed):
    with ScriptedEndpoint([says(GOOD | {"language": "en"})]) as endpoint:
        list(model(endpoint).answers([question(), question(**changed)]))
        assert len(endpoint.bodies) == 2


def test_two_models_do_not_share_answers(model):
    with ScriptedEndpoint([says(GOOD)]) as endpoint:
        for name in ("one", "other", "one"):
            assert len(list(model(endpoint, name).answers([question()]))) == 1
        assert [body["model"] for body in endpoint.bodies] == ["one", "other"]


def test_equal_questions_of_a_run_are_asked_once(model):
    with ScriptedEndpoint([says(GOOD, delay_seconds=0.05)]) as endpoint:
        asked = model(endpoint, concurrency=4)
        assert len(list(asked.answers([question()] * 5))) == 5
        assert len(endpoint.bodies) == 1
    assert (asked.report.asked, asked.report.from_cache) == (1, 4)


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


ASK_MANY = """
import sys
from pathlib import Path
from gnn.language_model import LanguageModel, Limits
from tests.gnn.llm.test_language_model import questions
list(LanguageModel(sys.argv[1], "scripted", Path(sys.argv[2]), limits=Limits(concurrency=2)).answers(questions(30)))
"""


def test_a_run_that_is_killed_keeps_what_was_answered(model, tmp_path):
    asked, enough = [], threading.Event()

    def script(body):
        asked.append(body)
        if len(asked) == 9:
            enough.set()
        return says(GOOD, delay_seconds=0.02)

    with ScriptedEndpoint(script) as endpoint:
        command = [sys.executable, "-c", ASK_MANY, endpoint.url, str(tmp_path / "answers")]
        with subprocess.Popen(command, cwd=Path(__file__).parents[3]) as killed:
            assert enough.wait(60)
            killed.kill()
        before = len(asked)
        resumed = model(endpoint)
        assert len(list(resumed.answers(questions(30)))) == 30
        assert before < 30 and len(asked) <= 30 + 2
        assert resumed.report.from_cache >= before - 2


def test_a_stop_ends_the_waiting_for_another_try(model, monkeypatch):
    monkeypatch.setattr(asking, "FIRST_WAIT_SECONDS", 60.0)

    def script(body):
        return says(GOOD) if body["messages"][-1]["content"] == "text 0" else refuses(500)

    with ScriptedEndpoint(script) as endpoint:
        found = model(endpoint, concurrency=2).answers(questions(9))
        next(found)
        found.close()
        assert len(endpoint.bodies) <= 3


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


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{TEXT}\n```",
        f"```\n{TEXT}\n```",
        f"Here you are:\n{TEXT}\nAnything else?",
        f"\ufeff \n{TEXT}\n\n",
        f"[{TEXT}]",
    ],
    ids=["fenced", "fenced without a language", "words around it", "blanks around it", "a list of it"],
)
def test_json_with_something_around_it_is_an_answer(model, text):
    with ScriptedEndpoint([says(text)]) as endpoint:
        ((_, answer),) = model(endpoint).answers([question()])
    assert answer.model_dump() == GOOD


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


def test_a_body_too_long_for_its_question_is_not_read_to_its_end(model):
    with ScriptedEndpoint([says("x" * 3_000_000)]) as endpoint:
        asked = model(endpoint)
        assert list(asked.answers([question()])) == []
    assert asked.report.reasons == {"too long": 1}


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


def test_an_endpoint_that_refuses_schemas_is_asked_for_an_object_from_then_on(model):
    def script(body):
        wanted = body["response_format"]["type"]
        return refuses(400, "unknown response_format") if wanted == "json_schema" else says(GOOD)

    with ScriptedEndpoint(script) as endpoint:
        asked = model(endpoint)
        assert len(list(asked.answers(questions(3)))) == 3
        wanted = [body["response_format"]["type"] for body in endpoint.bodies]
    assert wanted == ["json_schema"] + ["json_object"] * 3
    assert "JSON schema" in endpoint.bodies[-1]["messages"][0]["content"]
    assert (asked.report.failed, asked.report.retried) == (0, 0)


def test_a_model_that_wants_other_parameters_gets_them_from_then_on(model):
    def script(body):
        refused = [name for name in ("max_tokens", "temperature") if name in body]
        return refuses(400, "unsupported", refused[0]) if refused else says(GOOD)

    with ScriptedEndpoint(script) as endpoint:
        assert len(list(model(endpoint).answers(questions(2)))) == 2
        assert len(endpoint.bodies) == 4
    assert endpoint.bodies[-1]["max_completion_tokens"] == 2_000
    assert endpoint.bodies[-1]["response_format"]["type"] == "json_schema"


def test_one_text_that_is_refused_does_not_change_how_others_are_asked(model):
    def script(body):
        return refuses(400, "too long") if body["messages"][-1]["content"] == "text 0" else says(GOOD)

    with ScriptedEndpoint(script) as endpoint:
        asked = model(endpoint, failures=1)
        assert [position for position, _ in asked.answers(questions(3))] == [1, 2]
    assert endpoint.bodies[-1]["response_format"]["type"] == "json_schema"
    assert asked.report.reasons == {"status 400": 1} and asked.report.stopped is None


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


@pytest.mark.parametrize(("status", "endpoints_own"), [(402, True), (413, False), (418, True), (422, False)])
def test_a_refusal_is_not_tried_again_and_one_of_the_text_says_nothing_of_the_endpoint(model, status, endpoints_own):
    with ScriptedEndpoint([refuses(status)]) as endpoint:
        asked = model(endpoint, failures=1)
        assert list(asked.answers([question()])) == []
        assert len(endpoint.bodies) == 1
    assert asked.report.reasons == {f"status {status}": 1}
    assert (asked.report.stopped is not None) == endpoints_own


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b'{"choices": []}',
        b'{"choices": [7]}',
        b'{"choices": {"0": 1}}',
        b"\xff\xfe",
        b"[" * 99_999,
    ],
)
def test_a_body_that_is_no_completion_is_a_failure(model, body):
    with ScriptedEndpoint([Turn(body)]) as endpoint:
        asked = model(endpoint, tries=1)
        assert list(asked.answers([question()])) == []
    assert asked.report.reasons == {"no completion": 1}


def test_nobody_at_the_address_is_a_failure(model):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = ScriptedEndpoint([])
        endpoint._server.server_close()
        asked = model(endpoint, tries=2, failures=9)
        assert list(asked.answers(questions(2))) == []
    assert asked.report.reasons == {"no connection": 2} and asked.report.tokens_in == 0


def test_a_body_that_trickles_in_is_given_up_at_the_timeout(model):
    with ScriptedEndpoint([says(GOOD, drip_seconds=0.02)]) as endpoint:
        asked = model(endpoint, timeout_seconds=0.2, tries=1)
        assert list(asked.answers([question()])) == []
    assert asked.report.reasons == {"timed out": 1}


def test_the_wait_an_endpoint_asks_for_is_kept(model, monkeypatch):
    waits = []
    monkeypatch.setattr(asking.random, "uniform", lambda low, high: high)
    kept = threading.Event.wait

    def wait(event, timeout=None):
        if threading.current_thread().name.startswith("language-model"):
            waits.append(timeout)
        return kept(event, timeout)

    monkeypatch.setattr(threading.Event, "wait", wait)
    with ScriptedEndpoint([refuses(429, retry_after="0.4"), refuses(503), refuses(500), says(GOOD)]) as endpoint:
        assert len(list(model(endpoint).answers([question()]))) == 1
    assert waits == pytest.approx([0.41, 0.02, 0.04])


def test_a_wait_that_an_endpoint_asks_for_is_seconds_or_a_date_and_bounded():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert _wished_wait({"retry-after": "7"}) == 7
    assert _wished_wait({"retry-after": soon}) == pytest.approx(30, abs=2)
    assert _wished_wait({"retry-after": "86400"}) == LONGEST_WAIT
    assert _wished_wait({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}) == 0
    for nonsense in ("", "soon", "nan", "Thu, 99 Jan 1970"):
        assert _wished_wait({"retry-after": nonsense}) is None
    assert _wished_wait({}) is None


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
        asked._circuit.tell(True)
        asked._circuit.tell(True)
        assert asked._circuit.on_trial
        assert list(asked.answers(questions(1))) == []
        assert list(asked.answers(questions(2))) == [] and asked._circuit.on_trial
        assert len(list(asked.answers(questions(9)))) == 9
        assert not asked._circuit.on_trial
    assert len(endpoint.bodies) == 12


def test_on_trial_questions_go_one_by_one(model):
    with ScriptedEndpoint([refuses(500, delay_seconds=0.02)]) as endpoint:
        asked = model(endpoint, failures=1, tries=1, reset_seconds=0, concurrency=4)
        asked._circuit.tell(True)
        assert list(asked.answers(questions(4))) == []
        assert endpoint.most_at_once == 1


def test_what_stops_a_run_ends_the_waiting_for_another_try(model, monkeypatch):
    monkeypatch.setattr(asking, "FIRST_WAIT_SECONDS", 60.0)

    def script(body):
        return refuses(503) if body["messages"][-1]["content"] == "text 0" else refuses(401, delay_seconds=0.1)

    with ScriptedEndpoint(script) as endpoint:
        asked = model(endpoint, concurrency=2)
        assert list(asked.answers(questions(4))) == []
        assert len(endpoint.bodies) == 2
    assert asked.report.reasons == {"status 401": 1, "status 503": 1}


@pytest.mark.parametrize(("status", "why"), [(401, "refused the key"), (403, "refused the key"), (404, "'scripted'")])
def test_a_wrong_key_or_an_unknown_model_stops_the_run_at_once(model, status, why):
    with ScriptedEndpoint([refuses(status)]) as endpoint:
        asked = model(endpoint)
        assert list(asked.answers(questions(5))) == []
        assert len(endpoint.bodies) == 1
    assert why in asked.report.stopped and (asked.report.failed, asked.report.skipped) == (1, 4)


ROOM = 2_000 + question("text 0").tokens_in
PRICES = {"price_in": 1.0, "price_out": 1.0}


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"run_tokens": 3 * ROOM}, "tokens of a run"),
        ({"day_tokens": 3 * ROOM}, "tokens of a day"),
        ({"run_cost": 3 * ROOM / 1e6 + 1e-9, **PRICES}, "cost of a run"),
        ({"day_cost": 3 * ROOM / 1e6 + 1e-9, **PRICES}, "cost of a day"),
    ],
    ids=["run_tokens", "day_tokens", "run_cost", "day_cost"],
)
@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_budget_is_never_overrun_however_many_ask_at_once(model, limits, named, concurrency):
    used = {"tokens_in": ROOM - 2_000, "tokens_out": 2_000}
    with ScriptedEndpoint([says(GOOD, delay_seconds=0.02, **used)]) as endpoint:
        asked = model(endpoint, concurrency=concurrency, **limits)
        assert len(list(asked.answers(questions(9)))) == 3
        assert len(endpoint.bodies) == 3
    assert named in asked.report.stopped and asked.report.skipped == 6


def test_what_is_reserved_and_not_used_is_there_for_the_next_question(model):
    with ScriptedEndpoint([says(GOOD)]) as endpoint:
        asked = model(endpoint, concurrency=8, run_tokens=2 * ROOM)
        assert len(list(asked.answers(questions(20)))) == 20
        assert endpoint.most_at_once <= 2
    assert asked.report.stopped is None


def test_a_run_has_a_budget_of_its_own_and_a_day_is_shared(model, monkeypatch):
    with ScriptedEndpoint([says(GOOD, tokens_in=ROOM, tokens_out=0)]) as endpoint:
        for limits, answered in (({"run_tokens": ROOM}, 1), ({"run_tokens": ROOM}, 2), ({"day_tokens": 2 * ROOM}, 2)):
            asked = model(endpoint, **limits)
            assert len(list(asked.answers(questions(4)))) == answered
        assert asked.report.stopped.startswith("budget: the tokens of a day")
        monkeypatch.setattr(budget, "today", lambda: "2000-01-01")
        assert len(list(asked.answers(questions(4)))) == 4


def test_runs_side_by_side_share_the_day_and_lose_no_answer(model):
    with ScriptedEndpoint([says(GOOD, tokens_in=ROOM, tokens_out=0, delay_seconds=0.01)]) as endpoint:
        models = [model(endpoint, f"model {number}", concurrency=4, day_tokens=6 * ROOM) for number in range(2)]
        threads = [threading.Thread(target=lambda one=one: list(one.answers(questions(9)))) for one in models]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(endpoint.bodies) <= 6
        again = [model(endpoint, one.name, run_tokens=0) for one in models]
        kept = sum(len(list(one.answers(questions(9)))) for one in again)
    assert kept == len(endpoint.bodies) == sum(one.report.asked for one in models)


def test_the_second_asking_of_an_invalid_answer_needs_room_as_well(model):
    with ScriptedEndpoint([says("?", tokens_in=ROOM, tokens_out=0)]) as endpoint:
        asked = model(endpoint, run_tokens=ROOM)
        assert list(asked.answers([question("text 0")])) == []
        assert len(endpoint.bodies) == 1
    assert asked.report.invalid == 1


@pytest.mark.parametrize("told", [None, 0, -5, True, "many", 10**30, [1]])
def test_where_an_endpoint_tells_no_usage_it_is_estimated(model, told):
    with ScriptedEndpoint([says(TEXT, tokens_in=told, tokens_out=told)]) as endpoint:
        asked = model(endpoint, price_in=1.0, price_out=2.0)
        assert len(list(asked.answers([question("text 0")]))) == 1
    expected = ROOM - 2_000, -(-len(TEXT) // 3)
    assert (asked.report.tokens_in, asked.report.tokens_out) == expected
    assert asked.report.cost == pytest.approx((expected[0] + 2 * expected[1]) / 1e6)


def test_an_answer_nobody_waited_for_is_counted_in_full(model):
    with ScriptedEndpoint([says(GOOD, delay_seconds=0.4)]) as endpoint:
        asked = model(endpoint, timeout_seconds=0.1, tries=1)
        list(asked.answers([question("text 0")]))
    assert asked.report.tokens_in + asked.report.tokens_out == ROOM


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


@pytest.mark.parametrize(
    "url", ["", "localhost:8080", "ftp://127.0.0.1/v1", "http://", "file:///etc/passwd", "http://h:x/"]
)
def test_a_url_that_is_not_http_is_refused(tmp_path, url):
    with pytest.raises(InputError, match="expected one such as http"):
        LanguageModel(url, "scripted", tmp_path)


def test_a_url_with_a_password_is_refused_without_repeating_it(tmp_path):
    with pytest.raises(InputError) as caught:
        LanguageModel("https://user:hidden@127.0.0.1/v1", "scripted", tmp_path)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-line-end\n", " sk-blank", "sk-ключ"])
def test_a_key_that_can_not_be_sent_is_refused_without_repeating_it(tmp_path, key):
    with pytest.raises(InputError) as caught:
        LanguageModel("http://127.0.0.1:9/v1", "scripted", tmp_path, key=key)
    assert key.strip() not in str(caught.value)


def test_a_folder_that_can_not_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Name a folder"):
        LanguageModel("http://127.0.0.1:9/v1", "scripted", tmp_path / "file")


@pytest.mark.parametrize(
    "limits", [{"concurrency": 0}, {"tries": 0}, {"timeout_seconds": 0}, {"day_cost": -1}, {"price_in": float("nan")}]
)
def test_limits_that_make_no_sense_are_refused(limits):
    with pytest.raises(InputError, match=next(iter(limits))):
        Limits(**limits)


def test_a_text_with_half_a_surrogate_pair_is_asked_like_any_other(model):
    with ScriptedEndpoint([says(GOOD)]) as endpoint:
        assert len(list(model(endpoint).answers([question("a \ud800 b")]))) == 1


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
