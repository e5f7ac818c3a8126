"""Print the interests that most users share: python top_interests.py [HOW_MANY]"""

import os
import sys

from neo4j import GraphDatabase, RoutingControl

from graphstore.database.statements import load

address = os.environ["NEO4J_URI"]
login = (os.environ.get("NEO4J_USERNAME", "neo4j"), os.environ["NEO4J_PASSWORD"])
how_many = int(sys.argv[1]) if len(sys.argv) > 1 else 20

with GraphDatabase.driver(address, auth=login) as driver:
    rows, _, _ = driver.execute_query(
        load("browser/top_interests").text,
        k=how_many,
        routing_=RoutingControl.READ,
        database_=os.environ.get("NEO4J_DATABASE"),
    )
for row in rows:
    examples = ", ".join(item.get("title") or item["item_id"] for item in row["items"])
    print(f"{row['users']:>7} like, {row['disliked_by']:>5} dislike  {row['name']}  ({examples})")
