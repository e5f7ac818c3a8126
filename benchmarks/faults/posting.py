"""Events posted by several writers, each batch again until it is accepted; and what the graph holds of them."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.faults.programs import Programs
from graphstore.database.client import Client

START, USERS, ITEMS = 1_700_000_000, 200, 400
ACCEPTED, AGAIN_SECONDS, PATIENCE_SECONDS = 202, 0.2, 120
STORED = Path(__file__).parents[1] / "cypher" / "stored_events.cypher"


@dataclass
class Posted:
    """acknowledged: ids of events that were accepted.  answers: how often each status came.  given_up: batches."""

    acknowledged: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    given_up: int = 0

    def row(self, client: Client) -> dict[str, Any]:
        """Figures for a table, after a look into the graph."""
        stored = stored_events(client)
        return {
            "acknowledged": len(self.acknowledged),
            "lost": len(set(self.acknowledged) - set(stored)),
            "doubled": sum(count - 1 for count in stored.values()),
            "given up": self.given_up,
            "500": self.answers[500],
            "other answers": " ".join(f"{s or 'none'}:{n}" for s, n in sorted(self.answers.items()) if s != ACCEPTED),
        }


def stored_events(client: Client) -> Counter[str]:
    """How often each event stands in the graph."""
    return Counter(row["event_id"] for row in client.run_text(STORED.read_text(encoding="utf-8")))


def batch(writer: int, number: int, rows: int) -> list[dict[str, Any]]:
    """Events with ids of their own."""
    drawn = random.Random(f"{writer} {number}")
    return [
        {
            "event_id": f"{writer}-{number}-{row}",
            "user_id": f"u{drawn.randrange(USERS)}",
            "item_id": f"i{drawn.randrange(ITEMS)}",
            "kind": "view",
            "timestamp": START + number,
        }
        for row in range(rows)
    ]


def post(programs: Programs, seconds: float, *, writers: int = 4, rows: int = 10, rate: float = float("inf")) -> Posted:
    """Post for so long. rate: events a second, of all writers together, at most."""
    posted, lock = Posted(), threading.Lock()
    ends = time.monotonic() + seconds
    pause = writers * rows / rate

    def write(writer: int) -> None:
        asker, number, due = programs.asker(), 0, time.monotonic()
        while time.monotonic() < ends:
            events = batch(writer, number, rows)
            patience = time.monotonic() + PATIENCE_SECONDS
            while (status := asker.post("/v1/events", events).status) != ACCEPTED and time.monotonic() < patience:
                with lock:
                    posted.answers[status] += 1
                time.sleep(AGAIN_SECONDS)
            with lock:
                if status == ACCEPTED:
                    posted.acknowledged += [event["event_id"] for event in events]
                posted.given_up += status != ACCEPTED
            number, due = number + 1, due + pause
            time.sleep(max(0.0, due - time.monotonic()))

    with ThreadPoolExecutor(writers) as pool:
        for done in [pool.submit(write, writer) for writer in range(writers)]:
            done.result()
    return posted


def wait_for_web(programs: Programs) -> None:
    """Wait until the web application accepts an event: the first one waits until Neo4j has planned its statements."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while programs.asker().post("/v1/events", batch(-1, 0, 1)).status != ACCEPTED:
        if time.monotonic() > deadline:
            raise SystemExit("interestgraph serve did not come up.")
        time.sleep(0.2)
