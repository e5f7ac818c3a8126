"""Questions: the schema that is sent, and answers read from a model's text."""

import pytest
from pydantic import BaseModel

from gnn.llm.question import strict_schema
from tests.fixtures.questions import GOOD, TEXT, Interest, question
from tests.fixtures.scripted_endpoint import ScriptedEndpoint, says

pytestmark = pytest.mark.usefixtures("short_waits")


def test_a_strict_schema_requires_every_property_and_keeps_one_that_is_called_default():
    class Odd(BaseModel):
        default: int = 3
        one: Interest | None = None

    schema = strict_schema(Odd)
    assert schema["required"] == ["default", "one"] and schema["additionalProperties"] is False
    assert "default" in schema["properties"] and "default" not in schema["properties"]["default"]
    assert schema["$defs"]["Interest"]["required"] == ["name", "weight"]


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
