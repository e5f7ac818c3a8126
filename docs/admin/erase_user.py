"""Erase users and everything only they left, and say what went: python erase_user.py USER_ID [USER_ID ...]

It runs the statement of `interestgraph erase`, but does not ask, nor wait for a writer of the same user first. Both
change the graph alone: `rejected/*` and cached answers of a language model stay (docs/admin.md, "Erasing a user").
"""

import argparse
import os
import sys

from neo4j import GraphDatabase

from graphstore.connection import reached
from graphstore.database.client import translated
from graphstore.database.statements import load
from graphstore.errors import InterestGraphError
from graphstore.settings import Settings

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("user_ids", metavar="USER_ID", nargs="+")
unknown = 0
try:
    user_ids = parser.parse_args().user_ids
    address, login, database = reached(Settings.from_environment(os.environ))
    with translated(address), GraphDatabase.driver(address, auth=login) as driver:
        driver.verify_connectivity()
        for user_id in user_ids:
            rows, _, _ = driver.execute_query(
                load("profiles/erasure/erase_user").text, user_id=user_id, database_=database
            )
            unknown += not rows
            went = ", ".join(f"{count} {what}" for what, count in rows[0].items() if count) if rows else "no such user"
            print(f"{user_id}: {went or 'nothing but the user'}")
except InterestGraphError as error:
    sys.exit(f"Error: {error}")
sys.exit(1 if unknown else 0)
