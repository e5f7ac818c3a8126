"""A managed Neo4j in a folder of its own that goes when the benchmark ends."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graphstore.database.client import Client
from graphstore.database.schema import migrate
from graphstore.server.managed import ManagedServer
from graphstore.settings import DEFAULT_NEO4J_VERSION

CLEAR = Path(__file__).parents[1] / "cypher" / "clear_graph.cypher"


@contextmanager
def scratch_server(version: str = DEFAULT_NEO4J_VERSION) -> Iterator[Client]:
    """An empty, migrated graph on a server started for it."""
    with tempfile.TemporaryDirectory(prefix="interestgraph-benchmark-") as folder:
        server = ManagedServer(Path(folder) / "neo4j", version=version)
        address = server.start()
        try:
            with Client(address.bolt_uri, "neo4j", address.password) as client:
                migrate(client)
                yield client
        finally:
            server.stop()


def clear(client: Client) -> None:
    """Remove every node and relationship; constraints and indexes stay."""
    client.run_text(CLEAR.read_text(encoding="utf-8"))
    migrate(client)
