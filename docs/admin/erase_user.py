"""Erase users and everything only they left, and say what went: python erase_user.py USER_ID [USER_ID ...]

It runs the statement of `interestgraph erase`, but does not wait for a writer of the same user first. Both change the
graph alone: `rejected/*` and cached answers of a language model stay (docs/admin.md, "Erasing a user").
"""

import os
import sys

from neo4j import GraphDatabase

from graphstore.database.statements import load

address = os.environ["NEO4J_URI"]
login = (os.environ.get("NEO4J_USERNAME", "neo4j"), os.environ["NEO4J_PASSWORD"])
if not sys.argv[1:]:
    sys.exit(__doc__)

unknown = 0
with GraphDatabase.driver(address, auth=login) as driver:
    for user_id in sys.argv[1:]:
        rows, _, _ = driver.execute_query(
            load("profiles/erasure/erase_user").text, user_id=user_id, database_=os.environ.get("NEO4J_DATABASE")
        )
        unknown += not rows
        went = ", ".join(f"{count} {what}" for what, count in rows[0].items() if count) if rows else "no such user"
        print(f"{user_id}: {went or 'nothing but the user'}")
sys.exit(1 if unknown else 0)
