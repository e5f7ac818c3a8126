"""top_interests.py on py2neo, for those who still have scripts on it: python py2neo_top_interests.py [HOW_MANY]

py2neo is at its end of life: new scripts should use the official driver (see docs/admin.md).
"""

import os
import sys

from py2neo import Graph

from graphstore.database.statements import load

address = os.environ["NEO4J_URI"].replace("neo4j://", "bolt://")  # py2neo's own routing does not know Neo4j 5
login = (os.environ.get("NEO4J_USERNAME", "neo4j"), os.environ["NEO4J_PASSWORD"])
how_many = int(sys.argv[1]) if len(sys.argv) > 1 else 20

graph = Graph(address, auth=login, name=os.environ.get("NEO4J_DATABASE"))
for row in graph.run(load("browser/top_interests").text, k=how_many):
    examples = ", ".join(item["title"] or item["item_id"] for item in row["items"])
    print(f"{row['users']:>7} like, {row['disliked_by']:>5} dislike  {row['name']}  ({examples})")
