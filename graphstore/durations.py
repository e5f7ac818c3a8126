"""Lengths of time in the units that the graph and its columns use."""

from __future__ import annotations

MINUTE_MILLIS = 60_000.0
DAY_MILLIS = 86_400_000.0
DAY_SECONDS = 86_400
