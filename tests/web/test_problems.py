"""Answers about odd texts are whole JSON and pages, without a graph."""

import pytest
from flask import Flask

from web.api.blueprint import answer
from web.problems import problem


@pytest.mark.parametrize("make", [lambda text: problem(422, text), lambda text: answer({"detail": text})])
def test_half_a_surrogate_pair_in_an_answer_is_escaped(make):
    with Flask("test").test_request_context("/v1/items/i"):
        assert make("é \ud800: unknown").get_json()["detail"] == "é \ud800: unknown"
