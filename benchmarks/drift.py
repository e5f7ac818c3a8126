"""Drift of a graph that follows events, against the same graph derived and embedded again in full.

    python benchmarks/drift.py HOME [--events N] [--json]

HOME: as `prepare.py` makes them. N events (default 10,000) that come after its history are stored in batches of 20. In
this process, the events' lane of `update --follow` brings the graph up to date after each hundred, the neighbourhoods'
lane after each thousand, each until it has nothing to do. Then everything is derived anew by the same model, as
`update --anew` does, and what was stored and served before and after is compared.
Time is not measured.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.load.prepared_graphs import Prepared, graph_of, settings_of
from benchmarks.measures import tables
from gnn.update.derive_anew import derive_anew
from gnn.update.follow_events import EventWorker
from gnn.update.follow_neighbourhoods import NeighbourhoodWorker
from graphstore.collect.store import collect_events
from graphstore.update.drift import LEAST_COSINE, LEAST_OVERLAP

BATCH_EVENTS, EVENTS_LANE, NEIGHBOURHOODS_LANE = 20, 100, 1_000


def main() -> None:
    """Measure and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--events", type=int, default=10_000)
    options = parser.parse_args()
    events = Prepared.ready(options.home).take(options.home, options.events)
    settings = settings_of(options.home)
    with graph_of(options.home) as client:
        quick, slow = EventWorker(client, settings), NeighbourhoodWorker(client, settings)
        for done in range(0, len(events), BATCH_EVENTS):
            if done % EVENTS_LANE == 0:
                quick.drain()
            if done % NEIGHBOURHOODS_LANE == 0:
                slow.drain()
                print(f"{time.strftime('%H:%M:%S')} {done:,} events", file=sys.stderr, flush=True)
            collect_events(client, events[done : done + BATCH_EVENTS])
        for lane in (quick, slow, quick):  # the last moved items mark users
            lane.drain()
        found = derive_anew(client, settings)
    rows = [
        {"what": "cosine at the 5th percentile, items", "figure": found.items, "target": LEAST_COSINE},
        {"what": "cosine at the 5th percentile, users", "figure": found.users, "target": LEAST_COSINE},
        {"what": "overlap of the ten best", "figure": found.overlap, "target": LEAST_OVERLAP},
    ]
    tables.show(f"Drift after {len(events):,} events, {found.events:,} in all", rows, options.json)


if __name__ == "__main__":
    main()
