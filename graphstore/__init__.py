"""Everything that speaks to Neo4j."""

from graphstore.client import Client, connect
from graphstore.errors import InterestGraphError
from graphstore.settings import Settings

__all__ = ["Client", "InterestGraphError", "Settings", "connect"]
