"""An OpenAI-compatible endpoint on a free port of 127.0.0.1 that plays a script and records what it is asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Turn:
    """One reply. delay_seconds: before it.  drip_seconds: between its bytes.  breaks: it closes before its end."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    drip_seconds: float = 0.0
    breaks: bool = False


Script = Sequence[Turn] | Callable[[dict[str, Any]], Turn]


def says(content: Any, tokens_in: Any = 10, tokens_out: Any = 5, ended: str = "stop", **turn: Any) -> Turn:
    """A completion with this content, a text or anything that becomes JSON; tokens_in None leaves the usage out."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    message = {"role": "assistant", "content": text}
    completion = {"id": "1", "object": "chat.completion", "created": 1, "model": "scripted"}
    completion |= {"choices": [{"index": 0, "message": message, "finish_reason": ended}]}
    if tokens_in is not None:
        completion["usage"] = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": 0}
    return Turn(json.dumps(completion).encode(), **turn)


def refuses(
    status: int, message: str = "no", param: str | None = None, delay_seconds: float = 0.0, **headers: str
) -> Turn:
    """An error of the API; underscores in the names of headers stand for hyphens."""
    error = {"error": {"message": message, "type": "error", "param": param, "code": None}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Turn(json.dumps(error).encode(), status, named, delay_seconds)


class ScriptedEndpoint:
    """The endpoint, a context manager. A list is played in turn and its last reply repeated; a function is asked.

    bodies, headers: of the requests, in order.  names of headers in lower case.
    most_at_once: how many were under way together at most.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._lock = threading.Lock()
        self._at_once = 0
        self.most_at_once = 0
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def texts(self) -> list[str]:
        """What the user's message of each request says."""
        return [body["messages"][-1]["content"] for body in self.bodies]

    def __enter__(self) -> ScriptedEndpoint:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _turn(self, body: dict[str, Any], headers: dict[str, str]) -> Turn:
        with self._lock:
            self.bodies.append(body)
            self.headers.append(headers)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            if callable(self._script):
                return self._script(body)
            return self._script[min(len(self.bodies), len(self._script)) - 1]

    def _ended(self) -> None:
        with self._lock:
            self._at_once -= 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                turn = endpoint._turn(body, {name.lower(): value for name, value in self.headers.items()})
                try:
                    time.sleep(turn.delay_seconds)
                    self.send_response(turn.status)
                    for name, value in {"Content-Type": "application/json", **turn.headers}.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(turn.body)))
                    self.end_headers()
                    for part in self._parts(turn):
                        self.wfile.write(part)
                        self.wfile.flush()
                        time.sleep(turn.drip_seconds)
                    self.close_connection = turn.breaks
                finally:
                    endpoint._ended()

            def _parts(self, turn: Turn) -> Iterable[bytes]:
                body = turn.body[: len(turn.body) // 2] if turn.breaks else turn.body
                return (body[i : i + 1] for i in range(len(body))) if turn.drip_seconds else [body]

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Who asked did not wait for the reply."""
