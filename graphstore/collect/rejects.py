"""Files of rejected rows, which can be corrected and collected again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from graphstore.collect.files import Line, Source
from graphstore.errors import InputError


class RejectWriter:
    """Writes rejected lines, unchanged, to `<folder>/<what>-<time>.rejected.<format>`, and their reasons beside it.

    The files are created at the first line; `.reasons.jsonl` has the line number in the source and the reason. Without
    a folder nothing is written.

    Privacy: the lines keep the raw user id, and reasons may quote it. Erasing a user does not change these files.
    """

    def __init__(self, folder: Path | None, what: str, source: Source) -> None:
        self._folder = folder
        self._what = what
        self._source = source
        self._rows: IO[bytes] | None = None
        self._reasons: IO[Any] | None = None
        self.path: Path | None = None

    def __enter__(self) -> RejectWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failed = None
        for stream in (self._rows, self._reasons):
            try:
                if stream:
                    stream.close()
            except OSError as full:
                failed = full
        if failed and error is None:
            raise self._unwritten(failed) from failed

    def _unwritten(self, error: OSError) -> InputError:
        return InputError(
            f"{self.path or self._folder}: rejected rows can't be written there: {error.strerror}. What was stored "
            "stays. Make room or give another folder by --rejected, then collect the same file again."
        )

    def add(self, line: Line, reason: str) -> str | None:
        """Write one line; returns the path of the file, or None without a folder.

        Raises:
            InputError: it can't be written.
        """
        if self._folder is None:
            return None
        try:
            return str(self._added(self._folder, line, reason))
        except OSError as error:
            raise self._unwritten(error) from error

    def _added(self, folder: Path, line: Line, reason: str) -> Path:
        if self._rows is None:
            folder.mkdir(parents=True, exist_ok=True)
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
            self.path = folder / f"{self._what}-{stamp}.rejected.{self._source.format}"
            self._rows = self.path.open("xb")
            self._rows.write(self._source.header)
            reasons = self.path.with_suffix(".reasons.jsonl")
            self._reasons = reasons.open("x", encoding="utf-8", errors="backslashreplace")  # as JSON writes surrogates
        assert self._reasons is not None and self.path is not None
        self._rows.write(line.raw if line.raw.endswith(b"\n") else line.raw + b"\n")
        self._reasons.write(json.dumps({"line": line.number, "reason": reason}, ensure_ascii=False) + "\n")
        return self.path

    def discard(self) -> None:
        """Delete what was written, after the context has ended."""
        if self.path:
            self.path.unlink()
            self.path.with_suffix(".reasons.jsonl").unlink()
            self.path = None
