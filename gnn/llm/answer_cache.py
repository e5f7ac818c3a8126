"""An on-disk cache of a language model's answers, keyed by question, so that no question is asked twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from gnn.llm.budget import Budget
from graphstore.errors import InputError


class AnswerCache:
    """Valid answers in `answers.sqlite`, beside the budget spent on each day. Threads and processes may share it.

    Raises:
        InputError: the folder or the file can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "answers.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as database, database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, prompt TEXT NOT NULL,"
                    " model TEXT NOT NULL, answer TEXT NOT NULL, tokens_in INTEGER NOT NULL,"
                    " tokens_out INTEGER NOT NULL, answered_at TEXT NOT NULL)"
                )
                Budget.prepare(database)
        except (OSError, sqlite3.Error) as error:
            raise InputError(f"Answers can't be kept in {self.path}: {error}. Name a folder to write to.") from error

    def find(self, key: bytes) -> str | None:
        """The JSON text of a question's answer, or None."""
        with closing(self._connect()) as database:
            row = database.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def keep(self, key: bytes, prompt: str, model: str, answer: str, tokens_in: int, tokens_out: int) -> None:
        """Store a valid answer: its JSON text, and the tokens of its request."""
        answered_at = datetime.now(UTC).isoformat(timespec="seconds")
        with closing(self._connect()) as database, database:
            database.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
                (key, prompt, model, answer, tokens_in, tokens_out, answered_at),
            )

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=60)
