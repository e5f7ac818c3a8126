"""Requests to an OpenAI-compatible endpoint. Whatever the endpoint does is returned as a value and raises no error.

The library's own retries are off: they wait up to two minutes if an endpoint asks for it, can't be interrupted, don't
cover an answer that breaks off in its body, and can't reserve the cost of the next request.
"""

from __future__ import annotations

import json
import math
import re
import weakref
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import openai

from gnn.llm.question import Question, estimated_tokens
from graphstore.deadlines import Deadline
from graphstore.errors import InputError

CONNECT_SECONDS = 10.0
LONGEST_WAIT = 60.0
TRY_AGAIN = {408, 409, 429}
OF_THE_QUESTION = {413, 422}
# Longer bodies are no real answers, and are not read to the end.
MOST_BYTES_PER_TOKEN = 100
MOST_BYTES_AROUND = 1_000_000
MOST_TOKENS_REPORTED = 10_000_000
DEADLINE: ContextVar[Deadline] = ContextVar("deadline")
# Shorter keys are words, such as "none" or "ollama", that an answer may contain.
SHORTEST_SECRET = 16


@dataclass(frozen=True)
class Reply:
    """Result of a request: a text, or the reason why there is none.

    spoilt: why the text is no whole answer.  failed: why there is no text at all, in two or three words.
    tokens_in, tokens_out: as reported by the endpoint, or estimated.
    again: whether the request may be repeated, wait_seconds later if the endpoint asks for it.
    unwell: whether the endpoint failed, not this question.  hopeless: why no other request would succeed either.
    """

    text: str = ""
    spoilt: str | None = None
    failed: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    again: bool = False
    wait_seconds: float | None = None
    unwell: bool = False
    hopeless: str | None = None


@dataclass(frozen=True)
class Form:
    """The form of requests: at first as the interface defines it, then without the parameters that were refused."""

    schema: bool = True
    longest: str = "max_tokens"
    temperature: bool = True

    def without(self, refused: str | None) -> Form | None:
        """The form after a refusal. refused: the parameter that it named, if any. None if no other form is left."""
        if refused == self.longest == "max_tokens":
            return replace(self, longest="max_completion_tokens")
        if refused == "temperature" and self.temperature:
            return replace(self, temperature=False)
        return replace(self, schema=False) if self.schema else None


class Endpoint:
    """An endpoint and a model there. Threads may share it.

    Raises:
        InputError: the URL is not http(s)://, or has a user or password in it; the key can't be sent.
    """

    def __init__(self, url: str, model: str, key: str | None, timeout_seconds: float) -> None:
        self._url = checked(url)
        if key and not (key.isascii() and key.isprintable() and key.strip() == key):
            raise InputError("The language model's key has a blank, a line end or a letter that no key has.")
        self._model = model
        self._secret = key if key and len(key) >= SHORTEST_SECRET else None
        self._timeout = timeout_seconds
        self._form = Form()
        try:
            timeout = openai.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds))
            self._client: Any = openai.OpenAI(
                base_url=url,
                api_key=key or "none",
                max_retries=0,
                timeout=timeout,
                default_headers={"Connection": "close"},  # every request opens its own, which is watched
                http_client=openai.DefaultHttpxClient(timeout=timeout, event_hooks={"request": [_watched]}),
            )
        except Exception as error:
            raise InputError(f"The language model's URL {url!r} can't be asked: {type(error).__name__}.") from error
        # The client is part of a reference cycle, and would be collected with open connections.
        weakref.finalize(self, self._client.close)

    def ask(self, question: Question, temperature: float) -> Reply:
        """Send a request; if the endpoint refuses its form, again in the next form, which is used from then on."""
        form: Form | None = self._form
        while form is not None:
            try:
                reply = self._read(question, self._send(question, form, temperature))
            except openai.BadRequestError as error:
                form = form.without(error.param)
                continue
            # Any other error is a failed request; the run continues.
            except Exception as error:
                return self._failure(question, error)
            if not reply.failed:
                self._form = form
            return reply
        return Reply(failed="status 400")

    def _send(self, question: Question, form: Form, temperature: float) -> bytes | None:
        """The body of the answer; None if it is too long to be one."""
        system = question.system
        schema = {"name": _name(question), "schema": question.schema, "strict": True}
        wanted: dict[str, Any] = {"type": "json_schema", "json_schema": schema}
        if not form.schema:
            wanted = {"type": "json_object"}
            system += f"\n\nAnswer with one JSON object of this JSON schema:\n{json.dumps(question.schema)}"
        arguments: dict[str, Any] = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": _whole(system)},
                {"role": "user", "content": _whole(question.text)},
            ],
            "response_format": wanted,
            form.longest: question.most_tokens,
        }
        if form.temperature:
            arguments["temperature"] = temperature
        most = MOST_BYTES_AROUND + MOST_BYTES_PER_TOKEN * question.most_tokens
        body = bytearray()
        # The client's timeout is of one read; some endpoints send blanks for half an hour while a request queues.
        with Deadline(self._timeout) as deadline:
            token = DEADLINE.set(deadline)
            try:
                with self._client.chat.completions.with_streaming_response.create(**arguments) as response:
                    for chunk in response.iter_bytes():
                        body += chunk
                        if len(body) > most:
                            return None
            except Exception:
                if deadline.passed:
                    raise TimeoutError from None
                raise
            finally:
                DEADLINE.reset(token)
            if deadline.passed:
                raise TimeoutError
        return bytes(body)

    def _read(self, question: Question, body: bytes | None) -> Reply:
        if body is None:
            return Reply(spoilt="too long", tokens_in=question.tokens_in, tokens_out=question.most_tokens)
        try:
            completion = json.loads(body)
            choice = completion["choices"][0]
            text, ended = choice["message"].get("content"), choice.get("finish_reason")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return Reply(failed="no completion", again=True, unwell=True)
        used = completion.get("usage")
        tokens_in, tokens_out = _reported(used, "prompt_tokens"), _reported(used, "completion_tokens")
        if not tokens_in or tokens_out is None:
            tokens_in, tokens_out = question.tokens_in, estimated_tokens(str(text or ""))
        spoilt = None
        if not isinstance(text, str):
            text, spoilt = "", "no text"
        elif ended == "length":
            spoilt = "cut off"
        elif self._secret and self._secret in text:
            text, spoilt = "", "repeats the key"
        return Reply(text, spoilt, tokens_in=tokens_in, tokens_out=tokens_out)

    def _failure(self, question: Question, error: Exception) -> Reply:
        # The text of an error may contain the key, so only its status is reported.
        if isinstance(error, openai.APIStatusError):
            status = error.status_code
            hopeless = None
            if status in (401, 403):
                hopeless = f"the endpoint refused the key (status {status})"
            elif status == 404:
                hopeless = f"the endpoint {self._url} does not know the model {self._model!r} (status 404)"
            return Reply(
                failed=f"status {status}",
                again=status in TRY_AGAIN or status >= 500,
                wait_seconds=_wished_wait(error.response.headers),
                unwell=status not in OF_THE_QUESTION,
                hopeless=hopeless,
            )
        name = type(error.__cause__ or error).__name__
        failed = "timed out" if "Timeout" in name else "no connection" if "Connect" in name else "connection broke"
        if name.startswith(("Connect", "Pool")):
            return Reply(failed=failed, again=True, unwell=True)
        # The request was sent, and may be billed: its tokens count in full.
        sent, most = question.tokens_in, question.most_tokens
        return Reply(failed=failed, again=True, unwell=True, tokens_in=sent, tokens_out=most)


def checked(url: str) -> str:
    """The URL, if it can be used.

    Raises:
        InputError: it is not http(s)://, or has a user or password in it.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InputError(f"The language model's URL is {url!r}; expected one such as http://127.0.0.1:8080/v1.")
    if parts.username is not None:
        raise InputError("The language model's URL has a user or password in it; give the secret as the key instead.")
    return url


def _watched(request: Any) -> None:
    """Have the connection that this request opens shut down at the deadline of its thread."""
    deadline = DEADLINE.get()

    def trace(event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("connect_tcp.complete"):
            deadline.watch(info["return_value"].get_extra_info("socket"))

    request.extensions["trace"] = trace


def _name(question: Question) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", question.shape.__name__)[:64]


def _whole(text: str) -> str:
    """The text without halves of surrogate pairs, which can't be sent."""
    return text.encode("utf-8", "replace").decode()


def _reported(used: object, name: str) -> int | None:
    """A token count of an endpoint's usage; None if it is missing or impossible."""
    tokens = used.get(name) if isinstance(used, dict) else None
    usable = isinstance(tokens, int) and not isinstance(tokens, bool) and 0 <= tokens <= MOST_TOKENS_REPORTED
    return tokens if usable else None


def _wished_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds of a Retry-After header, as a number or a date, at most LONGEST_WAIT."""
    wish = headers.get("retry-after", "")
    try:
        seconds = float(wish)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(wish).astimezone(UTC) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_WAIT)
