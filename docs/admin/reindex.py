"""Drop the vector and full-text indexes and build them anew: python reindex.py [NAME ...]

Recommendations that read an index answer without it until it is online again. Keys and their constraints stay.
"""

import os
import sys

from neo4j import GraphDatabase

from graphstore.database.schema import versions
from graphstore.database.statements import load, split
from graphstore.extract.content_index import INDEXES, index_options

DERIVED = ("item_text", "item_content", "item_embedding", "interest_embedding")
address = os.environ["NEO4J_URI"]
login = (os.environ.get("NEO4J_USERNAME", "neo4j"), os.environ["NEO4J_PASSWORD"])
names = sys.argv[1:] or DERIVED
if unknown := set(names) - set(DERIVED):
    sys.exit(f"No such index: {', '.join(sorted(unknown))}. These can be built anew: {', '.join(DERIVED)}.")

with (
    GraphDatabase.driver(address, auth=login) as driver,
    driver.session(database=os.environ.get("NEO4J_DATABASE")) as session,
):
    widths = [row["options"]["indexConfig"] for row in session.run(load("extract/items/read_content_index").text)]
    for name in names:
        session.run(load("schema/drop_index").text, name=name).consume()
    for name in set(names) & set(INDEXES):  # as wide as they were
        for width in widths:
            session.run(load(INDEXES[name]).text, options=index_options(width["vector.dimensions"])).consume()
    for _, file in sorted(versions().items()):
        for statement in split(load(file).text):
            if "DROP INDEX" not in statement:
                session.run(statement).consume()
    session.run(load("schema/await_indexes").text, seconds=3600).consume()
    for row in session.run(load("administration/read_indexes").text):
        if row["name"] in names:
            print(f"{row['name']}: {row['state']}, {row['percent']:.0f} % populated")
