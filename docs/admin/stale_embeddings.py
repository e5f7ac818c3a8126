"""Say how many embeddings are missing or stale, and which wait longest: python stale_embeddings.py [HOW_MANY]

Ends with 1 where there are any, so that a timer can call `interestgraph update` on that; with 2 where it can't tell.
"""

import argparse
import os
import sys

from neo4j import GraphDatabase, RoutingControl

from graphstore.connection import reached
from graphstore.database.client import translated
from graphstore.database.statements import load
from graphstore.errors import InterestGraphError
from graphstore.settings import Settings

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("how_many", type=int, nargs="?", default=20)
options = parser.parse_args()
try:
    address, login, database = reached(Settings.from_environment(os.environ))
    with (
        translated(address),
        GraphDatabase.driver(address, auth=login, notifications_min_severity="OFF") as driver,
    ):
        driver.verify_connectivity()
        where = {"routing_": RoutingControl.READ, "database_": database}
        active, _, _ = driver.execute_query(load("update/models/read_active_model").text, **where)
        version = active[0]["version"] if active else ""
        counts, _, _ = driver.execute_query(load("administration/count_stale").text, version=version, **where)
        waiting, _, _ = driver.execute_query(load("browser/stale_embeddings").text, k=options.how_many, **where)
except InterestGraphError as error:
    print(f"Error: {error}", file=sys.stderr)
    sys.exit(2)

for row in counts:
    print(f"{row['what']}: {row['nodes']} in all, {row['missing']} without embedding, {row['stale']} stale")
for row in waiting:
    print(f"  {row['id']}: {row['why']} (changed {row['touched_at']}, embedded {row['embedded_at']})")
sys.exit(1 if waiting else 0)
