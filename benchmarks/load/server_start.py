"""From `interestgraph server start` to the first answered query, on data folders that exist and that don't."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.measures import tables
from graphstore.database.client import Client
from graphstore.server.managed import ManagedServer
from graphstore.settings import DEFAULT_NEO4J_VERSION


def start_seconds(folder: Path, version: str) -> float:
    """Start, ask for the server's version, stop; the time up to the answer."""
    server = ManagedServer(folder, version=version)
    began = time.perf_counter()
    address = server.start()
    try:
        with Client(address.bolt_uri, "neo4j", address.password) as client:
            client.verify()
            return time.perf_counter() - began
    finally:
        server.stop()


def main() -> None:
    """Measure and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="starts on each kind of folder (default 3)")
    parser.add_argument("--version", default=DEFAULT_NEO4J_VERSION, help="of Neo4j (default %(default)s)")
    options = parser.parse_args()
    new, known = [], []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="interestgraph-benchmark-") as temporary:
            folder = Path(temporary) / "neo4j"
            new.append(start_seconds(folder, options.version))
            known.append(start_seconds(folder, options.version))
    rows = [
        {"folder": name, "median s": statistics.median(taken), "slowest s": max(taken)}
        for name, taken in (("new", new), ("existing", known))
    ]
    tables.show(f"Neo4j {options.version}, start to first query (target: under 10 s)", rows, options.json)


if __name__ == "__main__":
    main()
