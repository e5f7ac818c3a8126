"""Logging to standard error, as text or as JSON lines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """A log record as one line of JSON; `extra={"fields": {…}}` adds members."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line of JSON, with time (UTC, ISO 8601), level, logger, message, and traceback if any."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_to_stderr() -> None:
    """Write the program's log as JSON lines to standard error."""
    root = logging.getLogger("interestgraph")
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    root.propagate = False
