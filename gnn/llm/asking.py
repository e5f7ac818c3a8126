"""The requests of one question: retries after failures, a second request after an invalid answer, and their budget."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from gnn.llm.answer_cache import AnswerCache
from gnn.llm.budget import Budget, Reservation
from gnn.llm.endpoint import Endpoint, Reply
from gnn.llm.question import Question, read_answer

# After an invalid answer the question is sent again, at a higher temperature, so that the answer can differ.
TEMPERATURES = (0.0, 0.3)
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0


@dataclass
class Outcome:
    """Result of a question: an answer, or the reason why it failed or why its answer is invalid.

    unwell, hopeless: as in the last Reply.  retried: requests repeated after a failure.
    """

    answer: BaseModel | None = None
    failed: str | None = None
    invalid: str | None = None
    unwell: bool = False
    hopeless: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    retried: int = 0


class Asking:
    """Sends questions to an endpoint and stores valid answers. Threads may share it.

    tries: requests of a question while the endpoint fails.
    """

    def __init__(self, endpoint: Endpoint, cache: AnswerCache, model: str, tries: int) -> None:
        self._endpoint = endpoint
        self._cache = cache
        self._model = model
        self._tries = tries

    def ask(self, question: Question[Any], room: Reservation, budget: Budget, over: threading.Event) -> Outcome:
        """Ask within a reservation of the budget. Once `over` is set, no request is sent after the current one."""
        outcome = Outcome()
        tries, asked = 0, 1
        while True:
            reply = self._endpoint.ask(question, TEMPERATURES[asked - 1])
            tries += 1
            outcome.tokens_in += reply.tokens_in
            outcome.tokens_out += reply.tokens_out
            outcome.failed, outcome.unwell, outcome.hopeless = reply.failed, reply.unwell, reply.hopeless
            outcome.invalid = None
            if reply.failed:
                done = not reply.again or tries == self._tries
                seconds = _wait_seconds(reply, tries)
            else:
                outcome.answer, outcome.invalid = self._answer(question, reply)
                done = outcome.answer is not None or asked == len(TEMPERATURES)
                tries, asked, seconds = 0, asked + 1, 0.0
            if done:
                budget.settle(room, reply.tokens_in, reply.tokens_out)
                return outcome
            renewed = budget.renew(room, reply.tokens_in, reply.tokens_out)
            if renewed is None:
                return outcome
            room = renewed
            if over.wait(seconds):
                budget.settle(room, 0, 0)
                return outcome
            outcome.retried += outcome.failed is not None

    def _answer(self, question: Question[Any], reply: Reply) -> tuple[BaseModel | None, str | None]:
        """The answer, which is stored; or the reason why it is invalid."""
        if reply.spoilt:
            return None, reply.spoilt
        try:
            answer, plain = read_answer(question.shape, reply.text)
        except ValidationError:
            return None, "not of the shape"
        # A shape's own validators may raise any error.
        except Exception:
            return None, "not JSON"
        self._cache.keep(
            question.key(self._model), question.prompt, self._model, plain, reply.tokens_in, reply.tokens_out
        )
        return answer, None


def _wait_seconds(reply: Reply, tries: int) -> float:
    """The wait that the endpoint asks for, else twice as long each time; with jitter, so that threads don't align."""
    seconds = reply.wait_seconds
    if seconds is None:
        seconds = min(FIRST_WAIT_SECONDS * 2 ** (tries - 1), LONGEST_WAIT_SECONDS)
        return random.uniform(seconds / 2, seconds)
    return seconds + random.uniform(0, FIRST_WAIT_SECONDS)
