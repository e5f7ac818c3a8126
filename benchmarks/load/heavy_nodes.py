"""Cost of heavy nodes: a user and an item with very many events, and the events after them.

    python benchmarks/load/heavy_nodes.py HOME [--of-user N] [--of-item N] [--json]

HOME: as `prepare.py` makes them; it is changed for good. `serve` and `update --follow` run beside, as processes:

before       some events, each posted alone: the time from its 202 to a changed answer, and until nothing of it waits
one user     a burst of 10,000 events of one user, on many items; then as before, by that user, and the answer they get
one item     100,000 events on one item, by all users in turn; then as before, on that item
after        as before, with other users and items

A burst is posted in batches as fast as they are accepted; `drained` is how long the follower took after the last.
Times of an event are of the slowest of those looked at. Not measured: the neighbourhoods' lane, which works beside it.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.load.asking import LIVE, Askers, recommendations_path
from benchmarks.load.load_generators import Event, Running, catch_up, effect, settled
from benchmarks.load.prepared_graphs import Prepared, environment_of, graph_of
from benchmarks.load.processes import api_key, following, served
from benchmarks.measures import tables
from graphstore.batches import batched
from graphstore.database.client import Client
from graphstore.errors import InputError
from graphstore.update.sampling import item_ids, user_ids

BATCH_EVENTS = 500
LOOKED_AT = 20
PATIENCE = 30.0
NO_BURST = {"events": 0, "accepted, events/s": "–", "drained, s": "–"}


class Maker:
    """Makes events that come after all that a home holds, a second after each other."""

    def __init__(self, client: Client, first: Event, seed: int) -> None:
        self._numbers = count()
        self._start = int(first["timestamp"])
        self._name = first["event_id"]
        self.draw = random.Random(seed)
        self.users, self.items = user_ids(client), item_ids(client)

    def event(self, user_id: str | None = None, item_id: str | None = None) -> Event:
        """An event of this user on this item; of any where None."""
        number = next(self._numbers)
        return {
            "event_id": f"{self._name}-{number}",
            "user_id": user_id or self.draw.choice(self.users),
            "item_id": item_id or self.draw.choice(self.items),
            "kind": "view",
            "timestamp": self._start + number,
        }


def measured(home: Path, of_user: int, of_item: int, seed: int) -> Iterator[dict[str, Any]]:
    """A row for each step."""
    first = Prepared.ready(home).take(home, 1)[0]
    environment = environment_of(home)
    with ExitStack() as stack:
        client = stack.enter_context(graph_of(home))
        key = stack.enter_context(api_key(environment, "read,write"))
        web = stack.enter_context(served(environment))
        follower = stack.enter_context(following(environment, 1))
        running = Running(client, Askers(web.port, key), True, {"follower": follower.pid}, PATIENCE)
        make = Maker(client, first, seed)
        user, item = make.draw.choice(make.users), make.draw.choice(make.items)
        catch_up(running, list(batched([make.event() for _ in range(500)], BATCH_EVENTS)))  # warm-up
        looked_at(running, [make.event() for _ in range(2 * LOOKED_AT)])
        yield {"step": "before", **NO_BURST, **looked_at(running, [make.event() for _ in range(LOOKED_AT)])}
        burst = burst_of(running, [make.event(user) for _ in range(of_user)])
        yield {"step": "one user", **burst, **looked_at(running, [make.event(user) for _ in range(LOOKED_AT)])}
        burst = burst_of(running, [make.event(make.users[n % len(make.users)], item) for n in range(of_item)])
        last = [make.event(None, item) for _ in range(LOOKED_AT)]
        yield {"step": "one item", **burst, **looked_at(running, last)}
        yield {"step": "after", **NO_BURST, **looked_at(running, [make.event() for _ in range(LOOKED_AT)])}


def burst_of(running: Running, events: list[Event]) -> dict[str, Any]:
    """Post events as fast as they are accepted, and wait until nothing of them waits."""
    cost = catch_up(running, list(batched(events, BATCH_EVENTS)))
    return {
        "events": len(events),
        "accepted, events/s": 1 / cost.accepted,
        "drained, s": (cost.done - cost.accepted) * len(events),
    }


def looked_at(running: Running, events: list[Event]) -> dict[str, Any]:
    """The slowest effect of some events, and the slowest answer for their users."""
    asker = running.askers.mine
    effects, answers = [], []
    for event in events:
        found = effect(running, asker, event)
        if found is None:
            raise SystemExit("An event was refused.")
        effects.append(found)
        began = time.perf_counter()
        answer = asker.get(recommendations_path(event["user_id"], "k=10&explain=true"), LIVE)
        answers.append(time.perf_counter() - began)
        if answer.status != 200:
            raise SystemExit(f"HTTP {answer.status}: {str(answer.body)[:300]}")
    settled(running)
    return {
        "changed, ms": 1000 * max(found.changed for found in effects),
        "all effects, ms": 1000 * max(found.settled for found in effects),
        "answer, ms": 1000 * max(answers),
    }


def main() -> None:
    """Measure and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("home", type=Path, metavar="HOME")
    parser.add_argument("--of-user", type=int, default=10_000, help="events of one user (default 10,000)")
    parser.add_argument("--of-item", type=int, default=100_000, help="events on one item (default 100,000)")
    parser.add_argument("--seed", type=int, default=0, help="of who and what is drawn")
    options = parser.parse_args()
    rows = []
    try:
        for row in measured(options.home, options.of_user, options.of_item, options.seed):
            print(f"{time.strftime('%H:%M:%S')} {row['step']}: done", file=sys.stderr, flush=True)
            rows.append(row)
    except InputError as error:
        raise SystemExit(str(error)) from error
    tables.show(f"Extremes in {options.home.name}; of {LOOKED_AT} events each, the slowest", rows, options.json)


if __name__ == "__main__":
    main()
