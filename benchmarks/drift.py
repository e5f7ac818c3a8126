"""How far a graph that is kept fresh has drifted after so many events, against one that is derived and embedded anew.

    python benchmarks/drift.py HOME [--events N] [--json]

HOME: as `prepare.py` makes them. N events (default 10,000) that come after its history are stored in batches of 20,
and both lanes of `update --follow` bring the graph up to date after each hundred, in this process. Then everything is
derived anew by the same model, as `update --anew` does, and what was stored and served before and after is compared.
Time is not measured.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tables
from homes import Prepared, graph_of, settings_of

from gnn.drift import derive_anew
from gnn.follow import EventsLane
from gnn.neighbourhoods import NeighbourhoodsLane
from graphstore.collect import collect_events
from graphstore.drift import LEAST_COSINE, LEAST_OVERLAP

BATCH_EVENTS, DRAIN_EVENTS = 20, 100
SAY_EVENTS = 2_000


def main() -> None:
    """Measure and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--events", type=int, default=10_000)
    options = parser.parse_args()
    events = Prepared.ready(options.home).take(options.home, options.events)
    settings = settings_of(options.home)
    with graph_of(options.home) as client:
        lanes = EventsLane(client, settings), NeighbourhoodsLane(client, settings)
        for start in range(0, len(events), BATCH_EVENTS):
            collect_events(client, events[start : start + BATCH_EVENTS])
            if (start + BATCH_EVENTS) % DRAIN_EVENTS == 0:
                for lane in lanes:
                    lane.drain()
            if (start + BATCH_EVENTS) % SAY_EVENTS == 0:
                print(f"{start + BATCH_EVENTS:,} events", file=sys.stderr)
        for lane in lanes:
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
