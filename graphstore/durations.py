"""Lengths of time: a minute and a day in milliseconds (times in the graph) and a day in seconds (Unix time)."""

from __future__ import annotations

MINUTE_MILLIS = 60_000.0
DAY_MILLIS = 86_400_000.0
DAY_SECONDS = 86_400
