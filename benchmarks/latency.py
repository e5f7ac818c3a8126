"""One recommendation with its explanation over HTTP, at rest: p50 and p99 with one client, requests/s with four.

Needs a prepared INTERESTGRAPH_HOME, for instance `interestgraph demo`. Starts `interestgraph serve` on a free port with
a key of its own, asks for users in a fixed random order over kept-alive connections, and revokes the key.

computed live    with `Cache-Control: no-cache`: nothing that was answered before is used
unchanged        users who were asked for before, and whose graph has not changed since: from the cache of answers
If-None-Match    the same with the entity tag of the answer before: 304, without a body
two servers      computed live by two `serve` processes on one graph, two clients each
Where a version has no entity tags it has no cache either, and only the live ones are measured.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.load.asking import LIVE, HttpRequest, as_fast_as_answered, entity_tags, recommendations_path
from benchmarks.load.processes import api_key, served
from benchmarks.measures import tables
from graphstore import Settings, connect
from graphstore.datasets.movielens import demo_dataset

QUERY = "k=10&explain=true"
WARM_UP = 200
NO_TAGS = "this version answers without an ETag: answers from a cache are not measured"


def measure(port: int, key: str, user_ids: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each way to ask."""
    paths = [recommendations_path(user_id, QUERY) for user_id in user_ids]
    live = [HttpRequest(path, LIVE) for path in paths]
    as_fast_as_answered(port, key, live[:WARM_UP], 1)
    rows = [{"asked": "computed live", **as_fast_as_answered(port, key, live, clients)} for clients in (1, 4)]
    tags = entity_tags(port, key, paths)
    if tags is not None:
        ways: dict[str, Mapping[str, Mapping[str, str]]] = {
            "unchanged": {path: {} for path in tags},
            "If-None-Match": {path: {"If-None-Match": tag} for path, tag in tags.items()},
        }
        for name, headers in ways.items():
            requests = [HttpRequest(path, headers[path]) for path in paths]
            rows += [{"asked": name, **as_fast_as_answered(port, key, requests, clients)} for clients in (1, 4)]
    return rows


def measure_two(ports: Sequence[int], key: str, user_ids: Sequence[str]) -> dict[str, Any]:
    """A row for several servers, each of which two clients ask for all users: requests/s of all together."""
    live = [HttpRequest(recommendations_path(user_id, QUERY), LIVE) for user_id in user_ids]
    for port in ports:
        as_fast_as_answered(port, key, live[:WARM_UP], 1)
    with ThreadPoolExecutor(len(ports)) as pool:
        rows = list(pool.map(lambda port: as_fast_as_answered(port, key, live, 2), ports))
    worst = {name: max(row[name] for row in rows) for name in ("p50 ms", "p99 ms", "slowest ms")}
    sums = {name: sum(row[name] for row in rows) for name in ("clients", "requests", "requests/s", "304")}
    return {"asked": "two servers", **worst, **sums}


def main() -> None:
    """Measure and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("--requests", type=int, default=2000, help="for each number of clients (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the users")
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    with connect(settings):
        users = sorted(str(row["user_id"]) for row in demo_dataset(settings.cache, print).users())
    order = random.Random(options.seed).choices(users, k=options.requests)
    with api_key(os.environ, "read") as key, served(os.environ) as program:
        rows = measure(program.port, key, order)
        health = [HttpRequest("/health/live", {})] * options.requests
        rows.append({"asked": "/health/live", **as_fast_as_answered(program.port, key, health, 1)})
        with served(os.environ) as second:
            rows.append(measure_two((program.port, second.port), key, order))
    tables.show(
        "Recommendations with explanation over HTTP (targets: p50 7, p99 19 ms; 250 requests/s; unchanged p50 2 ms)",
        rows,
        options.json,
    )
    if not options.json and not any(row["304"] for row in rows):
        print(NO_TAGS)


if __name__ == "__main__":
    main()
