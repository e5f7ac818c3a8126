"""Budgets of a run and of a day, and the tokens that are counted."""

import threading

import pytest

from gnn.llm import budget
from gnn.llm.budget import Limits
from graphstore.errors import InputError
from tests.fixtures.questions import GOOD, ROOM, TEXT, question, questions
from tests.fixtures.scripted_endpoint import ScriptedEndpoint, says

pytestmark = pytest.mark.usefixtures("short_waits")


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


@pytest.mark.parametrize(
    "limits", [{"concurrency": 0}, {"tries": 0}, {"timeout_seconds": 0}, {"day_cost": -1}, {"price_in": float("nan")}]
)
def test_limits_that_make_no_sense_are_refused(limits):
    with pytest.raises(InputError, match=next(iter(limits))):
        Limits(**limits)
