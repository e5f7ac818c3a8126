"""Files of rejected rows, which can be corrected and collected again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from graphstore.collect.files import Line, Source


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
        for stream in (self._rows, self._reasons):
            if stream:
                stream.close()

    def add(self, line: Line, reason: str) -> str | None:
        """Write one line; returns the path of the file, or None without a folder."""
        if self._folder is None:
            return None
        if self._rows is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
            self.path = self._folder / f"{self._what}-{stamp}.rejected.{self._source.format}"
            self._rows = self.path.open("wb")
            self._rows.write(self._source.header)
            self._reasons = self.path.with_suffix(".reasons.jsonl").open("w", encoding="utf-8")
        assert self._reasons is not None
        self._rows.write(line.raw if line.raw.endswith(b"\n") else line.raw + b"\n")
        self._reasons.write(json.dumps({"line": line.number, "reason": reason}, ensure_ascii=False) + "\n")
        return str(self.path)

    def discard(self) -> None:
        """Delete what was written, after the context has ended."""
        if self.path:
            self.path.unlink()
            self.path.with_suffix(".reasons.jsonl").unlink()
            self.path = None
