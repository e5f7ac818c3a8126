"""The graph: reading and writing Neo4j, and all that is computed from it without torch."""

from graphstore.connection import connect
from graphstore.database.client import Client
from graphstore.errors import InterestGraphError
from graphstore.settings import Settings

__all__ = ["Client", "InterestGraphError", "Settings", "connect"]
