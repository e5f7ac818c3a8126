"""Runs: the record in the graph of when each stage ran and what it did."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from graphstore.database import leases
from graphstore.database.client import Client
from graphstore.durations import DAY_SECONDS
from graphstore.errors import GraphError
from graphstore.progress import Progress, silent


@dataclass
class Run:
    """A run in progress, whose stage fills `counts`.

    client: through which the stage writes; it refuses once another program has its turn.
    watermark: all changes before this time are part of the run.
    """

    client: Client
    run_id: str
    stage: str
    started_at: datetime
    watermark: datetime | None = None
    counts: dict[str, Any] = field(default_factory=dict)


@contextmanager
def run(client: Client, stage: str, progress: Progress = silent) -> Iterator[Run]:
    """Record a run of a stage, when it is its turn (`graphstore.database.leases`).

    Its watermark is the server's time at the start, unless the stage sets another one.
    """
    with leases.hold(client, leases.STAGES.get(stage, stage), progress) as held:
        run_id = f"{stage}-{uuid.uuid4().hex[:12]}"
        started = client.write("runs/start_run", run_id=run_id, stage=stage)[0]["started_at"].to_native()
        current = Run(held, run_id, stage, started, watermark=started)
        try:
            yield current
            _end(held, current, None)
        except BaseException as error:
            _end(client.under(None), current, f"{type(error).__name__}: {error}"[:1000])
            raise


def _end(client: Client, current: Run, error: str | None) -> None:
    # A stage that failed, perhaps because Neo4j stopped, is recorded without retries, so that the caller waits once.
    write = client.write if error is None else client.autocommit
    try:
        write(
            "runs/end_run",
            run_id=current.run_id,
            counts=json.dumps(current.counts, default=str),
            watermark=current.watermark,
            error=error,
        )
    except GraphError:
        if error is None:
            raise


def last_run(client: Client, stage: str) -> dict[str, Any] | None:
    """The last successful run of a stage: run_id, started_at, ended_at, watermark, counts; None if there is none."""
    rows = client.read("runs/read_last_run", stage=stage)
    if not rows:
        return None
    row = rows[0]
    times = {key: row[key].to_native() if row[key] else None for key in ("started_at", "ended_at", "watermark")}
    return {"run_id": row["run_id"], **times, "counts": json.loads(row["counts"] or "{}")}


def dated(counts: dict[str, Any]) -> dict[str, Any]:
    """The counts of build with `as_of` as ISO 8601, for people and for programs; the graph keeps milliseconds."""
    if counts.get("as_of") is None:
        return counts
    seconds = counts["as_of"] / 1_000 + DAY_SECONDS * (counts.get("pause_days") or 0)  # by the calendar
    return counts | {"as_of": datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")}


def worth_saying(value: Any) -> bool:
    """Whether a count goes into the line of its stage."""
    return bool(value) and not isinstance(value, dict | list)


def count_text(name: str, value: Any) -> str:
    """A count with its name: "items 1,682"; a fact that is true by its name alone."""
    if value is True:
        return name
    if isinstance(value, float):
        return f"{name} {value:,.4g}"
    return f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}"


def count_texts(counts: Mapping[str, Any]) -> list[str]:
    """The counts that say something, as people read them: not zeros, nor what is not so."""
    return [count_text(name.replace("_", " "), value) for name, value in counts.items() if worth_saying(value)]
