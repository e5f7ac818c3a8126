"""A language model behind an OpenAI-compatible endpoint: questions in, validated answers out.

A question without an answer is counted, and is asked again in a later run.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sized
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from gnn.llm.answer_cache import AnswerCache
from gnn.llm.budget import Budget, Limits, Reservation
from gnn.llm.question import Question, Shape, read_answer
from graphstore.errors import NotReady
from graphstore.progress import Progress, silent

if TYPE_CHECKING:
    from gnn.llm.asking import Outcome

__all__ = ["LanguageModel", "Limits", "Question", "Report", "Shape"]

DEFAULT_LIMITS = Limits()


@dataclass
class Report:
    """Counts of a run. Every question counts once in asked, from_cache or skipped.

    failed, invalid: questions asked without an answer, and with an answer of another shape; reasons: both, by reason.
    tokens_in, tokens_out, cost: used at the endpoint, in the currency of the prices; estimated if it reports none.
    stopped: why the run ended early, or None.  retried: requests repeated after a failure.
    """

    asked: int = 0
    from_cache: int = 0
    failed: int = 0
    invalid: int = 0
    skipped: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    stopped: str | None = None
    reasons: dict[str, int] = field(default_factory=dict)
    retried: int = 0

    def counts(self) -> dict[str, Any]:
        """The report as the counts of a Run in the graph."""
        return asdict(self)


@dataclass
class _Round:
    """A run in progress: under_way holds the position and the key of each question that a thread asks."""

    report: Report
    budget: Budget
    pool: ThreadPoolExecutor
    under_way: dict[Future[Outcome], tuple[int, bytes]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)


class LanguageModel:
    """A model at an endpoint, behind a cache on disk, budgets and a circuit breaker.

    url: of the API, such as http://127.0.0.1:8080/v1.  model: its name there.  folder: of the cache of answers.
    report: of all calls of this object; `stopped` is that of the last call.

    Raises:
        InputError: the URL can't be used, or the folder can't be written.
        NotReady: the libraries that it needs are not installed.
    """

    def __init__(
        self, url: str, model: str, folder: Path, *, key: str | None = None, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        # Imported here, as loading them takes a second.
        try:
            from gnn.llm.asking import Asking
            from gnn.llm.circuit_breaker import CircuitBreaker
            from gnn.llm.endpoint import Endpoint
        except ImportError as error:
            raise NotReady(f"Language models can't be asked: {error}. Install the extra `gnn`.") from error
        self.name = model
        self.report = Report()
        self._limits = limits
        endpoint = Endpoint(url, model, key, limits.timeout_seconds)
        self._cache = AnswerCache(folder)
        self._asking = Asking(endpoint, self._cache, model, limits.tries)
        self._breaker = CircuitBreaker(limits.failures, limits.reset_seconds)
        self._budget = Budget(limits, self._cache.path)

    def answers(self, questions: Iterable[Question[Any]], progress: Progress = silent) -> Iterator[tuple[int, Any]]:
        """Yield (position, answer) as answers come, in no order; a question without an answer is missing, and counted.

        Questions are taken as they can be sent. If the iteration ends early, no more requests are sent; those under
        way are awaited and their answers stored. One call at a time.
        """
        self.report.stopped = None
        return self._answers(questions, self.report, progress)

    def _answers(
        self, questions: Iterable[Question[Any]], report: Report, progress: Progress
    ) -> Iterator[tuple[int, BaseModel]]:
        total = len(questions) if isinstance(questions, Sized) else None
        pool = ThreadPoolExecutor(self._limits.concurrency, thread_name_prefix="language-model")
        current = _Round(report, self._budget, pool)
        try:
            for position, question in enumerate(questions):
                key = question.key(self.name)
                while any(key == other for _, other in current.under_way.values()):
                    yield from self._finished(current)
                answer = self._known(key, question)
                if answer is not None:
                    report.from_cache += 1
                    yield position, answer
                else:
                    yield from self._submit(current, position, key, question)
                progress("asking", position + 1 - len(current.under_way), total)
            while current.under_way:
                yield from self._finished(current)
                done = report.asked + report.from_cache + report.skipped - len(current.under_way)
                progress("asking", done, total)
        finally:
            current.over.set()
            pool.shutdown()
            for future in current.under_way:
                if future.exception() is None:
                    self._count(current, future.result())

    def _known(self, key: bytes, question: Question[Any]) -> BaseModel | None:
        text = self._cache.find(key)
        if text is None:
            return None
        # The shape's validators may have become stricter without a change of its schema, and so of the key.
        try:
            return read_answer(question.shape, text)[0]
        except Exception:
            return None

    def _submit(
        self, current: _Round, position: int, key: bytes, question: Question[Any]
    ) -> Iterator[tuple[int, BaseModel]]:
        """Ask when a thread is free and the budget allows it, yielding answers that come meanwhile; or skip it."""
        report = current.report
        while report.stopped is None:
            most = 1 if self._breaker.half_open else self._limits.concurrency
            if reason := self._breaker.open_reason:
                report.stopped = reason
            elif len(current.under_way) >= most:
                yield from self._finished(current)
            else:
                room = current.budget.reserve(question.tokens_in, question.most_tokens)
                if isinstance(room, Reservation):
                    asked = current.pool.submit(self._asking.ask, question, room, current.budget, current.over)
                    current.under_way[asked] = (position, key)
                    report.asked += 1
                    return
                # Requests under way have reserved more than they will use.
                if current.under_way:
                    yield from self._finished(current)
                else:
                    report.stopped = room
        report.skipped += 1

    def _finished(self, current: _Round) -> Iterator[tuple[int, BaseModel]]:
        """Wait until a question under way ends; count those that ended and yield their answers."""
        done, _ = wait(current.under_way, return_when=FIRST_COMPLETED)
        found: list[tuple[int, BaseModel]] = []
        for future in done:
            position, _ = current.under_way.pop(future)
            outcome = future.result()
            self._count(current, outcome)
            if outcome.answer is not None:
                found.append((position, outcome.answer))
        yield from found

    def _count(self, current: _Round, outcome: Outcome) -> None:
        report = current.report
        report.tokens_in += outcome.tokens_in
        report.tokens_out += outcome.tokens_out
        report.cost = self._limits.cost(report.tokens_in, report.tokens_out)
        report.retried += outcome.retried
        report.failed += outcome.failed is not None
        report.invalid += outcome.invalid is not None
        reason = outcome.failed or outcome.invalid
        if reason is not None:
            report.reasons[reason] = report.reasons.get(reason, 0) + 1
        self._breaker.record(outcome.unwell)
        why = outcome.hopeless or self._breaker.open_reason
        if why:
            report.stopped = report.stopped or why
            current.over.set()
