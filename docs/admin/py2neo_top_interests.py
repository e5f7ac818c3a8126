"""top_interests.py on py2neo, for those who still have scripts on it: python py2neo_top_interests.py [HOW_MANY]

py2neo is at its end of life: new scripts should use the official driver (see docs/admin.md).
"""

import argparse
import os
import sys

from py2neo import Graph
from py2neo.errors import ConnectionUnavailable

from graphstore.connection import reached
from graphstore.database.statements import load
from graphstore.errors import InterestGraphError
from graphstore.settings import Settings

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("how_many", type=int, nargs="?", default=20)
options = parser.parse_args()
try:
    address, login, database = reached(Settings.from_environment(os.environ))
    address = address.replace("neo4j://", "bolt://")  # py2neo's own routing does not know Neo4j 5
    graph = Graph(address, auth=login, name=database)
except (InterestGraphError, ConnectionUnavailable) as error:
    sys.exit(f"Error: {error}")
for row in graph.run(load("browser/top_interests").text, k=options.how_many):
    examples = ", ".join(item["title"] or item["item_id"] for item in row["items"])
    print(f"{row['users']:>7} like, {row['disliked_by']:>5} dislike  {row['name']}  ({examples})")
