"""Schemathesis asks what the OpenAPI description describes, well and badly formed: no 500, no status beyond it."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from web import create_app

EXAMPLES = int(os.environ.get("INTERESTGRAPH_TEST_EXAMPLES") or 6)  # of each operation
ENDLESS = ("/v1/stream",)


@pytest.fixture
def operations(config, films):
    app = create_app(replace(config, rate_limit="1000000 per minute"))
    described = schemathesis.openapi.from_wsgi("/openapi.json", app)
    return [found.ok() for found in described.get_all_operations() if found.ok().path not in ENDLESS]


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_every_answer_is_one_that_the_description_names(operations, keys, mode):
    asked = set()
    for operation in operations:
        try:
            cases = operation.as_strategy(generation_mode=mode)
            chosen = cases | known(operation) if mode is schemathesis.GenerationMode.POSITIVE else cases
        except schemathesis.errors.SchemathesisError:
            continue  # there is nothing that could be badly formed

        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=chosen)
        def ask(case):
            case.call_and_validate(
                headers={"X-API-Key": keys["admin"]},
                checks=[not_a_server_error, status_code_conformance, content_type_conformance],
            )
            asked.add(case.operation.label)

        with suppress(Unsatisfiable):  # the same
            ask()
    assert len(asked) > 15, asked


def known(operation):
    """Cases whose ids are those of nodes that are there."""
    there = {"user_id": "ann", "item_id": "f1", "name": "drama", "label": "User", "key": "ann"}

    def named(case):
        for name in case.path_parameters or {}:
            case.path_parameters[name] = there[name]
        return case

    return st.builds(named, operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
