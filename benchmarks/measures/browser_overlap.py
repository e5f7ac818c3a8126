"""The favourite `recommend_now` of Neo4j Browser beside what the program serves: items in common, and seconds.

Needs a prepared INTERESTGRAPH_HOME with a trained model, for instance `interestgraph demo`. Asks both for ten items for
the same users, drawn by the seed; with --at as of that time. Users who get nothing from either are not counted.

overlap    share of the served ten that the favourite has too: mean, least, and share of users for whom it is all
same order share of users with the same ten in the same order
seconds    of the favourite: median, and the longest but for the first answer, for which Neo4j plans the statement
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from benchmarks.measures import tables
from graphstore import Client, Settings, connect
from graphstore.recommend.cache import ServingCache
from graphstore.recommend.stage import recommend

K = 10


def measure(client: Client, user_ids: Sequence[str], at: str | None) -> dict[str, Any]:
    """One row of figures. at: ISO 8601, None for now."""
    cache = ServingCache(client)
    moment = None if at is None else datetime.fromisoformat(at)
    shares, same, seconds = [], [], []
    for user_id in user_ids:
        answer = recommend(client, user_id, k=K, explain=False, at=moment, cache=cache)
        served = [row["item_id"] for row in answer["recommendations"]]
        begin = time.perf_counter()
        rows = client.read("browser/recommend_now", user_id=user_id, at=at)
        seconds.append(time.perf_counter() - begin)
        found = [row["item"]["item_id"] for row in rows]
        if served or found:
            shares.append(len({*served} & {*found}) / max(len(served), len(found)))
            same.append(found == served)
    return {
        "as of": at or "now",
        "users": len(shares),
        "overlap": round(statistics.mean(shares), 3),
        "least": round(min(shares), 2),
        "all ten": round(statistics.mean(share == 1 for share in shares), 2),
        "same order": round(statistics.mean(same), 2),
        "first s": round(seconds[0], 2),
        "median s": round(statistics.median(seconds[1:]), 3),
        "longest s": round(max(seconds[1:]), 2),
    }


def main() -> None:
    """Measure and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("--users", type=int, default=100, help="how many (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of users")
    parser.add_argument("--at", help="a time with its zone, such as 1998-01-01T00:00:00+00:00 (default: now)")
    options = parser.parse_args()
    with connect(Settings.from_environment(os.environ)) as client:
        everybody = sorted(row["user_id"] for row in client.stream("recommend/stream_users"))
        chosen = random.Random(options.seed).sample(everybody, min(options.users, len(everybody)))
        rows = [measure(client, chosen, options.at)]
    tables.show("recommend_now in Neo4j Browser beside recommend (target: overlap .8)", rows, options.json)


if __name__ == "__main__":
    main()
