"""Print the interests that most users share: python top_interests.py [HOW_MANY]"""

import argparse
import os
import sys

from neo4j import GraphDatabase, RoutingControl

from graphstore.connection import reached
from graphstore.database.client import translated
from graphstore.database.statements import load
from graphstore.errors import InterestGraphError
from graphstore.settings import Settings

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("how_many", type=int, nargs="?", default=20)
options = parser.parse_args()
try:
    address, login, database = reached(Settings.from_environment(os.environ))
    with translated(address), GraphDatabase.driver(address, auth=login) as driver:
        driver.verify_connectivity()
        rows, _, _ = driver.execute_query(
            load("browser/top_interests").text,
            k=options.how_many,
            routing_=RoutingControl.READ,
            database_=database,
        )
except InterestGraphError as error:
    sys.exit(f"Error: {error}")
for row in rows:
    examples = ", ".join(item.get("title") or item["item_id"] for item in row["items"])
    print(f"{row['users']:>7} like, {row['disliked_by']:>5} dislike  {row['name']}  ({examples})")
