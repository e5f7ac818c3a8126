"""The cache of answers: no question is asked twice."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gnn.llm.language_model import LanguageModel
from graphstore.errors import InputError
from tests.fixtures.questions import GOOD, OtherInterests, question, questions
from tests.fixtures.scripted_endpoint import ScriptedEndpoint, says

pytestmark = pytest.mark.usefixtures("short_waits")


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


ASK_MANY = """
import sys
from pathlib import Path
from gnn.llm.language_model import LanguageModel, Limits
from tests.fixtures.questions import questions
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


def test_a_folder_that_can_not_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Name a folder"):
        LanguageModel("http://127.0.0.1:9/v1", "scripted", tmp_path / "file")
