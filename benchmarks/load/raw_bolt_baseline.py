"""The raw Bolt floor of one event: what Neo4j takes for the least that a live update of one user has to do.

One transaction of three statements: merge an event on its unique id, read the vectors of 50 items, write a vector of
128 numbers to the user. Its users and events have a label and a type of their own and are removed afterwards. Nothing
is computed, checked or served: no implementation that keeps its vectors in the graph can be faster.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import neo4j

from graphstore.database.client import Client
from graphstore.database.statements import split
from graphstore.update.sampling import item_ids

CYPHER = Path(__file__).parents[1] / "cypher"
USERS, NEIGHBOURHOOD, WIDTH = 200, 50, 128
WARM_UP = 100
TEXTS = {name: (CYPHER / "floor" / f"{name}.cypher").read_text(encoding="utf-8") for name in ("begin", "end")}
EVENT = [
    (CYPHER / "floor" / f"{name}.cypher").read_text(encoding="utf-8")
    for name in ("merge_event", "read_vectors", "write_vector")
]


def event_floor(client: Client, uri: str, auth: tuple[str, str], events: int, seed: int = 0) -> list[float]:
    """Seconds of each of `events` transactions, one after the other."""
    items = item_ids(client)
    draw = random.Random(seed)
    _run(client, "end")
    _run(client, "begin")
    try:
        with neo4j.GraphDatabase.driver(uri, auth=auth) as driver, driver.session() as session:
            taken = []
            for number in range(WARM_UP + events):
                parameters: dict[str, Any] = {
                    "user_id": str(draw.randrange(USERS)),
                    "item_id": draw.choice(items),
                    "event_id": str(number),
                    "item_ids": draw.choices(items, k=NEIGHBOURHOOD),
                    "vector": [draw.random() for _ in range(WIDTH)],
                }
                began = time.perf_counter()
                session.execute_write(_one_event, parameters)
                taken.append(time.perf_counter() - began)
            return taken[WARM_UP:]
    finally:
        _run(client, "end")


def _one_event(transaction: neo4j.ManagedTransaction, parameters: dict[str, Any]) -> None:
    for text in EVENT:
        transaction.run(text, parameters).consume()  # type: ignore[arg-type]


def _run(client: Client, name: str) -> None:
    for text in split(TEXTS[name]):
        client.run_text(text)
