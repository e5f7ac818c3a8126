"""A small graph in which everything that the statements look for is there, planted by a statement of its own."""

from __future__ import annotations

from pathlib import Path

from graphstore.client import Client

PLANT = Path(__file__).with_name("plant_graph.cypher")


def plant(client: Client) -> None:
    """Plant it: the comments of plant_graph.cypher say what is in it."""
    client.run_text(PLANT.read_text(encoding="utf-8"), {"users": 40, "items": 60})
