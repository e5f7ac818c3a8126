"""One request: its form, and what comes of every way in which an endpoint may answer or not."""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest

from gnn.llm.endpoint import LONGEST_WAIT, _wished_wait
from gnn.llm.language_model import LanguageModel
from graphstore.errors import InputError
from tests.fixtures.dripping import dripping
from tests.fixtures.questions import GOOD, KEY, question, questions
from tests.fixtures.scripted_endpoint import ScriptedEndpoint, Turn, refuses, says

pytestmark = pytest.mark.usefixtures("short_waits")


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


def test_a_body_too_long_for_its_question_is_not_read_to_its_end(model):
    with ScriptedEndpoint([says("x" * 3_000_000)]) as endpoint:
        asked = model(endpoint)
        assert list(asked.answers([question()])) == []
    assert asked.report.reasons == {"too long": 1}


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


def test_headers_that_trickle_in_are_given_up_at_the_timeout(model):
    with dripping(b"HTTP/1.1 200 OK\r\nX-Long: ") as address:
        asked = model(SimpleNamespace(url=f"{address}/v1"), timeout_seconds=0.4, tries=1)
        assert list(asked.answers([question()])) == []
    assert asked.report.reasons == {"timed out": 1}


def test_a_wait_that_an_endpoint_asks_for_is_seconds_or_a_date_and_bounded():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert _wished_wait({"retry-after": "7"}) == 7
    assert _wished_wait({"retry-after": soon}) == pytest.approx(30, abs=2)
    assert _wished_wait({"retry-after": "86400"}) == LONGEST_WAIT
    assert _wished_wait({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}) == 0
    for nonsense in ("", "soon", "nan", "Thu, 99 Jan 1970"):
        assert _wished_wait({"retry-after": nonsense}) is None
    assert _wished_wait({}) is None


@pytest.mark.parametrize(("status", "why"), [(401, "refused the key"), (403, "refused the key"), (404, "'scripted'")])
def test_a_wrong_key_or_an_unknown_model_stops_the_run_at_once(model, status, why):
    with ScriptedEndpoint([refuses(status)]) as endpoint:
        asked = model(endpoint)
        assert list(asked.answers(questions(5))) == []
        assert len(endpoint.bodies) == 1
    assert why in asked.report.stopped and (asked.report.failed, asked.report.skipped) == (1, 4)


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


def test_a_text_with_half_a_surrogate_pair_is_asked_like_any_other(model):
    with ScriptedEndpoint([says(GOOD)]) as endpoint:
        assert len(list(model(endpoint).answers([question("a \ud800 b")]))) == 1
