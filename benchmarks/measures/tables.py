"""Output of benchmarks: a plain table, or JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

FILE_WIDTH = 200  # of a table that goes to a file
Row = dict[str, Any]


def parser(description: str | None) -> argparse.ArgumentParser:
    """The parser of a benchmark, with the options that all have."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", action="store_true", help="one JSON document in place of a table")
    return made


def show(title: str, rows: Sequence[Row], as_json: bool) -> None:
    """Print rows that have the same keys."""
    if as_json:
        print(json.dumps({"title": title, "rows": rows}, indent=2, default=str))
        return
    table = Table(title=title, title_justify="left", box=None)
    for position, name in enumerate(rows[0] if rows else ()):
        table.add_column(name, justify="left" if position == 0 else "right")
    for row in rows:
        table.add_row(*(_text(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else FILE_WIDTH).print(table)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie (nearest rank).

    Reference: Hyndman and Fan 1996, Sample quantiles in statistical packages, type 1.
    """
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]
