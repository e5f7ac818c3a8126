"""Drop the vector and full-text indexes and build them anew: python reindex.py [NAME ...]

Recommendations that read an index answer without it until it is online again. Keys and their constraints stay.
"""

import argparse
import os
import sys

from neo4j import Driver, GraphDatabase

from graphstore.connection import reached
from graphstore.database.client import translated
from graphstore.database.schema import versions
from graphstore.database.statements import load, split
from graphstore.errors import InterestGraphError
from graphstore.extract.content_index import INDEXES, index_options
from graphstore.settings import Settings

DERIVED = ("item_text", "item_content", "item_embedding", "interest_embedding")


def reindex(driver: Driver, database: str | None, names: list[str]) -> None:
    with driver.session(database=database) as session:
        widths = [row["options"]["indexConfig"] for row in session.run(load("extract/items/read_content_index").text)]
        for name in names:
            session.run(load("schema/steps/drop_index").text, name=name).consume()
        for name in set(names) & set(INDEXES):  # as wide as they were
            for width in widths:
                options = index_options(width["vector.dimensions"])
                session.run(load(INDEXES[name]).text, options=options).consume()
        for _, file in sorted(versions().items()):
            for statement in split(load(file).text):
                if "DROP INDEX" not in statement:
                    session.run(statement).consume()
        session.run(load("schema/steps/await_indexes").text, seconds=3600).consume()
        for row in session.run(load("administration/read_indexes").text):
            if row["name"] in names:
                print(f"{row['name']}: {row['state']}, {row['percent']:.0f} % populated")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("names", metavar="NAME", nargs="*", default=list(DERIVED))
names = parser.parse_args().names
if unknown := set(names) - set(DERIVED):
    sys.exit(f"No such index: {', '.join(sorted(unknown))}. These can be built anew: {', '.join(DERIVED)}.")
try:
    address, login, database = reached(Settings.from_environment(os.environ))
    with translated(address), GraphDatabase.driver(address, auth=login) as driver:
        reindex(driver, database, names)
except InterestGraphError as error:
    sys.exit(f"Error: {error}")
