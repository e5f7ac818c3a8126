"""Say how many embeddings are missing or stale, and which wait longest: python stale_embeddings.py [HOW_MANY]

Ends with 1 where there are any, so that a timer can call `interestgraph update` on that.
"""

import os
import sys

from neo4j import GraphDatabase, RoutingControl

from graphstore.database.statements import load

address = os.environ["NEO4J_URI"]
login = (os.environ.get("NEO4J_USERNAME", "neo4j"), os.environ["NEO4J_PASSWORD"])
how_many = int(sys.argv[1]) if len(sys.argv) > 1 else 20

with GraphDatabase.driver(address, auth=login, notifications_min_severity="OFF") as driver:
    where = {"routing_": RoutingControl.READ, "database_": os.environ.get("NEO4J_DATABASE")}
    active, _, _ = driver.execute_query(load("update/models/read_active_model").text, **where)
    version = active[0]["version"] if active else ""
    counts, _, _ = driver.execute_query(load("administration/count_stale").text, version=version, **where)
    waiting, _, _ = driver.execute_query(load("browser/stale_embeddings").text, k=how_many, **where)

for row in counts:
    print(f"{row['what']}: {row['nodes']} in all, {row['missing']} without embedding, {row['stale']} stale")
for row in waiting:
    print(f"  {row['id']}: {row['why']} (changed {row['touched_at']}, embedded {row['embedded_at']})")
sys.exit(1 if waiting else 0)
